//! One process as it was seen: what `/proc` said of it at once, what audit said
//! with its records, and how the two are put together.
//!
//! It decides nothing about who made what. Command lines are masked before
//! they are kept; an environment is never read.

mod proc;

use driftline_canon::actor::{ActorText, Parent, User};
use driftline_canon::{Actor, Confidence, Evidence};

use crate::observe::owners::Names;

/// A process, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// The one of its threads that did it, where that is named apart.
    pub thread: Option<u32>,
    /// Its parent's.
    pub parent: Option<u32>,
    /// Who logged in; none: nobody did, or it is not known.
    pub login: Option<u32>,
    /// As whom it runs.
    pub user: Option<u32>,
    /// The audit session.
    pub session: Option<u32>,
    /// What it calls itself.
    pub name: Option<ActorText>,
    /// Its executable.
    pub executable: Option<ActorText>,
    /// Its command line, masked.
    pub command: Option<ActorText>,
    /// Those it descends from, nearest first.
    pub parents: Vec<Parent>,
    /// Its terminal.
    pub tty: Option<ActorText>,
    /// Its systemd unit.
    pub unit: Option<ActorText>,
    /// Its container.
    pub container: Option<ActorText>,
}

impl Process {
    /// Only its id is known.
    #[must_use]
    pub fn unseen(pid: u32) -> Self {
        Self { pid, ..Self::default() }
    }

    /// What `/proc` says now; none when it has ended and nobody can see it any
    /// more.
    #[must_use]
    pub fn look(pid: u32) -> Option<Self> {
        proc::look(pid)
    }

    /// A command line as the kernel keeps it, NULs between the arguments,
    /// masked.
    #[must_use]
    pub fn command_of(bytes: &[u8]) -> ActorText {
        proc::command(bytes)
    }

    /// The same of one that may be cut: how its last argument would have gone on
    /// nobody can say, so that all of it is masked. None if there is no other.
    #[must_use]
    pub fn command_of_cut(bytes: &[u8]) -> Option<ActorText> {
        proc::command_cut(bytes)
    }

    /// Whether both are views of one process, each named by its id or by that
    /// of a thread.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let ids = |one: &Self| [Some(one.pid), one.thread];
        ids(self).into_iter().flatten().any(|id| ids(other).contains(&Some(id)))
    }

    /// Whether it is known as whom it ran.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.user.is_some()
    }

    /// The same with what another view of it knows beside.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        fn fill<T: Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        fill(&mut self.thread, &other.thread);
        fill(&mut self.parent, &other.parent);
        fill(&mut self.login, &other.login);
        fill(&mut self.user, &other.user);
        fill(&mut self.session, &other.session);
        fill(&mut self.name, &other.name);
        fill(&mut self.executable, &other.executable);
        fill(&mut self.command, &other.command);
        fill(&mut self.tty, &other.tty);
        fill(&mut self.unit, &other.unit);
        fill(&mut self.container, &other.container);
        if self.parents.is_empty() {
            self.parents.clone_from(&other.parents);
        }
        self
    }

    /// The same with those it descends from, as far as they live.
    #[must_use]
    pub fn with_parents(self) -> Self {
        let parents = self.parent.map(proc::parents).unwrap_or_default();
        Self { parents, ..self }
    }

    /// The actor that it is.
    #[must_use]
    pub fn actor(&self, confidence: Confidence, mut evidence: Vec<Evidence>, names: &Names) -> Actor {
        evidence.sort_unstable();
        evidence.dedup();
        let user = |uid: u32| User { uid, name: names.known(uid).map(ActorText::new) };
        Actor {
            confidence,
            evidence,
            login: self.login.map(user),
            user: self.user.map(user),
            pid: Some(self.pid),
            name: self.name.clone(),
            executable: self.executable.clone(),
            command: self.command.clone(),
            parents: self.parents.clone(),
            session: self.session,
            tty: self.tty.clone(),
            unit: self.unit.clone(),
            container: self.container.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
