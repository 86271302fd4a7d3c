//! `snapshot`: what hosts have or files say, in a file.

use std::path::PathBuf;

use clap::Args;

/// `snapshot`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline snapshot production --to production.json\n  \
                        driftline snapshot --from deploy/ --env production --to wanted.json\n  \
                        driftline diff production.json wanted.json\n\n\
                        It holds digests and masked displays, no values. Snapshots of one collector are\n\
                        compared offline by `compare` and `diff`.")]
pub struct Snapshot {
    /// Hosts: an environment, or `env=…,role=…,host=…`
    #[arg(value_name = "SELECTOR", required_unless_present = "from", conflicts_with = "from")]
    pub selector: Option<String>,
    /// Instead of hosts: files of this directory, by its mapping file
    #[arg(long, value_name = "DIR", env = "DRIFTLINE_FROM")]
    pub from: Option<PathBuf>,
    /// Which file is which source [default: driftline-desired.toml in the directory]
    #[arg(long, value_name = "FILE", requires = "from", env = "DRIFTLINE_MAP")]
    pub map: Option<PathBuf>,
    /// What stands for `{env}` in the mapping
    #[arg(long, value_name = "NAME", requires = "from", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
    /// Role that the files are for
    #[arg(long, value_name = "NAME", requires = "from", env = "DRIFTLINE_ROLE")]
    pub role: Option<String>,
    /// File to write; one that is there is not replaced
    #[arg(long, value_name = "FILE", env = "DRIFTLINE_TO")]
    pub to: PathBuf,
}
