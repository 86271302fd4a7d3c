//! One look at one backend: is it there, what does its program print, is that
//! new, and how is it told.
//!
//! It decides nothing about when to look.

use std::sync::Arc;
use std::time::Duration;

use driftline_canon::format::firewall::meaning::Meant;
use driftline_canon::{ItemKey, Observation, Problem, ProblemKind};
use driftline_daemon::clock;

use super::super::Backend;
use super::super::desk::Seen;
use super::super::namespace::NamespaceError;
use super::super::netlink::Asker;
use super::super::tools::ToolError;
use super::Keeper;
use super::loaded::{self, LoadedError};
use super::program::Program;
use super::reading;
use super::sets::Listing;
use super::turn::{Calls, Missed, Told, Went, Why, is_quiet};
use crate::observe::{MadeBy, Sight};

/// Before a table that is hidden is tried again: the journal writes within
/// milliseconds.
const JOURNAL_BEHIND: Duration = Duration::from_secs(1);

/// What a look found.
enum Found {
    /// The backend is not loaded or empty, or its namespace is gone.
    Absent(Option<Problem>),
    /// What its program printed.
    Text(Vec<u8>),
    /// Why it cannot be read.
    Failed(Problem),
    /// Somebody else wants to work on it.
    GaveWay,
    /// As it was, as far as could be told without reading all of it.
    Same,
}

/// Circumstances of a look, for what it tells.
struct Circumstances {
    observed_ms: i64,
    unobserved_since_ms: Option<i64>,
    made_by: Option<MadeBy>,
}

impl Keeper {
    /// Looks at one backend; false when the journal has ended.
    pub(super) async fn look(&mut self, at: usize, why: Why) -> bool {
        let backend = self.turns[at].backend;
        // Every run of ipset is a hint, listings too; the lock of iptables is
        // taken by those alone who write.
        let hinted = why != Why::Time && backend == Backend::Ipset;
        let before = (self.turns[at].told.clone(), self.turns[at].print);
        let began = clock::monotonic();
        let looked_ms = self.desk.now_ms();
        let mut circumstances = self.circumstances(at, why.clone(), looked_ms);
        let calls = self.turns[at].take_calls();
        let may_be_same = why == Why::Time && self.turns[at].print.is_some();
        let found = self.find(backend, may_be_same).await;
        let generation = if calls == Calls::default() { None } else { self.generation() };
        // Another transaction came meanwhile: nobody can tell whose change this is.
        circumstances.made_by = circumstances.made_by.filter(|_| calls.is_one(generation));
        let (went, going_on) = match found {
            Found::GaveWay => {
                self.lull.gave_way(clock::monotonic());
                self.turns[at].call(began, why);
                return true;
            }
            Found::Same => (Went::There, true),
            Found::Absent(problem) => (Went::Absent, self.absent(at, problem, circumstances).await),
            Found::Failed(problem) => (Went::Failed, self.failed(at, problem, circumstances).await),
            Found::Text(text) => (Went::There, self.read(at, text, circumstances).await),
        };
        let now = clock::monotonic();
        let turn = &mut self.turns[at];
        if went != Went::Failed {
            let missed = turn.missed(calls, generation, before != (turn.told.clone(), turn.print));
            turn.seen_ms = Some(looked_ms);
            turn.was_seen = true;
            if let Some(missed) = missed
                && !self.tell_missed(backend, missed).await
            {
                return false;
            }
        }
        let turn = &mut self.turns[at];
        if hinted && before == (turn.told.clone(), turn.print) {
            turn.was_idle(now, self.desk.spec().poll);
        }
        turn.rest(went, now, now - began, self.desk.spec().poll);
        going_on
    }
}

impl Keeper {
    fn circumstances(&self, at: usize, why: Why, looked_ms: i64) -> Circumstances {
        let turn = &self.turns[at];
        match why {
            Why::Hint(observed_ms, made_by) if turn.was_seen => {
                Circumstances { observed_ms, unobserved_since_ms: None, made_by }
            }
            // What is seen first has happened at any time before.
            Why::Hint(..) | Why::Time => {
                Circumstances { observed_ms: looked_ms, unobserved_since_ms: turn.seen_ms, made_by: None }
            }
        }
    }

    /// The generation of nftables now; none if it cannot be had.
    fn generation(&self) -> Option<u32> {
        Asker::open(self.desk.place()).and_then(|asker| asker.generation()).ok()
    }

    /// False when the journal has ended.
    async fn tell_missed(&self, backend: Backend, missed: Missed) -> bool {
        let (source, transactions) = (self.desk.name_of(backend), missed.transactions);
        let reason = format!("{source}: {transactions} transactions were seen as one: states in between are missing");
        self.desk.gap(missed.from_ms, missed.to_ms, reason).await
    }

    async fn find(&mut self, backend: Backend, may_be_same: bool) -> Found {
        match loaded::is_loaded(backend, self.desk.place()) {
            Ok(true) => {}
            Ok(false) => return Found::Absent(None),
            Err(LoadedError::Namespace(error)) if error.is_missing() => return gone(&error),
            Err(error) => return Found::Failed(error.problem()),
        }
        let printed = match self.print(backend, may_be_same).await {
            Listing::Printed(printed) => printed,
            Listing::GaveWay => return Found::GaveWay,
            Listing::Same => return Found::Same,
        };
        match printed {
            Ok(text) if reading::is_empty(&text) => Found::Absent(None),
            Ok(text) => Found::Text(text),
            Err(ToolError::Namespace(error)) if error.is_missing() => gone(&error),
            Err(ToolError::Missing { .. }) if self.is_unneeded(backend) => Found::Absent(None),
            Err(error) => Found::Failed(error.problem()),
        }
    }

    async fn print(&mut self, backend: Backend, may_be_same: bool) -> Listing {
        let program = match Program::find(&self.tools, backend).await {
            Ok(program) => program,
            Err(error) => return Listing::Printed(Err(error)),
        };
        if backend == Backend::Ipset {
            return self.list_sets(&program, may_be_same).await;
        }
        Listing::Printed(program.save(self.desk.place()).await)
    }

    /// Nobody has seen anything that the program would be needed for. That a
    /// module is there says little: kernels have them built in.
    fn is_unneeded(&self, backend: Backend) -> bool {
        let is_used = match backend {
            Backend::Ipset => self.names_sets,
            backend if is_quiet(backend) => true,
            _ => self.commits.borrow().of(backend).is_some_and(|commits| commits.number > 0),
        };
        !is_used && !self.desk.is_known(backend)
    }

    async fn absent(&mut self, at: usize, problem: Option<Problem>, circumstances: Circumstances) -> bool {
        let turn = &mut self.turns[at];
        turn.print = None;
        let told = Told::Absent(problem.clone());
        // What nobody knows and is not there has no source.
        if turn.told == told || !self.desk.is_known(turn.backend) {
            return true;
        }
        turn.told = told;
        // What is not loaded holds nothing; of what is gone nobody can say it.
        let (sight, meanings) = match problem {
            Some(_) => (self.desk.absent(), Meant::new()),
            None => (self.desk.whole(&[]), self.desk.meant_by(turn.backend, &[], !turn.was_seen)),
        };
        self.hand_on(at, sight, problem.into_iter().collect(), circumstances, meanings).await
    }

    /// Told once for each reason, however often it is tried.
    async fn failed(&mut self, at: usize, problem: Problem, circumstances: Circumstances) -> bool {
        let turn = &mut self.turns[at];
        turn.print = None;
        let told = Told::Failed(problem.clone());
        if turn.told == told {
            return true;
        }
        turn.told = told;
        let name = self.desk.name_of(turn.backend);
        tracing::warn!(source = %name, reason = %problem.reason, "a backend of the firewall cannot be read");
        let sight = Sight::Unreadable { metadata: Vec::new() };
        self.hand_on(at, sight, vec![problem], circumstances, Meant::new()).await
    }

    async fn read(&mut self, at: usize, text: Vec<u8>, circumstances: Circumstances) -> bool {
        let backend = self.turns[at].backend;
        let print = reading::print_of(&text);
        if self.turns[at].print == Some(print) {
            return true;
        }
        let desk = Arc::clone(&self.desk);
        // 20,000 rules take longer than a task may keep others waiting.
        let parsed = tokio::task::spawn_blocking(move || {
            let saved = reading::read(backend, &text);
            (desk.observation(&saved.settings), saved)
        });
        let (seen, saved) = match parsed.await {
            Ok(parsed) => parsed,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let Some(observation) = self.with_hidden(at, seen, &saved.hidden) else {
            self.turns[at].call(clock::monotonic() + JOURNAL_BEHIND, Why::Time);
            return true;
        };
        self.turns[at].print = Some(print);
        let told = Told::Whole(observation.root(), saved.problems.clone());
        if self.turns[at].told == told {
            return true;
        }
        self.turns[at].told = told;
        if saved.names_sets {
            self.names_sets = true;
            self.call(|backend| backend == Backend::Ipset, &Why::Hint(circumstances.observed_ms, None));
        }
        let (desk, first) = (Arc::clone(&self.desk), !self.turns[at].was_seen);
        let settings = saved.settings;
        let meant = tokio::task::spawn_blocking(move || desk.meant_by(backend, &settings, first)).await;
        let meanings = meant.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let sight = Sight::Whole { observation, content: None, unreadable: Vec::new() };
        self.hand_on(at, sight, saved.problems, circumstances, meanings).await
    }

    /// Rules of tables that are there and were not printed stay as they were
    /// last known. None while the journal does not know what was told last.
    fn with_hidden(&self, at: usize, seen: Observation, hidden: &[String]) -> Option<Observation> {
        if hidden.is_empty() {
            return Some(seen);
        }
        let turn = &self.turns[at];
        let known = self.desk.known(turn.backend);
        if let (Told::Whole(root, _), Some(known)) = (&turn.told, &known)
            && known.root() != *root
        {
            return None;
        }
        let is_hidden = |key: &ItemKey| hidden.iter().any(|table| is_of_table(key, table));
        let known = known.map(Observation::into_items).unwrap_or_default();
        let kept = known.into_iter().filter(|item| is_hidden(&item.key));
        Some(Observation::new(kept.chain(seen.into_items()).collect()))
    }

    async fn hand_on(
        &self,
        at: usize,
        sight: Sight,
        problems: Vec<Problem>,
        circumstances: Circumstances,
        meanings: Meant,
    ) -> bool {
        let turn = &self.turns[at];
        let Circumstances { observed_ms, unobserved_since_ms, made_by } = circumstances;
        let seen = Seen { sight, problems, observed_ms, unobserved_since_ms, made_by, meanings };
        self.desk.hand_on(turn.backend, seen, !turn.was_seen).await
    }
}

fn gone(error: &NamespaceError) -> Found {
    Found::Absent(Some(Problem::whole(ProblemKind::Missing, error.to_string())))
}

/// Whether a key is about a table: `filter table`, `filter/INPUT policy`, its
/// rules and their order.
fn is_of_table(key: &ItemKey, table: &str) -> bool {
    let of = key.ordered_list().unwrap_or(key.as_str());
    of.strip_prefix(table).is_some_and(|rest| rest.starts_with(['/', ' ']))
}

#[cfg(test)]
mod tests;
