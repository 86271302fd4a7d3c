//! What is typed: arguments, their variables, and which command they mean.
//!
//! It does nothing itself: each command is a file of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use driftline_daemon::exit::{Exit, ExitKind, report};
use driftline_daemon::log::{self, LogError, LogFormat};
use driftline_daemon::{hardening, tls};

use crate::commands::{check, discover, enroll, run, status};
use crate::config::CONFIG_PATH;

/// Watches this host's configuration and streams hashed deltas to a collector.
///
/// Of each setting a keyed digest travels. Values that look like secrets stay on
/// this host; others travel as text for display, unless the source says
/// `display = "digest"`.
#[derive(Debug, Parser)]
#[command(name = "driftline-agent", version, after_help = AFTER_HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Shape of log lines on standard error: text or json.
    #[arg(long, global = true, env = "DRIFTLINE_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    log_format: LogFormat,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 3 not all could be checked, 64 wrong arguments, 69 collector not reachable, 70 internal,
77 not permitted (token, certificate, file), 78 wrong configuration.

Levels of log lines come from DRIFTLINE_LOG, such as `info` or `debug`.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Enrol this host with a token from `driftline token create`.
    ///
    /// The key is made here and never leaves the host. Repeating the command
    /// with the same token is safe: it gives the same identity again.
    Enroll(EnrollArguments),
    /// Watch and ship until stopped (what the service runs).
    Run(ConfigArguments),
    /// Check the configuration and say what each source would watch.
    Check(CheckArguments),
    /// Look at this host and print a configuration that watches what is there.
    ///
    /// Files that systemd units, running programs, compose projects and
    /// conventions name, each with the reason why.
    Discover(DiscoverArguments),
    /// Show what the running agent is doing.
    Status(StatusArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The configuration file.
    #[arg(long, env = "DRIFTLINE_AGENT_CONFIG", default_value = CONFIG_PATH, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Also ask each configured database server once, and say which rights its
    /// account lacks.
    #[arg(long, env = "DRIFTLINE_CHECK_CONNECT")]
    pub(crate) connect: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EnrollArguments {
    /// The token, or `-` to read it from standard input (so that it stays out of
    /// the shell's history and the process list).
    #[arg(env = "DRIFTLINE_ENROLL_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: String,
    /// Name of this host in driftline, if not its own.
    #[arg(long, env = "DRIFTLINE_HOST", value_name = "NAME")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(crate) struct DiscoverArguments {
    /// Write the configuration file, unless there is one: then only what it does
    /// not watch is printed.
    #[arg(long, env = "DRIFTLINE_DISCOVER_WRITE")]
    pub(crate) write: bool,
    /// Look below this directory, such as an image of a host.
    #[arg(long, env = "DRIFTLINE_DISCOVER_ROOT", default_value = "/", value_name = "DIR")]
    pub(crate) root: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// As a table for people or as one JSON document.
    #[arg(long, env = "DRIFTLINE_OUTPUT", default_value = "table", value_name = "FORM")]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
}

/// Does what the arguments say.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are results, everything else is a mistake.
            _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() };
        }
    };
    match carry_out(arguments) {
        Ok(()) => Exit::Success.into(),
        Err(error) => report(&*error),
    }
}

fn carry_out(arguments: Arguments) -> Result<(), Box<dyn ExitKind>> {
    log::init(arguments.log_format).map_err(|error| Box::new(StartError::Log(error)) as Box<dyn ExitKind>)?;
    hardening::apply().map_err(|error| Box::new(StartError::Hardening(error)) as Box<dyn ExitKind>)?;
    tls::install_provider();
    match arguments.command {
        Command::Enroll(arguments) => enroll::carry_out(&arguments),
        Command::Run(arguments) => run::carry_out(&arguments),
        Command::Check(arguments) => check::carry_out(&arguments),
        Command::Discover(arguments) => discover::carry_out(&arguments),
        Command::Status(arguments) => status::carry_out(&arguments),
    }
}

/// Why a command could not even begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The level of log lines.
    #[error(transparent)]
    Log(LogError),
    /// Core dumps could not be forbidden.
    #[error("could not forbid core dumps")]
    Hardening(#[source] std::io::Error),
    /// Capabilities that are not needed could not be given up.
    #[error("could not give up the capabilities that the configuration does not need")]
    Capabilities(#[source] std::io::Error),
    /// The runtime or its signals.
    #[error("could not start")]
    Runtime(#[source] std::io::Error),
    /// Standard input or output.
    #[error("could not {what}")]
    Stream {
        what: &'static str,
        #[source]
        source: std::io::Error,
    },
}

impl ExitKind for StartError {
    fn exit(&self) -> Exit {
        match self {
            Self::Log(_) => Exit::Usage,
            Self::Hardening(_) | Self::Capabilities(_) | Self::Runtime(_) | Self::Stream { .. } => Exit::Internal,
        }
    }
}
