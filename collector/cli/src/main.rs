//! `driftline`: the operator's command line.
//!
//! It only hands over to the library, and its exit code to the system.

use std::process::ExitCode;

fn main() -> ExitCode {
    driftline_cli::run(std::env::args_os())
}
