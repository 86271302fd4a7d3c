//! `baseline`: what a person approved as known-good.

use clap::{Args, Subcommand};

use crate::exit::FailOn;

/// `baseline`.
#[derive(Debug, Subcommand)]
pub enum Baseline {
    /// Approve what hosts have now
    Approve(BaselineApprove),
    /// What was approved; secrets masked
    Show(BaselineShow),
    /// Where hosts differ from what was approved of them
    Diff(BaselineDiff),
    /// The approvals, newest first
    List(BaselineList),
}

/// `baseline approve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline baseline approve production --reason 'audited on 22 Nov, AUD-7'\n  \
                        driftline baseline approve host=web-1 --source firewall/nft --reason 'rules reviewed'")]
pub struct BaselineApprove {
    /// Hosts: an environment, or `env=…,role=…,host=…`
    #[arg(value_name = "SELECTOR")]
    pub selector: String,
    /// Only this source
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// Why it is good
    #[arg(long, value_name = "TEXT", env = "DRIFTLINE_REASON")]
    pub reason: String,
}

/// `baseline show`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline baseline show 3")]
pub struct BaselineShow {
    /// Number of the approval (see `baseline list`)
    #[arg(value_name = "NUMBER")]
    pub number: u64,
}

/// `baseline diff`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline baseline diff production --fail-on critical")]
pub struct BaselineDiff {
    /// Hosts: an environment, or `env=…,role=…,host=…`
    #[arg(value_name = "SELECTOR")]
    pub selector: String,
    /// Least severity that fails
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", env = "DRIFTLINE_FAIL_ON")]
    pub fail_on: FailOn,
}

/// `baseline list`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline baseline list --env production")]
pub struct BaselineList {
    /// Only those with hosts of this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
}
