//! Keeps what is known of drift in step with the store: what was touched is
//! looked at again, and what became of it is written down.
//!
//! It runs beside the writer, which only notes what it touched: an ingest pays
//! nothing for judgement. Whoever reads drift waits until everything that was
//! committed before is looked at ([`Keeper::catch_up`]). Nothing is decided
//! here: looks are held against known drift by `compare::drift`.

pub mod given;
pub mod look;
pub mod marks;
pub mod opener;
pub mod unchecked;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use driftline_compare::acceptance::Active;
use driftline_compare::drift::{Drift, Step, reconcile};
use driftline_daemon::Clock;
use driftline_store::{Reader, Store, StoreError};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::record::Recorder;
use given::Given;
use look::{Keys, Unit};
use marks::{Marks, Taken};

/// Rest between two passes: what changes in a burst is looked at once.
const REST: Duration = Duration::from_millis(200);

/// After a pass, the next one rests this many times as long as it took: looking
/// costs a tenth of a core at most, however large the fleet is.
const REST_TIMES: u32 = 9;

/// How often it is looked whether something is due by itself: an acceptance
/// that ends, hosts of a role that disagree for too long.
const TICK: Duration = Duration::from_secs(1);

/// How long a reader waits for a pass. A full one over a million items takes
/// some seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Drifts of one commit: some milliseconds of the writer.
const DRIFTS_PER_COMMIT: usize = 500;

/// The door to the drift of a running collector.
pub struct Keeper {
    marks: Arc<Marks>,
    hurry: Notify,
    done: watch::Sender<u64>,
    memory: Mutex<Memory>,
}

/// What a pass needs of the one before.
#[derive(Default)]
struct Memory {
    given: Given,
    last_ms: i64,
    next_number: u64,
    /// What has to be looked at again by itself, and when.
    again: BTreeMap<Unit, i64>,
}

/// What the keeper works with.
#[derive(Clone)]
pub struct Ends {
    /// The store.
    pub store: Store,
    /// The writer.
    pub recorder: Recorder,
    /// The clock.
    pub clock: Clock,
}

impl Keeper {
    /// A keeper of what these marks tell of.
    #[must_use]
    pub fn new(marks: Arc<Marks>) -> Self {
        Self { marks, hurry: Notify::new(), done: watch::Sender::new(0), memory: Mutex::default() }
    }

    /// Waits until everything that was committed before is looked at; false if
    /// that took too long.
    pub async fn catch_up(&self) -> bool {
        let wanted = self.marks.asked();
        let mut done = self.done.subscribe();
        self.hurry.notify_one();
        let waited = done.wait_for(|done| *done >= wanted);
        tokio::time::timeout(PATIENCE, waited).await.is_ok_and(|waited| waited.is_ok())
    }

    /// Looks at what was touched, again and again, until the stop.
    ///
    /// # Errors
    /// Never: the type fits the task owner.
    pub async fn keep(self: Arc<Self>, ends: Ends, stop: CancellationToken) -> Result<(), Infallible> {
        let keeping = async {
            loop {
                let began = driftline_daemon::clock::monotonic();
                let generation = Arc::clone(&self).pass(&ends).await;
                if let Some(generation) = generation {
                    self.done.send_replace(generation);
                }
                let took = driftline_daemon::clock::monotonic() - began;
                self.rest(REST.max(took * REST_TIMES)).await;
            }
        };
        stop.run_until_cancelled(keeping).await;
        Ok(())
    }

    /// Rests, then waits for something to do; not at all for a reader.
    async fn rest(&self, rest: Duration) {
        let rested = async {
            tokio::time::sleep(rest).await;
            // An error says that nothing was touched: what is due is looked for.
            _ = tokio::time::timeout(TICK, self.marks.touched()).await;
        };
        tokio::select! {
            () = rested => {}
            () = self.hurry.notified() => {}
        }
    }

    /// One pass: gives how far it saw; none when the store failed, or nothing
    /// can be written any more.
    async fn pass(self: Arc<Self>, ends: &Ends) -> Option<u64> {
        let taken = self.marks.take();
        let generation = taken.generation;
        let (keeper, store, now_ms) = (Arc::clone(&self), ends.store.clone(), ends.clock.now_ms());
        let looked = tokio::task::spawn_blocking(move || keeper.look(&store, taken, now_ms)).await;
        let steps = match looked {
            Ok(Ok(steps)) => steps,
            Ok(Err(error)) => {
                tracing::error!(%error, "drift could not be looked at");
                self.marks.mark_all();
                return None;
            }
            Err(_) => {
                // What was taken is not lost with the look that failed.
                self.marks.mark_all();
                return None;
            }
        };
        for some in steps.chunks(DRIFTS_PER_COMMIT) {
            let drifts: Vec<Drift> = some.iter().map(|step| step.drift.clone()).collect();
            let put = ends.recorder.decide(move |draft| drifts.iter().try_for_each(|drift| draft.put_document(drift)));
            if put.await.is_err() {
                self.marks.mark_all();
                return None;
            }
        }
        Some(generation)
    }

    fn look(&self, store: &Store, taken: Taken, now_ms: i64) -> Result<Vec<Step>, StoreError> {
        let reader = store.reader()?;
        if taken.everything {
            self.marks.know(&reader.hosts()?);
        }
        // Only one pass runs at a time: nobody waits here.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).pass(&reader, taken, now_ms)
    }
}

impl Memory {
    fn pass(&mut self, reader: &Reader, taken: Taken, now_ms: i64) -> Result<Vec<Step>, StoreError> {
        let turned = self.given.next_turn_ms(self.last_ms).is_some_and(|turn_ms| turn_ms <= now_ms);
        if taken.given {
            self.given = Given::read(reader)?;
        }
        let everything = taken.everything || taken.given || turned;
        let known = if everything { reader.documents::<Drift>("")? } else { Vec::new() };
        if everything {
            let highest = known.iter().map(|drift| drift.number).max().unwrap_or(0);
            self.next_number = self.next_number.max(highest + 1);
        }
        let mut units = if everything { look::every_unit(reader, &known)? } else { look::units(reader, taken)? };
        self.due(now_ms, &mut units);
        let steps = self.look_at(reader, units, now_ms)?;
        self.last_ms = now_ms;
        Ok(steps)
    }

    /// Adds what has to be looked at again by now.
    fn due(&mut self, now_ms: i64, units: &mut BTreeMap<Unit, Keys>) {
        let due = |(_, at_ms): &(&Unit, &i64)| **at_ms <= now_ms;
        units.extend(self.again.iter().filter(due).map(|(unit, _)| (unit.clone(), Keys::All)));
    }

    fn look_at(&mut self, reader: &Reader, units: BTreeMap<Unit, Keys>, now_ms: i64) -> Result<Vec<Step>, StoreError> {
        if units.is_empty() {
            return Ok(Vec::new());
        }
        let fleet = look::Fleet::read(reader)?;
        let mut steps = Vec::new();
        for (unit, keys) in units {
            let known = look::known(reader, &unit)?;
            if keys == Keys::All {
                // What was due is seen now; a look at some keys sees only those.
                self.again.remove(&unit);
            }
            let looked = look::look(&fleet, &mut self.given, &unit, (keys, &known), now_ms)?;
            if let Some(at_ms) = looked.again_ms {
                let again_ms = self.again.entry(unit).or_insert(at_ms);
                *again_ms = at_ms.min(*again_ms);
            }
            let acceptances = Active::all(&self.given.acceptances);
            steps.extend(reconcile(&known, &looked.seen, &acceptances, now_ms));
        }
        for step in &mut steps {
            if step.is_new {
                step.drift.number = self.next_number;
                self.next_number += 1;
            }
            if step.began {
                opener::find(reader, &mut step.drift)?;
            }
        }
        Ok(steps)
    }
}

#[cfg(test)]
mod tests;
