//! What a command says: results on standard output, talk on standard error.
//!
//! A command hands over data and a document of it; which of the two is printed,
//! and how, is decided here alone. No command writes to a stream itself.

pub mod chart;
pub mod csv;
pub mod document;
pub mod findings;
pub mod html;
pub mod junit;
pub mod layout;
pub mod markdown;
pub mod sarif;
pub mod text;
pub mod workflow;

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use document::Document;
use findings::Findings;

/// Columns when nobody says how wide the output is.
const WIDTH_DEFAULT: usize = 80;

/// Columns at least: narrower tables say nothing.
const WIDTH_MIN: usize = 40;

/// How results are printed (`--output`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Output {
    /// For people: fits the terminal.
    #[default]
    Table,
    /// One JSON document, with `schema_version`.
    Json,
    /// One JSON document a line.
    Ndjson,
    /// For tickets and pull requests.
    Markdown,
    /// For code scanning: `compare`, `diff`, `changes` and `check`.
    Sarif,
    /// For CI servers: `compare`, `diff`, `changes` and `check`.
    Junit,
    /// One page that needs nothing else.
    Html,
    /// For spreadsheets: `report`.
    Csv,
}

/// How a table looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether severities are coloured.
    pub colour: bool,
}

/// Prints for one command.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    output: Output,
    style: Style,
    /// Whether a runner takes lines for commands.
    on_runner: bool,
    terminal: bool,
}

impl Printer {
    /// A printer for this process's own streams.
    #[must_use]
    pub fn for_terminal(output: Output) -> Self {
        let terminal = io::stdout().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let style = Style { width: width(), colour: terminal && !no_colour && !dumb };
        Self { output, style, on_runner: workflow::is_read(), terminal }
    }

    /// How results are printed.
    #[must_use]
    pub fn output(&self) -> Output {
        self.output
    }

    /// Whether a person reads standard output as it comes.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// How tables look.
    #[must_use]
    pub fn style(&self) -> Style {
        self.style
    }

    /// Prints a result: `data` as JSON, or `document` for people. `rows` are
    /// the lines of ndjson. That nobody reads it does not change how the command
    /// ends: `driftline check … | head` is no clean check.
    ///
    /// # Errors
    /// [`Failure`] when the output cannot be written.
    pub fn result<D: Serialize, R: Serialize>(&self, data: &D, rows: &[R], document: &Document) -> Outcome<()> {
        read_or_not(self.rendered(data, rows, document))
    }

    fn rendered<D: Serialize, R: Serialize>(&self, data: &D, rows: &[R], document: &Document) -> Outcome<()> {
        match self.output {
            Output::Table => self.data(&layout::render(document, self.style)),
            Output::Markdown => self.data(&markdown::render(document)),
            Output::Json => self.data(&pretty(data)?),
            Output::Ndjson => rows.iter().try_for_each(|row| self.row(row)),
            Output::Html => self.data(&html::render(document)),
            Output::Sarif | Output::Junit => Err(no_findings()),
            Output::Csv => Err(Failure::new(Exit::Usage, "`--output csv` is for `report`")),
        }
    }

    /// Prints a result that findings can be made of.
    ///
    /// # Errors
    /// [`Failure`] when the output cannot be written.
    pub fn checked<D: Serialize, R: Serialize>(
        &self,
        data: &D,
        rows: &[R],
        document: &Document,
        findings: impl FnOnce() -> Findings,
    ) -> Outcome<()> {
        match self.output {
            Output::Sarif => read_or_not(self.data(&pretty(&sarif::render(&findings()))?)),
            Output::Junit => read_or_not(self.data(&junit::render(&findings()))),
            _ => self.result(data, rows, document),
        }
    }

    /// Prints one line of ndjson.
    ///
    /// # Errors
    /// [`Failure`] when the output cannot be written.
    pub fn row<R: Serialize>(&self, row: &R) -> Outcome<()> {
        let mut line = serde_json::to_string(row).map_err(|error| unprintable(&error))?;
        line.push('\n');
        self.data(&line)
    }

    /// Prints text that is a result.
    ///
    /// # Errors
    /// [`Failure`] when the output cannot be written.
    pub fn data(&self, text: &str) -> Outcome<()> {
        if self.on_runner {
            return self.commands(&workflow::tamed(text, self.output));
        }
        self.commands(text)
    }

    /// Prints text as it is: a runner may find its commands in it.
    ///
    /// # Errors
    /// [`Failure`] when the output cannot be written.
    pub fn commands(&self, text: &str) -> Outcome<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| Failure::output(&error))
    }

    /// Says something to whoever watches: lines, with everything escaped that
    /// could move a cursor. That nobody watches is no failure.
    pub fn say(&self, text: &str) {
        let lines: String = text.split('\n').map(|line| text::safe(line) + "\n").collect();
        let lines = if self.on_runner { workflow::tamed(&lines, Output::Table).into_owned() } else { lines };
        _ = io::stderr().lock().write_all(lines.as_bytes());
    }
}

/// Whoever read the result may have gone: it was had all the same.
fn read_or_not(outcome: Outcome<()>) -> Outcome<()> {
    match outcome {
        Err(failure) if failure.is_quiet() => Ok(()),
        other => other,
    }
}

fn pretty<D: Serialize>(data: &D) -> Outcome<String> {
    let mut text = serde_json::to_string_pretty(data).map_err(|error| unprintable(&error))?;
    text.push('\n');
    Ok(text)
}

fn no_findings() -> Failure {
    let said =
        "this command gives no findings: `--output sarif` and `junit` are for `compare`, `diff`, `changes` and `check`";
    Failure::new(Exit::Usage, said)
}

fn unprintable(error: &serde_json::Error) -> Failure {
    Failure::new(Exit::Internal, format!("the result cannot be written as JSON: {error}"))
}

fn width() -> usize {
    let named = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let asked = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    named.or_else(asked).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN)
}
