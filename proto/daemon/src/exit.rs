//! Exit codes, and how an error reaches the person who started the program.
//!
//! The numbers are a contract with scripts and CI (those from 64 on are
//! sysexits.h). Nothing here ends the process: `main` returns the code.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

/// Causes shown below an error; a chain that is longer repeats itself.
const CAUSES_MAX: usize = 8;

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// All that was asked was checked, and nothing was found.
    Success,
    /// Critical drift.
    Critical,
    /// Warning drift.
    Warning,
    /// Something could not be checked.
    Inconclusive,
    /// The arguments are wrong.
    Usage,
    /// The input is not what it should be.
    Data,
    /// The other side cannot be reached.
    Unreachable,
    /// A fault of the program or its host.
    Internal,
    /// Not permitted: a token, a certificate, a file.
    Denied,
    /// The configuration is wrong.
    Config,
    /// Interrupted twice (128 and SIGINT).
    Interrupted,
}

impl Exit {
    /// Every code.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Critical,
        Self::Warning,
        Self::Inconclusive,
        Self::Usage,
        Self::Data,
        Self::Unreachable,
        Self::Internal,
        Self::Denied,
        Self::Config,
        Self::Interrupted,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Critical => 1,
            Self::Warning => 2,
            Self::Inconclusive => 3,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::Denied => 77,
            Self::Config => 78,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that knows how the program should end.
pub trait ExitKind: Error {
    /// The exit code.
    fn exit(&self) -> Exit;

    /// What to do about it, in one sentence.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Writes an error with its causes and hint to standard error.
#[must_use]
pub fn report<E: ExitKind + ?Sized>(error: &E) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    _ = report_to(&mut io::stderr().lock(), error);
    error.exit().into()
}

/// Writes `error: …`, one `cause:` line per source that says something new, and
/// `hint: …`.
///
/// # Errors
/// When the writer fails.
pub fn report_to<E: ExitKind + ?Sized>(out: &mut dyn Write, error: &E) -> io::Result<()> {
    let mut said = error.to_string();
    writeln!(out, "error: {said}")?;
    let mut next = error.source();
    for _ in 0..CAUSES_MAX {
        let Some(cause) = next else { break };
        let text = cause.to_string();
        if !said.contains(&text) {
            writeln!(out, "  cause: {text}")?;
        }
        said = text;
        next = cause.source();
    }
    match error.hint() {
        Some(hint) => writeln!(out, "hint: {hint}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
