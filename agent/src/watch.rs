//! The stage that hears of changes: sets watches, hears events, polls where
//! there are none, and asks for looks.
//!
//! It opens no file. Whether anything changed is for the stages behind it.

pub mod event;
pub mod included;
mod mounts;
pub mod notifier;
pub mod table;
pub mod tree;
mod vanished;

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_canon::SourceName;
use driftline_daemon::{Clock, clock};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::actor::places::Places;
use crate::config::SourceSpec;
use crate::journal::{Gap, Mark, NameHash};
use crate::observe::trail::Trails;
use crate::observe::{BATCH_LOOKS_MAX, PollReason, Urgency, Wish};
use event::{Happening, Heard};
use mounts::Mounts;
use notifier::{Ear, Notifier};
use table::{DirId, SpecIndex};
use tree::Tree;
pub use vanished::{Vanished, vanished};

/// How often a directory that cannot be watched is polled. Below a second an
/// idle host would be kept awake.
pub const POLL_UNWATCHED: Duration = Duration::from_secs(2);

/// How often a directory is polled that is watched, on a filesystem where not
/// every change is announced.
pub const POLL_REMOTE: Duration = Duration::from_secs(10);

/// Reconciliations until every file was read again although its stamp did not
/// change: a day, at one every five minutes.
const FULL_PASS_SWEEPS: usize = 288;

/// Happenings that are handled before looks are handed on.
const HEARD_BATCH: usize = 256;

/// Between the beginnings of two rounds after losses: a flood that goes on
/// loses events all the time, and each round is a record of its own.
const LOST_PAUSE: Duration = Duration::from_secs(1);

/// Files of one step of a sweep: events are handled between steps.
const SWEEP_STEP: usize = 512;

/// What the stage needs.
#[derive(Debug)]
pub struct WatchSettings {
    /// What to watch.
    pub sources: Vec<Arc<SourceSpec>>,
    /// How often everything is compared with what is on disk.
    pub reconcile: Duration,
    /// Sources of the last run whose file is gone.
    pub vanished: Vec<Vanished>,
    /// Sources that are no files: somebody else looks at them.
    pub elsewhere: Vec<SourceName>,
    /// Where evidence of who changes what is wanted.
    pub places: Places,
    /// Where the observe stage says what sources include.
    pub trails: Trails,
    /// When somebody was last watching; none: never.
    pub last_alive_ms: Option<i64>,
    /// The time.
    pub clock: Clock,
}

/// The stage.
#[derive(Debug)]
pub struct Watch {
    tree: Tree,
    ear: Ear,
    settings: WatchSettings,
    wishes: mpsc::Sender<Wish>,
    stop: CancellationToken,
    mounts: Option<Mounts>,
    /// When every event up to then had been handled.
    heard_ms: i64,
    swept_ms: i64,
    sweep: Option<Sweep>,
    sweeps: usize,
    next_sweep: Instant,
    /// Events were lost since then: the next sweep says so.
    lost_since: Option<i64>,
    /// Before then no round begins because events were lost.
    rested: Instant,
    next_poll: Instant,
    polled_ms: i64,
}

/// A comparison of everything, under way.
#[derive(Debug)]
struct Sweep {
    next: usize,
    began_ms: i64,
    since: Option<i64>,
    lost_since: Option<i64>,
    full: std::ops::Range<usize>,
}

enum Event {
    Heard(Heard),
    Lost,
    Included,
    Mounts,
    Poll,
    Sweep,
    Step,
    Stop,
}

impl Watch {
    /// Opens inotify. Nothing is watched before [`Self::run`].
    #[must_use]
    pub fn new(settings: WatchSettings, wishes: mpsc::Sender<Wish>, stop: CancellationToken) -> Self {
        let (notifier, ear) = Notifier::open();
        let notifier = notifier.telling(settings.places.clone());
        let now_ms = settings.clock.now_ms();
        let now = clock::monotonic();
        let next_sweep = now + settings.reconcile;
        Self {
            tree: Tree::new(settings.sources.clone(), notifier),
            ear,
            wishes,
            stop,
            mounts: None,
            heard_ms: now_ms,
            swept_ms: now_ms,
            sweep: None,
            sweeps: 0,
            next_sweep,
            lost_since: None,
            rested: now,
            next_poll: now + POLL_UNWATCHED,
            polled_ms: now_ms,
            settings,
        }
    }

    /// Watches until it is stopped; `ready` is told when everything was seen
    /// once and is on disk.
    ///
    /// # Errors
    /// Never: what cannot be watched is polled, and said.
    pub fn run(mut self, runtime: &Handle, ready: oneshot::Sender<()>) -> Result<(), Infallible> {
        self.mounts = runtime.block_on(async { Mounts::open() });
        if self.begin(ready).is_none() {
            return Ok(());
        }
        loop {
            let event = runtime.block_on(self.next());
            let flooding = matches!(event, Event::Heard(_) | Event::Lost);
            if self.act(event).is_none() || (flooding && self.catch_up(runtime).is_none()) {
                return Ok(());
            }
        }
    }

    /// None: it has ended.
    fn act(&mut self, event: Event) -> Option<()> {
        let going_on = match event {
            Event::Stop => {
                self.hear_all();
                self.flush();
                return None;
            }
            Event::Heard(heard) => {
                self.tree.hear(&heard);
                self.hear_all();
                self.flush()
            }
            Event::Lost => self.lost(),
            Event::Included => {
                for (id, trail) in self.settings.trails.take() {
                    self.tree.include(id, &trail);
                }
                self.flush()
            }
            Event::Mounts => {
                self.tree.unobserved_since(Some(self.heard_ms));
                self.check_all(|_| true);
                self.hear_of_mounts();
                self.flush()
            }
            Event::Poll => self.poll(),
            Event::Sweep => self.begin_sweep(),
            Event::Step => self.step(),
        };
        self.tree.unobserved_since(None);
        going_on
    }

    /// One turn of everything else that is due: happenings come first, and a
    /// flood of them in one directory must not hold up the other ones.
    fn catch_up(&mut self, runtime: &Handle) -> Option<()> {
        let now = clock::monotonic();
        let mounts = self.mounts.as_ref();
        let mounted = runtime.block_on(async {
            tokio::select! {
                biased;
                () = mounts::changed(mounts) => true,
                () = std::future::ready(()) => false,
            }
        });
        let turns = [
            (true, Event::Included),
            (mounted, Event::Mounts),
            (self.tree.is_polling() && self.next_poll <= now, Event::Poll),
            (self.sweep.is_none() && self.next_sweep <= now, Event::Sweep),
            (true, Event::Step),
        ];
        turns.into_iter().filter(|(due, _)| *due).try_for_each(|(_, event)| self.act(event))
    }

    /// Watches and looks at everything for the first time.
    fn begin(&mut self, ready: oneshot::Sender<()>) -> Option<()> {
        self.tree.unobserved_since(self.settings.last_alive_ms);
        for index in 0..self.settings.sources.len() {
            self.tree.plant(SpecIndex::try_from(index).unwrap_or(SpecIndex::MAX));
            self.flush()?;
        }
        for one in std::mem::take(&mut self.settings.vanished) {
            self.tree.plant_vanished(&one.name, &one.path);
        }
        self.flush()?;
        self.tree.unobserved_since(None);
        let table = &self.tree.table;
        // Sources that are no file are seen elsewhere.
        let others = self.settings.sources.iter().filter(|spec| !spec.is_of_files());
        let others = others.map(|spec| NameHash::of(spec.name.as_str()));
        let names: HashSet<NameHash> = table
            .ids(0, usize::MAX)
            .into_iter()
            .map(|id| NameHash::of(table.spec(table.slot(id).spec).name_of(&table.path_of(id)).as_str()))
            .chain(others)
            .chain(self.settings.elsewhere.iter().map(|name| NameHash::of(name.as_str())))
            .collect();
        self.wishes.blocking_send(Wish::Mark(Mark::Retain(names))).ok()?;
        self.wishes.blocking_send(Wish::Mark(Mark::Durable(ready))).ok()
    }

    async fn next(&mut self) -> Event {
        let sweeping = self.sweep.is_some();
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Event::Stop,
            () = self.ear.losses.wait() => Event::Lost,
            heard = self.ear.heard.recv() => heard.map_or(Event::Stop, Event::Heard),
            () = self.settings.trails.wait() => Event::Included,
            () = mounts::changed(self.mounts.as_ref()) => Event::Mounts,
            () = tokio::time::sleep_until(self.next_poll.into()), if self.tree.is_polling() => Event::Poll,
            () = std::future::ready(()), if sweeping => Event::Step,
            () = tokio::time::sleep_until(self.next_sweep.into()), if !sweeping => Event::Sweep,
        }
    }

    /// What is mounted over a name has taken its place, as a rename would.
    fn hear_of_mounts(&mut self) {
        for path in self.mounts.as_mut().map_or_else(Vec::new, Mounts::moved) {
            self.tree.hear(&Heard { path, happening: Happening::Moved });
        }
    }

    fn hear_all(&mut self) {
        for _ in 0..HEARD_BATCH {
            match self.ear.heard.try_recv() {
                Ok(heard) => self.tree.hear(&heard),
                Err(_) => {
                    self.heard_ms = self.settings.clock.now_ms();
                    return;
                }
            }
        }
    }

    /// Events were lost: everything is compared soon, and the stretch of time
    /// is said. A comparison that is under way goes on to its end, and one more
    /// follows: begun anew at each loss, it would never end in a flood.
    fn lost(&mut self) -> Option<()> {
        if !self.ear.losses.take() {
            return Some(());
        }
        // What was lost before the sweep under way began, it finds.
        let began_ms = self.sweep.as_ref().map_or(self.heard_ms, |sweep| sweep.began_ms.max(self.heard_ms));
        if self.lost_since.is_none() {
            tracing::warn!("events were lost, looking at everything again");
        }
        self.lost_since.get_or_insert(began_ms);
        self.next_sweep = self.next_sweep.min(self.rested);
        Some(())
    }

    fn begin_sweep(&mut self) -> Option<()> {
        let lost_since = self.lost_since.take();
        let since = Some(lost_since.unwrap_or(self.swept_ms));
        let began_ms = self.settings.clock.now_ms();
        if lost_since.is_some() {
            self.rested = clock::monotonic() + LOST_PAUSE;
            self.tree.forget_all();
        }
        self.tree.unobserved_since(since);
        self.check_all(|_| true);
        self.flush()?;
        let count = self.tree.table.files();
        let slice = count.div_ceil(FULL_PASS_SWEEPS);
        let from = (self.sweeps % FULL_PASS_SWEEPS) * slice;
        let full = if lost_since.is_none() { from..from + slice } else { 0..0 };
        self.sweeps += usize::from(lost_since.is_none());
        self.sweep = Some(Sweep { next: 0, began_ms, since, lost_since, full });
        Some(())
    }

    /// One step of a sweep: some files, in the order of the table.
    fn step(&mut self) -> Option<()> {
        let Some(mut sweep) = self.sweep.take() else {
            return Some(());
        };
        self.tree.unobserved_since(sweep.since);
        let ids = self.tree.table.ids(sweep.next, SWEEP_STEP);
        for (offset, id) in ids.iter().enumerate() {
            let forced = sweep.full.contains(&(sweep.next + offset));
            self.tree.look(*id, if forced { Urgency::First } else { Urgency::IfChanged });
        }
        self.flush()?;
        sweep.next += ids.len();
        if sweep.next < self.tree.table.files() {
            self.sweep = Some(sweep);
            return Some(());
        }
        self.swept_ms = self.settings.clock.now_ms();
        let regular = clock::monotonic() + self.settings.reconcile;
        self.next_sweep = if self.lost_since.is_some() { self.rested } else { regular };
        let Some(from_ms) = sweep.lost_since else {
            return Some(());
        };
        let reason = "the kernel's queue of file events overflowed: everything was looked at again".to_owned();
        self.wishes.blocking_send(Wish::Mark(Mark::Gap(Gap { from_ms, to_ms: self.swept_ms, reason }))).ok()
    }

    fn poll(&mut self) -> Option<()> {
        self.tree.unobserved_since(Some(self.polled_ms));
        self.polled_ms = self.settings.clock.now_ms();
        let urgent = self.check_all(|reason| reason.is_some());
        // From its end: what is slow to poll must not be polled alone.
        let pause = if urgent { POLL_UNWATCHED } else { POLL_REMOTE };
        self.flush()?;
        self.next_poll = clock::monotonic() + pause;
        Some(())
    }

    /// Checks directories; true if one of them is not watched at all.
    fn check_all(&mut self, which: impl Fn(Option<&PollReason>) -> bool) -> bool {
        let mut unwatched = false;
        for dir in self.tree.table.dir_ids() {
            let polled = self.tree.table.dir(dir).polled.clone();
            if which(polled.as_deref()) {
                self.check(dir, polled.is_some());
                unwatched |= polled.is_some_and(|reason| !matches!(*reason, PollReason::Filesystem(_)));
            }
        }
        unwatched
    }

    fn check(&mut self, dir: DirId, look: bool) {
        self.tree.check(dir);
        if look {
            self.tree.look_at_dir(dir, Urgency::IfChanged);
        }
    }

    /// Hands looks on, and lists what is still to be listed; none when the next
    /// stage has ended.
    fn flush(&mut self) -> Option<()> {
        loop {
            self.hand_on()?;
            if !self.tree.list() {
                return Some(());
            }
        }
    }

    fn hand_on(&mut self) -> Option<()> {
        let mut rest = self.tree.take_looks();
        while rest.len() > BATCH_LOOKS_MAX {
            let behind = rest.split_off(BATCH_LOOKS_MAX);
            self.wishes.blocking_send(Wish::Looks(rest)).ok()?;
            rest = behind;
        }
        if rest.is_empty() { Some(()) } else { self.wishes.blocking_send(Wish::Looks(rest)).ok() }
    }
}

#[cfg(test)]
mod tests;
