//! One stream to a collector, from Hello to its end.
//!
//! Records are sent in order, within the collector's window, and stay in the
//! journal until they are acknowledged. The session never waits for room to
//! send without also listening.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::{CANONICAL_FORM, Problem, Root, SourceName};
use driftline_wire::convert::{
    CollectorMessage, Coverage, Epoch, Heartbeat, Hello, Instance, Refusal, Welcome, decode_collector_frame,
    encode_agent, encode_some_source_roots,
};
use driftline_wire::limits::{HANDSHAKE, SOURCE_ROOTS_PER_FRAME_MAX, WINDOW_RECORDS};
use driftline_wire::v1::{AgentFrame, CollectorFrame};
use driftline_wire::version::Agreed;
use driftline_wire::{AgentMessage, PROTOCOL, WireError, service, version};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::plan::{Resume, resume};
use super::{Shipping, records};
use crate::facts;
use crate::journal::{Body, Entry, Progress, Request, StoreError};

/// Frames on their way into the connection.
const FRAMES: usize = 16;

/// Bytes of records that are read from the journal at once.
const READ_BYTES_MAX: usize = 64 * 1024;

/// How long the collector may take over each frame of the beginning: it may be
/// asking for the state of thousands of agents at once.
const OPENING: Duration = Duration::from_secs(60);

/// How long a record may stay unacknowledged. Longer than any group commit, and
/// than the collector takes to notice a full disk.
const ACKNOWLEDGEMENT: Duration = Duration::from_secs(60);

/// How long a stopping agent waits for its last acknowledgements.
const GRACE: Duration = Duration::from_secs(5);

/// How long the last word, and then the end of the stream, may take: together
/// with [`GRACE`] well below what the whole agent has.
const FAREWELL: Duration = Duration::from_secs(1);

/// How a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The agent stops, and said so.
    Stopped,
    /// The collector sent it away.
    Refused(Refusal),
    /// Anew at once: the journal has begun another epoch, sources appeared, or
    /// the certificate is to be renewed.
    Again,
    /// The connection is gone, or makes no sense.
    Lost(String),
}

impl From<WireError> for Ended {
    fn from(error: WireError) -> Self {
        Self::Lost(error.what)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Lost(crate::journal::chain(&error))
    }
}

impl From<tonic::Status> for Ended {
    fn from(status: tonic::Status) -> Self {
        WireError::from(status).into()
    }
}

enum Event {
    Frame(CollectorMessage),
    Sent,
    Progress,
    Stop,
    Timer,
}

/// A stream that is open.
pub(super) struct Session<'a> {
    ship: &'a mut Shipping,
    outgoing: mpsc::Sender<AgentFrame>,
    incoming: tonic::Streaming<CollectorFrame>,
    outbox: VecDeque<AgentFrame>,
    epoch: [u8; 16],
    welcome: Welcome,
    agreed: Agreed,
    /// The newest record when the roots were told.
    listed: u64,
    sent: u64,
    acked: u64,
    acked_at: Instant,
    root: Option<(u64, u64, Root)>,
    /// What was told of the host last.
    covered: Option<Arc<Coverage>>,
    /// Before then the certificate is not renewed.
    renewal: Option<Instant>,
}

/// Opens a stream and follows it to its end. An agent that stops waits for no
/// collector that is slow to begin.
pub(super) async fn run(ship: &mut Shipping, channel: Channel, renewal: Option<Instant>) -> Ended {
    let stop = ship.stop.clone();
    match stop.run_until_cancelled(open(ship, channel, renewal)).await {
        None => Ended::Stopped,
        Some(Ok(mut session)) => match session.follow().await {
            Ok(()) => Ended::Stopped,
            Err(ended) => ended,
        },
        Some(Err(ended)) => ended,
    }
}

async fn open(ship: &mut Shipping, channel: Channel, renewal: Option<Instant>) -> Result<Session<'_>, Ended> {
    let meta = ship.progress.borrow_and_update().meta.clone();
    let (outgoing, frames) = mpsc::channel(FRAMES);
    let announced = announced(ship, meta.first_seq)?;
    push(&outgoing, encode_agent(&AgentMessage::Hello(hello(ship, meta.epoch, announced)))?).await?;
    let mut client = service::ingest_client(channel);
    let answer = timeout(HANDSHAKE, client.sync(ReceiverStream::new(frames))).await;
    let mut incoming = answer.map_err(|_| Ended::Lost("no answer to Hello in time".to_owned()))??.into_inner();
    let CollectorMessage::Welcome(welcome) = next(&mut incoming).await? else {
        return Err(Ended::Lost("the collector did not begin with Welcome".to_owned()));
    };
    let agreed = version::compatible(PROTOCOL, welcome.protocol).map_err(|error| Ended::Lost(error.to_string()))?;
    if agreed.0 < PROTOCOL {
        tracing::warn!(collector = %welcome.protocol, "the collector is older: it knows fewer kinds of sources, and nobody who changed them");
    }
    ship.welcomed(&welcome);
    let acked = match resume(&meta, welcome.acked_seq) {
        Resume::After(acked) => acked,
        Resume::NewEpoch(reason) => return Err(new_epoch(ship, meta.epoch, reason).await),
    };
    let mut session = Session {
        outgoing,
        incoming,
        outbox: VecDeque::new(),
        epoch: meta.epoch,
        welcome,
        agreed,
        listed: acked,
        sent: acked,
        acked,
        acked_at: Instant::now(),
        root: None,
        covered: None,
        renewal,
        ship,
    };
    session.tell_acked();
    session.tell_roots(announced).await?;
    session.wait_until_ready().await?;
    Ok(session)
}

/// The numbers do not fit: the journal begins a new epoch, and so does the
/// stream.
async fn new_epoch(ship: &mut Shipping, epoch: [u8; 16], reason: String) -> Ended {
    tracing::warn!(%reason, "beginning a new epoch");
    if ship.requests.send(Request::BeginEpoch { reason }).await.is_err() {
        return Ended::Lost("the journal has ended".to_owned());
    }
    let begun = timeout(OPENING, ship.progress.wait_for(|progress| progress.meta.epoch != epoch)).await;
    match begun {
        Ok(Ok(_)) => Ended::Again,
        _ => Ended::Lost("the journal did not begin a new epoch in time".to_owned()),
    }
}

fn announced(ship: &Shipping, from: u64) -> Result<u32, StoreError> {
    let mut count: u32 = 0;
    ship.reader.next_roots(from, u64::MAX, |_| count = count.saturating_add(1))?;
    Ok(count)
}

fn hello(ship: &Shipping, epoch: [u8; 16], sources: u32) -> Hello {
    Hello {
        protocol: PROTOCOL,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        canonical_form: CANONICAL_FORM,
        epoch: Epoch(epoch),
        instance: Instance(ship.instance),
        boot_id: facts::boot_id(),
        fleet_key_epoch: ship.identity.fleet_key.epoch(),
        sent_ms: ship.clock.now_ms(),
        facts: facts::host(),
        sources,
    }
}

async fn next(incoming: &mut tonic::Streaming<CollectorFrame>) -> Result<CollectorMessage, Ended> {
    let frame = timeout(OPENING, incoming.message()).await;
    message(frame.map_err(|_| Ended::Lost("the collector fell silent".to_owned()))?)
}

/// The message of a frame; a refusal and the end of the stream end the session.
fn message(frame: Result<Option<CollectorFrame>, tonic::Status>) -> Result<CollectorMessage, Ended> {
    let frame = frame?.ok_or_else(|| Ended::Lost("the collector ended the stream".to_owned()))?;
    match decode_collector_frame(frame)? {
        CollectorMessage::Refusal(refusal) => Err(Ended::Refused(refusal)),
        message => Ok(message),
    }
}

async fn push(outgoing: &mpsc::Sender<AgentFrame>, frame: AgentFrame) -> Result<(), Ended> {
    let pushed = timeout(OPENING, outgoing.send(frame)).await;
    match pushed {
        Ok(Ok(())) => Ok(()),
        _ => Err(Ended::Lost("the collector takes no more frames".to_owned())),
    }
}

impl Session<'_> {
    async fn tell_roots(&mut self, announced: u32) -> Result<(), Ended> {
        let Some(mut roots) = self.ship.reader.roots(self.sent + 1, u64::MAX)? else {
            return Err(Ended::Lost("the journal is being opened again".to_owned()));
        };
        self.listed = roots.last();
        let (mut told, mut waiting, mut more) = (0, Vec::new(), true);
        let agreed = self.agreed;
        while more {
            more = roots.next(SOURCE_ROOTS_PER_FRAME_MAX, &mut |next| waiting.push(records::root(next, agreed)))?;
            while waiting.len() >= SOURCE_ROOTS_PER_FRAME_MAX || !more {
                let rest = waiting.split_off(waiting.len().min(SOURCE_ROOTS_PER_FRAME_MAX));
                told += waiting.len();
                if u32::try_from(told).is_ok_and(|told| told > announced) {
                    // Sources appeared since Hello. The next Hello counts them.
                    return Err(Ended::Again);
                }
                let last = !more && rest.is_empty();
                push(&self.outgoing, encode_some_source_roots(&waiting, last)?).await?;
                waiting = rest;
                if last {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn wait_until_ready(&mut self) -> Result<(), Ended> {
        let mut asked: Vec<SourceName> = Vec::new();
        loop {
            match next(&mut self.incoming).await? {
                CollectorMessage::SendAll { source, reason } => {
                    tracing::info!(%source, %reason, "the collector asks for all of a source");
                    asked.push(source);
                }
                CollectorMessage::Ready => break,
                CollectorMessage::Ack { .. } => {}
                _ => return Err(Ended::Lost("the collector did not go on with Ready".to_owned())),
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let sent = self.ship.requests.send(Request::SendAll(asked)).await;
        sent.map_err(|_| Ended::Lost("the journal has ended".to_owned()))
    }

    async fn follow(&mut self) -> Result<(), Ended> {
        self.ship.connected();
        let beat = Duration::from_millis(u64::from(self.welcome.heartbeat_ms));
        let mut next_beat = Instant::now();
        let mut farewell: Option<Instant> = None;
        loop {
            self.read()?;
            if let Some(until) = farewell
                && self.may_leave(until)
            {
                return self.leave().await;
            }
            let deadline = farewell.unwrap_or(next_beat).min(next_beat);
            match self.next_event(deadline, farewell.is_none()).await? {
                Event::Frame(frame) => self.take(frame)?,
                Event::Stop => farewell = Some(Instant::now() + GRACE),
                Event::Sent | Event::Progress => {}
                Event::Timer => {
                    if Instant::now() >= next_beat {
                        if farewell.is_none() && self.ship.renewal_due(self.renewal) {
                            return Err(Ended::Again);
                        }
                        next_beat = Instant::now() + beat;
                        self.beat()?;
                    }
                }
            }
        }
    }

    /// Sends and listens at once, so that neither side can block the other.
    async fn next_event(&mut self, deadline: Instant, may_stop: bool) -> Result<Event, Ended> {
        tokio::select! {
            frame = self.incoming.message() => message(frame).map(Event::Frame),
            permit = self.outgoing.reserve(), if !self.outbox.is_empty() => {
                let permit = permit.map_err(|_| Ended::Lost("the connection has ended".to_owned()))?;
                if let Some(frame) = self.outbox.pop_front() {
                    permit.send(frame);
                }
                Ok(Event::Sent)
            }
            changed = self.ship.progress.changed() => match changed {
                Ok(()) => Ok(Event::Progress),
                Err(_) => Err(Ended::Stopped),
            },
            () = self.ship.stop.cancelled(), if may_stop => Ok(Event::Stop),
            () = tokio::time::sleep_until(deadline) => Ok(Event::Timer),
        }
    }

    fn may_leave(&self, until: Instant) -> bool {
        let progress = self.ship.progress.borrow();
        let all = progress.finished && self.acked + 1 >= progress.meta.next_seq && self.outbox.is_empty();
        all || Instant::now() >= until
    }

    async fn leave(&mut self) -> Result<(), Ended> {
        if self.ship.reloading.is_cancelled() {
            return Ok(());
        }
        let goodbye = AgentMessage::Goodbye { reason: "the agent was stopped".to_owned() };
        // A collector that takes no more frames does not hold the agent.
        let said = timeout(FAREWELL, self.outgoing.send(encode_agent(&goodbye)?)).await;
        said.map_err(|_| Ended::Stopped)?.map_err(|_| Ended::Stopped)?;
        // The collector ends the stream when it has read the word.
        _ = timeout(FAREWELL, self.incoming.message()).await;
        Ok(())
    }

    fn take(&mut self, message: CollectorMessage) -> Result<(), Ended> {
        match message {
            CollectorMessage::Ack { seq } if seq > self.sent => {
                Err(Ended::Lost(format!("the collector acknowledges record {seq}, {} was sent", self.sent)))
            }
            CollectorMessage::Ack { seq } => {
                self.acked = self.acked.max(seq);
                self.acked_at = Instant::now();
                self.tell_acked();
                self.ship.acked(self.acked);
                Ok(())
            }
            CollectorMessage::SendAll { source, reason } => {
                tracing::info!(%source, %reason, "the collector asks for all of a source");
                let sent = self.ship.requests.try_send(Request::SendAll(vec![source]));
                // A lost request shows as another root in the next heartbeat.
                sent.map_err(|_| Ended::Lost("the journal is too busy to send all of a source".to_owned()))
            }
            CollectorMessage::Welcome(_) | CollectorMessage::Ready => {
                Err(Ended::Lost("this frame belongs to the beginning of a stream".to_owned()))
            }
            // `message` has turned it into the end of the session.
            CollectorMessage::Refusal(refusal) => Err(Ended::Refused(refusal)),
        }
    }

    /// If the journal is too busy to hear of it, the next one says it as well.
    fn tell_acked(&self) {
        _ = self.ship.requests.try_send(Request::Acked { epoch: self.epoch, seq: self.acked });
    }

    /// Reads records that may be sent into the outbox.
    fn read(&mut self) -> Result<(), Ended> {
        let (epoch, last) = {
            let progress: &Progress = &self.ship.progress.borrow_and_update();
            (progress.meta.epoch, progress.meta.next_seq - 1)
        };
        if epoch != self.epoch {
            return Err(Ended::Again);
        }
        if !self.outbox.is_empty() {
            return Ok(());
        }
        let window = u64::from(self.welcome.window_records.min(WINDOW_RECORDS));
        let to = last.min(self.acked + window);
        if self.sent >= to {
            return Ok(());
        }
        if self.sent == self.acked {
            self.acked_at = Instant::now();
        }
        for (seq, entry) in self.ship.reader.records(self.sent + 1, to, READ_BYTES_MAX)? {
            if seq != self.sent + 1 {
                return Err(Ended::Again);
            }
            let open = self.instead_of_amendment(&entry)?;
            self.outbox.extend(records::frames(seq, entry, self.agreed, open));
            self.sent = seq;
        }
        Ok(())
    }

    /// What a collector gets that knows no amendments.
    fn instead_of_amendment(&self, entry: &Entry) -> Result<Vec<Problem>, StoreError> {
        match (&entry.body, &entry.source) {
            (Body::Amendment(_), Some(source)) if !self.agreed.names_actors() => {
                Ok(self.ship.reader.source(&source.name)?.map(|state| state.problems).unwrap_or_default())
            }
            _ => Ok(Vec::new()),
        }
    }

    fn beat(&mut self) -> Result<(), Ended> {
        if self.sent > self.acked && self.acked_at.elapsed() > ACKNOWLEDGEMENT {
            return Err(Ended::Lost("the collector acknowledges nothing".to_owned()));
        }
        if !self.outbox.is_empty() {
            // Frames are waiting: they are signs of life, and the roots as of
            // the last of them are not the collector's yet.
            return Ok(());
        }
        let progress = self.ship.progress.borrow().clone();
        let root = match self.root {
            Some((generation, sent, root)) if (generation, sent) == (progress.generation, self.sent) => root,
            _ => self.ship.reader.sources_root(self.sent + 1, self.listed.max(self.sent))?,
        };
        self.root = Some((progress.generation, self.sent, root));
        let busy = u32::try_from(self.ship.board.busy().len()).unwrap_or(u32::MAX);
        let beat = Heartbeat {
            sent_ms: self.ship.clock.now_ms(),
            seq: self.sent,
            sources_root: root,
            agent_resident_bytes: facts::resident_bytes(),
            journal_records: progress.meta.records(),
            journal_bytes: progress.meta.bytes,
            // A file that holds a worker is not read.
            degraded_sources: progress.degraded.saturating_add(busy),
            coverage: self.coverage(),
        };
        self.outbox.push_back(encode_agent(&AgentMessage::Heartbeat(beat))?);
        Ok(())
    }

    /// What is on the host and not watched, if it was not told on this stream.
    fn coverage(&mut self) -> Option<Coverage> {
        let now = self.ship.board.coverage().filter(|now| self.covered.as_ref() != Some(now))?;
        self.covered = Some(Arc::clone(&now));
        Some((*now).clone())
    }
}
