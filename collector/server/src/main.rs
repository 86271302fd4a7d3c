//! driftline-collector: parses arguments, and nothing else.

use std::process::ExitCode;

use clap::Parser as _;
use driftline_server::commands::{self, Arguments};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return commands::usage(&error),
    };
    match commands::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => driftline_daemon::exit::report(&error),
    }
}
