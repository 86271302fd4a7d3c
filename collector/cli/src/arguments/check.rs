//! `check` and its flags.

use std::path::PathBuf;

use clap::Args;

use crate::exit::FailOn;

/// `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline check --env staging --against production --fail-on critical\n  \
                        driftline check --env production --against desired --output sarif > driftline.sarif\n  \
                        driftline check --env env=production,role=web --against baseline\n\n\
                        Exit codes: 0 as it should be, 1 critical, 2 warning, 3 something could not be\n\
                        checked. On GitHub, findings are annotated and summed up in the step's summary.")]
pub struct Check {
    /// What is checked: an environment, or `env=…,role=…,host=…`
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
    /// What it should be like: an environment or selector, `desired`, `baseline`, or a snapshot (a file)
    #[arg(long, value_name = "SIDE", env = "DRIFTLINE_AGAINST")]
    pub against: String,
    /// Take what is checked from this snapshot, not from the collector
    #[arg(long, value_name = "FILE", env = "DRIFTLINE_FROM_SNAPSHOT")]
    pub from_snapshot: Option<PathBuf>,
    /// Only these keys; `*` stands for any characters
    #[arg(long, value_name = "KEY", env = "DRIFTLINE_KEY")]
    pub key: Option<String>,
    /// Least severity that fails
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning", env = "DRIFTLINE_FAIL_ON")]
    pub fail_on: FailOn,
}
