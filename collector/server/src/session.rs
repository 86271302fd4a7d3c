//! One agent's stream, from its first frame to its last.
//!
//! The session admits frames and hands records to the writer; it decides
//! nothing about state. Who speaks is known from the certificate alone.

pub mod budget;

mod close;
mod lineage;
mod open;
mod roots;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use budget::Budgets;
use driftline_daemon::{Clock, clock};
use driftline_store::{EventKind, HostRecord};
use driftline_wire::convert::{
    AgentMessage, CollectorMessage, Heartbeat, RecordPart, Refusal, RefusalKind, decode_agent_frame, encode_collector,
};
use driftline_wire::limits::{HANDSHAKE, WINDOW_RECORDS};
use driftline_wire::v1::{AgentFrame, CollectorFrame};
use driftline_wire::{Peer, PeerIdentity, Record, RecordAssembler};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::admit::sequence::{self, Arrival};
use crate::apply::{self, Applied};
use crate::classify::KeyClasses;
use crate::event;
use crate::live::{Live, Order, Orders, SessionId};
use crate::metrics::Metrics;
use crate::pepper::Pepper;
use crate::record::{Draft, Recorder, Reply, Stopped};
pub use close::Ending;
use lineage::Lineage;
pub(crate) use open::fresh_host;
use roots::Roots;

/// Frames to an agent that wait to be sent. Acknowledgements are merged, so
/// few ever do.
pub const OUTGOING_FRAMES: usize = 8;

/// Records on their way, by twice: the agent learns of an acknowledgement a
/// little after this side forgot the record.
const WINDOW: usize = 2 * WINDOW_RECORDS as usize;

/// Between two heartbeats whose roots disagree, at least.
const DISAGREE_MS_MIN: i64 = 60_000;

/// How long a host over its budget is not read, before its budget is looked at
/// again.
const HELD_MAX: Duration = Duration::from_secs(1);

/// How long a stream that is told to end may take to hear why.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long a stopping collector waits for what a stream has on its way to the
/// disk.
const FLUSH: Duration = Duration::from_secs(5);

/// What every session shares.
pub struct SessionParts {
    /// The writer.
    pub recorder: Recorder,
    /// The pepper.
    pub pepper: Pepper,
    /// Who is connected.
    pub live: Arc<Live>,
    /// The collector's clock.
    pub clock: Clock,
    /// How long without a frame before an agent counts as silent.
    pub silence: Duration,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// What is known of keys already.
    pub classes: Arc<KeyClasses>,
    /// How much history each host may still make.
    pub budgets: Budgets,
}

/// Frames from an agent.
pub type Incoming = tonic::Streaming<AgentFrame>;

/// Frames to an agent.
pub type Outgoing = mpsc::Sender<Result<CollectorFrame, Status>>;

/// A stream whose agent was let in.
struct Session {
    parts: Arc<SessionParts>,
    id: SessionId,
    identity: PeerIdentity,
    incoming: Incoming,
    outgoing: Outgoing,
    orders: (Orders, mpsc::UnboundedReceiver<Order>),
    acked: (Arc<watch::Sender<u64>>, watch::Receiver<u64>),
    assembler: RecordAssembler,
    part_bytes: usize,
    roots: Roots,
    /// When a heartbeat last disagreed.
    disagreed_ms: Option<i64>,
    lineage: Lineage,
    /// Highest record handed to the writer.
    received: u64,
    /// Records handed to the writer and not acknowledged.
    unacknowledged: VecDeque<u64>,
}

/// Serves a stream to its end.
pub async fn serve(
    parts: Arc<SessionParts>,
    peer: Peer,
    incoming: Incoming,
    outgoing: Outgoing,
    stop: CancellationToken,
) {
    let Some((identity, serial)) = open::who(&peer) else { return };
    let acked = watch::channel(0);
    let mut session = Session {
        id: parts.live.new_session(),
        parts,
        identity,
        incoming,
        outgoing,
        orders: mpsc::unbounded_channel(),
        acked: (Arc::new(acked.0), acked.1),
        assembler: RecordAssembler::new(),
        part_bytes: 0,
        roots: Roots::default(),
        disagreed_ms: None,
        lineage: Lineage::default(),
        received: 0,
        unacknowledged: VecDeque::new(),
    };
    // On the heap for as long as they run: a stream that stands by, as most do
    // most of the time, holds no room for its beginning, its end and its next record.
    let ending = match Box::pin(session.open(serial)).await {
        Ok(()) => session.follow(&stop).await,
        Err(ending) => ending,
    };
    Box::pin(session.close(ending)).await;
}

impl Session {
    /// Records, acknowledgements and heartbeats until the stream ends.
    async fn follow(&mut self, stop: &CancellationToken) -> Ending {
        loop {
            let silence = self.parts.silence;
            let held = self.parts.budgets.wait(&self.identity.host, clock::monotonic());
            let outcome = tokio::select! {
                biased;
                order = self.orders.1.recv() => match order {
                    Some(Order::SendAll { source, reason }) => {
                        self.roots.await_all_of(source.clone());
                        self.send(&CollectorMessage::SendAll { source, reason }).await
                    }
                    Some(Order::Close(refusal)) => Err(Ending::Refused(refusal)),
                    None => Err(Ending::Stopping),
                },
                Ok(()) = self.acked.1.changed() => {
                    let seq = *self.acked.1.borrow_and_update();
                    self.send(&CollectorMessage::Ack { seq }).await
                }
                () = stop.cancelled() => Err(Box::pin(self.flush()).await),
                // A host that is held is not read, but its end is noticed.
                () = self.outgoing.closed() => Err(Ending::Lost),
                () = tokio::time::sleep(held.unwrap_or_default().min(HELD_MAX)), if held.is_some() => Ok(()),
                frame = tokio::time::timeout(silence, self.incoming.message()), if held.is_none() => match frame {
                    Err(_) => Err(Ending::Silent),
                    Ok(frame) => Box::pin(self.take(frame)).await,
                },
            };
            if let Err(ending) = outcome {
                return ending;
            }
        }
    }

    async fn take(&mut self, frame: Result<Option<AgentFrame>, Status>) -> Result<(), Ending> {
        let message = message(frame)?;
        let now_ms = self.parts.clock.now_ms();
        self.parts.live.note(&self.identity.host, self.id, |vitals| vitals.last_seen_ms = now_ms);
        match message {
            AgentMessage::RecordPart(part) => self.part(part).await,
            AgentMessage::Heartbeat(beat) => self.heartbeat(&beat, now_ms).await,
            AgentMessage::Goodbye { reason } => Err(Ending::Goodbye(reason)),
            AgentMessage::Hello(_) | AgentMessage::SourceRoots { .. } => {
                Err(protocol("this frame belongs to the beginning of a stream"))
            }
        }
    }

    async fn part(&mut self, part: RecordPart) -> Result<(), Ending> {
        self.part_bytes += part.wire_bytes();
        let record = self.assembler.push(part).map_err(|error| protocol(error.what))?;
        let Some(record) = record else { return Ok(()) };
        let bytes = std::mem::take(&mut self.part_bytes);
        self.unacknowledged.push_back(record.seq);
        let acked = *self.acked.1.borrow();
        while self.unacknowledged.front().is_some_and(|seq| *seq <= acked) {
            self.unacknowledged.pop_front();
        }
        if self.unacknowledged.len() > WINDOW {
            return Err(protocol("more records are on their way than the window allows"));
        }
        if self.roots.are_full_for(&record) {
            return Err(protocol("an agent has at most 200,000 sources"));
        }
        self.received = record.seq.max(self.received);
        self.roots.follow(&record);
        self.parts.metrics.record(&record);
        self.submit(record, bytes).await.map_err(|Stopped| Ending::Stopping)
    }

    async fn submit(&mut self, record: Record, bytes: usize) -> Result<(), Stopped> {
        let work = RecordWork {
            parts: Arc::clone(&self.parts),
            id: self.id,
            identity: self.identity.clone(),
            orders: self.orders.0.clone(),
            acked: Arc::clone(&self.acked.0),
            incomparable: self.lineage.incomparable(&record),
        };
        self.parts.recorder.submit(bytes, move |draft| work.apply(draft, record)).await
    }

    async fn heartbeat(&mut self, beat: &Heartbeat, now_ms: i64) -> Result<(), Ending> {
        let agrees = self.roots.agree(beat, self.received);
        self.parts.live.note(&self.identity.host, self.id, |vitals| {
            vitals.resident_bytes = beat.agent_resident_bytes;
            vitals.degraded_sources = beat.degraded_sources;
            if let Some(coverage) = &beat.coverage {
                vitals.coverage = Some(Arc::new(coverage.clone()));
            }
            if agrees == Some(true) {
                vitals.verified_ms = now_ms;
            }
        });
        if agrees == Some(false) {
            // Once is a fault that is mended; again so soon is a broken or
            // hostile agent, which must not fill the history with it.
            if self.disagreed_ms.is_some_and(|before| now_ms.saturating_sub(before) < DISAGREE_MS_MIN) {
                return Err(protocol("roots disagree again right after everything was sent"));
            }
            self.disagreed_ms = Some(now_ms);
            for source in self.mismatch().await? {
                let reason = "the heartbeat's root is not the collector's".to_owned();
                self.send(&CollectorMessage::SendAll { source, reason }).await?;
            }
        }
        Ok(())
    }

    async fn send(&self, message: &CollectorMessage) -> Result<(), Ending> {
        let sent = self.outgoing.send_timeout(Ok(encode_collector(message)), self.parts.silence).await;
        // Closed, or not read for so long that it is as good as closed.
        sent.map_err(|_| Ending::Lost)
    }

    /// Waits until what was received is on disk, and says so.
    async fn flush(&mut self) -> Ending {
        let received = self.received;
        let flushed = tokio::time::timeout(FLUSH, self.acked.1.wait_for(|acked| *acked >= received)).await;
        if let Ok(Ok(acked)) = flushed.map(|acked| acked.map(|acked| *acked)) {
            // The stream ends anyway; an agent that misses this sends again.
            _ = self.outgoing.send_timeout(Ok(encode_collector(&CollectorMessage::Ack { seq: acked })), FAREWELL).await;
        }
        Ending::Stopping
    }
}

/// A record on its way to the writer, with everything needed there.
struct RecordWork {
    parts: Arc<SessionParts>,
    id: SessionId,
    identity: PeerIdentity,
    orders: Orders,
    acked: Arc<watch::Sender<u64>>,
    incomparable: bool,
}

impl RecordWork {
    fn apply(self, draft: &mut Draft<'_>, record: Record) -> Result<Reply, driftline_store::StoreError> {
        let host = draft.take_host(&self.identity.host)?;
        let speaks = self.parts.live.is_current(&self.identity.host, self.id);
        let mut host = match host {
            Some(host) if speaks => host,
            other => {
                // Another stream or another agent speaks for the host now.
                other.into_iter().for_each(|host| draft.keep_host(host));
                return Ok(Box::new(|| {}));
            }
        };
        let (seq, charged) = (record.seq, draft.charged());
        let mut applied = Applied::Done;
        match sequence::arrival(host.applied_seq, seq) {
            Arrival::Duplicate => {}
            arrival => {
                if let Arrival::Gap { from, to } = arrival {
                    let message = format!("records {from} to {to} of {} never arrived", host.host);
                    draft.append(vec![event::of_host(&host, EventKind::SequenceGap, message)]);
                }
                host.applied_seq = seq;
                host.last_seen_ms = draft.now_ms;
                let classes = &self.parts.classes;
                let context = apply::Context { pepper: &self.parts.pepper, classes, incomparable: self.incomparable };
                applied = apply::record(draft, &host, record, context)?;
            }
        }
        charge(&self.parts.budgets, draft, &host, charged);
        let acked = host.applied_seq;
        draft.put_host(host);
        Ok(Box::new(move || {
            self.acked.send_if_modified(|last| std::mem::replace(last, acked) != acked);
            if let Applied::SendAll { source, reason } = applied {
                // An error says that the stream ended; it asks at the next one.
                _ = self.orders.send(Order::SendAll { source, reason });
            }
        }))
    }
}

/// Takes what a step cost off the host's budget; the entry that tells of a
/// flood is its last for a while.
fn charge(budgets: &Budgets, draft: &mut Draft<'_>, host: &HostRecord, charged: usize) {
    let made = draft.charged().saturating_sub(charged);
    if budgets.charge(&host.host, made, clock::monotonic()) {
        let message = format!(
            "{} made {} entries of the history and goes on: it is held back to {} a second, nothing is lost",
            host.host,
            budget::ENTRIES_BURST,
            budget::ENTRIES_PER_S
        );
        draft.append(vec![event::of_host(host, EventKind::HostFlooding, message)]);
    }
}

/// The message of a frame, or how the stream ended.
fn message(frame: Result<Option<AgentFrame>, Status>) -> Result<AgentMessage, Ending> {
    match frame {
        Ok(Some(frame)) => decode_agent_frame(frame).map_err(|error| protocol(error.what)),
        Ok(None) => Err(Ending::Lost),
        // A frame over the limit; everything else is the network.
        Err(status) if status.code() == tonic::Code::OutOfRange => Err(protocol("a frame is over the limit")),
        Err(_) => Err(Ending::Lost),
    }
}

/// The first message of a stream, which has to come soon.
async fn first(incoming: &mut Incoming) -> Result<AgentMessage, Ending> {
    match tokio::time::timeout(HANDSHAKE, incoming.message()).await {
        Ok(frame) => message(frame),
        Err(_) => Err(protocol("no first frame in time")),
    }
}

fn protocol(reason: impl Into<String>) -> Ending {
    Ending::Refused(Refusal { kind: RefusalKind::Protocol, reason: reason.into() })
}

#[cfg(test)]
mod tests;
