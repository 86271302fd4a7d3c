//! Limits of the wire, with the reason for each number. The sender asserts
//! them and the receiver asserts them again.

use std::time::Duration;

/// Bytes of one frame. Keeps what a peer can make the other hold small, and
/// fits a snapshot of several thousand items.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// Bytes of items that one record may have over all of its frames. Above it a
/// source is watched by content alone.
pub const RECORD_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Sources of one agent. 100,000 watched files are in the budgets; twice that
/// leaves room.
pub const SOURCES_MAX: usize = 200_000;

/// Sources that one `SourceRoots` frame names: stays below the frame limit
/// with names of full length.
pub const SOURCE_ROOTS_PER_FRAME_MAX: usize = 500;

/// Records on their way without an acknowledgement. At 0.2 ms a group commit
/// this is never what limits; it bounds the collector's queue per agent.
pub const WINDOW_RECORDS: u32 = 512;

/// Concurrent streams per connection: one Sync and room for a successor.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 4;

/// A heartbeat every ten seconds and silence after 25 keep a killed agent
/// within the promised 30 s.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long without a frame before an agent counts as silent.
pub const SILENCE: Duration = Duration::from_secs(25);

/// How long a peer may take for TLS and its first frame. A slow-loris holds a
/// connection no longer than this.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// Bytes of any free text in a frame (reason, version, host fact).
pub const TEXT_BYTES_MAX: usize = 1024;

/// Files that a heartbeat lists as not watched: an operator who sees a hundred
/// knows enough, and the frame stays well below its limit.
pub const UNWATCHED_MAX: usize = 100;

/// Bytes of a CSR or certificate in an enrolment message.
pub const DER_BYTES_MAX: usize = 16 * 1024;

/// TLS handshakes under way at once. One takes about a millisecond of work, so
/// ten thousand agents coming back pass in seconds; what is stuck here is slow
/// or hostile, and the oldest of the busiest address gives way.
pub const HANDSHAKES_MAX: usize = 1024;

/// Accepted connections at once: the budget of 10,000 agents, each with a
/// successor while it reconnects.
pub const CONNECTIONS_MAX: usize = 20_000;

/// Connections of one address at a door that asks for no certificate: an office
/// or a rack behind one address fits, and four addresses do not fill a door.
pub const ANONYMOUS_PER_ADDRESS_MAX: usize = 256;

/// How often an idle connection is probed (HTTP/2 PING), and how long the
/// answer may take: a half-open connection is noticed within 20 s.
pub const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// See [`KEEP_ALIVE`].
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that a stream has for the frames it is about to decode or encode: a
/// heartbeat and an acknowledgement fit, longer frames make room for themselves.
/// tonic's own 8 KiB, twice, would be a third of an idle connection.
pub const CODEC_BYTES: usize = 1024;

/// Bytes of frames that are encoded before they are handed to HTTP/2 in one
/// piece: two of its frames, as tonic has it.
pub const ENCODED_BYTES_AT_ONCE: usize = 32 * 1024;

/// Bytes of HTTP/2 headers: gRPC needs a few hundred.
pub const HEADER_BYTES_MAX: u32 = 8 * 1024;

/// Items or changes of one record: every item replaced by another.
pub const CHANGES_MAX: usize = 2 * driftline_canon::limits::ITEMS_MAX;
