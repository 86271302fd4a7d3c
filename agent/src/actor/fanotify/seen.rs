//! Processes that were seen a moment ago: one that made an event may have ended
//! when the next one is read.
//!
//! It forgets the oldest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::actor::process::Process;

/// Processes that are remembered: a burst of short ones has a few at a time.
const SEEN_MAX: usize = 256;

/// How long what was seen of a process counts without another look. A shell
/// becomes another program by `exec`.
const FRESH: Duration = Duration::from_millis(20);

/// How long it counts once the process has ended: its number is not used again
/// so soon.
const KEPT: Duration = Duration::from_secs(2);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<u32, (Arc<Process>, Instant)>);

impl Seen {
    /// Looks at a process unless that was done a moment ago.
    pub(super) fn look(&mut self, pid: u32, now: Instant) {
        let known = self.0.get(&pid);
        if known.is_some_and(|(process, at)| process.is_seen() && now.saturating_duration_since(*at) < FRESH) {
            return;
        }
        let process = match Process::look(pid) {
            // A process that has ended tells its name and user only.
            Some(process) => match known.filter(|(_, at)| now.saturating_duration_since(*at) < KEPT) {
                Some((before, _)) if process.executable.is_none() && before.name == process.name => {
                    process.with(before)
                }
                _ => process,
            },
            None if known.is_some_and(|(_, at)| now.saturating_duration_since(*at) < KEPT) => return,
            None => Process::unseen(pid),
        };
        if self.0.len() >= SEEN_MAX {
            self.forget();
        }
        self.0.insert(pid, (Arc::new(process), now));
    }

    /// What was seen of a process.
    pub(super) fn get(&self, pid: u32) -> Option<&Arc<Process>> {
        self.0.get(&pid).map(|(process, _)| process)
    }

    fn forget(&mut self) {
        let mut times: Vec<Instant> = self.0.values().map(|(_, at)| *at).collect();
        times.sort_unstable();
        if let Some(middle) = times.get(SEEN_MAX / 2) {
            self.0.retain(|_, (_, at)| *at > *middle);
        }
    }
}
