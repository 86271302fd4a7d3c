//! Stage 4, record: the one writer. Everything that changes the store passes
//! through here, in order, many steps to one durable commit.
//!
//! It does not know what a step does. A step decides against the state that
//! the steps before it made, even those of the same commit, and is answered
//! only after the commit returned.

pub mod draft;
pub mod health;

use std::sync::Arc;
use std::time::Duration;

use driftline_daemon::Clock;
use driftline_store::{Batch, Committed, ErrorKind, Operation, Store, StoreError, Writer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::notify::Notifier;
pub use draft::Draft;
use health::{Health, Trouble};

/// Steps that wait for the writer. One commit takes all of them, so this is
/// also the largest group; an agent may have 512 records on their way.
const QUEUE_STEPS: usize = 2_048;

/// Bytes of records that wait for the writer, over all agents: two records of
/// the largest size. Agents hold back when it is full.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of records in one commit. Keeps a commit below some ten milliseconds,
/// so that a small change behind a large one is not held up for long.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// Wait after a failed commit, doubled each time: a full disk is looked at
/// often at first, then rarely.
const RETRY_MIN: Duration = Duration::from_millis(100);

/// The longest wait between two tries: an operator who made room waits no
/// longer than this.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How often a waiting writer looks whether the collector is to stop.
const RETRY_STEP: Duration = Duration::from_millis(100);

/// Told how a step went, after its commit.
pub type Reply = Box<dyn FnOnce() + Send>;

type Step = Box<dyn FnOnce(&mut Draft<'_>) -> Result<Reply, StoreError> + Send>;

struct Work {
    step: Step,
    bytes: usize,
    place: Option<OwnedSemaphorePermit>,
}

enum Message {
    Work(Work),
    /// Nothing more comes: finish what waits.
    Close,
}

/// The collector is stopping: nothing is recorded any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the collector is stopping")]
pub struct Stopped;

/// The door to the writer. Clones lead to the same one.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Message>,
    bytes: Arc<Semaphore>,
}

/// The writer, before it has a thread.
pub struct RecordStage {
    queue: mpsc::Receiver<Message>,
    writer: Writer,
    store: Store,
    clock: Clock,
    notifier: Notifier,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
}

/// What the writer needs.
pub struct RecordParts {
    /// The store and its only writer.
    pub store: Store,
    /// The writer.
    pub writer: Writer,
    /// The collector's clock.
    pub clock: Clock,
    /// Who is told.
    pub notifier: Notifier,
    /// Whether commits succeed.
    pub health: Arc<Health>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Cancelled when nothing more may wait for a failing store.
    pub stop: CancellationToken,
}

/// The writer and its door.
#[must_use]
pub fn stage(parts: RecordParts) -> (Recorder, RecordStage) {
    let (sender, queue) = mpsc::channel(QUEUE_STEPS);
    let recorder = Recorder { queue: sender, bytes: Arc::new(Semaphore::new(QUEUE_BYTES)) };
    let RecordParts { store, writer, clock, notifier, health, metrics, stop } = parts;
    (recorder, RecordStage { queue, writer, store, clock, notifier, health, metrics, stop })
}

impl Recorder {
    /// Hands over a step of that many bytes and waits for room, not for the
    /// commit. The step gives what to do after it.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn submit(
        &self,
        bytes: usize,
        step: impl FnOnce(&mut Draft<'_>) -> Result<Reply, StoreError> + Send + 'static,
    ) -> Result<(), Stopped> {
        let permits = u32::try_from(bytes.min(QUEUE_BYTES)).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.bytes).acquire_many_owned(permits).await.map_err(|_| Stopped)?;
        let work = Work { step: Box::new(step), bytes, place: Some(place) };
        self.queue.send(Message::Work(work)).await.map_err(|_| Stopped)
    }

    /// Hands over a small step and waits for its commit; gives what the step
    /// decided.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn decide<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Draft<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Stopped> {
        let (answer, answered) = oneshot::channel();
        let step = move |draft: &mut Draft<'_>| {
            let decided = step(draft)?;
            let reply: Reply = Box::new(move || {
                // Whoever asked may have gone meanwhile; it is recorded anyway.
                _ = answer.send(decided);
            });
            Ok(reply)
        };
        let work = Work { step: Box::new(step), bytes: 0, place: None };
        self.queue.send(Message::Work(work)).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

impl Recorder {
    /// Hands over a small step if there is room; what is lost was not worth
    /// waiting for.
    pub fn try_submit(&self, step: impl FnOnce(&mut Draft<'_>) -> Result<Reply, StoreError> + Send + 'static) {
        let work = Work { step: Box::new(step), bytes: 0, place: None };
        // A full queue has better things to record.
        _ = self.queue.try_send(Message::Work(work));
    }

    /// Lets the writer end after what waits now.
    pub async fn close(&self) {
        // An error says that it ended already.
        _ = self.queue.send(Message::Close).await;
    }
}

impl RecordStage {
    /// Records until it is closed, or `stop` is cancelled while the store
    /// fails. Blocks its thread.
    ///
    /// # Errors
    /// When the store is damaged, or cannot be written and the collector stops.
    pub fn run(mut self) -> Result<(), StoreError> {
        while let Some(Message::Work(first)) = self.queue.blocking_recv() {
            let (group, closed) = self.gather(first);
            self.record(group)?;
            if closed {
                break;
            }
        }
        Ok(())
    }

    /// Everything that waits, up to the limits of one commit, and whether that
    /// was all.
    fn gather(&mut self, first: Work) -> (Vec<Work>, bool) {
        let mut bytes = first.bytes;
        let mut group = vec![first];
        while bytes < COMMIT_BYTES && group.len() < QUEUE_STEPS {
            match self.queue.try_recv() {
                Ok(Message::Work(next)) => {
                    bytes += next.bytes;
                    group.push(next);
                }
                Ok(Message::Close) => return (group, true),
                Err(_) => break,
            }
        }
        (group, false)
    }

    fn record(&mut self, group: Vec<Work>) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let reader = self.store.reader()?;
        let mut draft = Draft::new(&reader, now_ms, self.notifier.routes());
        let mut replies = Vec::with_capacity(group.len());
        let mut places = Vec::with_capacity(group.len());
        for work in group {
            replies.push((work.step)(&mut draft)?);
            places.push(work.place);
        }
        let operations = draft.finish();
        // sled keeps what readers of older states need: this one is done.
        drop(reader);
        if !operations.is_empty() {
            let batch = Batch { operations, now_ms };
            let committed = self.commit(&batch)?;
            self.metrics.commit();
            self.metrics.entries(u64::try_from(committed.entries.len()).unwrap_or(0));
            self.notifier.committed(batch, &committed);
        }
        replies.into_iter().for_each(|reply| reply());
        Ok(())
    }

    /// Commits, and tries again for as long as the disk is full or failing:
    /// nothing was acknowledged, so nothing may be dropped.
    fn commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        let mut wait = RETRY_MIN;
        loop {
            let error = match self.writer.commit(batch.clone()) {
                Ok(committed) => {
                    self.recovered();
                    return Ok(committed);
                }
                Err(error) => error,
            };
            let trouble = match error.kind() {
                ErrorKind::Full => Trouble::Full,
                ErrorKind::Io => Trouble::Failing,
                ErrorKind::Corrupt | ErrorKind::Bug => return Err(error),
            };
            if self.health.set(Some(trouble)) {
                tracing::error!(%error, "the store cannot be written, agents are held back");
                self.notifier.trouble(trouble, batch.now_ms);
            }
            if !self.pause(wait) {
                return Err(error);
            }
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    /// Waits; false when the collector is to stop.
    fn pause(&self, wait: Duration) -> bool {
        let mut left = wait;
        while !left.is_zero() {
            if self.stop.is_cancelled() {
                return false;
            }
            let step = left.min(RETRY_STEP);
            std::thread::sleep(step);
            left -= step;
        }
        !self.stop.is_cancelled()
    }

    fn recovered(&mut self) {
        if !self.health.set(None) {
            return;
        }
        tracing::info!("the store can be written again");
        let now_ms = self.clock.now_ms();
        let entries = vec![health::recovered_event()];
        let alerts = self.notifier.routes().alerts(&entries);
        let batch = Batch { operations: vec![Operation::Append { entries, alerts }], now_ms };
        match self.writer.commit(batch.clone()) {
            Ok(committed) => self.notifier.committed(batch, &committed),
            Err(error) => tracing::warn!(%error, "the end of the trouble could not be recorded"),
        }
    }
}

#[cfg(test)]
mod tests;
