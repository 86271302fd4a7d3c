//! Follows the ruleset of nftables in one namespace: hears of each commit, keeps
//! what is there, and hands on what changed.
//!
//! It lists the ruleset when it begins, when something was lost, and now and
//! then to see that it is right; never for a commit. It changes nothing.

mod session;
mod stream;

use std::convert::Infallible;
use std::time::Duration;

use driftline_canon::{Problem, ProblemKind};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Backend;
use super::desk::{Commits, Desk, Seen};
use super::listing::ListingError;
use super::model::apply::Astray;
use super::monitor::Unusable;
use super::namespace::{Namespace, NamespaceError};
use super::netlink::NetlinkError;
use super::tools::{ToolError, Tools};
use crate::journal::chain;
use crate::observe::Sight;
use crate::observe::part::Account;
use session::Session;

/// The first and the longest pause before it is tried again to follow a ruleset
/// that could not be followed.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// The longest pause between two beginnings, where each one ends soon because
/// more is told than can be followed.
const AGAIN_MAX: Duration = Duration::from_secs(5);

/// Follows it until it is stopped.
///
/// # Errors
/// Never: what goes wrong is a problem of the source.
pub async fn run(
    desk: Desk,
    tools: Tools,
    commits: watch::Sender<Commits>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let follower = Follower {
        since_ms: desk.last_alive_ms(),
        desk,
        tools,
        commits,
        account: Account::default(),
        told: None,
        short: 0,
        failures: 0,
    };
    stop.run_until_cancelled(follower.keep()).await;
    Ok(())
}

/// Follows one ruleset, from one beginning to the next.
struct Follower {
    desk: Desk,
    tools: Tools,
    commits: watch::Sender<Commits>,
    account: Account,
    /// Nobody was watching since then.
    since_ms: Option<i64>,
    /// The failure that was told last.
    told: Option<String>,
    /// Beginnings that ended soon, and those that failed, one after the other.
    short: u32,
    failures: u32,
}

/// Why a ruleset is not followed any further.
#[derive(Debug, thiserror::Error)]
enum End {
    /// The journal has ended.
    #[error("the journal has ended")]
    Journal,
    /// There is no such namespace.
    #[error(transparent)]
    Absent(NamespaceError),
    /// Something is missing, or not permitted.
    #[error("the ruleset cannot be followed: {reason}")]
    Failed { kind: ProblemKind, reason: String },
    /// Something was lost: from the beginning.
    #[error("{0}")]
    Lost(String),
}

impl From<NamespaceError> for End {
    fn from(error: NamespaceError) -> Self {
        match error.source.kind() {
            std::io::ErrorKind::NotFound => Self::Absent(error),
            _ => Self::Failed { kind: ProblemKind::Unreadable, reason: chain(&error) },
        }
    }
}

impl From<NetlinkError> for End {
    fn from(error: NetlinkError) -> Self {
        match error {
            NetlinkError::Namespace(error) => error.into(),
            NetlinkError::Overrun => Self::Lost(error.to_string()),
            NetlinkError::Failed { .. } => Self::Failed { kind: ProblemKind::Unreadable, reason: chain(&error) },
        }
    }
}

impl From<ToolError> for End {
    fn from(error: ToolError) -> Self {
        match error {
            ToolError::Namespace(error) => error.into(),
            error => Self::Failed { kind: error.problem().kind, reason: chain(&error) },
        }
    }
}

impl From<ListingError> for End {
    fn from(error: ListingError) -> Self {
        match error {
            ListingError::Tool(error) => error.into(),
            ListingError::NoListing => Self::Failed { kind: ProblemKind::Syntax, reason: error.to_string() },
        }
    }
}

impl From<Astray> for End {
    fn from(astray: Astray) -> Self {
        Self::Lost(astray.0.to_owned())
    }
}

impl From<Unusable> for End {
    fn from(unusable: Unusable) -> Self {
        Self::Lost(unusable.to_string())
    }
}

impl Follower {
    async fn keep(mut self) {
        loop {
            let pause = match self.follow().await {
                End::Journal => return,
                End::Absent(error) => self.absent(&error).await,
                End::Failed { kind, reason } => self.failed(kind, reason).await,
                End::Lost(reason) => self.lost(&reason).await,
            };
            let Some(pause) = pause else { return };
            tokio::time::sleep(pause).await;
        }
    }

    /// Follows it as long as that goes well.
    async fn follow(&mut self) -> End {
        let mut session = match Session::begin(self).await {
            Ok(session) => session,
            Err(end) => return end,
        };
        let end = match session.follow(self).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.since_ms = Some(session.sure_until_ms(self.desk.now_ms()));
        end
    }

    /// Whoever reads the tables of iptables-nft is to look at everything.
    fn wake_others(&self) {
        self.commits
            .send_modify(|commits| [&mut commits.ip, &mut commits.ip6].into_iter().for_each(|all| all.add(1, None)));
    }

    async fn absent(&mut self, error: &NamespaceError) -> Option<Duration> {
        let reason = chain(error);
        self.since_ms = self.since_ms.or(Some(self.desk.now_ms()));
        if self.told.as_ref() != Some(&reason) {
            let problems = vec![Problem::whole(ProblemKind::Missing, reason.clone())];
            let sight = self.desk.absent();
            self.told = Some(reason);
            self.account = Account::default();
            self.wake_others();
            self.hand_on(sight, problems).await?;
        }
        Some(self.desk.spec().poll)
    }

    async fn failed(&mut self, kind: ProblemKind, reason: String) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        self.since_ms = self.since_ms.or(Some(self.desk.now_ms()));
        if self.told.as_ref() != Some(&reason) {
            tracing::warn!(source = %self.desk.name_of(Backend::Nft), error = %reason, "nftables cannot be followed");
            let problems = vec![Problem::whole(kind, reason.clone())];
            self.told = Some(reason);
            self.hand_on(Sight::Unreadable { metadata: Vec::new() }, problems).await?;
        }
        Some((RETRY_MIN * (1 << (self.failures - 1).min(6))).min(RETRY_MAX))
    }

    async fn lost(&mut self, reason: &str) -> Option<Duration> {
        let now_ms = self.desk.now_ms();
        let source = self.desk.name_of(Backend::Nft);
        tracing::warn!(%source, reason, "the ruleset of nftables is listed again");
        let reason = format!("{source}: {reason}; the ruleset was listed again, and states in between may be missing");
        let going_on = self.desk.gap(self.since_ms.unwrap_or(now_ms), now_ms, reason).await;
        self.short = self.short.saturating_add(1);
        let pause = Duration::from_millis(20) * (1 << self.short.min(9));
        going_on.then_some(if self.short > 1 { pause.min(AGAIN_MAX) } else { Duration::ZERO })
    }

    async fn hand_on(&self, sight: Sight, problems: Vec<Problem>) -> Option<()> {
        let seen = Seen {
            sight,
            problems,
            observed_ms: self.desk.now_ms(),
            unobserved_since_ms: self.since_ms,
            made_by: None,
            meanings: Vec::new(),
        };
        self.desk.hand_on(Backend::Nft, seen, true).await.then_some(())
    }

    fn is_named(&self) -> bool {
        matches!(self.desk.place(), Namespace::Named(_))
    }
}

#[cfg(test)]
mod tests;
