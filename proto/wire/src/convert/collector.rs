//! What a collector says.

use driftline_canon::SourceName;

use super::{WireError, WireErrorKind, field};
use crate::limits::TEXT_BYTES_MAX;
use crate::v1::{self, collector_frame::Frame};
use crate::version::ProtocolVersion;

/// Any message of a collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectorMessage {
    /// The answer to Hello.
    Welcome(Welcome),
    /// The collector's state of this source is another one: send a snapshot.
    SendAll {
        /// Which source.
        source: SourceName,
        /// Why, for the log.
        reason: String,
    },
    /// Records may come.
    Ready,
    /// Every record up to here is on the collector's disk.
    Ack {
        /// The highest of them.
        seq: u64,
    },
    /// The collector ends the stream.
    Refusal(Refusal),
}

/// The answer to Hello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// What it speaks.
    pub protocol: ProtocolVersion,
    /// Version of the program, for people.
    pub collector_version: String,
    /// When it was sent, by the collector's clock.
    pub sent_ms: i64,
    /// Every record of this epoch up to here is on disk; 0 for none.
    pub acked_seq: u64,
    /// How often to send a heartbeat.
    pub heartbeat_ms: u32,
    /// Records that may be on their way without an acknowledgement.
    pub window_records: u32,
}

/// Why a collector ends a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What to do about it.
    pub kind: RefusalKind,
    /// Why, for people.
    pub reason: String,
}

/// Kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// Try again later.
    Busy,
    /// The frame broke the protocol or a limit.
    Protocol,
    /// The versions cannot talk.
    Version,
    /// The certificate was revoked.
    Revoked,
    /// Two live agents use this identity.
    Quarantined,
    /// A newer connection of the same agent took over.
    Superseded,
}

impl RefusalKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Busy, Self::Protocol, Self::Version, Self::Revoked, Self::Quarantined, Self::Superseded];

    /// The kind's name in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Protocol => "protocol",
            Self::Version => "version",
            Self::Revoked => "revoked",
            Self::Quarantined => "quarantined",
            Self::Superseded => "superseded",
        }
    }

    /// Whether the same may work later without anybody doing anything.
    #[must_use]
    pub fn retry(self) -> WireErrorKind {
        match self {
            Self::Busy | Self::Superseded => WireErrorKind::Retry,
            Self::Protocol | Self::Version | Self::Revoked | Self::Quarantined => WireErrorKind::Reject,
        }
    }

    fn encode(self) -> v1::RefusalKind {
        match self {
            Self::Busy => v1::RefusalKind::Busy,
            Self::Protocol => v1::RefusalKind::Protocol,
            Self::Version => v1::RefusalKind::Version,
            Self::Revoked => v1::RefusalKind::Revoked,
            Self::Quarantined => v1::RefusalKind::Quarantined,
            Self::Superseded => v1::RefusalKind::Superseded,
        }
    }

    /// A kind that this version does not know reads as [`Self::Busy`]: an agent
    /// never gives up over a word that it does not understand.
    fn decode(number: i32) -> Self {
        Self::ALL.into_iter().find(|kind| i32::from(kind.encode()) == number).unwrap_or(Self::Busy)
    }
}

/// A message as a frame; free text is made printable and cut.
#[must_use]
pub fn encode_collector(message: &CollectorMessage) -> v1::CollectorFrame {
    let text = |text: &str| field::printable(text, TEXT_BYTES_MAX);
    let frame = match message {
        CollectorMessage::Welcome(welcome) => Frame::Welcome(v1::Welcome {
            protocol: Some(welcome.protocol.into()),
            collector_version: text(&welcome.collector_version),
            sent_ms: welcome.sent_ms,
            acked_seq: welcome.acked_seq,
            heartbeat_ms: welcome.heartbeat_ms,
            window_records: welcome.window_records,
        }),
        CollectorMessage::SendAll { source, reason } => {
            Frame::SendAll(v1::SendAll { source: source.as_str().to_owned(), reason: text(reason) })
        }
        CollectorMessage::Ready => Frame::Ready(v1::Ready {}),
        CollectorMessage::Ack { seq } => Frame::Ack(v1::Ack { seq: *seq }),
        CollectorMessage::Refusal(refusal) => {
            Frame::Refusal(v1::Refusal { kind: refusal.kind.encode().into(), reason: text(&refusal.reason) })
        }
    };
    v1::CollectorFrame { frame: Some(frame) }
}

/// A frame as a message.
///
/// # Errors
/// [`WireError`] names the field that breaks a limit or a form.
pub fn decode_collector_frame(frame: v1::CollectorFrame) -> Result<CollectorMessage, WireError> {
    Ok(match field::required("frame", frame.frame)? {
        Frame::Welcome(welcome) => CollectorMessage::Welcome(decode_welcome(welcome)?),
        Frame::SendAll(ask) => CollectorMessage::SendAll {
            source: SourceName::new(ask.source).map_err(|error| WireError::of("send_all.source", error))?,
            reason: field::text("send_all.reason", ask.reason, TEXT_BYTES_MAX)?,
        },
        Frame::Ready(v1::Ready {}) => CollectorMessage::Ready,
        Frame::Ack(ack) => CollectorMessage::Ack { seq: ack.seq },
        Frame::Refusal(refusal) => CollectorMessage::Refusal(Refusal {
            kind: RefusalKind::decode(refusal.kind),
            reason: field::text("refusal.reason", refusal.reason, TEXT_BYTES_MAX)?,
        }),
    })
}

/// A window or a heartbeat of zero would stop an agent or make it spin.
fn decode_welcome(welcome: v1::Welcome) -> Result<Welcome, WireError> {
    if welcome.window_records == 0 {
        return Err(WireError::of("welcome.window_records", "0 records can never be sent"));
    }
    if welcome.heartbeat_ms < 100 {
        return Err(WireError::of("welcome.heartbeat_ms", "below 100 ms"));
    }
    Ok(Welcome {
        protocol: field::required("welcome.protocol", welcome.protocol)?.into(),
        collector_version: field::text("welcome.collector_version", welcome.collector_version, TEXT_BYTES_MAX)?,
        sent_ms: field::time("welcome.sent_ms", welcome.sent_ms)?,
        acked_seq: welcome.acked_seq,
        heartbeat_ms: welcome.heartbeat_ms,
        window_records: welcome.window_records,
    })
}
