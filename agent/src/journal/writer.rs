//! The journal's thread: takes whatever waits, decides what changed, and makes
//! it durable in one transaction.
//!
//! It is the only writer. When the disk is full or read-only it keeps what it
//! has taken, stops taking more, and tries again; it never goes on without
//! having written.

mod amend;
mod batch;
mod folding;
mod troubles;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use driftline_canon::KeyEpoch;
use driftline_daemon::{Clock, clock};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::entry::{Body, Entry, Gap};
use super::reader::{JournalReader, Shared};
use super::recovery::{self, Opened};
use super::store::{Durability, Meta, Store, StoreError};
use super::{Ends, Input, Progress, Request};
use crate::config::JournalBounds;
use amend::Recent;
use batch::Batch;
use troubles::Troubles;

/// How often the journal looks at itself: trims what was acknowledged, notes
/// that the agent is alive, folds by age.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// How exactly the end of the last run is known. A minute keeps an idle agent
/// from writing more than once a minute.
const ALIVE_MS: i64 = 60_000;

/// Acknowledged records that are forgotten in a transaction of their own.
/// Fewer wait for the next change.
const TRIM_RECORDS: u64 = 4096;

/// First and longest pause before a failed write is tried again.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(15);

/// Tries at the end of the process, when nobody can wait for the disk.
const LAST_TRIES: u32 = 3;

/// What the journal is told once.
#[derive(Debug, Clone)]
pub struct JournalSettings {
    /// Where its file is.
    pub state_dir: PathBuf,
    /// When it folds.
    pub bounds: JournalBounds,
    /// Which fleet key makes the digests.
    pub key_epoch: KeyEpoch,
}

/// The writer.
#[derive(Debug)]
pub struct Journal {
    shared: Shared,
    meta: Meta,
    settings: JournalSettings,
    clock: Clock,
    ends: Ends,
    stop: CancellationToken,
    acked: u64,
    troubles: Troubles,
    recent: Recent,
    generation: u64,
    /// Nothing is told before everything was seen once, so until then nothing
    /// has to be durable: one fsync for many transactions.
    deferring: bool,
    /// Something was written that is not durable yet.
    undurable: bool,
    /// Before then no record is too old, or folding by age gains too little.
    age_ms: i64,
    /// When it looks at itself next, however many events come before.
    housekeeping: Instant,
    inputs_open: bool,
    requests_open: bool,
}

enum Event {
    Input(Input),
    Request(Request),
    InputsEnded,
    RequestsEnded,
    Housekeeping,
}

impl Journal {
    /// Takes what [`recovery::open`] found.
    #[must_use]
    pub fn new(opened: Opened, settings: JournalSettings, clock: Clock, ends: Ends, stop: CancellationToken) -> Self {
        Self {
            shared: Arc::new(RwLock::new(Some(opened.store))),
            meta: opened.meta,
            settings,
            clock,
            ends,
            stop,
            acked: 0,
            troubles: Troubles::default(),
            recent: Recent::default(),
            generation: 0,
            deferring: true,
            undurable: false,
            age_ms: i64::MIN,
            housekeeping: clock::monotonic() + HOUSEKEEPING,
            inputs_open: true,
            requests_open: true,
        }
    }

    /// The first progress, before anything was written.
    #[must_use]
    pub fn progress(meta: &Meta) -> watch::Sender<Progress> {
        watch::Sender::new(Progress {
            meta: meta.clone(),
            finished: false,
            blocked: None,
            generation: 0,
            degraded: 0,
            troubles: Vec::new(),
        })
    }

    /// A reader beside it.
    #[must_use]
    pub fn reader(&self) -> JournalReader {
        JournalReader::new(Arc::clone(&self.shared))
    }

    /// Writes until both ends are closed.
    ///
    /// # Errors
    /// [`StoreError`] when the file makes no sense any more, or the process
    /// ends while nothing can be written.
    pub fn run(mut self, runtime: &Handle) -> Result<(), StoreError> {
        while self.inputs_open || self.requests_open {
            let event = runtime.block_on(self.next());
            let mut batch = Batch::default();
            match event {
                Event::Input(input) => self.gather(&mut batch, input),
                Event::Request(request) => self.request(&mut batch, request),
                Event::Housekeeping => batch.housekeeping = true,
                Event::InputsEnded => {
                    self.inputs_open = false;
                    batch.housekeeping = true;
                }
                Event::RequestsEnded => {
                    self.requests_open = false;
                    batch.housekeeping = true;
                }
            }
            self.commit(batch)?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Event {
        tokio::select! {
            input = self.ends.inputs.recv(), if self.inputs_open => input.map_or(Event::InputsEnded, Event::Input),
            request = self.ends.requests.recv(), if self.requests_open => {
                request.map_or(Event::RequestsEnded, Event::Request)
            }
            () = tokio::time::sleep_until(self.housekeeping.into()) => {
                self.housekeeping = clock::monotonic() + HOUSEKEEPING;
                Event::Housekeeping
            }
        }
    }

    /// Takes what else is waiting, so that one fsync serves all of it.
    fn gather(&mut self, batch: &mut Batch, first: Input) {
        batch.take(first);
        while !batch.is_full()
            && let Ok(input) = self.ends.inputs.try_recv()
        {
            batch.take(input);
        }
        while let Ok(request) = self.ends.requests.try_recv() {
            self.request(batch, request);
        }
    }

    fn request(&mut self, batch: &mut Batch, request: Request) {
        match request {
            Request::Acked { epoch, seq } if epoch == self.meta.epoch => self.acked = self.acked.max(seq),
            Request::Acked { .. } => {}
            Request::SendAll(names) => batch.resync.extend(names),
            Request::BeginEpoch { reason } => batch.begin_epoch = Some(reason),
        }
    }

    /// Writes a batch, however long it takes.
    fn commit(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        let mut pause = RETRY_MIN;
        let mut blocked_since: Option<(i64, String)> = None;
        let mut last_tries = LAST_TRIES;
        let mut anew = false;
        loop {
            let error = match self.try_commit(&batch) {
                Ok(()) => break,
                Err(error @ (StoreError::Damaged { .. } | StoreError::Newer { .. })) => return Err(error),
                Err(error) => error,
            };
            // What is gone with the failure can only be seen again.
            anew |= std::mem::take(&mut self.undurable);
            self.deferring = false;
            let text = chain(&error);
            if blocked_since.is_none() {
                tracing::error!(error = %text, "the journal cannot be written, trying again");
                blocked_since = Some((self.clock.now_ms(), text.clone()));
                self.ends.progress.send_modify(|progress| progress.blocked = Some(text));
            }
            if self.stop.is_cancelled() {
                last_tries -= 1;
                if last_tries == 0 {
                    return Err(error);
                }
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(RETRY_MAX);
            self.reopen();
            batch.gap = blocked_since.as_ref().map(|(since, why)| blocked_gap(*since, self.clock.now_ms(), why));
        }
        if let Some((since, _)) = blocked_since {
            let ms = self.clock.now_ms().saturating_sub(since);
            tracing::info!(blocked_ms = ms, "the journal can be written again");
        }
        if anew {
            return Err(StoreError::Anew { path: self.settings.state_dir.clone() });
        }
        if self.undurable {
            return Ok(());
        }
        let finished = !self.inputs_open;
        let (degraded, troubles) = self.troubles.shown();
        let (meta, generation) = (self.meta.clone(), self.generation);
        self.ends.progress.send_if_modified(|progress| {
            let now = Progress { meta, finished, blocked: None, generation, degraded, troubles };
            let differs = *progress != now;
            *progress = now;
            differs
        });
        // Whoever is told looks at the progress next.
        batch.tell();
        Ok(())
    }

    fn try_commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let written = {
            let shared = self.shared.read().unwrap_or_else(PoisonError::into_inner);
            let store = shared.as_ref().ok_or_else(|| StoreError::closed(&self.settings.state_dir))?;
            let (acked, meta) = (self.acked, &self.meta);
            let acked_records = acked.saturating_add(1).saturating_sub(meta.first_seq);
            let alive_due = now_ms.saturating_sub(meta.alive_ms) >= ALIVE_MS || now_ms < meta.alive_ms;
            let tidy = (batch.housekeeping && (acked_records > 0 || alive_due || !self.inputs_open))
                || acked_records >= TRIM_RECORDS;
            let fold_by_age = batch.housekeeping && now_ms >= self.age_ms;
            let over = meta.bytes > self.settings.bounds.bytes_max;
            let durable = !self.deferring || batch.housekeeping || batch.is_awaited();
            let catch_up = durable && self.undurable;
            if batch.is_empty() && !tidy && !fold_by_age && !over && !catch_up {
                // Everything was seen once, though there was nothing to write.
                self.deferring &= !batch.is_awaited();
                return Ok(());
            }
            let durability = if durable { Durability::Immediate } else { Durability::None };
            let (age_ms, recent) = (&mut self.age_ms, &mut self.recent);
            let written = store.write_until(durability, meta, |changes| {
                let mut worth = batch.apply(changes, recent, self.settings.key_epoch, now_ms)?;
                if worth || tidy {
                    if batch.begin_epoch.is_none() {
                        changes.trim(acked)?;
                    }
                    changes.meta.alive_ms = now_ms;
                }
                if fold_by_age || changes.meta.bytes > self.settings.bounds.bytes_max {
                    worth |= folding::fold_if_full(changes, self.settings.bounds, now_ms, age_ms)?;
                }
                Ok(worth || tidy || catch_up)
            })?;
            self.undurable = !durable && (self.undurable || written.is_some());
            self.deferring &= !batch.is_awaited();
            written
        };
        for observed in batch.observed() {
            self.troubles.note(observed);
        }
        if let Some(meta) = written {
            self.took(meta);
        }
        Ok(())
    }

    /// After a failed write redb refuses everything until it is opened again.
    fn reopen(&mut self) {
        let shared = Arc::clone(&self.shared);
        let mut shared = shared.write().unwrap_or_else(PoisonError::into_inner);
        *shared = None;
        match Store::open(&self.settings.state_dir.join(recovery::STATE_FILE)) {
            Ok(store) => {
                // The write may be durable although it failed: what the file
                // says counts, or the next record would take a number anew.
                match store.meta() {
                    Ok(Some(meta)) => self.took(meta),
                    Ok(None) => {}
                    Err(error) => {
                        tracing::debug!(error = %chain(&error), "the journal cannot be read yet");
                        return;
                    }
                }
                *shared = Some(store);
            }
            Err(error) => tracing::debug!(error = %chain(&error), "the journal cannot be opened again yet"),
        }
    }

    /// This is what is durable now.
    fn took(&mut self, meta: Meta) {
        if meta.epoch != self.meta.epoch {
            self.acked = 0;
        }
        if meta.next_seq != self.meta.next_seq {
            self.generation += 1;
        }
        self.meta = meta;
    }
}

fn blocked_gap(from_ms: i64, to_ms: i64, why: &str) -> Entry {
    let reason = format!("the agent's journal could not be written: states in between may be missing ({why})");
    Entry::new(None, to_ms, None, Body::Gap(Gap { from_ms: from_ms.min(to_ms), to_ms, reason }))
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
