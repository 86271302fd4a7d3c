//! `driftline`: the operator's command line.
//!
//! One command per file under `commands`; each asks the collector (or reads
//! files), makes a document of the answer and names an exit code. Nothing here
//! judges: that is done by the collector, and for files by `driftline-compare`,
//! with the same rules. The fleet key is read here for tokens, and to digest
//! files that are declared.

pub mod arguments;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod exit;
pub mod failure;
pub mod hex;
pub mod input;
pub mod mapping;
pub mod printer;
pub mod side;
pub mod snapshot;
pub mod time_text;
pub mod view;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Output, workflow};

/// Does what the arguments ask for and says how it ended.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match arguments::parse(&arguments) {
        Ok(invocation) => finish(runtime().and_then(|runtime| runtime.block_on(commands::run(invocation)))),
        Err(arguments::Refused::Usage(said)) => usage(&said),
        Err(arguments::Refused::Config(failure)) => finish(Err(failure)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    built.map_err(|error| Failure::new(Exit::Internal, format!("cannot start: {error}")))
}

fn finish(outcome: Result<Exit, Failure>) -> ExitCode {
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            if !failure.is_quiet() {
                // Nobody is left to tell when standard error is closed.
                let said = failure.to_string();
                let said =
                    if workflow::is_read() { workflow::tamed(&said, Output::Table) } else { said.as_str().into() };
                _ = writeln!(std::io::stderr(), "{said}");
            }
            failure.exit().into()
        }
    }
}

/// Prints what clap has to say: help is data, a mistake is talk and code 64.
fn usage(said: &clap::Error) -> ExitCode {
    _ = said.print();
    if said.use_stderr() { Exit::Usage.into() } else { Exit::Clean.into() }
}
