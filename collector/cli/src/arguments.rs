//! What was typed: the commands, their flags, and where their defaults come
//! from (flag, then `DRIFTLINE_…` variable, then configuration file).
//!
//! It gives meaning to nothing: texts become selectors, times and paths in the
//! commands.

pub mod baseline;
pub mod check;
pub mod commands;
pub mod desired;
pub mod drift;
pub mod operator;
pub mod plan;
pub mod policy;
pub mod report;
pub mod snapshot;
pub mod window;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser};

use crate::config::{self, Settings};
use crate::failure::Failure;
use crate::printer::Output;
pub use commands::Command;

/// What changed on your servers, and where environments differ.
#[derive(Debug, Parser)]
#[command(
    name = "driftline",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Exit codes: 0 clean, 1 critical, 2 warning, 3 something could not be checked,\n\
                  64 usage, 65 bad data, 69 unreachable, 70 internal, 77 not permitted, 78 bad config.\n\n\
                  Every flag is also a variable (`--fail-on`: DRIFTLINE_FAIL_ON) and a key of the\n\
                  configuration file (`fail_on`), which is ~/.config/driftline/cli.toml."
)]
pub struct Arguments {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Configuration file [default: ~/.config/driftline/cli.toml]
    #[arg(long, global = true, value_name = "FILE", env = "DRIFTLINE_CONFIG", help_heading = "Global")]
    pub config: Option<PathBuf>,
    /// The collector's API, such as https://collector.example:7443
    #[arg(long, global = true, value_name = "URL", env = "DRIFTLINE_COLLECTOR", help_heading = "Global")]
    pub collector: Option<String>,
    /// Certificate of the collector's CA (PEM): the only one to believe
    #[arg(long, global = true, value_name = "FILE", env = "DRIFTLINE_CA_FILE", help_heading = "Global")]
    pub ca_file: Option<PathBuf>,
    /// File with your access token
    #[arg(long, global = true, value_name = "FILE", env = "DRIFTLINE_TOKEN_FILE", help_heading = "Global")]
    pub token_file: Option<PathBuf>,
    /// File with the fleet key (needed for `token create` and to declare files)
    #[arg(long, global = true, value_name = "FILE", env = "DRIFTLINE_FLEET_KEY_FILE", help_heading = "Global")]
    pub fleet_key_file: Option<PathBuf>,
    /// How results are printed
    #[arg(
        long,
        short,
        global = true,
        value_enum,
        value_name = "FORM",
        default_value = "table",
        env = "DRIFTLINE_OUTPUT",
        help_heading = "Global"
    )]
    pub output: Output,
    /// Whether `--token-file` was typed: it wins over the token's variable.
    #[arg(skip)]
    pub token_file_typed: bool,
    /// The same of `--fleet-key-file`.
    #[arg(skip)]
    pub fleet_key_file_typed: bool,
}

/// What was asked, complete.
#[derive(Debug)]
pub struct Invocation {
    /// What every command takes.
    pub common: Common,
    /// The command.
    pub command: Command,
    /// What the configuration file says.
    pub settings: Settings,
}

/// Why the arguments cannot be followed.
#[derive(Debug)]
pub enum Refused {
    /// Clap has something to say: help, a version, or a mistake.
    Usage(clap::Error),
    /// The configuration file is wrong.
    Config(Failure),
}

/// Reads arguments, with defaults from the configuration file.
///
/// # Errors
/// [`Refused`] when they cannot be followed, or only help was asked for.
pub fn parse(arguments: &[OsString]) -> Result<Invocation, Refused> {
    let plain = without_empty(Arguments::command());
    let named = named_config(&plain, arguments);
    let known: Vec<String> = flags(&plain);
    let settings = match config::load(named.as_deref(), &known) {
        Ok(settings) => settings,
        // `login` writes the file, so that a bad one must not stand in its way.
        Err(_) if asks_for(&plain, arguments, &["login", "demo", "help"]) => Settings::default(),
        Err(failure) => {
            // Help must be had whatever the file says.
            plain.clone().try_get_matches_from(arguments).map_err(Refused::Usage)?;
            return Err(Refused::Config(failure));
        }
    };
    let matches = with_defaults(plain, &settings).try_get_matches_from(arguments).map_err(Refused::Usage)?;
    let mut parsed = Arguments::from_arg_matches(&matches).map_err(Refused::Usage)?;
    parsed.common.token_file_typed = is_typed(&matches, "token_file");
    parsed.common.fleet_key_file_typed = is_typed(&matches, "fleet_key_file");
    Ok(Invocation { common: parsed.common, command: parsed.command, settings })
}

/// Every key that a configuration file may set.
#[must_use]
pub fn known_flags() -> Vec<String> {
    flags(&Arguments::command())
}

/// The names of all flags, as the configuration file spells them.
fn flags(command: &clap::Command) -> Vec<String> {
    let mut names: Vec<String> = own_flags(command);
    names.extend(command.get_subcommands().flat_map(flags));
    names.sort_unstable();
    names.dedup();
    names
}

fn own_flags(command: &clap::Command) -> Vec<String> {
    let longs = command.get_arguments().filter_map(clap::Arg::get_long);
    longs.filter(|long| !["help", "version", "config"].contains(long)).map(|long| long.replace('-', "_")).collect()
}

/// Every flag that the file sets gets that as its default: a flag or variable
/// still wins.
fn with_defaults(command: clap::Command, settings: &Settings) -> clap::Command {
    let command = command.mut_args(|argument| {
        let value = argument.get_long().and_then(|long| settings.flag(&long.replace('-', "_")));
        match value {
            // A default must live as long as the program: there are few, and
            // they are set once.
            Some(value) => argument.required(false).default_value(&*value.to_owned().leak()),
            None => argument,
        }
    });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |sub| with_defaults(sub, settings)))
}

/// A variable that is set to nothing is not set: `DRIFTLINE_CONFIG= driftline …`
/// is how a shell leaves one out.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env().is_some_and(is_empty) {
        true => argument.env(None::<&'static str>),
        false => argument,
    });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, without_empty))
}

/// The file that `--config` or its variable names, before anything else is
/// understood.
fn named_config(command: &clap::Command, arguments: &[OsString]) -> Option<PathBuf> {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    let mut at = Some(&matches);
    let mut found = None;
    while let Some(level) = at {
        found = level.try_get_one::<PathBuf>("config").ok().flatten().cloned().or(found);
        at = level.subcommand().map(|(_, below)| below);
    }
    found
}

/// Whether a global flag stands in the command line itself.
fn is_typed(matches: &clap::ArgMatches, name: &str) -> bool {
    matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine)
        || matches.subcommand().is_some_and(|(_, below)| is_typed(below, name))
}

fn asks_for(command: &clap::Command, arguments: &[OsString], names: &[&str]) -> bool {
    let matches = command.clone().ignore_errors(true).try_get_matches_from(arguments);
    matches.is_ok_and(|matches| matches.subcommand_name().is_some_and(|name| names.contains(&name)))
}

#[cfg(test)]
mod tests;
