//! What was touched a moment ago, by whom: found by path, inode or packet
//! filter.
//!
//! Pure. It is bounded and forgets the oldest; what it has forgotten before
//! anybody asked is nobody's change, never a lost one.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use driftline_canon::{Confidence, Evidence};

use crate::actor::process::Process;
use crate::actor::tidings::{Key, Touch};
use crate::observe::PacketFilter;

/// Touches that are remembered: as many as the kernel's own queues of events
/// hold, some 4 MiB.
pub const TOUCHES_MAX: usize = 16_384;

/// How long a touch is remembered: a look may wait two seconds for a file that
/// is being written, and a poll ten.
pub const REMEMBERED_MS: i64 = 15_000;

/// How much later than the look its evidence may seem to be: sources tell
/// their own time of it, in whole milliseconds.
pub const AFTER_MS: i64 = 50;

/// How much earlier than it was a touch may seem to be: audit takes the time of
/// the timer's last tick, of which there are 100 a second at least.
const COARSE_MS: i64 = 10;

/// Touches of one process that are one, if they are closer than this: whoever
/// writes without end would fill the memory alone.
const SAME_MS: i64 = 2;

/// Within what time the change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When the source was looked at before.
    pub since_ms: i64,
    /// When the look began.
    pub observed_ms: i64,
    /// The change that was seen before.
    pub before: Before,
}

/// What is known of the change of a source before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// Who made it.
    pub pid: Option<u32>,
    /// Touches up to this number were looked at for it.
    pub count: u64,
}

/// Who it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The process.
    pub by: Process,
    /// Who says so.
    pub evidence: Vec<Evidence>,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Touches, by what was touched.
#[derive(Debug, Default)]
pub struct Recent {
    order: VecDeque<Arc<Numbered>>,
    by_key: HashMap<Key, VecDeque<Arc<Numbered>>>,
    count: u64,
}

#[derive(Debug)]
struct Numbered {
    number: u64,
    touch: Touch,
}

impl Recent {
    /// Remembers a touch.
    pub fn add(&mut self, touch: Touch) {
        let last = touch.keys.first().and_then(|key| self.by_key.get(key)).and_then(VecDeque::back);
        if last.is_some_and(|last| is_same(&last.touch, &touch)) {
            return;
        }
        self.count += 1;
        let touch = Arc::new(Numbered { number: self.count, touch });
        for key in &touch.touch.keys {
            self.by_key.entry(key.clone()).or_default().push_back(Arc::clone(&touch));
        }
        self.order.push_back(touch);
        if self.order.len() > TOUCHES_MAX {
            self.forget_first();
        }
    }

    /// How many there were so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Forgets what is too old.
    pub fn forget(&mut self, now_ms: i64) {
        // A clock that was set back leaves touches of the future.
        let is_old = |one: &Arc<Numbered>| now_ms.abs_diff(one.touch.at_ms) > REMEMBERED_MS.unsigned_abs();
        while self.order.front().is_some_and(is_old) {
            self.forget_first();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { count: self.count, ..Self::default() };
    }

    fn forget_first(&mut self) {
        let Some(first) = self.order.pop_front() else {
            return;
        };
        for key in &first.touch.keys {
            if let Some(touches) = self.by_key.get_mut(key) {
                touches.pop_front_if(|touch| Arc::ptr_eq(touch, &first));
                if touches.is_empty() {
                    self.by_key.remove(key);
                }
            }
        }
    }

    /// Who touched any of these since the change before. Who touched it last
    /// before the look made the change; if nobody did before, who did first
    /// behind. The first of `keys` of which anything is known decide: by path
    /// before by inode.
    #[must_use]
    pub fn find(&self, keys: &[&[Key]], window: Window) -> Option<Found> {
        keys.iter().find_map(|keys| {
            let is_new = |one: &&Arc<Numbered>| {
                let of_before = window.before.pid == Some(one.touch.by.pid) && one.touch.at_ms <= window.since_ms;
                one.number > window.before.count && !of_before
            };
            self.judge(self.within(keys, window).filter(is_new).collect(), window)
        })
    }

    /// Who made the change before, if they were at it still: where nobody else
    /// is known to have made this one, they probably did.
    #[must_use]
    pub fn find_again(&self, keys: &[&[Key]], window: Window) -> Option<Found> {
        let pid = window.before.pid?;
        let found = keys.iter().find_map(|keys| {
            self.judge(
                self.within(keys, window)
                    .filter(|one| one.touch.by.pid == pid && one.touch.at_ms > window.since_ms)
                    .collect(),
                window,
            )
        });
        found.map(|found| Found { confidence: Confidence::Probable, ..found })
    }

    fn within<'a>(&'a self, keys: &'a [Key], window: Window) -> impl Iterator<Item = &'a Arc<Numbered>> {
        let span = window.since_ms.saturating_sub(COARSE_MS)..=window.observed_ms.saturating_add(AFTER_MS);
        let all = keys.iter().filter_map(|key| self.by_key.get(key)).flatten();
        all.filter(move |one| span.contains(&one.touch.at_ms))
    }

    fn judge(&self, touches: Vec<&Arc<Numbered>>, window: Window) -> Option<Found> {
        let mut touches: Vec<&Touch> = touches.into_iter().map(|one| &one.touch).collect();
        touches.sort_by_key(|touch| touch.at_ms);
        let before = touches.partition_point(|touch| touch.at_ms <= window.observed_ms);
        let last = before.checked_sub(1).map(|at| touches[at]).or(touches.first().copied())?;
        let pid = last.by.pid;
        let alone = touches[..before].iter().all(|touch| touch.by.pid == pid);
        // What audit says of a process it took with the call itself.
        let mut views: Vec<&Touch> = touches.iter().copied().filter(|touch| touch.by.pid == pid).collect();
        views.sort_by_key(|touch| (touch.evidence, std::cmp::Reverse(touch.at_ms)));
        let by = views.iter().fold(Process::unseen(pid), |known, touch| known.with(&touch.by));
        let evidence = views.iter().map(|touch| touch.evidence).collect();
        // Whoever has it open may still have left it alone.
        let told = views.iter().any(|touch| touch.evidence != Evidence::Proc);
        // A packet filter somewhere may be another one.
        let here = views.iter().any(|touch| !touch.keys.iter().all(is_anywhere));
        let confidence = if alone && told && here { Confidence::Exact } else { Confidence::Probable };
        Some(Found { by, evidence, confidence })
    }
}

/// Whether it is not known of which network namespace.
fn is_anywhere(key: &Key) -> bool {
    matches!(key, Key::Filter(PacketFilter { network: None, .. }))
}

/// Whether a touch says nothing more than the one before it.
fn is_same(last: &Touch, touch: &Touch) -> bool {
    Arc::ptr_eq(&last.by, &touch.by)
        && last.evidence == touch.evidence
        && last.keys == touch.keys
        && (0..SAME_MS).contains(&touch.at_ms.saturating_sub(last.at_ms))
}

#[cfg(test)]
mod tests;
