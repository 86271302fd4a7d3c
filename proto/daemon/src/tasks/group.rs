//! Many short-lived tasks of one kind, such as connections: bounded, counted,
//! and waited for at the end.
//!
//! What fails in here concerns one peer and is that task's own to report: a
//! group never ends the daemon.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::TaskFailure;

/// A bounded group of tasks of one name. Clones share the group.
#[derive(Debug, Clone)]
pub struct Group {
    name: &'static str,
    limit: usize,
    places: Arc<Semaphore>,
    running: TaskTracker,
    stop: CancellationToken,
}

/// The group has as many tasks as it may, or was asked to stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no more `{name}` tasks are taken: {limit} are running, which is the limit, or they are to stop")]
pub struct GroupFull {
    /// The group's name.
    pub name: &'static str,
    /// Its limit.
    pub limit: usize,
}

impl Group {
    /// A group of at most `limit` tasks that end when `stop` is cancelled.
    #[must_use]
    pub fn new(name: &'static str, limit: usize, stop: CancellationToken) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self { name, limit, places: Arc::new(Semaphore::new(limit)), running: TaskTracker::new(), stop }
    }

    /// Starts a task if there is room and nobody asked to stop.
    ///
    /// # Errors
    /// [`GroupFull`]; the task was not started.
    pub fn spawn<F>(&self, task: F) -> Result<(), GroupFull>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let full = GroupFull { name: self.name, limit: self.limit };
        if self.stop.is_cancelled() {
            return Err(full);
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| full)?;
        // Boxed: moved into another future it would have its room twice there.
        let task = Box::pin(task);
        self.running.spawn(async move {
            task.await;
            drop(place);
        });
        Ok(())
    }

    /// The token that asks the tasks to end.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// How many tasks are running.
    #[must_use]
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether none is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Takes no more tasks, cancels the stop token, and waits for the rest.
    ///
    /// # Errors
    /// [`TaskFailure::Late`] with the group's name once per task that is still
    /// running after `grace`.
    pub async fn join(&self, grace: Duration) -> Result<(), TaskFailure> {
        self.places.close();
        self.stop.cancel();
        self.running.close();
        match tokio::time::timeout(grace, self.running.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(TaskFailure::Late { names: vec![self.name; self.running.len()], grace }),
        }
    }
}
