//! The stage that attributes: between those who observe and the journal, it says
//! who made what was observed.
//!
//! It guesses nobody. An observation waits at most [`WAIT_MAX`] for evidence,
//! and only where a source of evidence covers it; what comes later amends.
//! Observations of one source stay in order, and none is ever dropped: what is
//! full costs an actor, never a change.

mod case;
pub mod recent;

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::time::{Duration, Instant};

use driftline_canon::SourceName;
use driftline_daemon::{Clock, clock};
use tokio::sync::mpsc;

use crate::actor::Actors;
use crate::actor::places::Places;
use crate::actor::tidings::{Key, Tidings, Touch};
use crate::actor::writers::Question;
use crate::journal::{Amend, Input};
use crate::observe::owners::Names;
use crate::observe::{ObservationNumber, Observed};
use case::{Case, Verdict};
pub use case::{LATE_MAX, WAIT_MAX};
use recent::{Before, Recent};

/// Items of observations that wait at the same time, about 4 MiB: with more, the
/// oldest go on without an actor and are amended.
const WAITING_ITEMS_MAX: usize = 20_000;

/// Observations that may still be amended.
const LATE_CASES_MAX: usize = 4096;

/// Batches that the journal has not taken before no more are asked for.
const READY_MAX: usize = 4;

/// Sources of which it is known when they were seen last, while that matters.
const SEEN_MAX: usize = 16_384;

/// How long the memory is kept once nothing happens any more.
const REST: Duration = Duration::from_secs(16);

/// Names of users.
const USERS: &str = "/etc/passwd";

/// Batches on their way to the stage.
pub const INPUTS: usize = 2;

/// The stage's ends.
#[derive(Debug)]
pub struct Ends {
    /// From those who observe.
    pub inputs: mpsc::Receiver<Input>,
    /// To the journal.
    pub outputs: mpsc::Sender<Input>,
}

/// The stage.
#[derive(Debug)]
pub struct Attribute {
    places: Places,
    touches: mpsc::Receiver<Tidings>,
    writers: mpsc::Sender<Question>,
    clock: Clock,
    ends: Ends,
    names: Names,
    recent: Recent,
    queue: VecDeque<Entry>,
    waiting_items: usize,
    ready: VecDeque<Input>,
    /// Observations that went on, and may be amended.
    late: VecDeque<(Case, Option<Verdict>)>,
    late_keys: HashMap<Key, u32>,
    /// When each source was seen last, and who changed it then.
    seen: HashMap<SourceName, (i64, Before)>,
    numbers: u64,
    rests: Option<Instant>,
}

#[derive(Debug)]
enum Entry {
    Observed(Box<Waiting>),
    Other(Input),
}

#[derive(Debug)]
struct Waiting {
    observed: Observed,
    case: Option<Case>,
    verdict: Option<Verdict>,
    /// Until when it waits; none: no longer.
    until: Option<Instant>,
    /// Until fanotify has told all that it had.
    asked: Option<u64>,
}

impl Waiting {
    /// Everybody who would tell has told.
    fn is_over(&self) -> bool {
        self.asked.is_none() && self.verdict.as_ref().is_some_and(|verdict| verdict.complete)
    }
}

enum Event {
    Input(Input),
    Told(Tidings),
    Due,
    Sent,
    Closed,
    Ended,
}

impl Attribute {
    /// A stage that has not begun.
    #[must_use]
    pub fn new(actors: Actors, ends: Ends, clock: Clock) -> Self {
        Self {
            places: actors.places,
            touches: actors.touches,
            writers: actors.writers,
            clock,
            ends,
            names: Names::of(USERS),
            recent: Recent::default(),
            queue: VecDeque::new(),
            waiting_items: 0,
            ready: VecDeque::new(),
            late: VecDeque::new(),
            late_keys: HashMap::new(),
            seen: HashMap::new(),
            numbers: 0,
            rests: None,
        }
    }

    /// Runs until those who observe have ended and the journal has everything.
    ///
    /// # Errors
    /// Never.
    pub async fn run(mut self) -> Result<(), Infallible> {
        let mut open = true;
        while open || !self.ready.is_empty() {
            let event = self.next(open).await;
            let now = clock::monotonic();
            match event {
                Event::Input(input) => self.take(input, now),
                Event::Told(Tidings::Touches(touches)) => self.learn(touches, now),
                Event::Told(Tidings::Drained(request)) => self.drained(request),
                Event::Due => self.rest(now),
                Event::Sent => {}
                Event::Closed => {
                    open = false;
                    self.release(now, true);
                }
                Event::Ended => break,
            }
            self.release(now, !open);
        }
        Ok(())
    }

    async fn next(&mut self, open: bool) -> Event {
        let deadline = self.deadline();
        let sleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            // A source that is off has no sender: then there is nothing to hear.
            Some(told) = self.touches.recv() => Event::Told(told),
            permit = self.ends.outputs.reserve(), if !self.ready.is_empty() => match (permit, self.ready.pop_front()) {
                (Ok(permit), Some(input)) => {
                    permit.send(input);
                    Event::Sent
                }
                (Ok(_), None) => Event::Sent,
                (Err(_), _) => Event::Ended,
            },
            input = self.ends.inputs.recv(), if open && self.ready.len() < READY_MAX => input.map_or(Event::Closed, Event::Input),
            () = sleep => Event::Due,
        }
    }

    /// The next moment at which something waits no longer.
    fn deadline(&self) -> Option<Instant> {
        let waiting = self.queue.iter().find_map(|entry| match entry {
            Entry::Observed(waiting) => waiting.until,
            Entry::Other(_) => None,
        });
        waiting.or(self.rests)
    }

    fn take(&mut self, input: Input, now: Instant) {
        let Input::Observed(all) = input else {
            self.queue.push_back(Entry::Other(input));
            return;
        };
        self.names.refresh();
        // Evidence that is there already is heard before anything waits.
        while let Ok(told) = self.touches.try_recv() {
            match told {
                Tidings::Touches(touches) => self.learn(touches, now),
                Tidings::Drained(request) => self.drained(request),
            }
        }
        let mut request = None;
        for observed in all {
            let mut waiting = self.open(observed, now);
            if waiting.case.as_ref().is_some_and(|case| case.is_marked(&self.places)) {
                // One for all of them.
                waiting.asked = Some(*request.get_or_insert_with(|| self.places.ask()));
                waiting.until = Some(now + WAIT_MAX);
            }
            self.waiting_items += waiting.case.as_ref().map_or(0, |case| case.items);
            self.queue.push_back(Entry::Observed(Box::new(waiting)));
        }
    }

    fn open(&mut self, mut observed: Observed, now: Instant) -> Waiting {
        self.numbers += 1;
        let number = ObservationNumber(self.numbers);
        let last = self.seen.get(&observed.name).copied();
        let case = if observed.actor.is_some() { None } else { Case::of(&observed, number, last, now) };
        observed.clue.number = case.as_ref().map(|_| number);
        let verdict = case.as_ref().and_then(|case| case.judge(&self.recent, &self.names));
        let complete = verdict.as_ref().is_some_and(|verdict| verdict.complete);
        let waits = !complete && case.as_ref().is_some_and(|case| case.may_wait(&self.places));
        if case.is_some() {
            let pid = verdict.as_ref().map(|verdict| verdict.pid);
            self.saw(&observed, Before { pid, count: self.recent.count() }, now);
        }
        Waiting { observed, case, verdict, until: waits.then(|| now + WAIT_MAX), asked: None }
    }

    fn saw(&mut self, observed: &Observed, before: Before, now: Instant) {
        if self.seen.len() >= SEEN_MAX {
            self.seen.clear();
        }
        self.seen.insert(observed.name.clone(), (observed.observed_ms, before));
        self.rests = Some(now + REST);
    }

    /// Fanotify has told all that it had when it was asked.
    fn drained(&mut self, request: u64) {
        for entry in &mut self.queue {
            if let Entry::Observed(waiting) = entry
                && waiting.asked.is_some_and(|asked| asked <= request)
            {
                waiting.asked = None;
                // Without audit nothing more is to come.
                let more = waiting.case.as_ref().is_some_and(|case| case.is_audited(&self.places));
                if waiting.is_over() || !more {
                    waiting.until = None;
                }
            }
        }
    }

    fn learn(&mut self, touches: Vec<Touch>, now: Instant) {
        self.recent.forget(self.clock.now_ms());
        let keys: HashSet<Key> = touches.iter().flat_map(|touch| touch.keys.iter().cloned()).collect();
        touches.into_iter().for_each(|touch| self.recent.add(touch));
        self.rests = Some(now + REST);
        let concerns = |case: &Case| case.keys.iter().chain(&case.inode).any(|key| keys.contains(key));
        let mut made = Vec::new();
        for entry in &mut self.queue {
            if let Entry::Observed(waiting) = entry
                && waiting.until.is_some()
                && let Some(case) = waiting.case.as_ref().filter(|case| concerns(case))
            {
                waiting.verdict = case.judge(&self.recent, &self.names);
                if let Some(verdict) = &waiting.verdict {
                    made.push((case.source.clone(), case.window.observed_ms, verdict.pid));
                }
                if waiting.is_over() {
                    waiting.until = None;
                }
            }
        }
        made.into_iter().for_each(|(source, observed_ms, pid)| self.made(&source, observed_ms, pid));
        if keys.iter().any(|key| self.late_keys.contains_key(key)) {
            self.amend(&concerns, now);
        }
    }

    /// Notes who made the change of a source that was seen last.
    fn made(&mut self, source: &SourceName, observed_ms: i64, pid: u32) {
        if let Some(seen) = self.seen.get_mut(source).filter(|(at_ms, _)| *at_ms == observed_ms) {
            seen.1 = Before { pid: Some(pid), count: self.recent.count() };
        }
    }

    /// Evidence came behind what it is about.
    fn amend(&mut self, concerns: &dyn Fn(&Case) -> bool, now: Instant) {
        let mut still = VecDeque::with_capacity(self.late.len());
        for (case, before) in std::mem::take(&mut self.late) {
            if case.expires <= now {
                self.forget_late(&case);
                continue;
            }
            let verdict = if concerns(&case) { case.judge(&self.recent, &self.names) } else { None };
            let Some(verdict) = verdict.filter(|verdict| before.as_ref() != Some(verdict)) else {
                still.push_back((case, before));
                continue;
            };
            self.made(&case.source, case.window.observed_ms, verdict.pid);
            let amend = Amend { source: case.source.clone(), number: case.number, actor: verdict.actor.clone() };
            self.queue.push_back(Entry::Other(Input::Amend(Box::new(amend))));
            if verdict.complete {
                self.forget_late(&case);
            } else {
                still.push_back((case, Some(verdict)));
            }
        }
        self.late = still;
    }

    fn forget_late(&mut self, case: &Case) {
        for key in case.keys.iter().chain(&case.inode) {
            if let Some(count) = self.late_keys.get_mut(key) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.late_keys.remove(key);
                }
            }
        }
    }

    /// Hands on what waits no longer, in the order of each source. A mark, or
    /// an amendment, passes nothing and lets nothing pass.
    fn release(&mut self, now: Instant, all: bool) {
        let mut held: HashSet<SourceName> = HashSet::new();
        let mut kept = VecDeque::new();
        let mut batch = Vec::new();
        let mut barred = false;
        for entry in std::mem::take(&mut self.queue) {
            match entry {
                Entry::Other(input) if all || (!barred && kept.is_empty()) => {
                    self.hand_on(std::mem::take(&mut batch));
                    self.ready.push_back(input);
                }
                Entry::Other(input) => {
                    barred = true;
                    kept.push_back(Entry::Other(input));
                }
                Entry::Observed(mut waiting) => {
                    let over = self.waiting_items > WAITING_ITEMS_MAX;
                    let waits = waiting.until.is_some_and(|until| until > now) && !over;
                    if !all && (waits || barred || held.contains(&waiting.observed.name)) {
                        held.insert(waiting.observed.name.clone());
                        kept.push_back(Entry::Observed(waiting));
                    } else {
                        waiting.until = None;
                        batch.push(self.settle(*waiting, now));
                    }
                }
            }
        }
        self.queue = kept;
        self.hand_on(batch);
    }

    fn hand_on(&mut self, batch: Vec<Observed>) {
        if !batch.is_empty() {
            self.ready.push_back(Input::Observed(batch));
        }
    }

    /// Gives an observation its actor; without a whole one it may be amended.
    fn settle(&mut self, waiting: Waiting, now: Instant) -> Observed {
        let Waiting { mut observed, case, mut verdict, .. } = waiting;
        let Some(case) = case else {
            return observed;
        };
        self.waiting_items = self.waiting_items.saturating_sub(case.items);
        verdict = verdict.or_else(|| case.judge_at_last(&self.recent, &self.names));
        observed.actor = verdict.as_ref().map(|verdict| verdict.actor.clone());
        if verdict.is_none()
            && let Some(question) = case.question()
        {
            // Nobody waits for the answer, and a full queue means a storm.
            _ = self.writers.try_send(question);
        }
        if !verdict.as_ref().is_some_and(|verdict| verdict.complete) {
            let mut case = case;
            case.expires = now + LATE_MAX;
            self.await_late(case, verdict);
        }
        observed
    }

    fn await_late(&mut self, case: Case, verdict: Option<Verdict>) {
        if self.late.len() >= LATE_CASES_MAX
            && let Some((oldest, _)) = self.late.pop_front()
        {
            self.forget_late(&oldest);
        }
        for key in case.keys.iter().chain(&case.inode) {
            *self.late_keys.entry(key.clone()).or_default() += 1;
        }
        self.late.push_back((case, verdict));
    }

    /// Nothing has happened for a while: nothing is remembered.
    fn rest(&mut self, now: Instant) {
        if self.rests.is_some_and(|at| at <= now) {
            self.rests = None;
            self.recent.clear();
            self.late = VecDeque::new();
            self.late_keys = HashMap::new();
            self.seen = HashMap::new();
        }
    }
}

#[cfg(test)]
mod tests;
