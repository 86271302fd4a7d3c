//! A made-up source of a simulated agent: its items, and records that follow
//! each other as the wire demands.
//!
//! Digests are numbers in disguise; roots are real, because the collector
//! checks them.

use driftline_canon::{Digest, ItemKey, Root};
use driftline_daemon::clock;
use driftline_wire::v1;
use driftline_wire::v1::record::Body;

/// Items with their digests, and where the sequence is.
#[derive(Debug, Clone)]
pub(crate) struct MadeUp {
    name: String,
    items: Vec<(ItemKey, Digest)>,
    root: Root,
    seq: u64,
    turn: u64,
}

impl MadeUp {
    /// A source of so many items; `seed` makes their first values.
    pub(crate) fn new(name: &str, items: usize, seed: u64) -> Self {
        let key = |at: usize| ItemKey::from_bytes(format!("SETTING_{at:06}").as_bytes());
        let items: Vec<_> = (0..items).map(|at| (key(at), digest(seed, at))).collect();
        let root = root_of(&items);
        Self { name: name.to_owned(), items, root, seq: 0, turn: seed }
    }

    /// The sequence number of the last record.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// What the collector is told before the first record.
    pub(crate) fn start(&self) -> v1::SourceRoot {
        v1::SourceRoot { source: Some(self.source()), root: Root::empty().0.to_vec(), pending: true }
    }

    /// The same once it has this state.
    pub(crate) fn now(&self) -> v1::SourceRoot {
        v1::SourceRoot { source: Some(self.source()), root: self.root.0.to_vec(), pending: false }
    }

    /// The root of an agent that has only this source.
    pub(crate) fn sources_root(&self) -> Root {
        Root::of_sources([(self.name.as_str(), &self.root)])
    }

    /// The first record: all of it.
    pub(crate) fn snapshot(&mut self) -> v1::Record {
        let items = self.items.iter().map(|(key, digest)| item(key, *digest, self.turn)).collect();
        let reason = v1::SnapshotReason::First.into();
        self.record(Body::Snapshot(v1::Snapshot { reason, root: self.root.0.to_vec(), items }))
    }

    /// A record in which the first `count` items change.
    pub(crate) fn delta(&mut self, count: usize) -> v1::Record {
        self.turn += 1;
        let before = self.root;
        let mut changes = Vec::with_capacity(count);
        for (at, (key, old)) in self.items.iter_mut().enumerate().take(count) {
            let new = digest(self.turn, at);
            let before = old.0.to_vec();
            let after = Some(item(key, new, self.turn));
            changes.push(v1::ItemChange { key: key.to_string(), before, after, meaning: None });
            *old = new;
        }
        self.root = root_of(&self.items);
        self.record(Body::Delta(v1::Delta { before: before.0.to_vec(), after: self.root.0.to_vec(), changes }))
    }

    fn record(&mut self, body: Body) -> v1::Record {
        self.seq += 1;
        v1::Record {
            seq: self.seq,
            source: Some(self.source()),
            observed_ms: clock::now_ms(),
            body: Some(body),
            ..v1::Record::default()
        }
    }

    fn source(&self) -> v1::Source {
        v1::Source { name: self.name.clone(), kind: "env_file".to_owned(), path: format!("/etc/{}.env", self.name) }
    }
}

fn root_of(items: &[(ItemKey, Digest)]) -> Root {
    Root::of(items.iter().map(|(key, digest)| (key, digest)))
}

fn digest(turn: u64, at: usize) -> Digest {
    let mut bytes = [0x5a; 32];
    bytes[..8].copy_from_slice(&turn.to_be_bytes());
    bytes[8..16].copy_from_slice(&(at as u64).to_be_bytes());
    Digest(bytes)
}

fn item(key: &ItemKey, digest: Digest, turn: u64) -> v1::Item {
    let display = Some(format!("value {turn} of usual length"));
    v1::Item { key: key.to_string(), digest: digest.0.to_vec(), secret: false, display, line: 1, file: String::new() }
}

#[cfg(test)]
mod tests;
