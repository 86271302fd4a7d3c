//! driftline-agent: parses its arguments, does what they say, and exits.
//!
//! Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    driftline_agent::cli::main()
}
