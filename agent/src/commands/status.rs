//! `driftline-agent status`: what the running agent says of itself.
//!
//! It reads the agent's socket and nothing else.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use driftline_canon::count;
use driftline_daemon::clock;
use driftline_daemon::exit::{Exit, ExitKind};

use super::{Outcome, boxed, print};
use crate::actor::standing::EvidenceStatus;
use crate::cli::{Output, StatusArguments};
use crate::config::Config;
use crate::status::{Link, SOCKET, Status};

/// How long the agent may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Bytes of its answer.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
enum StatusError {
    #[error("no agent answers at {path}")]
    NotRunning {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("the agent at {path} answers something else")]
    Answer {
        path: String,
        #[source]
        source: serde_json::Error,
    },
}

impl ExitKind for StatusError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotRunning { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => Exit::Denied,
            Self::NotRunning { .. } => Exit::Unreachable,
            Self::Answer { .. } => Exit::Data,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotRunning { .. } => {
                Some("is it running, and are you root? systemctl status driftline-agent".to_owned())
            }
            Self::Answer { .. } => None,
        }
    }
}

pub(crate) fn carry_out(arguments: &StatusArguments) -> Outcome {
    let config = Config::load(&arguments.config.config).map_err(boxed)?;
    let path = config.state_dir.join(SOCKET);
    let text =
        ask(&path).map_err(|source| boxed(StatusError::NotRunning { path: path.display().to_string(), source }))?;
    let status: Status = serde_json::from_slice(&text)
        .map_err(|source| boxed(StatusError::Answer { path: path.display().to_string(), source }))?;
    match arguments.output {
        Output::Json => print(&format!("{}\n", String::from_utf8_lossy(&text))),
        Output::Table => print(&table(&status, clock::now_ms())),
    }
}

fn ask(path: &PathBuf) -> io::Result<Vec<u8>> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let mut text = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut text)?;
    Ok(text)
}

/// The status for people.
fn table(status: &Status, now_ms: i64) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: String| _ = writeln!(out, "{name:<13}{value}");
    row("host", format!("{} ({}, {})", status.host, status.environment, status.role));
    row("collector", link(&status.link));
    if let Some(ms) = status.acked_ms {
        row("last ack", format!("record {}, {} ago", status.acked_seq, span(now_ms - ms)));
    }
    let records = count(status.journal_records, "record", "records");
    row("journal", format!("{records}, {}", count(status.journal_bytes, "byte", "bytes")));
    if let Some(problem) = &status.journal_problem {
        row("", format!("cannot be written: {problem}"));
    }
    row("degraded", count(status.degraded_sources.into(), "source", "sources"));
    for source in &status.troubles {
        row("", format!("{}: {}", source.name, source.reason));
    }
    for file in &status.busy {
        let took = span(i64::try_from(file.ms).unwrap_or(i64::MAX));
        row("", format!("{}: has been read for {took}, what else waits for it is late", file.path));
    }
    if let Some(found) = status.coverage {
        row("coverage", format!("{} of {} files that were found are watched", found.watched, found.found));
    }
    for (at, source) in status.evidence.iter().enumerate() {
        row(if at == 0 { "who" } else { "" }, evidence(source));
    }
    if let Some(skew_ms) = status.skew_ms {
        row("clock", skew(skew_ms));
    }
    let left = status.certificate_ends_ms - now_ms;
    let ends = clock::format_ms(status.certificate_ends_ms);
    row("certificate", if left > 0 { format!("until {ends}") } else { format!("ended at {ends}") });
    if let Some(problem) = &status.renewal_problem {
        row("", format!("not renewed: {problem}"));
    }
    out
}

/// A source of evidence of who makes changes.
fn evidence(source: &EvidenceStatus) -> String {
    let (name, note) = (source.source.as_str(), &source.note);
    let lost = match source.lost {
        0 => String::new(),
        lost => format!("; {} lost", count(lost, "piece of evidence", "pieces of evidence")),
    };
    if source.live { format!("{name}: {note}{lost}") } else { format!("{name} is not there: {note}{lost}") }
}

fn link(link: &Link) -> String {
    match link {
        Link::Starting => "starting".to_owned(),
        Link::Connecting { endpoint } => format!("connecting to {endpoint}"),
        Link::Connected { endpoint } => format!("connected to {endpoint}"),
        Link::Away { endpoint, why } => format!("away: {endpoint}: {why}"),
    }
}

fn skew(skew_ms: i64) -> String {
    match skew_ms {
        -999..=999 => "agrees with the collector's".to_owned(),
        1000.. => format!("{} behind the collector's", span(skew_ms)),
        _ => format!("{} ahead of the collector's", span(skew_ms.saturating_neg())),
    }
}

/// A stretch of time in its largest unit.
fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
