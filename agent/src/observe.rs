//! The stage that looks at files: from looks to observations, in order per
//! source, none of them half written.
//!
//! It does not know what a source was before, and sends no value on.

pub mod acl;
pub mod busy;
pub mod content;
pub mod examine;
pub mod filesystem;
pub mod includes;
pub mod look;
pub mod metadata;
pub mod owners;
pub mod part;
pub mod settle;
pub mod stamp;
pub mod trail;
pub mod worker;

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use driftline_canon::{FleetKey, Setting};
use driftline_daemon::{Clock, Tasks, clock};
use tokio::sync::mpsc;

use busy::Busy;
pub use look::{
    Clue, Footprint, Look, MadeBy, ObservationNumber, Observed, Outcome, PacketFilter, PollReason, Sight, SourceId,
    Urgency,
};
use settle::{Due, Ruling, Settle};
use stamp::Signature;
use trail::{Trail, Trails};
use worker::Worker;

use crate::journal::{Input, Mark};

/// Threads that read files. Two, so that one huge or hostile file never holds
/// up the rest; more would only share the same disk.
pub const WORKERS: usize = 2;

/// Looks of one batch: enough to make the hop between threads cheap, few
/// enough for an urgent one not to wait behind them.
pub const BATCH_LOOKS_MAX: usize = 128;

/// Looks that are due and not taken before the stage stops taking more.
const READY_MAX: usize = 4 * BATCH_LOOKS_MAX;

/// Batches on their way between two stages.
pub const QUEUE_BATCHES: usize = 4;

/// What the watch stage sends.
#[derive(Debug)]
pub enum Wish {
    /// Look at these.
    Looks(Vec<Look>),
    /// Tell the journal once everything asked for before was looked at.
    Mark(Mark),
}

type Job = Vec<(Due, Footprint)>;

/// What one worker answers to one job.
struct Answer {
    worker: usize,
    results: Vec<(SourceId, Outcome)>,
}

/// The stage's ends: wishes come in, observations go out.
#[derive(Debug)]
pub struct Ends {
    /// From the watch stage.
    pub wishes: mpsc::Receiver<Wish>,
    /// To the journal.
    pub observed: mpsc::Sender<Input>,
    /// To the watch stage: what sources include.
    pub trails: Trails,
}

/// Starts the stage: the workers, and the task that hands out their work. It
/// ends once the watch stage has ended and all that was asked for was seen.
/// Gives what the workers are reading.
pub fn start(tasks: &mut Tasks, ends: Ends, key: &FleetKey, clock: &Clock) -> Busy {
    let busy = Busy::default();
    let (answer, answers) = mpsc::channel(WORKERS);
    let mut jobs = Vec::with_capacity(WORKERS);
    for index in 0..WORKERS {
        let (job, todo) = mpsc::channel(1);
        let worker = Worker::new(key, clock.clone());
        let answer = answer.clone();
        let reading = busy.clone();
        tasks.spawn_blocking("observe worker", move || work(index, worker, todo, &answer, &reading));
        jobs.push(job);
    }
    let stage = Stage {
        settle: Settle::default(),
        seen: Vec::new(),
        followed: HashMap::new(),
        rules: HashMap::new(),
        trails: ends.trails,
        busy: vec![false; WORKERS],
        jobs,
        marks: VecDeque::new(),
        observed: ends.observed,
    };
    tasks.spawn("observe", stage.run(ends.wishes, answers));
    busy
}

fn work(
    index: usize,
    mut worker: Worker,
    mut todo: mpsc::Receiver<Job>,
    answer: &mpsc::Sender<Answer>,
    busy: &Busy,
) -> Result<(), Infallible> {
    while let Some(job) = todo.blocking_recv() {
        worker.begin();
        let mut look = |due: &Due, last: &Footprint| {
            busy.begin(index, &due.look, clock::monotonic());
            (due.look.id, worker.look(due, last))
        };
        let results = job.iter().map(|(due, last)| look(due, last)).collect();
        busy.end(index);
        if answer.blocking_send(Answer { worker: index, results }).is_err() {
            break;
        }
    }
    Ok(())
}

struct Stage {
    settle: Settle,
    /// By [`SourceId`]: what each source looked like last.
    seen: Vec<Signature>,
    /// What sources include, of those that include anything.
    followed: HashMap<SourceId, Arc<Trail>>,
    /// The rules of dumps of firewalls, as they were handed on last.
    rules: HashMap<SourceId, Arc<Vec<Setting>>>,
    trails: Trails,
    busy: Vec<bool>,
    jobs: Vec<mpsc::Sender<Job>>,
    /// Marks, each with the sources that must be seen before it passes.
    marks: VecDeque<(Mark, HashSet<SourceId>)>,
    observed: mpsc::Sender<Input>,
}

impl Stage {
    async fn run(
        mut self,
        mut wishes: mpsc::Receiver<Wish>,
        mut answers: mpsc::Receiver<Answer>,
    ) -> Result<(), Infallible> {
        let mut open = true;
        while open || !self.settle.is_empty() || !self.marks.is_empty() {
            self.dispatch();
            tokio::select! {
                wish = wishes.recv(), if open && self.settle.ready() < READY_MAX => {
                    open = wish.is_some();
                    if !self.take(wish).await {
                        break;
                    }
                }
                Some(answer) = answers.recv() => {
                    if !self.finish(answer).await {
                        break;
                    }
                }
                () = until(self.settle.deadline()) => {}
            }
            if !open {
                self.settle.hurry();
            }
        }
        Ok(())
    }

    async fn take(&mut self, wish: Option<Wish>) -> bool {
        match wish {
            None => true,
            Some(Wish::Looks(looks)) => {
                let now = clock::monotonic();
                looks.into_iter().for_each(|look| self.settle.add(look, now));
                true
            }
            Some(Wish::Mark(mark)) => {
                self.marks.push_back((mark, self.settle.busy().into_iter().collect()));
                self.pass_marks().await
            }
        }
    }

    fn dispatch(&mut self) {
        let now = clock::monotonic();
        for worker in 0..self.jobs.len() {
            if self.busy[worker] {
                continue;
            }
            let due = self.settle.take(BATCH_LOOKS_MAX, now);
            if due.is_empty() {
                return;
            }
            let job = due
                .into_iter()
                .map(|due| {
                    let last = self.last(due.look.id);
                    (due, last)
                })
                .collect();
            // The worker is idle, so its queue of one has room.
            self.busy[worker] = self.jobs[worker].try_send(job).is_ok();
        }
    }

    /// Hands on what was seen; false when the journal has ended.
    async fn finish(&mut self, answer: Answer) -> bool {
        self.busy[answer.worker] = false;
        let now = clock::monotonic();
        let mut kept = Vec::new();
        for (id, outcome) in answer.results {
            self.marks.iter_mut().for_each(|(_, before)| _ = before.remove(&id));
            let unsettled = matches!(outcome, Outcome::Unsettled(..));
            let ruling = self.settle.done(id, unsettled, now);
            if let (Ruling::Keep, Outcome::Seen(observed, footprint) | Outcome::Unsettled(observed, footprint)) =
                (ruling, outcome)
            {
                self.remember(id, footprint);
                kept.push(*observed);
            }
        }
        // The workers go on while the journal takes its time.
        self.dispatch();
        (kept.is_empty() || self.observed.send(Input::Observed(kept)).await.is_ok()) && self.pass_marks().await
    }

    async fn pass_marks(&mut self) -> bool {
        while self.marks.front().is_some_and(|(_, before)| before.is_empty()) {
            if let Some((mark, _)) = self.marks.pop_front()
                && self.observed.send(Input::Mark(mark)).await.is_err()
            {
                return false;
            }
        }
        true
    }

    fn last(&self, id: SourceId) -> Footprint {
        let signature = usize::try_from(id.0).ok().and_then(|at| self.seen.get(at)).copied().unwrap_or_default();
        Footprint { signature, trail: self.followed.get(&id).cloned(), rules: self.rules.get(&id).cloned() }
    }

    fn remember(&mut self, id: SourceId, footprint: Footprint) {
        let Footprint { signature, trail, rules } = footprint;
        self.follow(id, trail);
        if let Some(rules) = rules {
            self.rules.insert(id, rules);
        }
        let Ok(at) = usize::try_from(id.0) else {
            return;
        };
        if self.seen.len() <= at {
            self.seen.resize(at + 1, Signature::default());
        }
        self.seen[at] = signature;
    }
}

impl Stage {
    /// Tells the watch stage where a source leads, if that is new.
    fn follow(&mut self, id: SourceId, trail: Option<Arc<Trail>>) {
        let before = match &trail {
            Some(trail) => self.followed.insert(id, Arc::clone(trail)),
            None => self.followed.remove(&id),
        };
        let same = match (&before, &trail) {
            (None, None) => true,
            (Some(before), Some(trail)) => before.leads_as(trail),
            _ => false,
        };
        if !same {
            self.trails.tell(id, trail.unwrap_or_default());
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
