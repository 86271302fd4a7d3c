//! `check` and its flags.

use std::path::PathBuf;

use clap::Args;

use crate::exit::FailOn;

/// `check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline check --env staging --against production --fail-on critical\n  \
                        driftline check --env production --against desired --output sarif > driftline.sarif\n  \
                        driftline check --env env=production,role=web --against baseline\n  \
                        driftline check --env staging --against deploy/\n  \
                        driftline check --env staging --against deploy/staging/app.env deploy/nginx.conf\n\n\
                        Files of a repository are read here, as `desired push` reads them: by the mapping\n\
                        file (driftline-desired.toml) and with the fleet key from DRIFTLINE_FLEET_KEY or\n\
                        --fleet-key-file. Digests travel, and displays in which secrets are masked; values\n\
                        do not, and nothing is declared. Needs the role `deployer`.\n\n\
                        Exit codes: 0 as it should be, 1 critical, 2 warning, 3 something could not be\n\
                        checked. On GitHub, findings are annotated and summed up in the step's summary.")]
pub struct Check {
    /// What is checked: an environment, or `env=…,role=…,host=…`
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
    /// What it should be like: an environment or selector, `desired`, `baseline`; or paths:
    /// files or directories of a repository, or a snapshot. A path has a `/`, or a `.` and is there
    #[arg(long, value_name = "SIDE|PATH", num_args = 1.., required = true, env = "DRIFTLINE_AGAINST")]
    pub against: Vec<String>,
    /// Which file is which source [default: driftline-desired.toml in the directory, or above the file]
    #[arg(long, value_name = "FILE", env = "DRIFTLINE_MAP")]
    pub map: Option<PathBuf>,
    /// With one file: the source that it is
    #[arg(long, value_name = "NAME", conflicts_with = "map", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// With one file: the kind of the source [default: by the file's format]
    #[arg(long, value_name = "KIND", requires = "source", env = "DRIFTLINE_KIND")]
    pub kind: Option<String>,
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
