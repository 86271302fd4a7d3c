//! What operators read: one entry of the history for each of them and minute.
//!
//! It knows who asked for what and how often, never what was answered. What an
//! operator does has its own entry where it is done.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::Method;
use driftline_canon::HostName;
use driftline_store::{EntryBody, EventKind};

use crate::event;

/// How often reads are told: a person is noticed soon, a script that asks all
/// day makes 1,440 entries.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(60);

/// Paths of one operator that are told one by one; the others are counted
/// together.
const PATHS_MAX: usize = 20;

/// What is told of a path that is no route.
const UNKNOWN: &str = "/api/v1/something unknown";

/// Questions that come by POST. A snapshot of files peppers digests: who asks
/// for many of them guesses.
const ASKED_WITH_A_BODY: [&str; 3] = ["snapshot", "policy/test", "compare"];

/// Bytes of a host's name that are told (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// Reads since the last time they were told.
#[derive(Debug, Default)]
pub(super) struct Reads(Mutex<BTreeMap<String, Read>>);

/// What one operator read.
#[derive(Debug, Default)]
struct Read {
    paths: BTreeMap<String, u64>,
    others: u64,
    total: u64,
}

impl Reads {
    /// Notes a request; only what reads the fleet counts, and what is asked with a
    /// body like a question. What is no route of
    /// ours could be a secret that was pasted into the wrong place.
    pub(super) fn note(&self, operator: &str, method: &Method, path: &str, is_route: bool) {
        let path = if is_route { path } else { UNKNOWN };
        let reads = |what: &&str| *method == Method::GET && *what != "whoami" || ASKED_WITH_A_BODY.contains(what);
        let Some(what) = path.strip_prefix("/api/v1/").filter(reads) else { return };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = all.entry(operator.to_owned()).or_default();
        read.total += 1;
        let what = told_of(what);
        if read.paths.len() >= PATHS_MAX && !read.paths.contains_key(&what) {
            read.others += 1;
        } else {
            *read.paths.entry(what).or_default() += 1;
        }
    }

    /// The entries that tell of them; begins anew.
    pub(super) fn take(&self, now_ms: i64) -> Vec<EntryBody> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let every_ms = i64::try_from(TOLD_EVERY.as_millis()).unwrap_or(i64::MAX);
        let told = |(operator, read): (String, Read)| {
            let entry = event::general(EventKind::Operator, read.message(&operator));
            event::between(entry, now_ms.saturating_sub(every_ms), now_ms)
        };
        all.into_iter().map(told).collect()
    }
}

/// What of a path is kept for ever: which list was read, and of which host.
/// Anything else could be a secret that was pasted into the wrong place.
fn told_of(path: &str) -> String {
    let mut parts = path.split('/');
    let list = parts.next().unwrap_or_default();
    let host = parts.next().filter(|_| list == "hosts").and_then(|name| HostName::new(name).ok());
    match host.filter(|host| host.as_str().len() <= HOST_BYTES_MAX) {
        Some(host) => format!("{list}/{host}"),
        None => list.to_owned(),
    }
}

impl Read {
    fn message(&self, operator: &str) -> String {
        let times = |(what, times): (&String, &u64)| match times {
            1 => what.clone(),
            times => format!("{what} ({times} times)"),
        };
        let mut said: Vec<String> = self.paths.iter().map(times).collect();
        if self.others > 0 {
            said.push(format!("{} others", self.others));
        }
        format!("{operator} read {}", said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(reads: &Reads) -> Vec<String> {
        let message = |entry: EntryBody| match entry {
            EntryBody::Event(event) => event.message,
            other => panic!("{other:?}"),
        };
        reads.take(60_000).into_iter().map(message).collect()
    }

    #[test]
    fn one_entry_tells_of_a_minute_of_one_operator() {
        let reads = Reads::default();
        for path in ["changes", "hosts/web-1", "changes", "whoami"] {
            reads.note("ada", &Method::GET, &format!("/api/v1/{path}"), true);
        }
        reads.note("bob", &Method::GET, "/api/v1/status", true);
        reads.note("bob", &Method::POST, "/api/v1/tokens", true);
        reads.note("cy", &Method::POST, "/api/v1/snapshot", true);
        reads.note("bob", &Method::GET, "/metrics", true);
        assert_eq!(
            messages(&reads),
            ["ada read changes (2 times), hosts/web-1", "bob read status", "cy read snapshot"]
        );
        assert_eq!(messages(&reads), Vec::<String>::new(), "told once");
    }

    #[test]
    fn what_was_pasted_into_a_path_is_not_kept() {
        let reads = Reads::default();
        reads.note("ada", &Method::GET, "/api/v1/history/DATABASE_URL=postgres%3A%2F%2Fu:hunter2@db", true);
        reads.note("ada", &Method::GET, "/api/v1/hunter", false);
        assert_eq!(messages(&reads), ["ada read history, something unknown"]);
    }

    #[test]
    fn many_paths_are_counted_together() {
        let reads = Reads::default();
        for number in 0..PATHS_MAX + 5 {
            reads.note("ada", &Method::GET, &format!("/api/v1/hosts/web-{number:03}"), true);
        }
        assert!(messages(&reads)[0].ends_with(", 5 others"));
    }
}
