//! What is there and not watched: findings held against the configuration.
//!
//! It judges nothing: a file that nobody watches may well be meant so.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::key::escape;
pub use driftline_wire::convert::{Coverage, Unwatched};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Pattern, SourceSpec, display_path};

use super::{Finding, Findings, kernel};

/// How often it is looked what is there: new files are rare, and a look reads
/// some hundred unit files.
pub const EVERY: Duration = Duration::from_secs(60 * 60);

/// Holds what was found against what is configured.
#[must_use]
pub fn covered(findings: &Findings, config: &Config) -> Coverage {
    let unwatched: Vec<Unwatched> = unwatched(findings, config).map(described).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let watched = count(findings.files.len() - unwatched.len());
    Coverage { found: count(findings.files.len()), watched, unwatched }
}

/// Looks at start and every hour until stopped, and gives what was found to
/// `told`. A look takes a thread for some milliseconds and then gives it back.
///
/// # Errors
/// Never: a host that cannot be looked at has no coverage to tell.
pub async fn watch(
    config: Config,
    stop: CancellationToken,
    told: impl Fn(Coverage) + Send + 'static,
) -> Result<(), Infallible> {
    let config = Arc::new(config);
    loop {
        let config = Arc::clone(&config);
        let look = move || super::look(Path::new("/")).map(|findings| covered(&findings, &config));
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(coverage)) => told(coverage),
            Ok(Err(error)) => tracing::warn!(%error, "what is there to be watched cannot be looked at"),
            Err(error) => tracing::warn!(%error, "looking what is there to be watched has failed"),
        }
        if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return Ok(());
        }
    }
}

/// What was found and no source watches.
pub(super) fn unwatched<'a>(findings: &'a Findings, config: &'a Config) -> impl Iterator<Item = &'a Finding> {
    findings.files.iter().filter(|finding| {
        if kernel::is_live(&finding.path) {
            return config.firewall.is_none();
        }
        !config.sources.iter().any(|source| covers(source, &finding.path))
    })
}

fn covers(source: &SourceSpec, path: &Path) -> bool {
    match &source.pattern {
        Pattern::Path(watched) => watched == path,
        Pattern::Glob(glob) => glob.matches(path),
        Pattern::Process(_) => false,
    }
}

fn described(finding: &Finding) -> Unwatched {
    Unwatched { path: display_path(&finding.path), reason: escape(finding.reasons.join("; ").as_bytes()) }
}

#[cfg(test)]
mod tests;
