//! What `driftline-collector` can be asked to do: one file per command.
//!
//! Arguments are parsed here and mean nothing yet; the commands decide.

mod check;
mod init;
mod run;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use driftline_daemon::{Exit, hardening, tls};

pub use init::Created;

use crate::config::{DEFAULT_PATH, DEFAULT_STATE_DIR, is_name};
use crate::error::ServerError;

/// The collector of driftline: receives what agents observed, keeps the
/// history, tells operators.
#[derive(Debug, Parser)]
#[command(name = "driftline-collector", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the certificate authority, the store and the first operator, once
    Init(InitArguments),
    /// Run until SIGTERM
    Run(ConfigArguments),
    /// Check configuration, store and certificates, and change nothing
    Check(ConfigArguments),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH, env = "DRIFTLINE_COLLECTOR_CONFIG")]
    config: PathBuf,
    /// Form of log lines: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "DRIFTLINE_LOG_FORMAT")]
    log_format: driftline_daemon::log::LogFormat,
}

/// What `init` makes.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// Directory of the collector's state
    #[arg(long, value_name = "DIR", default_value = DEFAULT_STATE_DIR)]
    dir: PathBuf,
    /// Configuration file: used if it is there, written if not
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH, env = "DRIFTLINE_COLLECTOR_CONFIG")]
    config: PathBuf,
    /// DNS name or address that agents and operators reach this collector by; may be repeated
    #[arg(long = "name", value_name = "NAME", value_parser = name)]
    names: Vec<String>,
    /// Name of the first operator
    #[arg(long, value_name = "NAME", default_value = "admin")]
    operator: String,
    /// Where to write the operator's configuration [default: ~/.config/driftline/cli.toml]
    #[arg(long, value_name = "FILE")]
    operator_config: Option<PathBuf>,
    /// Address of the listener for agents
    #[arg(long, value_name = "ADDRESS:PORT")]
    ingest_listen: Option<SocketAddr>,
    /// Address of the listener for enrolment
    #[arg(long, value_name = "ADDRESS:PORT")]
    enrol_listen: Option<SocketAddr>,
    /// Address of the listener for operators
    #[arg(long, value_name = "ADDRESS:PORT")]
    api_listen: Option<SocketAddr>,
}

fn name(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err("it is neither a DNS name nor an address".to_owned()) }
}

/// Does what was asked.
///
/// # Errors
/// [`ServerError`], which knows its exit code and hint.
pub fn run(arguments: Arguments) -> Result<(), ServerError> {
    hardening::apply().map_err(ServerError::Hardening)?;
    tls::install_provider();
    match arguments.command {
        Command::Init(arguments) => init::init(arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments.config),
    }
}

/// Prints what clap has to say; a mistake in the arguments is exit code 64.
#[must_use]
pub fn usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when the terminal is closed.
    _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests;
