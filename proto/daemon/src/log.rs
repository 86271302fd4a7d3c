//! Log lines to standard error: for a terminal, for the journal, or as JSON.
//!
//! The level comes from `DRIFTLINE_LOG` (`info`, or per module
//! `info,driftline_wire=debug`). Nothing is logged to a file, and control
//! characters never reach the reader raw: a value cannot forge a line.

use std::fmt;
use std::io::{self, IsTerminal};
use std::str::FromStr;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{self, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{fmt as layers, registry};

use crate::clock;

/// The variable that sets the level.
pub const LEVEL_VARIABLE: &str = "DRIFTLINE_LOG";

/// The shape of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people: the journal's form under systemd, else with time and level.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("`{other}` is not a log format: `text` or `json`")),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level is not one.
    #[error("{LEVEL_VARIABLE} is not a level such as `info` or `info,driftline_wire=debug`")]
    Level(#[source] filter::ParseError),
    /// Somebody set it up before.
    #[error("logging was set up twice")]
    Twice(#[source] TryInitError),
}

/// Sets up logging for this process, to standard error.
///
/// # Errors
/// [`LogError`] for a level that is none, or when it is set up already.
pub fn init(format: LogFormat) -> Result<(), LogError> {
    let level = std::env::var(LEVEL_VARIABLE).unwrap_or_else(|_| "info".to_owned());
    let filter: Targets = level.parse().map_err(LogError::Level)?;
    let (levels, layer) = (registry().with(filter), layers::layer().with_writer(io::stderr));
    match format {
        LogFormat::Json => levels.with(layer.json().flatten_event(true)).try_init(),
        LogFormat::Text => levels.with(layer.with_ansi(false).event_format(Line::detect())).try_init(),
    }
    .map_err(LogError::Twice)
}

/// The text form of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// systemd adds time, unit and process; it wants the priority
    /// (sd-daemon(3)).
    Journal,
    /// Time and level first; colour by level.
    Terminal { colour: bool },
}

impl Line {
    fn detect() -> Self {
        if std::env::var_os("JOURNAL_STREAM").is_some() && !io::stderr().is_terminal() {
            return Self::Journal;
        }
        let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self::Terminal { colour }
    }

    fn head(self, level: Level) -> String {
        match self {
            Self::Journal => format!("<{}>", priority(level)),
            Self::Terminal { colour: false } => format!("{} {level:>5} ", clock::format_ms(clock::now_ms())),
            Self::Terminal { colour: true } => {
                format!("{} \x1b[{}m{level:>5}\x1b[0m ", clock::format_ms(clock::now_ms()), colour_of(level))
            }
        }
    }
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut text = String::new();
        ctx.format_fields(Writer::new(&mut text), event)?;
        let head = self.head(*metadata.level());
        writeln!(out, "{head}{}: {}", metadata.target(), one_line(&text))
    }
}

/// Syslog's numbers (RFC 5424, section 6.2.1).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

fn colour_of(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        _ => 90,
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests;
