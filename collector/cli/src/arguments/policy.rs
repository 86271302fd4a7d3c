//! Arguments of `policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `policy`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  driftline policy check policy.toml\n  driftline policy apply policy.toml")]
pub enum Policy {
    /// What is wrong with a policy: every mistake, with its line (offline)
    Check(PolicyCheck),
    /// Put a policy in force; a bad one changes nothing
    Apply(PolicyApply),
    /// The policy in force, or an earlier version, as it was written
    Show(PolicyShow),
    /// Every version that was ever in force
    History,
    /// What two versions, or the one in force and a file, say differently
    Diff(PolicyDiff),
    /// What a policy would have made of the changes of the last days
    Test(PolicyTest),
}

/// `policy check`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline policy check policy.toml")]
pub struct PolicyCheck {
    /// The policy
    pub file: PathBuf,
}

/// `policy apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline policy apply policy.toml\n  \
                        driftline policy apply policy.toml --replaces 3\n\n\
                        Two people who change the policy at once must not undo each other: once a policy is\n\
                        in force, say which version yours was made from. `any` replaces whatever is there.")]
pub struct PolicyApply {
    /// The policy
    pub file: PathBuf,
    /// The version that it was made from, or `any`
    #[arg(long, value_name = "VERSION", env = "DRIFTLINE_REPLACES")]
    pub replaces: Option<Replaces>,
}

/// What a new policy may replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaces {
    /// Whatever is in force.
    Any,
    /// This version alone.
    Version(u64),
}

impl std::str::FromStr for Replaces {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            number => number.parse().map(Self::Version).map_err(|_| format!("`{text}` is no version and not `any`")),
        }
    }
}

/// `policy show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline policy show > policy.toml\n  driftline policy show 3")]
pub struct PolicyShow {
    /// A version; the one in force if not given
    pub version: Option<u64>,
}

/// `policy diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline policy diff            the version before, and the one in force\n  \
                        driftline policy diff 3          version 3, and the one in force\n  \
                        driftline policy diff 3 5\n  driftline policy diff policy.toml")]
pub struct PolicyDiff {
    /// A version, or a file that is held against the policy in force
    #[arg(value_name = "VERSION|FILE")]
    pub left: Option<String>,
    /// Another version
    #[arg(value_name = "VERSION")]
    pub right: Option<u64>,
}

/// `policy test`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline policy test policy.toml --days 30\n\n\
                        Nothing is changed. Each change is weighed and judged again, by what was declared\n\
                        and open when it was recorded.")]
pub struct PolicyTest {
    /// The policy
    pub file: PathBuf,
    /// Days back from now: 1 to 90
    #[arg(long, value_name = "DAYS", default_value_t = 7, env = "DRIFTLINE_DAYS",
          value_parser = clap::value_parser!(u32).range(1..=90))]
    pub days: u32,
}
