//! One observation whose actor is to be found: what to look for, how long it may
//! wait, and what is known already.
//!
//! Pure: it reads no clock.

use std::time::{Duration, Instant};

use driftline_canon::actor::command;
use driftline_canon::{Actor, Confidence, DisplayPolicy, Evidence, SourceName};

use super::recent::{Before, Found, Recent, Window};
use crate::actor::places::Places;
use crate::actor::process::Process;
use crate::actor::tidings::Key;
use crate::actor::writers::Question;
use crate::observe::owners::Names;
use crate::observe::{Clue, ObservationNumber, Observed, PacketFilter, Sight};

/// How long an observation may wait for its actor. Half of the 50 ms by which
/// attribution may delay a change at all; evidence comes within one.
pub const WAIT_MAX: Duration = Duration::from_millis(25);

/// How long evidence may come behind the observation.
pub const LATE_MAX: Duration = Duration::from_secs(2);

/// How far back a look that an event asked for may be behind it: a file that is
/// being written is read after two seconds at the latest.
const EVENT_MS: i64 = 2_500;

/// What is looked for.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) source: SourceName,
    pub(super) number: ObservationNumber,
    display: DisplayPolicy,
    /// By path or packet filter.
    pub(super) keys: Vec<Key>,
    /// By inode: what was renamed into place.
    pub(super) inode: Vec<Key>,
    pub(super) window: Window,
    /// The kernel named the process with the change.
    made_by: Option<Process>,
    by_event: bool,
    /// Evidence that comes behind counts until then.
    pub(super) expires: Instant,
    pub(super) items: usize,
}

/// What was found by now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) actor: Actor,
    pub(super) pid: u32,
    /// It is known as whom it was done: nothing better is to come.
    pub(super) complete: bool,
}

impl Case {
    /// None for an observation of which nothing could tell who made it.
    pub(super) fn of(
        observed: &Observed,
        number: ObservationNumber,
        last: Option<(i64, Before)>,
        now: Instant,
    ) -> Option<Self> {
        let Clue { by_event, files, inode, made_by, filter, .. } = &observed.clue;
        let mut keys: Vec<Key> = files.iter().cloned().map(Key::Path).collect();
        if let Some(filter) = *filter {
            // Of a process that has ended nobody can say where it was.
            let anywhere = PacketFilter { network: None, ..filter };
            keys.extend([filter, anywhere].map(Key::Filter));
            keys.dedup();
        }
        if keys.is_empty() && made_by.is_none() {
            return None;
        }
        let (seen_ms, before) = last.unwrap_or((i64::MIN, Before::default()));
        let back_ms = observed.observed_ms.saturating_sub(EVENT_MS);
        let since_ms = match observed.unobserved_since_ms {
            Some(since_ms) if !by_event => since_ms.max(seen_ms),
            _ => back_ms.max(seen_ms),
        };
        Some(Self {
            source: observed.name.clone(),
            number,
            display: observed.spec.display,
            keys,
            inode: inode.iter().map(|(device, inode)| Key::Inode(*device, *inode)).collect(),
            window: Window { since_ms, observed_ms: observed.observed_ms, before },
            made_by: made_by.as_ref().map(|made_by| made_by.process()),
            by_event: *by_event,
            expires: now + LATE_MAX,
            items: match &observed.sight {
                Sight::Whole { observation, .. } => observation.items().len(),
                _ => 1,
            },
        })
    }

    /// Whether waiting for evidence is worth it.
    pub(super) fn may_wait(&self, places: &Places) -> bool {
        (self.by_event || self.made_by.is_some()) && (self.is_marked(places) || self.is_audited(places))
    }

    /// Whether fanotify would tell who it was.
    pub(super) fn is_marked(&self, places: &Places) -> bool {
        self.by_event && self.keys.iter().any(|key| matches!(key, Key::Path(path) if places.is_marked(path)))
    }

    /// Whether audit would tell who it was.
    pub(super) fn is_audited(&self, places: &Places) -> bool {
        let told = |key: &Key| match key {
            Key::Path(path) => places.is_audited(path),
            Key::Filter(_) => places.covers_filter(),
            Key::Inode(..) => false,
        };
        self.keys.iter().any(told)
    }

    /// Who it was, as far as it is known now.
    pub(super) fn judge(&self, recent: &Recent, names: &Names) -> Option<Verdict> {
        let found = match &self.made_by {
            Some(process) => Some(self.named(process, recent)),
            None => recent.find(&[&self.keys, &self.inode], self.window),
        };
        found.map(|found| self.verdict(found, names))
    }

    /// The same once there is no time left, and nobody new is known.
    pub(super) fn judge_at_last(&self, recent: &Recent, names: &Names) -> Option<Verdict> {
        let found = recent.find_again(&[&self.keys, &self.inode], self.window)?;
        Some(Verdict { complete: false, ..self.verdict(found, names) })
    }

    fn verdict(&self, found: Found, names: &Names) -> Verdict {
        // A poll sees what happened since the last one, on whichever host.
        let confidence = if self.by_event || self.made_by.is_some() {
            found.confidence
        } else {
            found.confidence.min(Confidence::Probable)
        };
        let mut actor = found.by.actor(confidence, found.evidence, names);
        if self.display == DisplayPolicy::Digest {
            actor.command = actor.command.as_ref().map(command::bare);
        }
        Verdict { actor, pid: found.by.pid, complete: found.by.is_seen() }
    }

    /// Who has it open, if nobody told anything else.
    pub(super) fn question(&self) -> Option<Question> {
        let inode = self.inode.iter().find_map(|key| match key {
            Key::Inode(device, inode) => Some((*device, *inode)),
            _ => None,
        });
        inode.filter(|_| self.by_event).map(|inode| Question { inode, at_ms: self.window.observed_ms })
    }

    /// The kernel said which process; others say what that is.
    fn named(&self, process: &Process, recent: &Recent) -> Found {
        let mut evidence = vec![Evidence::Netlink];
        if process.is_seen() {
            evidence.push(Evidence::Proc);
        }
        let mut by = process.clone();
        if let Some(found) = recent.find(&[&self.keys], self.window).filter(|found| found.by.is(process)) {
            by = found.by.with(&by);
            evidence.extend(found.evidence);
        }
        Found { by, evidence, confidence: Confidence::Exact }
    }
}
