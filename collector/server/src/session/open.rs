//! The beginning of a stream: Hello, Welcome, roots, Ready.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftline_canon::{HostName, SourceName};
use driftline_daemon::clock;
use driftline_store::{EventKind, HostFacts, HostRecord, HostStatus, SourceRecord, StoreError};
use driftline_wire::convert::{AgentMessage, CollectorMessage, Hello, Refusal, RefusalKind, SourceRoot, Welcome};
use driftline_wire::limits::{HEARTBEAT, WINDOW_RECORDS};
use driftline_wire::{PROTOCOL, Peer, PeerIdentity, version};

use super::{Ending, Lineage, Session, first, message, protocol};
use crate::admit::identity::{self, Admission};
use crate::admit::instance::{self, Seen};
use crate::admit::sequence::{self, Resumption};
use crate::admit::skew::{self, News};
use crate::live::{Live, Orders, SessionId};
use crate::record::{Draft, Stopped};
use crate::{apply, event, hex};

/// Who a peer is and the serial of its certificate, from TLS alone.
pub(super) fn who(peer: &Peer) -> Option<(PeerIdentity, Vec<u8>)> {
    let serial = &peer.certificate.as_ref()?.serial;
    Some((peer.identity.clone()?, hex::decode_any(serial)?))
}

/// What the writer decided on a Hello.
struct Opened {
    acked: u64,
    incomparable: bool,
}

impl Session {
    pub(super) async fn open(&mut self, serial: Vec<u8>) -> Result<(), Ending> {
        let AgentMessage::Hello(hello) = first(&mut self.incoming).await? else {
            return Err(protocol("the first frame is not Hello"));
        };
        let agreed = version::compatible(PROTOCOL, hello.protocol);
        let agreed = agreed.map_err(|error| refused(RefusalKind::Version, error.to_string()))?;
        let announced = hello.sources;
        let opened = self.connect(hello, serial).await?;
        // After who it is was judged: a copy is told apart in any case.
        if self.parts.budgets.wait(&self.identity.host, clock::monotonic()).is_some() {
            let reason = "this host made more history than it may: try again later".to_owned();
            return Err(refused(RefusalKind::Busy, reason));
        }
        self.lineage = Lineage::new(opened.incomparable);
        self.received = opened.acked;
        self.acked.0.send_replace(opened.acked);
        self.acked.1.mark_unchanged();
        self.send(&CollectorMessage::Welcome(Welcome {
            protocol: agreed.0,
            collector_version: env!("CARGO_PKG_VERSION").to_owned(),
            sent_ms: self.parts.clock.now_ms(),
            acked_seq: opened.acked,
            heartbeat_ms: heartbeat_ms(self.parts.silence),
            window_records: WINDOW_RECORDS,
        }))
        .await?;
        let roots = self.read_roots(announced).await?;
        for source in self.compare(roots).await? {
            let reason = "the collector's state is another one".to_owned();
            self.send(&CollectorMessage::SendAll { source, reason }).await?;
        }
        self.send(&CollectorMessage::Ready).await
    }

    async fn connect(&self, hello: Hello, serial: Vec<u8>) -> Result<Opened, Ending> {
        let door = Door {
            parts: Arc::clone(&self.parts),
            live: Arc::clone(&self.parts.live),
            id: self.id,
            orders: self.orders.0.clone(),
            identity: self.identity.clone(),
            serial,
        };
        let decided = self.parts.recorder.decide(move |draft| door.connect(draft, hello)).await;
        match decided {
            Ok(decided) => decided.map_err(Ending::Refused),
            Err(Stopped) => Err(Ending::Stopping),
        }
    }

    async fn read_roots(&mut self, announced: u32) -> Result<Vec<SourceRoot>, Ending> {
        let mut all: Vec<SourceRoot> = Vec::new();
        loop {
            let frame = tokio::time::timeout(self.parts.silence, self.incoming.message()).await;
            let AgentMessage::SourceRoots { sources, last } = message(frame.map_err(|_| Ending::Silent)?)? else {
                return Err(protocol("roots belong here"));
            };
            let rises = match (all.last(), sources.first()) {
                (Some(before), Some(next)) => before.source.name < next.source.name,
                _ => true,
            };
            all.extend(sources);
            if !rises || u32::try_from(all.len()).unwrap_or(u32::MAX) > announced {
                return Err(protocol("roots are sorted by name, and no more than were announced"));
            }
            if last {
                return Ok(all);
            }
        }
    }

    /// Holds the agent's roots against the stored ones; gives the sources to
    /// ask for.
    async fn compare(&mut self, roots: Vec<SourceRoot>) -> Result<Vec<SourceName>, Ending> {
        self.roots.begin(&roots);
        let (host, parts) = (self.identity.host.clone(), Arc::clone(&self.parts));
        let decided = self.parts.recorder.decide(move |draft| compare(draft, &host, &roots, &parts)).await;
        let compared = decided.map_err(|Stopped| Ending::Stopping)?;
        compared.unequal.into_iter().for_each(|source| self.roots.await_all_of(source));
        if compared.verified {
            let now_ms = self.parts.clock.now_ms();
            self.parts.live.note(&self.identity.host, self.id, |vitals| vitals.verified_ms = now_ms);
        }
        Ok(compared.ask)
    }

    /// A heartbeat whose root is another one: everything is asked for.
    pub(super) async fn mismatch(&mut self) -> Result<Vec<SourceName>, Ending> {
        let host = self.identity.host.clone();
        let names: Vec<SourceName> = self.roots.names().cloned().collect();
        let noted = self.parts.recorder.decide(move |draft| {
            if let Some(host) = draft.host(&host)? {
                let message =
                    format!("{} and the collector disagree on its sources, all of them are asked for", host.host);
                draft.append(vec![event::of_host(&host, EventKind::RootMismatch, message)]);
            }
            Ok(())
        });
        noted.await.map_err(|Stopped| Ending::Stopping)?;
        names.iter().for_each(|source| self.roots.await_all_of(source.clone()));
        Ok(names)
    }
}

/// What holding roots against the store gave.
#[derive(Default)]
struct Compared {
    /// Sources to ask for.
    ask: Vec<SourceName>,
    /// Those, and sources whose first snapshot comes anyway.
    unequal: Vec<SourceName>,
    /// Whether every root is equal and nothing is on its way.
    verified: bool,
}

fn compare(
    draft: &mut Draft<'_>,
    name: &HostName,
    roots: &[SourceRoot],
    parts: &super::SessionParts,
) -> Result<Compared, StoreError> {
    let Some(mut host) = draft.host(name)? else { return Ok(Compared::default()) };
    let stored: BTreeMap<SourceName, SourceRecord> =
        draft.sources(name)?.into_iter().map(|source| (source.source.clone(), source)).collect();
    let empty = driftline_canon::Root::empty();
    let (mut ask, mut unequal, mut equal) = (Vec::new(), Vec::new(), true);
    for root in roots {
        let known = stored.get(&root.source.name);
        let peppered = parts.pepper.root(&root.root);
        let same = known.map_or(root.root == empty, |source| source.root == peppered && !source.retired);
        equal &= same && !root.pending;
        if !same {
            unequal.push(root.source.name.clone());
        }
        // A first snapshot is on its way: asking would only bring it twice.
        let comes_anyway = root.pending && root.root == empty;
        if !same && !comes_anyway {
            ask.push(root.source.name.clone());
            if let Some(source) = known {
                draft.put_source(SourceRecord { root: apply::ROOT_UNKNOWN, ..source.clone() });
            }
        }
    }
    if ask.iter().any(|name| stored.contains_key(name)) {
        draft.append(vec![event::of_host(&host, EventKind::RootMismatch, mismatch_message(&host, &ask))]);
    }
    let named: BTreeSet<&SourceName> = roots.iter().map(|root| &root.source.name).collect();
    for (_, source) in stored.into_iter().filter(|(name, _)| !named.contains(name)) {
        apply::retire(draft, &host, Some(source));
    }
    if equal {
        host.verified_ms = draft.now_ms;
        draft.put_host(host);
    }
    Ok(Compared { ask, unequal, verified: equal })
}

fn mismatch_message(host: &HostRecord, ask: &[SourceName]) -> String {
    const NAMED: usize = 3;
    let named: Vec<&str> = ask.iter().take(NAMED).map(SourceName::as_str).collect();
    let more = ask.len().saturating_sub(NAMED);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{} and the collector disagree on {}{tail}: asked for all of it", host.host, named.join(", "))
}

/// The first decision on a stream, made by the writer: it sees every record of
/// the stream before applied.
struct Door {
    parts: Arc<super::SessionParts>,
    live: Arc<Live>,
    id: SessionId,
    orders: Orders,
    identity: PeerIdentity,
    serial: Vec<u8>,
}

impl Door {
    fn connect(self, draft: &mut Draft<'_>, hello: Hello) -> Result<Result<Opened, Refusal>, StoreError> {
        let known = draft.host(&self.identity.host)?;
        let mut host = match identity::decide(known.as_ref(), &self.identity, &self.serial) {
            Admission::Revoked => return Ok(Err(refusal(RefusalKind::Revoked, "this certificate was revoked"))),
            Admission::Retired => {
                return Ok(Err(refusal(RefusalKind::Revoked, "a later certificate of this host took its place")));
            }
            Admission::Quarantined => return Ok(Err(refusal(RefusalKind::Quarantined, QUARANTINED))),
            Admission::Copied => {
                if let Some(host) = known {
                    self.quarantine(draft, host);
                }
                return Ok(Err(refusal(RefusalKind::Quarantined, QUARANTINED)));
            }
            Admission::Newer => self.newer(draft, known),
            Admission::Newest | Admission::Previous => match known {
                Some(host) => host,
                None => self.newer(draft, None),
            },
        };
        if host.serials.first() == Some(&self.serial) {
            host.serials.truncate(1);
        }
        if instance::decide(&host.instances, &hello.instance.0) == Seen::Clone {
            self.quarantine(draft, host);
            return Ok(Err(refusal(RefusalKind::Quarantined, QUARANTINED)));
        }
        let charged = draft.charged();
        let opened = self.admit(draft, &mut host, &hello);
        super::charge(&self.parts.budgets, draft, &host, charged);
        draft.put_host(host);
        let superseded =
            Refusal { kind: RefusalKind::Superseded, reason: "a newer connection of this agent took over".to_owned() };
        if let Some(before) = self.live.enter(&self.identity.host, self.id, self.orders, draft.now_ms) {
            // An error says that it ended by itself.
            _ = before.send(crate::live::Order::Close(superseded));
        }
        Ok(Ok(opened))
    }

    /// The store does not know this certificate, but its CA made it: the store
    /// was restored from before.
    fn newer(&self, draft: &mut Draft<'_>, known: Option<HostRecord>) -> HostRecord {
        let mut host = known.unwrap_or_else(|| fresh_host(&self.identity, draft.now_ms));
        host.environment = self.identity.environment.clone();
        host.role = self.identity.role.clone();
        host.agent = self.identity.agent.clone();
        host.serials = vec![self.serial.clone()];
        host.status = HostStatus::Never;
        let message = format!("{} has a newer certificate than the store knows: the store was restored", host.host);
        draft.append(vec![event::of_host(&host, EventKind::EpochChanged, message)]);
        host
    }

    fn quarantine(&self, draft: &mut Draft<'_>, mut host: HostRecord) {
        let message = format!("two agents use the identity of {}: both are refused until it enrols again", host.host);
        draft.append(vec![event::of_host(&host, EventKind::HostQuarantined, message)]);
        host.status = HostStatus::Quarantined;
        self.live.close(&host.host, refusal(RefusalKind::Quarantined, QUARANTINED));
        draft.put_host(host);
    }

    fn admit(&self, draft: &mut Draft<'_>, host: &mut HostRecord, hello: &Hello) -> Opened {
        let resumption = sequence::resumption(&host.epoch, host.applied_seq, &hello.epoch.0);
        let mut entries = Vec::new();
        if resumption == Resumption::Changed {
            let message = format!(
                "{} begins a new sequence: its journal was lost, or one side was restored from before",
                host.host
            );
            entries.push(event::of_host(host, EventKind::EpochChanged, message));
        }
        if resumption != (Resumption::Continues { acked: host.applied_seq }) {
            host.epoch = hello.epoch.0.to_vec();
            host.applied_seq = 0;
        }
        let measured = hello.sent_ms.saturating_sub(draft.now_ms);
        match skew::news(host.skew_ms, measured) {
            News::Nothing => {}
            News::Wrong => {
                let message = format!("the clock of {} is {}", host.host, skew::describe(measured));
                entries.push(event::of_host(host, EventKind::ClockSkew, message));
            }
            News::Right => {
                let message = format!("the clock of {} is right again", host.host);
                let entry = event::of_host(host, EventKind::ClockSkew, message);
                entries.push(event::with_severity(entry, driftline_compare::Severity::Info));
            }
        }
        let rekeyed = host.fleet_key_epoch != 0 && host.fleet_key_epoch != hello.fleet_key_epoch.0;
        let reformed = host.canonical_form != 0 && host.canonical_form != hello.canonical_form;
        let restarted = instance::decide(&host.instances, &hello.instance.0) == Seen::Fresh;
        if restarted || host.status != HostStatus::Connected {
            let message = format!("{} connected", host.host);
            entries.push(event::of_host(host, EventKind::HostConnected, message));
        }
        draft.append(entries);
        host.instances = instance::after(&host.instances, &hello.instance.0);
        host.status = HostStatus::Connected;
        host.last_seen_ms = draft.now_ms;
        host.skew_ms = measured;
        host.fleet_key_epoch = hello.fleet_key_epoch.0;
        host.canonical_form = hello.canonical_form;
        host.facts = facts(hello);
        Opened { acked: host.applied_seq, incomparable: rekeyed || reformed }
    }
}

const QUARANTINED: &str = "two live agents use this identity; enrol this host again";

fn facts(hello: &Hello) -> HostFacts {
    HostFacts {
        hostname: hello.facts.hostname.clone(),
        os: hello.facts.os.clone(),
        kernel: hello.facts.kernel.clone(),
        architecture: hello.facts.architecture.clone(),
        boot_id: hello.boot_id.clone(),
        agent_version: hello.agent_version.clone(),
        agent_resident_bytes: hello.facts.agent_resident_bytes,
    }
}

/// A host that is known by its certificate alone.
pub(crate) fn fresh_host(identity: &PeerIdentity, now_ms: i64) -> HostRecord {
    HostRecord {
        host: identity.host.clone(),
        environment: identity.environment.clone(),
        role: identity.role.clone(),
        agent: identity.agent.clone(),
        serials: Vec::new(),
        public_key_sha256: [0; 32],
        status: HostStatus::Never,
        epoch: Vec::new(),
        applied_seq: 0,
        instances: [Vec::new(), Vec::new()],
        enrolled_ms: now_ms,
        last_seen_ms: 0,
        verified_ms: 0,
        skew_ms: 0,
        fleet_key_epoch: 0,
        canonical_form: 0,
        degraded_sources: 0,
        facts: HostFacts::default(),
    }
}

/// Heartbeats at the wire's pace, or faster where silence is configured short:
/// two may be lost.
fn heartbeat_ms(silence: std::time::Duration) -> u32 {
    let pace = HEARTBEAT.min(silence * 2 / 5);
    u32::try_from(pace.as_millis()).unwrap_or(u32::MAX).max(100)
}

fn refusal(kind: RefusalKind, reason: &str) -> Refusal {
    Refusal { kind, reason: reason.to_owned() }
}

fn refused(kind: RefusalKind, reason: String) -> Ending {
    Ending::Refused(Refusal { kind, reason })
}

#[cfg(test)]
mod tests;
