//! `report` and its flags.

use clap::Args;

use crate::time_text::When;

/// `report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  driftline report --from 7d --output html > week.html\n  \
                        driftline report --from 2026-11-01 --to 2026-12-01 --env production --output markdown\n  \
                        driftline report --from 30d --output csv > changes.csv\n\n\
                        One file with what an auditor asks for: changes by verdict, what came around CI/CD,\n\
                        open drift, the trend, acceptances, coverage, gaps, and how to prove the history.")]
pub struct Report {
    /// Not before: `7d`, `12h` (ago), a date or an RFC 3339 time
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = When::parse, env = "DRIFTLINE_REPORT_FROM")]
    pub from: When,
    /// Not after: as `--from` [default: now]
    #[arg(long, value_name = "TIME", value_parser = When::parse, env = "DRIFTLINE_REPORT_TO")]
    pub to: Option<When>,
    /// Only this environment
    #[arg(long, value_name = "NAME", env = "DRIFTLINE_ENV")]
    pub env: Option<String>,
}
