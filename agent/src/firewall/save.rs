//! The tables of iptables and the sets of ipset, read through the programs that
//! can save them: nothing else knows their matches.
//!
//! It follows what hints at changes (commits of nftables, the lock of iptables,
//! runs of ipset) and polls what the kernel is silent about, only while that is
//! loaded. It never runs a program that would load a backend which is not.

mod ear;
mod loaded;
mod look;
mod lull;
mod own;
mod program;
mod reading;
mod sets;
mod survey;
mod turn;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_daemon::clock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Backend;
use super::desk::{Commits, Desk};
use super::tools::Tools;
use crate::actor::tidings::Legacy;
use ear::{Ear, Hint};
use lull::Lull;
use sets::Sets;
pub use survey::survey;
use turn::{Turn, Why, is_legacy, is_quiet};

/// How often it is looked whether a backend that was not there is loaded now,
/// beside what hints at it. Each time costs a dozen wake-ups.
const APPEARED: Duration = Duration::from_secs(60);

/// The backends that are read here.
const BACKENDS: [Backend; 5] =
    [Backend::IptablesNft, Backend::Ip6tablesNft, Backend::IptablesLegacy, Backend::Ip6tablesLegacy, Backend::Ipset];

/// Reads until it is stopped.
///
/// # Errors
/// Never: what goes wrong is a problem of a source.
pub async fn run(
    desk: Desk,
    tools: Tools,
    commits: watch::Receiver<Commits>,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let keeper = Keeper::new(desk, tools, commits);
    stop.run_until_cancelled(keeper.keep()).await;
    Ok(())
}

/// Reads the backends of one namespace.
struct Keeper {
    desk: Arc<Desk>,
    tools: Tools,
    commits: watch::Receiver<Commits>,
    /// What audit tells of legacy tables.
    legacy: watch::Receiver<Legacy>,
    /// How many of their changes are known.
    changes: u64,
    /// The commits that were seen.
    committed: Commits,
    ear: Ear,
    /// What others do with sets.
    lull: Lull,
    sets: Sets,
    /// Rules were seen that ask a set.
    names_sets: bool,
    turns: Vec<Turn>,
    /// When to look for what has appeared.
    appeared: Instant,
    /// When to look at everything.
    reconcile: Instant,
}

/// Why it goes on.
enum Woken {
    /// Something is due.
    Timer,
    Commit,
    /// Nobody follows nftables any more.
    NoCommits,
    /// Audit has news of legacy tables.
    Legacy,
    /// Audit is not listened to any more.
    NoLegacy,
    Hint(Hint),
}

impl Keeper {
    fn new(desk: Desk, tools: Tools, commits: watch::Receiver<Commits>) -> Self {
        let now = clock::monotonic();
        let turn = |backend| Turn::new(backend, now, desk.last_alive_ms());
        let turns = BACKENDS.into_iter().map(turn).collect();
        let ipset = tools.find("ipset").ok().map(|tool| tool.program().path().to_owned());
        let reconcile = now + desk.spec().reconcile;
        let ear = Ear::open(ipset);
        Self {
            legacy: desk.legacy(),
            changes: 0,
            desk: Arc::new(desk),
            tools,
            commits,
            committed: Commits::default(),
            ear,
            lull: Lull::default(),
            sets: Sets::default(),
            names_sets: false,
            turns,
            appeared: now + APPEARED,
            reconcile,
        }
    }

    async fn keep(mut self) {
        let (mut followed, mut audited) = (true, true);
        self.committed = self.commits.borrow_and_update().clone();
        self.changes = self.legacy.borrow().changes;
        self.told();
        while self.look_at_what_is_due().await {
            match self.wait(followed, audited).await {
                Woken::Timer => self.tick(),
                Woken::Commit => self.committed(),
                Woken::NoCommits => followed = false,
                Woken::Legacy => self.told(),
                Woken::NoLegacy => audited = false,
                Woken::Hint(hint) => self.hinted(hint),
            }
        }
    }

    async fn wait(&mut self, followed: bool, audited: bool) -> Woken {
        let over = self.lull.over(clock::monotonic());
        let due =
            |turn: &Turn| turn.next().map(|at| if waits(turn) { over.map_or(at, |over| at.max(over)) } else { at });
        let due = self.turns.iter().filter_map(due).chain([self.appeared, self.reconcile]).min();
        let timer = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = self.commits.changed(), if followed => {
                if changed.is_ok() { Woken::Commit } else { Woken::NoCommits }
            }
            changed = self.legacy.changed(), if audited => {
                if changed.is_ok() { Woken::Legacy } else { Woken::NoLegacy }
            }
            hint = self.ear.hint() => Woken::Hint(hint),
            () = timer => Woken::Timer,
        }
    }

    fn tick(&mut self) {
        let now = clock::monotonic();
        if self.reconcile <= now {
            self.reconcile = now + self.desk.spec().reconcile;
            self.sets.thorough = true;
            self.turns.iter_mut().for_each(|turn| turn.call(now, Why::Time));
        }
        if self.appeared <= now {
            self.appeared = now + APPEARED;
            self.ear.arm();
            let absent = |turn: &&mut Turn| is_quiet(turn.backend) && turn.is_at_rest();
            self.turns.iter_mut().filter(absent).for_each(|turn| turn.call(now, Why::Time));
        }
    }

    fn committed(&mut self) {
        let commits = self.commits.borrow_and_update().clone();
        let now = clock::monotonic();
        for turn in &mut self.turns {
            if let (Some(all), Some(before)) = (commits.of(turn.backend), self.committed.of(turn.backend)) {
                turn.committed(now, all.number.saturating_sub(before.number), all.last.as_ref());
            }
        }
        self.committed = commits;
    }

    /// Audit has told of a change of legacy tables, or that it does or does no
    /// longer.
    fn told(&mut self) {
        let legacy = *self.legacy.borrow_and_update();
        let now = clock::monotonic();
        self.turns.iter_mut().filter(|turn| is_legacy(turn.backend)).for_each(|turn| turn.is_told(legacy.live, now));
        if std::mem::replace(&mut self.changes, legacy.changes) != legacy.changes {
            let why = Why::Hint(self.desk.now_ms(), None);
            self.call(is_legacy, &why);
        }
    }

    fn hinted(&mut self, hint: Hint) {
        let now = clock::monotonic();
        if hint.ipset {
            self.lull.ended(now);
        }
        if hint.at_sets {
            self.lull.began(now);
        }
        let why = Why::Hint(self.desk.now_ms(), None);
        self.call(
            |backend| is_quiet(backend) && if backend == Backend::Ipset { hint.ipset } else { hint.legacy },
            &why,
        );
    }

    fn call(&mut self, which: impl Fn(Backend) -> bool, why: &Why) {
        let now = clock::monotonic();
        self.turns.iter_mut().filter(|turn| which(turn.backend)).for_each(|turn| turn.call(now, why.clone()));
    }

    /// False when the journal has ended.
    async fn look_at_what_is_due(&mut self) -> bool {
        for at in 0..self.turns.len() {
            while let Some(why) = self.take(at) {
                if !self.look(at, why).await {
                    return false;
                }
            }
        }
        true
    }

    fn take(&mut self, at: usize) -> Option<Why> {
        let now = clock::monotonic();
        let turn = &mut self.turns[at];
        if waits(turn) && self.lull.over(now).is_some() { None } else { turn.take(now) }
    }
}

/// Whether a look would stand in the way of somebody who is at work.
fn waits(turn: &Turn) -> bool {
    turn.backend == Backend::Ipset
}
