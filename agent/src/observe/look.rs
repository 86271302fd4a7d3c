//! A look: the wish to know what one source is now, and how urgent it is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_canon::actor::{Actor, ActorText};
use driftline_canon::{
    Delta, Digest, FileName, Item, ItemKey, Meaning, Observation, Problem, ProblemKind, Setting, SourceName,
};

use super::part::WholeWanted;
use super::stamp::{Signature, Stamp};
use super::trail::Trail;
use crate::actor::audit::event::Filter;
use crate::actor::process::Process;
use crate::config::SourceSpec;

/// Names a source within this run of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// When to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Only if its signature is another one: reconciliation and polling.
    IfChanged,
    /// After a quiet time: somebody has it open and writes.
    Settle,
    /// Now, if it is whole: it was just created and may be empty still.
    Created,
    /// Now: the first time in this run.
    First,
    /// Now: a write was finished, or a name changed.
    Now,
}

/// Why a source is polled as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PollReason {
    /// inotify is out of watches or instances; how to raise the limit.
    Limit(&'static str),
    /// A filesystem whose changes may go unannounced.
    Filesystem(&'static str),
    /// The directory cannot be watched.
    Directory(String),
}

impl PollReason {
    /// The reason as a problem of the source.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let reason = match self {
            Self::Limit(sysctl) => {
                format!("inotify is exhausted, so this is polled: raise the sysctl {sysctl}")
            }
            Self::Filesystem(name) => {
                format!("it is on {name}, where changes may go unannounced, so it is polled as well")
            }
            Self::Directory(why) => format!("its directory cannot be watched, so this is polled: {why}"),
        };
        Problem::whole(ProblemKind::Polled, reason)
    }
}

/// The wish to know what a source is now.
#[derive(Debug, Clone)]
pub struct Look {
    /// Which source.
    pub id: SourceId,
    /// Its directory, as configured.
    pub dir: Arc<Path>,
    /// Its name in there.
    pub name: Arc<OsStr>,
    /// What its configuration says.
    pub spec: Arc<SourceSpec>,
    /// When to look.
    pub urgency: Urgency,
    /// Nobody was watching since then.
    pub unobserved_since_ms: Option<i64>,
    /// Why it is polled, if it is.
    pub polled: Option<Arc<PollReason>>,
}

impl Look {
    /// The source's path, as configured.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.dir.join(&*self.name)
    }

    /// Two wishes for one source become one: the more urgent, and unobserved
    /// since the earlier time.
    pub fn merge(&mut self, newer: Self) {
        let since = match (self.unobserved_since_ms, newer.unobserved_since_ms) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let urgency = self.urgency.max(newer.urgency);
        *self = newer;
        self.urgency = urgency;
        self.unobserved_since_ms = since;
    }
}

/// What a look saw, on its way to the journal.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The source's name.
    pub name: SourceName,
    /// Its path, escaped for display.
    pub path: String,
    /// What its configuration says.
    pub spec: Arc<SourceSpec>,
    /// What was seen.
    pub sight: Sight,
    /// All that is wrong with it.
    pub problems: Vec<Problem>,
    /// When it was seen.
    pub observed_ms: i64,
    /// Nobody was watching since then.
    pub unobserved_since_ms: Option<i64>,
    /// Who changed it, if that is known by now.
    pub actor: Option<Actor>,
    /// What may tell who changed it.
    pub clue: Clue,
    /// What changes since the last observation mean, by key; what is said of
    /// keys that did not change is not told.
    pub meanings: Vec<(ItemKey, Meaning)>,
}

/// What may tell who changed what was seen.
#[derive(Debug, Clone, Default)]
pub struct Clue {
    /// The number of this observation in this run, if an amendment may follow
    /// that names it.
    pub number: Option<ObservationNumber>,
    /// Whether the look was asked for by an event of the kernel.
    pub by_event: bool,
    /// Files that were read, where they really are, the source's own first.
    pub files: Vec<PathBuf>,
    /// Device and inode of the source's own file, if it is there.
    pub inode: Option<(u64, u64)>,
    /// The process that the kernel named with the change.
    pub made_by: Option<MadeBy>,
    /// The packet filter that it is a part of, if any source of evidence tells
    /// of those.
    pub filter: Option<PacketFilter>,
}

/// A packet filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketFilter {
    /// Which of the two.
    pub filter: Filter,
    /// The inode of its network namespace; none: nobody can say it.
    pub network: Option<u64>,
}

/// Names an observation within this run of the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObservationNumber(pub u64);

/// A process as the kernel named it with a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBy {
    /// The id that the kernel named: of the thread that did it.
    pub pid: u32,
    /// What it calls itself (`comm`).
    pub name: String,
    /// What `/proc` said of it.
    process: Option<Box<Process>>,
}

impl MadeBy {
    /// To be called at once: what else there is to know of the process is gone
    /// when it ends.
    #[must_use]
    pub fn new(pid: u32, name: &str) -> Self {
        let seen = Process::look(pid).filter(|seen| seen.name.as_ref().is_some_and(|seen| seen.as_str() == name));
        Self { pid, name: name.to_owned(), process: seen.map(Box::new) }
    }

    /// All that is known of it.
    #[must_use]
    pub fn process(&self) -> Process {
        match &self.process {
            Some(seen) => (**seen).clone(),
            None => Process { name: Some(ActorText::new(&self.name)), ..Process::unseen(self.pid) },
        }
    }
}

/// An included file, or a directory, that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// Its name, in full.
    pub name: String,
    /// Files that were read after it: what they set is not overruled by it.
    pub later: Vec<FileName>,
}

/// What was seen of a source.
#[derive(Debug, Clone)]
pub enum Sight {
    /// All of it.
    Whole {
        /// Its items.
        observation: Observation,
        /// What stands for its bytes, and its stamp, where there are any.
        content: Option<(Digest, Stamp)>,
        /// Included files that are there and could not be read, and
        /// directories, which end with `/`: their settings stay as they were
        /// last known.
        unreadable: Vec<Unread>,
    },
    /// Not its content: settings stay as they were last known.
    Unreadable {
        /// `@state`, and other metadata where it could be had.
        metadata: Vec<Item>,
    },
    /// What changed since an observation that was handed on before, and nothing
    /// else of it. It costs by the change, not by the source.
    Part {
        /// From the root of that observation to the root of what is there now.
        delta: Delta,
        /// Asked if the journal knows the source by another root.
        whole: WholeWanted,
    },
}

/// How a source looked, to be held against the next look.
#[derive(Debug, Clone, Default)]
pub struct Footprint {
    /// Its own file.
    pub signature: Signature,
    /// What it includes; none: nothing.
    pub trail: Option<Arc<Trail>>,
    /// The rules of a dump of a firewall, in clear: what the next change of
    /// them means is said of before and after.
    pub rules: Option<Arc<Vec<Setting>>>,
}

impl Footprint {
    /// Whether what it includes looks as it did.
    #[must_use]
    pub fn includes_the_same(&self) -> bool {
        self.trail.as_ref().is_none_or(|trail| trail.is_unchanged())
    }
}

/// How a look went.
#[derive(Debug)]
pub enum Outcome {
    /// Its signature is the one seen last.
    Unchanged,
    /// It is being written, or was emptied a moment ago: look again after a
    /// quiet time. What was seen counts if there is no time left.
    Unsettled(Box<Observed>, Footprint),
    /// It was seen.
    Seen(Box<Observed>, Footprint),
}
