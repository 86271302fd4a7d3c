//! What sources of evidence tell the stage that attributes, and the way there.
//!
//! The way is bounded: what does not fit is lost, and that is counted. No
//! source ever waits for the stage.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use driftline_canon::Evidence;
use tokio::sync::{mpsc, watch};

use super::process::Process;
use super::standing::Standing;
use crate::observe::PacketFilter;

/// Batches of evidence on their way. The stage takes them at once; behind a
/// journal that cannot write it stands still, and 64 batches of 256 touches are
/// as much as the kernel's own queues hold.
pub const BATCHES_MAX: usize = 64;

/// What was touched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A file by its path.
    Path(PathBuf),
    /// A file by device and inode.
    Inode(u64, u64),
    /// A packet filter.
    Filter(PacketFilter),
}

/// Somebody touched something.
#[derive(Debug, Clone)]
pub struct Touch {
    /// When.
    pub at_ms: i64,
    /// What.
    pub keys: Vec<Key>,
    /// Who.
    pub by: Arc<Process>,
    /// Who says so.
    pub evidence: Evidence,
}

/// What is told.
#[derive(Debug)]
pub enum Tidings {
    /// Somebody touched something.
    Touches(Vec<Touch>),
    /// Everything that fanotify had when it was asked for this was told.
    Drained(u64),
}

/// What audit tells of the packet filters before nftables, of whose changes
/// the kernel tells nobody else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Legacy {
    /// Rises with each change, and where some may have been missed.
    pub changes: u64,
    /// Whether audit tells of all of them.
    pub live: bool,
}

/// The way to the stage.
#[derive(Debug, Clone)]
pub struct Telling {
    way: mpsc::Sender<Tidings>,
    standing: Standing,
    legacy: Arc<watch::Sender<Legacy>>,
    lost: Arc<AtomicU64>,
}

impl Telling {
    pub(super) fn new(standing: Standing, legacy: Arc<watch::Sender<Legacy>>) -> (Self, mpsc::Receiver<Tidings>) {
        let (way, end) = mpsc::channel(BATCHES_MAX);
        (Self { way, standing, legacy, lost: Arc::default() }, end)
    }

    /// Tells of touches.
    pub fn send(&self, touches: Vec<Touch>) {
        let (count, evidence) = (touches.len(), touches.first().map(|touch| touch.evidence));
        if self.way.try_send(Tidings::Touches(touches)).is_err()
            && let Some(evidence) = evidence
        {
            self.lost(evidence, u64::try_from(count).unwrap_or(u64::MAX));
        }
    }

    /// A packet filter before nftables was changed, or may have been.
    pub(super) fn legacy_changed(&self) {
        self.legacy.send_modify(|legacy| legacy.changes += 1);
    }

    /// Whether all their changes are told of from now on.
    pub(super) fn tells_legacy(&self, live: bool) {
        self.legacy.send_if_modified(|legacy| std::mem::replace(&mut legacy.live, live) != live);
    }

    /// Everything up to a request was told. Who waits does so for a while only.
    pub(super) fn drained(&self, request: u64) {
        _ = self.way.try_send(Tidings::Drained(request));
    }

    /// Says that evidence was lost.
    pub fn lost(&self, evidence: Evidence, count: u64) {
        if self.lost.fetch_add(count, Ordering::Relaxed) == 0 {
            tracing::warn!(
                source = evidence.as_str(),
                "evidence of who makes changes was lost: some stay without an actor"
            );
        }
        self.standing.lost(evidence, count);
    }
}

#[cfg(test)]
mod tests;
