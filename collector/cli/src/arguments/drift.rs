//! The flags of `drift` and `accept`.
//!
//! Only shapes: what a flag means is said in the command's own file.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::exit::FailOn;
use crate::time_text::{self, When};

/// `drift`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline drift\n  driftline drift --env production --older-than 30d\n  \
                        driftline drift --kind at_reboot --fail-on critical\n  driftline drift --all --output ndjson")]
pub struct Drift {
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
    /// Only what is there for longer: `30d`, `12h`
    #[arg(long, value_name = "TIME", value_parser = time_text::stretch, env = "DRIFTLINE_OLDER_THAN")]
    pub older_than: Option<Duration>,
    /// Only this kind: what is held against what
    #[arg(long, value_name = "KIND", env = "DRIFTLINE_KIND",
          value_parser = ["desired", "baseline", "at_reboot", "process", "role"])]
    pub kind: Option<String>,
    /// At least this severe: info, warning or critical
    #[arg(long, value_name = "SEVERITY", env = "DRIFTLINE_SEVERITY", value_parser = ["info", "warning", "critical"])]
    pub severity: Option<String>,
    /// What is accepted, resolved or adopted, too
    #[arg(long, env = "DRIFTLINE_ALL", value_parser = clap::builder::FalseyValueParser::new())]
    pub all: bool,
    /// Least severity of open drift that fails
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", env = "DRIFTLINE_FAIL_ON")]
    pub fail_on: FailOn,
}

/// `accept`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "Examples:\n  driftline accept d-17 --reason 'old region until the move' --owner team-db --expires 30d\n  \
                        driftline accept env=staging,source=app,key=LOG_* --reason 'more logs' --owner ada --expires 2026-12-31\n  \
                        driftline accept list\n  driftline accept revoke a-3"
)]
pub struct Accept {
    /// What to do instead of accepting.
    #[command(subcommand)]
    pub what: Option<AcceptCommand>,
    /// A drift (`d-NUMBER`, as it is now), or every drift of `env=…,role=…,source=…,kind=…,key=…`
    #[arg(value_name = "ID|SELECTOR", required = true)]
    pub covers: Option<String>,
    /// Why it is meant
    #[arg(long, value_name = "TEXT", required = true, env = "DRIFTLINE_REASON")]
    pub reason: Option<String>,
    /// Who answers for it: a person or a team
    #[arg(long, value_name = "NAME", required = true, env = "DRIFTLINE_OWNER")]
    pub owner: Option<String>,
    /// How long, or until when: `30d`, `2026-12-31`; a year at most
    #[arg(long, value_name = "TIME", required = true, value_parser = When::parse, env = "DRIFTLINE_EXPIRES")]
    pub expires: Option<When>,
}

/// What to do with acceptances.
#[derive(Debug, Subcommand)]
pub enum AcceptCommand {
    /// What is accepted, why, and until when
    List(AcceptList),
    /// End an acceptance: what it covered is open drift again
    Revoke(AcceptRevoke),
}

/// `accept list`.
#[derive(Debug, Args)]
pub struct AcceptList {
    /// Expired and revoked ones, too
    #[arg(long, env = "DRIFTLINE_ALL", value_parser = clap::builder::FalseyValueParser::new())]
    pub all: bool,
}

/// `accept revoke`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline accept revoke a-3")]
pub struct AcceptRevoke {
    /// Id of the acceptance (see `accept list`)
    pub id: String,
}
