//! How sets of ipset are read: in full where one may have changed, and by their
//! headers alone where nobody has run `ipset`, so that a poll holds no set.
//!
//! It decides nothing about when; a header that is as it was is taken to say
//! that the set is, until everything is compared.

use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::gettid;
use sha2::{Digest, Sha256};

use super::super::tools::ToolError;
use super::Keeper;
use super::own::OwnRun;
use super::program::Program;

/// The highest priority (nice(2)).
const FIRST: i32 = -20;

/// What became of reading them.
pub(super) enum Listing {
    /// Nothing has changed, as far as headers tell.
    Same,
    /// Somebody else wants to work on them.
    GaveWay,
    Printed(Result<Vec<u8>, ToolError>),
}

/// What is known of all sets.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// Stands for their headers: types, sizes, numbers of elements.
    headers: Option<[u8; 32]>,
    /// They are read in full next, whatever their headers say.
    pub(super) thorough: bool,
}

impl Keeper {
    /// Reads them; where `may_be_same`, in full only if a header has changed.
    pub(super) async fn list_sets(&mut self, program: &Program, may_be_same: bool) -> Listing {
        let before = self.sets.headers.take();
        // Before the listing, so that what changes in between is found next time.
        let Some(headers) = self.giving_way(program, true).await else { return Listing::GaveWay };
        if headers.as_ref().is_ok_and(|printed| printed.trim_ascii().is_empty()) {
            self.lull.listed();
            return Listing::Printed(headers);
        }
        let headers = headers.ok().map(|printed| Sha256::digest(printed).into());
        if may_be_same && !self.sets.thorough && headers.is_some() && headers == before {
            self.sets.headers = headers;
            return Listing::Same;
        }
        let Some(printed) = self.giving_way(program, false).await else { return Listing::GaveWay };
        if printed.is_ok() {
            self.sets = Sets { headers, thorough: false };
        }
        self.lull.listed();
        Listing::Printed(printed)
    }

    /// None if it gave way.
    async fn giving_way(&mut self, program: &Program, headers: bool) -> Option<Result<Vec<u8>, ToolError>> {
        let gives_way = self.lull.gives_way();
        let own = OwnRun::begin();
        let first = First::now();
        let place = self.desk.place();
        let listing = async { if headers { program.headers(place).await } else { program.save(place).await } };
        let printed = tokio::select! {
            biased;
            () = self.ear.other_begins(), if gives_way => None,
            printed = listing => Some(printed),
        };
        drop(first);
        self.ear.pass_over(&own);
        printed
    }
}

/// As long as it is held, this thread and what it starts come before others, as
/// far as that is allowed: nobody can destroy a set that is being listed, so
/// that on a busy host the listing, and giving it up, must not wait their turn.
struct First {
    thread: Pid,
    before: i32,
}

impl First {
    fn now() -> Option<Self> {
        let thread = gettid();
        let before = getpriority_process(Some(thread)).ok()?;
        setpriority_process(Some(thread), FIRST).ok()?;
        Some(Self { thread, before })
    }
}

impl Drop for First {
    fn drop(&mut self) {
        _ = setpriority_process(Some(self.thread), self.before);
    }
}

#[cfg(test)]
mod tests;
