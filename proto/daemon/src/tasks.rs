//! The owner of named tasks: nothing runs in a daemon that is not in here.
//!
//! The first failure stops the rest and is reported once. It never restarts a
//! task: a task that can go on after an error does so itself, and what cannot
//! go on ends the process, for systemd to start again.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

mod group;

pub use group::{Group, GroupFull};

/// An error of any task.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// How a set of tasks ended badly.
#[derive(Debug, thiserror::Error)]
pub enum TaskFailure {
    /// A task returned an error.
    #[error("task `{name}` failed")]
    Failed {
        /// Which task.
        name: &'static str,
        /// Its error.
        source: BoxError,
    },
    /// A task panicked (development builds; a release build aborts).
    #[error("task `{name}` panicked: {what}")]
    Panicked {
        /// Which task.
        name: &'static str,
        /// The panic's message.
        what: String,
    },
    /// Tasks that were asked to stop and did not within the grace.
    #[error("did not stop within {} s: {}", grace.as_secs(), names.join(", "))]
    Late {
        /// Which tasks.
        names: Vec<&'static str>,
        /// How long they had.
        grace: Duration,
    },
}

/// A set of named tasks that live and end together.
#[derive(Debug)]
pub struct Tasks {
    stop: CancellationToken,
    running: JoinSet<Result<(), BoxError>>,
    names: HashMap<Id, &'static str>,
}

impl Tasks {
    /// No tasks yet; cancelling `stop` asks all of them to end.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop, running: JoinSet::new(), names: HashMap::new() }
    }

    /// The token that asks the tasks to end.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task. It must end soon after the stop token is cancelled.
    pub fn spawn<F, E>(&mut self, name: &'static str, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let handle = self.running.spawn(async move { task.await.map_err(Into::into) });
        self.names.insert(handle.id(), name);
    }

    /// Starts a task on a thread of its own, for work that blocks. Nothing can
    /// abort it: it must look at the stop token.
    pub fn spawn_blocking<F, E>(&mut self, name: &'static str, task: F)
    where
        F: FnOnce() -> Result<(), E> + Send + 'static,
        E: Into<BoxError>,
    {
        let handle = self.running.spawn_blocking(move || task().map_err(Into::into));
        self.names.insert(handle.id(), name);
    }

    /// How many tasks have not been seen to end.
    #[must_use]
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether there is no task.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Waits until every task has ended. The first failure cancels the stop
    /// token; from then on the rest has `grace` to end, and is aborted after.
    ///
    /// # Errors
    /// The first failure, or else the names of the tasks that ended late.
    pub async fn join(mut self, grace: Duration) -> Result<(), TaskFailure> {
        let stop = self.stop.clone();
        let mut first = None;
        let mut deadline = None;
        loop {
            let ended = tokio::select! {
                ended = self.running.join_next_with_id() => ended,
                () = stop.cancelled(), if deadline.is_none() => {
                    deadline = Some(Instant::now() + grace);
                    continue;
                }
                () = until(deadline) => return self.late(first, grace),
            };
            let Some(ended) = ended else {
                return first.map_or(Ok(()), Err);
            };
            if let Some(failure) = self.failure(ended) {
                stop.cancel();
                match first {
                    None => first = Some(failure),
                    Some(_) => tracing::debug!(error = %failure, "another task failed while stopping"),
                }
            }
        }
    }

    fn failure(&mut self, ended: Result<(Id, Result<(), BoxError>), JoinError>) -> Option<TaskFailure> {
        match ended {
            Ok((id, outcome)) => {
                let name = self.names.remove(&id).unwrap_or("unnamed");
                tracing::debug!(task = name, ok = outcome.is_ok(), "task ended");
                outcome.err().map(|source| TaskFailure::Failed { name, source })
            }
            Err(error) => {
                let name = self.names.remove(&error.id()).unwrap_or("unnamed");
                error.is_panic().then(|| TaskFailure::Panicked { name, what: panic_text(error) })
            }
        }
    }

    fn late(mut self, first: Option<TaskFailure>, grace: Duration) -> Result<(), TaskFailure> {
        let mut names: Vec<&'static str> = self.names.values().copied().collect();
        names.sort_unstable();
        self.running.abort_all();
        let late = TaskFailure::Late { names, grace };
        match first {
            None => Err(late),
            Some(failure) => {
                tracing::warn!(error = %late, "tasks were aborted");
                Err(failure)
            }
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn panic_text(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => (*text).to_owned(),
            (None, Some(text)) => text.clone(),
            (None, None) => "no message".to_owned(),
        },
        Err(_) => "no message".to_owned(),
    }
}

#[cfg(test)]
mod tests;
