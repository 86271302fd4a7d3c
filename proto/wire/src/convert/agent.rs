//! What an agent says.

use driftline_canon::{KeyEpoch, Root};

use super::coverage::{self, Coverage};
use super::record::SourceRef;
use super::split::RecordPart;
use super::{WireError, field};
use crate::limits::{SOURCE_ROOTS_PER_FRAME_MAX, SOURCES_MAX, TEXT_BYTES_MAX};
use crate::v1::{self, agent_frame::Frame};
use crate::version::ProtocolVersion;

/// Names an agent's state directory: new when that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub [u8; 16]);

/// Names an agent's process: new at every start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance(pub [u8; 16]);

/// Any message of an agent.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentMessage {
    /// The first one.
    Hello(Hello),
    /// The roots of some sources, sorted by name over all frames.
    SourceRoots {
        /// At most [`SOURCE_ROOTS_PER_FRAME_MAX`].
        sources: Vec<SourceRoot>,
        /// Whether these were the last.
        last: bool,
    },
    /// A record or a part of one, for [`super::RecordAssembler`].
    RecordPart(RecordPart),
    /// A sign of life.
    Heartbeat(Heartbeat),
    /// The agent stops on purpose.
    Goodbye {
        /// Why.
        reason: String,
    },
}

/// How an agent introduces itself. Who it is, its certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// What it speaks.
    pub protocol: ProtocolVersion,
    /// Version of the program, for people.
    pub agent_version: String,
    /// Version of the canonical form.
    pub canonical_form: u32,
    /// Its state directory.
    pub epoch: Epoch,
    /// Its process.
    pub instance: Instance,
    /// The host's boot, as the kernel names it.
    pub boot_id: String,
    /// Which fleet key made the digests.
    pub fleet_key_epoch: KeyEpoch,
    /// When it was sent, by the agent's clock, however wrong.
    pub sent_ms: i64,
    /// About the host.
    pub facts: HostFacts,
    /// How many sources its `SourceRoots` will name.
    pub sources: u32,
}

/// What an agent tells about its host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostFacts {
    /// As the host calls itself, which is not its identity.
    pub hostname: String,
    /// Name and version of the distribution.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Such as `x86_64`.
    pub architecture: String,
    /// The agent's own resident memory.
    pub agent_resident_bytes: u64,
}

/// The root of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRoot {
    /// Which source.
    pub source: SourceRef,
    /// Its root before the first record that is still to be sent.
    pub root: Root,
    /// The delta of the next record to be sent starts from `root`.
    pub pending: bool,
}

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// When it was sent, by the agent's clock, however wrong.
    pub sent_ms: i64,
    /// Highest sequence number handed to this stream; 0 for none.
    pub seq: u64,
    /// One root over all sources as of `seq`.
    pub sources_root: Root,
    /// The agent's own resident memory.
    pub agent_resident_bytes: u64,
    /// Records in its journal.
    pub journal_records: u64,
    /// Bytes of its journal.
    pub journal_bytes: u64,
    /// Sources that are polled instead of watched, or cannot be read.
    pub degraded_sources: u32,
    /// What is there and not watched; none: as it was said last.
    pub coverage: Option<Coverage>,
}

/// A message as a frame. Records go through [`super::encode_record`], roots of
/// many sources through [`encode_source_roots`].
///
/// # Errors
/// When it breaks a limit.
pub fn encode_agent(message: &AgentMessage) -> Result<v1::AgentFrame, WireError> {
    let frame = match message {
        AgentMessage::Hello(hello) => Frame::Hello(encode_hello(hello)),
        AgentMessage::SourceRoots { sources, last } => {
            field::count("source_roots", sources.len(), SOURCE_ROOTS_PER_FRAME_MAX)?;
            let sources = sources.iter().map(encode_root).collect();
            Frame::SourceRoots(v1::SourceRoots { sources, last: *last })
        }
        AgentMessage::RecordPart(part) => Frame::Record((*part.0).clone()),
        AgentMessage::Heartbeat(beat) => Frame::Heartbeat(v1::Heartbeat {
            sent_ms: beat.sent_ms,
            seq: beat.seq,
            sources_root: beat.sources_root.0.to_vec(),
            agent_resident_bytes: beat.agent_resident_bytes,
            journal_records: beat.journal_records,
            journal_bytes: beat.journal_bytes,
            degraded_sources: beat.degraded_sources,
            coverage: beat.coverage.as_ref().map(coverage::encode),
        }),
        AgentMessage::Goodbye { reason } => {
            Frame::Goodbye(v1::Goodbye { reason: field::printable(reason, TEXT_BYTES_MAX) })
        }
    };
    Ok(v1::AgentFrame { frame: Some(frame) })
}

/// The roots of all sources as frames, the last one marked; one empty frame for
/// no source. They must be sorted by name.
///
/// # Errors
/// When there are over [`SOURCES_MAX`], or they are not sorted and unique.
pub fn encode_source_roots(roots: &[SourceRoot]) -> Result<Vec<v1::AgentFrame>, WireError> {
    field::count("source_roots", roots.len(), SOURCES_MAX)?;
    field::rising("source_roots", roots.iter().map(|root| &root.source.name))?;
    let mut groups: Vec<Vec<v1::SourceRoot>> =
        roots.chunks(SOURCE_ROOTS_PER_FRAME_MAX).map(|group| group.iter().map(encode_root).collect()).collect();
    let end = groups.pop().unwrap_or_default();
    let frame = |sources, last| v1::AgentFrame { frame: Some(Frame::SourceRoots(v1::SourceRoots { sources, last })) };
    let mut frames: Vec<_> = groups.into_iter().map(|group| frame(group, false)).collect();
    frames.push(frame(end, true));
    Ok(frames)
}

/// Some of the roots of all sources as a frame of their own: for more than one
/// wants to hold at once. They must be sorted by name over all frames; `last`
/// marks the end.
///
/// # Errors
/// When there are over [`SOURCE_ROOTS_PER_FRAME_MAX`], or they are not sorted
/// and unique.
pub fn encode_some_source_roots(roots: &[SourceRoot], last: bool) -> Result<v1::AgentFrame, WireError> {
    field::count("source_roots", roots.len(), SOURCE_ROOTS_PER_FRAME_MAX)?;
    field::rising("source_roots", roots.iter().map(|root| &root.source.name))?;
    let sources = roots.iter().map(encode_root).collect();
    Ok(v1::AgentFrame { frame: Some(Frame::SourceRoots(v1::SourceRoots { sources, last })) })
}

fn encode_hello(hello: &Hello) -> v1::Hello {
    let text = |text: &str| field::printable(text, TEXT_BYTES_MAX);
    v1::Hello {
        protocol: Some(hello.protocol.into()),
        agent_version: text(&hello.agent_version),
        canonical_form: hello.canonical_form,
        epoch: hello.epoch.0.to_vec(),
        instance: hello.instance.0.to_vec(),
        boot_id: text(&hello.boot_id),
        fleet_key_epoch: hello.fleet_key_epoch.0,
        sent_ms: hello.sent_ms,
        facts: Some(v1::HostFacts {
            hostname: text(&hello.facts.hostname),
            os: text(&hello.facts.os),
            kernel: text(&hello.facts.kernel),
            architecture: text(&hello.facts.architecture),
            agent_resident_bytes: hello.facts.agent_resident_bytes,
        }),
        sources: hello.sources,
    }
}

fn encode_root(root: &SourceRoot) -> v1::SourceRoot {
    v1::SourceRoot { source: Some(root.source.encode()), root: root.root.0.to_vec(), pending: root.pending }
}

/// A frame as a message.
///
/// # Errors
/// [`WireError`] names the field that breaks a limit or a form.
pub fn decode_agent_frame(frame: v1::AgentFrame) -> Result<AgentMessage, WireError> {
    Ok(match field::required("frame", frame.frame)? {
        Frame::Hello(hello) => AgentMessage::Hello(decode_hello(hello)?),
        Frame::SourceRoots(roots) => {
            field::count("source_roots", roots.sources.len(), SOURCE_ROOTS_PER_FRAME_MAX)?;
            let sources = roots.sources.into_iter().map(decode_root).collect::<Result<Vec<_>, _>>()?;
            field::rising("source_roots", sources.iter().map(|root| &root.source.name))?;
            AgentMessage::SourceRoots { sources, last: roots.last }
        }
        Frame::Record(part) => AgentMessage::RecordPart(RecordPart(Box::new(part))),
        Frame::Heartbeat(beat) => AgentMessage::Heartbeat(Heartbeat {
            sent_ms: beat.sent_ms,
            seq: beat.seq,
            sources_root: Root(field::array("heartbeat.sources_root", &beat.sources_root)?),
            agent_resident_bytes: beat.agent_resident_bytes,
            journal_records: beat.journal_records,
            journal_bytes: beat.journal_bytes,
            degraded_sources: beat.degraded_sources,
            coverage: beat.coverage.map(coverage::decode).transpose()?,
        }),
        Frame::Goodbye(goodbye) => {
            AgentMessage::Goodbye { reason: field::text("goodbye.reason", goodbye.reason, TEXT_BYTES_MAX)? }
        }
    })
}

fn decode_hello(hello: v1::Hello) -> Result<Hello, WireError> {
    let facts = field::required("hello.facts", hello.facts)?;
    field::count("hello.sources", usize::try_from(hello.sources).unwrap_or(usize::MAX), SOURCES_MAX)?;
    Ok(Hello {
        protocol: field::required("hello.protocol", hello.protocol)?.into(),
        agent_version: field::text("hello.agent_version", hello.agent_version, TEXT_BYTES_MAX)?,
        canonical_form: hello.canonical_form,
        epoch: Epoch(field::array("hello.epoch", &hello.epoch)?),
        instance: Instance(field::array("hello.instance", &hello.instance)?),
        boot_id: field::text("hello.boot_id", hello.boot_id, TEXT_BYTES_MAX)?,
        fleet_key_epoch: KeyEpoch(hello.fleet_key_epoch),
        sent_ms: hello.sent_ms,
        facts: HostFacts {
            hostname: field::text("hello.facts.hostname", facts.hostname, TEXT_BYTES_MAX)?,
            os: field::text("hello.facts.os", facts.os, TEXT_BYTES_MAX)?,
            kernel: field::text("hello.facts.kernel", facts.kernel, TEXT_BYTES_MAX)?,
            architecture: field::text("hello.facts.architecture", facts.architecture, TEXT_BYTES_MAX)?,
            agent_resident_bytes: facts.agent_resident_bytes,
        },
        sources: hello.sources,
    })
}

fn decode_root(root: v1::SourceRoot) -> Result<SourceRoot, WireError> {
    let source = SourceRef::decode(root.source)?;
    Ok(SourceRoot { source, root: Root(field::array("source_root.root", &root.root)?), pending: root.pending })
}

impl From<ProtocolVersion> for v1::ProtocolVersion {
    fn from(version: ProtocolVersion) -> Self {
        Self { major: version.major, minor: version.minor }
    }
}

impl From<v1::ProtocolVersion> for ProtocolVersion {
    fn from(version: v1::ProtocolVersion) -> Self {
        Self { major: version.major, minor: version.minor }
    }
}
