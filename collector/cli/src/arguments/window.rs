//! Arguments of `window`.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::time_text;

/// `window`.
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  driftline window open --env production --ticket CHG-123 --for 30m")]
pub enum Window {
    /// Say that changes will come: from now on, for at most a day
    Open(WindowOpen),
    /// End a window before its time
    Close(WindowClose),
    /// The windows that are open
    List(WindowList),
}

/// `window open`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline window open --env production --ticket CHG-123 --for 30m\n  \
                        driftline window open --env production --role web --source app --actor deploy \\\n      \
                        --ticket CHG-124 --for 2h\n\n\
                        A window alone authorises nothing: what it covers is seen as `window_only`.")]
pub struct WindowOpen {
    /// Environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: String,
    /// Only hosts of this role
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ROLE")]
    pub role: Option<String>,
    /// Only this host
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_HOST")]
    pub host: Option<String>,
    /// Only this source
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_SOURCE")]
    pub source: Option<String>,
    /// Only changes by this login user, unit or executable
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ACTOR")]
    pub actor: Option<String>,
    /// Why: the ticket or the pipeline
    #[arg(long, value_name = "TEXT", env = "DRIFTLINE_TICKET")]
    pub ticket: String,
    /// For how long, from now: 1m to 24h
    #[arg(long = "for", value_name = "TIME", value_parser = time_text::stretch, env = "DRIFTLINE_FOR")]
    pub long: Duration,
}

/// `window close`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  driftline window close 7")]
pub struct WindowClose {
    /// Id of the window (see `window list`)
    pub id: u64,
}

/// `window list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline window list\n  driftline window list --env production --all")]
pub struct WindowList {
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
    /// Those that are over, too
    #[arg(long, env = "DRIFTLINE_ALL", value_parser = clap::builder::FalseyValueParser::new())]
    pub all: bool,
}
