//! The commands of the agent, one file each, and what they share.
//!
//! Results go to standard output, talk to standard error.

pub(crate) mod check;
pub(crate) mod discover;
pub(crate) mod enroll;
pub(crate) mod run;
pub(crate) mod status;

use std::io::{self, Write};

use driftline_daemon::exit::ExitKind;
use tokio::runtime::Runtime;

use crate::cli::StartError;

/// How a command ends.
pub(crate) type Outcome = Result<(), Box<dyn ExitKind>>;

/// An error of any command.
pub(crate) fn boxed(error: impl ExitKind + 'static) -> Box<dyn ExitKind> {
    Box::new(error)
}

/// One thread for everything that does not block: memory is what an agent has
/// least of.
pub(crate) fn runtime() -> Result<Runtime, Box<dyn ExitKind>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| boxed(StartError::Runtime(error)))
}

/// Prints a result; a reader that has gone is no error.
pub(crate) fn print(text: &str) -> Outcome {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(boxed(StartError::Stream { what: "print the result", source: error }))
        }
        _ => Ok(()),
    }
}
