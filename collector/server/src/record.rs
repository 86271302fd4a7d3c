//! Stage 4, record: the one writer. Everything that changes the store passes
//! through here, in order, many steps to one durable commit.
//!
//! It does not know what a step does. A step decides against the state that
//! the steps before it made, even those of the same commit, and is answered
//! only after the commit returned.

pub mod draft;
pub mod health;
mod stopwatch;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_daemon::{Clock, clock};
use driftline_store::{Batch, Committed, ErrorKind, Reader, Store, StoreError, Writer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::judge::Judge;
use crate::metrics::{Metrics, Phase};
use crate::notify::Notifier;
pub use draft::{Draft, Placed};
use health::{Health, Trouble};
use stopwatch::Stopwatch;

/// Steps that wait for the writer. One commit takes all of them, so this is
/// also the largest group; an agent may have 512 records on their way.
const QUEUE_STEPS: usize = 2_048;

/// Bytes of records that wait for the writer, over all agents: two records of
/// the largest size. Agents hold back when it is full.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of records in one commit. Keeps a commit below some ten milliseconds,
/// so that a small change behind a large one is not held up for long.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;

/// Steps that may wait for the next commit ([`Recorder::submit_later`]); more
/// make one of their own.
const LATER_STEPS: usize = 256;

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
    since: Instant,
}

impl Work {
    fn new(step: Step, bytes: usize, place: Option<OwnedSemaphorePermit>) -> Self {
        Self { step, bytes, place, since: clock::monotonic() }
    }
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
    later: Later,
}

/// Steps that go with the next commit, whatever brings it.
type Later = Arc<Mutex<Vec<Step>>>;

/// The writer, before it has a thread.
pub struct RecordStage {
    queue: mpsc::Receiver<Message>,
    later: Later,
    /// The end of a trouble that the history does not have yet.
    recovered: bool,
    judge: Judge,
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
    let later = Later::default();
    let bytes = Arc::new(Semaphore::new(QUEUE_BYTES));
    let recorder = Recorder { queue: sender, bytes, later: Arc::clone(&later) };
    let RecordParts { store, writer, clock, notifier, health, metrics, stop } = parts;
    let (recovered, judge) = (false, Judge::default());
    (recorder, RecordStage { queue, later, recovered, judge, writer, store, clock, notifier, health, metrics, stop })
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
        let work = Work::new(Box::new(step), bytes, Some(place));
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
        let work = Work::new(Box::new(step), 0, None);
        self.queue.send(Message::Work(work)).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

impl Recorder {
    /// Hands over a small step if there is room; what is lost was not worth
    /// waiting for.
    pub fn try_submit(&self, step: impl FnOnce(&mut Draft<'_>) -> Result<Reply, StoreError> + Send + 'static) {
        let work = Work::new(Box::new(step), 0, None);
        // A full queue has better things to record.
        _ = self.queue.try_send(Message::Work(work));
    }

    /// Hands over a small step that is in no hurry: it goes with the next commit,
    /// or with [`Self::flush_later`].
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn submit_later(
        &self,
        step: impl FnOnce(&mut Draft<'_>) -> Result<Reply, StoreError> + Send + 'static,
    ) -> Result<(), Stopped> {
        if self.queue.is_closed() {
            return Err(Stopped);
        }
        let waiting = {
            let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
            later.push(Box::new(step));
            later.len()
        };
        if waiting >= LATER_STEPS { self.flush_later().await } else { Ok(()) }
    }

    /// Sees to it that what was submitted for later is committed now.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn flush_later(&self) -> Result<(), Stopped> {
        if self.later.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(());
        }
        self.submit(0, |_| Ok(Box::new(|| {}) as Reply)).await
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
        let now_ms = self.clock.now_ms();
        self.judge = Judge::read(&self.reader(now_ms)?, now_ms)?;
        while let Some(Message::Work(first)) = self.queue.blocking_recv() {
            let (group, closed) = self.gather(first);
            self.record_all(group)?;
            if self.recovered {
                self.record_all(Vec::new())?;
            }
            if closed {
                break;
            }
        }
        if self.later.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(());
        }
        self.record_all(Vec::new())
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

    /// Commits a group; a step that changes what is judged by ends its commit,
    /// so that the next step is judged by it.
    fn record_all(&mut self, group: Vec<Work>) -> Result<(), StoreError> {
        let mut group = VecDeque::from(group);
        loop {
            if self.record(&mut group)? {
                let reader = self.reader(self.clock.now_ms())?;
                self.judge.reread(&reader)?;
            }
            if group.is_empty() {
                return Ok(());
            }
        }
    }

    /// Commits the first steps of a group. Says whether they changed what is
    /// judged by.
    fn record(&mut self, group: &mut VecDeque<Work>) -> Result<bool, StoreError> {
        let later = std::mem::take(&mut *self.later.lock().unwrap_or_else(PoisonError::into_inner));
        let mut watch = Stopwatch::begin(group.front().map(|work| work.since));
        let now_ms = self.clock.now_ms();
        let reader = self.reader(now_ms)?;
        let mut draft = Draft::new(&reader, now_ms, self.notifier.routes()).judged(&self.judge)?;
        let mut replies = Vec::with_capacity(group.len());
        let mut places = Vec::with_capacity(group.len());
        while let Some(work) = group.pop_front() {
            replies.push((work.step)(&mut draft)?);
            places.push(work.place);
            if draft.changes_the_book() {
                break;
            }
        }
        for step in later {
            replies.push(step(&mut draft)?);
        }
        if self.recovered {
            draft.append(vec![health::recovered_event()]);
        }
        let new_book = draft.changes_the_book();
        let operations = draft.finish();
        // sled keeps what readers of older states need: this one is done.
        drop(reader);
        watch.lap(Phase::Decide);
        let commits = !operations.is_empty();
        if commits {
            let batch = Batch { operations, now_ms };
            let told = std::mem::take(&mut self.recovered);
            let committed = self.commit(&batch).inspect_err(|_| self.recovered = told)?;
            watch.lap(Phase::Store);
            self.metrics.commit();
            self.metrics.entries(u64::try_from(committed.entries.len()).unwrap_or(0));
            self.notifier.committed(batch, &committed);
        }
        replies.into_iter().for_each(|reply| reply());
        watch.lap(Phase::Tell);
        if commits {
            watch.count(&self.metrics);
        }
        Ok(new_book)
    }

    /// The state to decide against, as soon as it can be read: a store that
    /// failed may have to be opened again, on a disk that still fails.
    fn reader(&mut self, now_ms: i64) -> Result<Reader, StoreError> {
        let store = self.store.clone();
        self.persist(now_ms, |_| store.reader())
    }

    fn commit(&mut self, batch: &Batch) -> Result<Committed, StoreError> {
        let committed = self.persist(batch.now_ms, |writer| writer.commit(batch))?;
        if self.health.set(None) {
            tracing::info!("the store can be written again");
            // Told with a commit of its own, tried as long as any other.
            self.recovered = true;
        }
        Ok(committed)
    }

    /// Tries again for as long as the disk is full or failing: nothing was
    /// acknowledged, so nothing may be dropped.
    fn persist<T>(
        &mut self,
        now_ms: i64,
        mut attempt: impl FnMut(&mut Writer) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut wait = RETRY_MIN;
        loop {
            let error = match attempt(&mut self.writer) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let trouble = match error.kind() {
                ErrorKind::Full => Trouble::Full,
                ErrorKind::Io => Trouble::Failing,
                ErrorKind::Corrupt | ErrorKind::Bug => return Err(error),
            };
            if self.health.set(Some(trouble)) {
                tracing::error!(%error, "the store cannot be written, agents are held back");
                self.notifier.trouble(trouble, now_ms);
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
}

#[cfg(test)]
mod tests;
