//! The agent's own runs of `ipset`, told from those of others: both open and
//! close the same program.
//!
//! It guesses where the kernel told of two as of one: then it takes somebody
//! else's run for its own, and polling finds what that did.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use driftline_daemon::clock;

/// How long after the end of the agent's own `ipset` its last event may arrive.
const TAIL: Duration = Duration::from_millis(20);

/// The beginning of a script. Whoever runs one opens it more than once.
const SCRIPT: [u8; 2] = *b"#!";

/// Runs in whichever namespace. One for the process, since the program that is
/// watched is one.
static OWN: Mutex<Own> = Mutex::new(Own { running: 0, begun: 0, until: None });

#[derive(Debug)]
struct Own {
    running: usize,
    begun: u64,
    until: Option<Instant>,
}

impl Own {
    fn is_on(&self) -> bool {
        self.running > 0 || self.until.is_some_and(|until| clock::monotonic() < until)
    }
}

/// As long as it is held, an `ipset` of the agent's own runs.
#[derive(Debug)]
pub(super) struct OwnRun(());

impl OwnRun {
    pub(super) fn begin() -> Self {
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.running += 1;
        own.begun += 1;
        Self(())
    }
}

impl Drop for OwnRun {
    fn drop(&mut self) {
        let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        own.running = own.running.saturating_sub(1);
        own.until = Some(clock::monotonic() + TAIL);
    }
}

/// How much of what one listener still hears is the agent's own doing: each of
/// its runs opens the program once and closes it once.
#[derive(Debug, Default)]
pub(super) struct Credit {
    /// Own runs that were counted.
    begun: u64,
    opens: u64,
    closes: u64,
    /// The program is a script: while one's own runs, all is its doing.
    script: bool,
}

impl Credit {
    pub(super) fn of(program: Option<&Path>) -> Self {
        let begun = OWN.lock().unwrap_or_else(PoisonError::into_inner).begun;
        Self { begun, script: program.is_some_and(is_script), ..Self::default() }
    }

    /// Whether single events can be told apart.
    pub(super) fn is_exact(&self) -> bool {
        !self.script
    }

    /// Whether an event is of the agent's own run.
    pub(super) fn is_own(&mut self, begins: bool) -> bool {
        let own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
        let more = own.begun - self.begun;
        self.begun = own.begun;
        self.opens += more;
        self.closes += more;
        if !own.is_on() {
            (self.opens, self.closes) = (0, 0);
            return false;
        }
        if self.script {
            return true;
        }
        let credit = if begins { &mut self.opens } else { &mut self.closes };
        let is_own = *credit > 0;
        *credit = credit.saturating_sub(1);
        is_own
    }
}

fn is_script(program: &Path) -> bool {
    let mut first = [0; SCRIPT.len()];
    File::open(program).and_then(|mut file| file.read_exact(&mut first)).is_ok() && first == SCRIPT
}

#[cfg(test)]
mod tests;
