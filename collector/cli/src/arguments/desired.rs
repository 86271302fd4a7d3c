//! `desired`: what CI/CD declares.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::exit::FailOn;
use crate::time_text;

/// `desired`.
#[derive(Debug, Subcommand)]
pub enum Desired {
    /// Declare what files of a repository say, for an environment
    Push(DesiredPush),
    /// What a revision declares; secrets masked
    Show(DesiredShow),
    /// The revisions that were pushed, newest first
    List(DesiredList),
    /// Where two revisions differ; or hosts from what is declared for them
    Diff(DesiredDiff),
    /// Propose a mapping file from what the agents of an environment watch
    Init(DesiredInit),
}

/// `desired push`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline desired push --env production --from . --rev \"$GITHUB_SHA\"\n  \
                        driftline desired push --env production --role web --from deploy/ --rev v1.4 --expires 7d\n  \
                        driftline desired push --env staging --from app.env --source app --rev \"$CI_COMMIT_SHA\"\n\n\
                        The fleet key comes from DRIFTLINE_FLEET_KEY or --fleet-key-file. Digests travel, and\n\
                        displays in which secrets are masked; values do not.")]
pub struct DesiredPush {
    /// Environment that it is for
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
    /// Only hosts of this role
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ROLE")]
    pub role: Option<String>,
    /// Only this host
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// Where the files are: a directory, or with `--source` one file
    #[arg(long, value_name = "DIR|FILE", env = "DRIFTLINE_FROM")]
    pub from: PathBuf,
    /// What to call it: the commit
    #[arg(long, value_name = "SHA", env = "DRIFTLINE_REV", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub rev: String,
    /// How long it is valid: 1m to 732d [default: until a later push]
    #[arg(long, value_name = "TIME", value_parser = time_text::stretch, env = "DRIFTLINE_EXPIRES")]
    pub expires: Option<Duration>,
    /// The ticket that it belongs to
    #[arg(long, value_name = "TICKET", env = "DRIFTLINE_TICKET")]
    pub ticket: Option<String>,
    /// Which file is which source [default: driftline-desired.toml in the directory]
    #[arg(long, value_name = "FILE", env = "DRIFTLINE_MAP")]
    pub map: Option<PathBuf>,
    /// With one file: the source that it is
    #[arg(long, value_name = "NAME", conflicts_with = "map", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// With one file: the kind of the source [default: by the file's format]
    #[arg(long, value_name = "KIND", requires = "source", env = "DRIFTLINE_KIND")]
    pub kind: Option<String>,
    /// Declare another content for a revision that was pushed before
    #[arg(long, env = "DRIFTLINE_REPLACE", value_parser = clap::builder::FalseyValueParser::new())]
    pub replace: bool,
    /// Read everything and say what would be declared, and send nothing
    #[arg(long, env = "DRIFTLINE_DRY_RUN", value_parser = clap::builder::FalseyValueParser::new())]
    pub dry_run: bool,
}

/// `desired show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline desired show --env production\n  driftline desired show 4f2a91c")]
pub struct DesiredShow {
    /// A revision: its name, its beginning (7 characters) or its number [default: the newest]
    #[arg(value_name = "REV")]
    pub revision: Option<String>,
    /// Only of this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
}

/// `desired list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline desired list --env production")]
pub struct DesiredList {
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
}

/// `desired diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline desired diff --env production --fail-on critical\n  \
                        driftline desired diff --env production --role web\n  \
                        driftline desired diff 4f2a91c 81bb0e2\n\n\
                        Against hosts both ways are told: what is declared and missing, and what is there and\n\
                        not declared.")]
pub struct DesiredDiff {
    /// One revision
    #[arg(value_name = "REV", requires = "right", required_unless_present = "env")]
    pub left: Option<String>,
    /// The other revision
    #[arg(value_name = "REV")]
    pub right: Option<String>,
    /// Instead of revisions: the hosts of this environment
    #[arg(long, value_name = "NAME", conflicts_with = "left", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
    /// Only hosts of this role
    #[arg(long, value_name = "NAME", requires = "env", env = "DRIFTLINE_ROLE")]
    pub role: Option<String>,
    /// Only this host
    #[arg(long, value_name = "NAME", requires = "env", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// Least severity that fails
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", env = "DRIFTLINE_FAIL_ON")]
    pub fail_on: FailOn,
}

/// `desired init`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline desired init --env production > driftline-desired.toml")]
pub struct DesiredInit {
    /// Environment whose sources are listed
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
    /// Only what hosts of this role watch
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ROLE")]
    pub role: Option<String>,
}
