//! What `driftline-agent status` shows: kept by the running agent, told over a
//! private socket in the state directory.
//!
//! It names sources and their troubles, never a value. Anyone who may open the
//! socket may read the state directory as well.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftline_daemon::clock;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::actor::standing::{EvidenceStatus, Standing};
use crate::config::display_path;
use crate::discover::Coverage;
use crate::identity::Identity;
use crate::journal::Progress;
use crate::observe::busy::Busy;

/// The socket within the state directory.
pub const SOCKET: &str = "status.sock";

/// How long a reader may take.
const READER: Duration = Duration::from_secs(2);

/// Version of the document.
pub const SCHEMA_VERSION: u32 = 1;

/// What the agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of the program.
    pub agent_version: String,
    /// Host as the certificate names it.
    pub host: String,
    /// Environment as the certificate names it.
    pub environment: String,
    /// Role as the certificate names it.
    pub role: String,
    /// How it stands with the collector.
    pub link: Link,
    /// Highest record that the collector has.
    pub acked_seq: u64,
    /// When it said so last.
    pub acked_ms: Option<i64>,
    /// The collector's clock minus this host's.
    pub skew_ms: Option<i64>,
    /// When the certificate ends.
    pub certificate_ends_ms: i64,
    /// Why the certificate was not renewed, if it is due.
    pub renewal_problem: Option<String>,
    /// Records in the journal.
    pub journal_records: u64,
    /// Their bytes.
    pub journal_bytes: u64,
    /// Why the journal cannot be written, if so.
    pub journal_problem: Option<String>,
    /// Sources that are polled, or cannot be read.
    pub degraded_sources: u32,
    /// Some of them, and why.
    pub troubles: Vec<Trouble>,
    /// Files that hold a worker for longer than they should.
    #[serde(default)]
    pub busy: Vec<BusyFile>,
    /// How much of what is on the host is watched; none: not looked at yet.
    #[serde(default)]
    pub coverage: Option<Covered>,
    /// Sources of evidence of who makes changes.
    #[serde(default)]
    pub evidence: Vec<EvidenceStatus>,
}

/// How much of what is on the host is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// Files that were found.
    pub found: u32,
    /// Of those, files that a source watches.
    pub watched: u32,
}

/// A file that is being read for longer than it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusyFile {
    /// Its path, escaped for display.
    pub path: String,
    /// For how long.
    pub ms: u64,
}

/// A source that is polled, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// How it stands with the collector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Link {
    /// Nothing was tried yet.
    Starting,
    /// A connection is being opened.
    Connecting {
        /// To whom.
        endpoint: String,
    },
    /// Records can be sent.
    Connected {
        /// To whom.
        endpoint: String,
    },
    /// There is no connection.
    Away {
        /// Who was tried last.
        endpoint: String,
        /// Why it failed.
        why: String,
    },
}

/// The status as it is kept. Clones share it.
#[derive(Debug, Clone)]
pub struct StatusBoard {
    status: Arc<Mutex<Status>>,
    busy: Busy,
    standing: Standing,
    coverage: Arc<Mutex<Option<Arc<Coverage>>>>,
}

impl StatusBoard {
    /// The status of an agent that starts.
    #[must_use]
    pub fn new(identity: &Identity) -> Self {
        let status = Status {
            schema_version: SCHEMA_VERSION,
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            host: identity.peer.host.as_str().to_owned(),
            environment: identity.peer.environment.as_str().to_owned(),
            role: identity.peer.role.as_str().to_owned(),
            link: Link::Starting,
            acked_seq: 0,
            acked_ms: None,
            skew_ms: None,
            certificate_ends_ms: identity.not_after_ms,
            renewal_problem: None,
            journal_records: 0,
            journal_bytes: 0,
            journal_problem: None,
            degraded_sources: 0,
            troubles: Vec::new(),
            busy: Vec::new(),
            coverage: None,
            evidence: Vec::new(),
        };
        Self {
            status: Arc::new(Mutex::new(status)),
            busy: Busy::default(),
            standing: Standing::default(),
            coverage: Arc::default(),
        }
    }

    /// The same, which also says what is being read.
    #[must_use]
    pub fn with_busy(self, busy: Busy) -> Self {
        Self { busy, ..self }
    }

    /// The same, which also says which sources of evidence are live.
    #[must_use]
    pub fn with_evidence(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// Files that hold a worker for longer than they should.
    #[must_use]
    pub fn busy(&self) -> Vec<BusyFile> {
        let file = |(path, took): (PathBuf, Duration)| BusyFile {
            path: display_path(&path),
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        };
        self.busy.told(clock::monotonic()).into_iter().map(file).collect()
    }

    /// The status now.
    #[must_use]
    pub fn read(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn cover(&self, coverage: Coverage) {
        self.change(|status| {
            status.coverage = Some(Covered { found: coverage.found, watched: coverage.watched });
        });
        *self.coverage.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(coverage));
    }

    /// What is on the host and not watched, as it was found last.
    #[must_use]
    pub fn coverage(&self) -> Option<Arc<Coverage>> {
        self.coverage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn link(&self, link: Link) {
        self.change(|status| status.link = link);
    }

    pub(crate) fn connected(&self) {
        self.change(|status| {
            if let Link::Connecting { endpoint } = &status.link {
                status.link = Link::Connected { endpoint: endpoint.clone() };
            }
        });
    }

    pub(crate) fn was_connected(&self) -> bool {
        matches!(self.read().link, Link::Connected { .. })
    }

    pub(crate) fn acked(&self, seq: u64, now_ms: i64) {
        self.change(|status| {
            status.acked_seq = seq;
            status.acked_ms = Some(now_ms);
        });
    }

    pub(crate) fn skew(&self, skew_ms: i64) {
        self.change(|status| status.skew_ms = Some(skew_ms));
    }

    pub(crate) fn identity(&self, identity: &Identity) {
        self.change(|status| {
            status.certificate_ends_ms = identity.not_after_ms;
            status.renewal_problem = None;
        });
    }

    pub(crate) fn renewal(&self, problem: String) {
        self.change(|status| status.renewal_problem = Some(problem));
    }

    fn progress(&self, progress: &Progress) -> Status {
        let mut status = self.read();
        status.journal_records = progress.meta.records();
        status.journal_bytes = progress.meta.bytes;
        status.journal_problem.clone_from(&progress.blocked);
        status.degraded_sources = progress.degraded;
        status.troubles.clone_from(&progress.troubles);
        status.busy = self.busy();
        status.evidence = self.standing.all();
        status
    }

    /// Tells whoever connects to the socket, one document each, until stopped.
    ///
    /// # Errors
    /// Never: without a socket the agent works all the same, and says so.
    pub async fn serve(
        self,
        state_dir: PathBuf,
        progress: watch::Receiver<Progress>,
        stop: CancellationToken,
    ) -> Result<(), io::Error> {
        let path = state_dir.join(SOCKET);
        let listener = match bind(&path) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "`driftline-agent status` will not work");
                return Ok(());
            }
        };
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            let Ok((mut stream, _)) = accepted else {
                // Out of file descriptors: the next reader may have more luck.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            let status = self.progress(&progress.borrow());
            let text = serde_json::to_vec(&status).unwrap_or_default();
            // A reader that is slow or gone is its own problem.
            _ = tokio::time::timeout(READER, stream.write_all(&text)).await;
        }
        // The next agent binds it anew.
        _ = std::fs::remove_file(&path);
        Ok(())
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

#[cfg(test)]
mod tests;
