//! The hash chain: checked here, or exported to be checked elsewhere.

use std::io;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftline_api::SCHEMA_VERSION;
use driftline_api::change::{Beginning, ChainEntry, ChainStart, Verification};
use driftline_daemon::clock::format_ms;
use driftline_store::{Reader, StoreError};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Shared;
use super::error::Problem;
use super::query::{Known, Pairs};
use crate::hex;

/// Bytes of one chunk of an export: what one read of the store gives.
const CHUNK_BYTES: usize = 256 * 1024;

/// Chunks that wait for a slow reader.
const CHUNKS: usize = 2;

pub(super) async fn verify(State(http): State<Shared>, pairs: Pairs) -> Result<Json<Verification>, Problem> {
    Known::of(pairs, &[])?;
    let report = |reader: &driftline_store::Reader| Ok((reader.verify(|_, _| {})?, begins(reader)?));
    let (report, begins) = http.read_long(report).await?;
    Ok(Json(Verification {
        schema_version: SCHEMA_VERSION,
        intact: report.is_whole(),
        entries: report.entries,
        head: hex::encode(&report.head.1),
        begins,
        broken_at: report.broken_at,
        reason: report.reason,
    }))
}

pub(super) async fn export(State(http): State<Shared>, pairs: Pairs) -> Result<Response, Problem> {
    let from = Known::of(pairs, &["from"])?.parsed::<u64>("from")?.unwrap_or(1);
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(CHUNKS);
    let reading = send_all(std::sync::Arc::clone(&http), from, sender);
    http.streams.spawn(reading).map_err(|_| Problem::busy())?;
    let body = Body::from_stream(ReceiverStream::new(receiver));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// Reads and sends in turns: a reader that is slow, or gone, holds neither a
/// snapshot of the store nor a place to read.
async fn send_all(http: Shared, from: u64, sender: mpsc::Sender<io::Result<Bytes>>) {
    let mut next = None;
    loop {
        let read = http.read(move |reader| next.map_or_else(|| start(reader, from), |next| some(reader, next))).await;
        let chunk = match read {
            Ok(Part::Some(chunk, after)) => {
                next = Some(after);
                Ok(chunk)
            }
            Ok(Part::End) => return,
            // A clean end would pass for the end of the history, and a hole for a
            // broken one.
            Ok(Part::Cut) => Err(io::Error::other("its beginning was removed while it was read")),
            Err(_) => Err(io::Error::other("the store could not be read")),
        };
        let failed = chunk.is_err();
        let sent = tokio::select! {
            sent = sender.send(chunk) => sent.is_ok(),
            () = http.stop.cancelled() => false,
        };
        if failed || !sent {
            return;
        }
    }
}

/// What a read of the store gives of an export.
enum Part {
    /// A chunk, and the id to go on with.
    Some(Bytes, u64),
    /// There are no more.
    End,
    /// What comes next was removed meanwhile.
    Cut,
}

/// Where the history begins, with what vouches for it.
fn begins(reader: &Reader) -> Result<Option<Beginning>, StoreError> {
    let Some(anchor) = reader.anchor()? else { return Ok(None) };
    let at_ms = reader.entry(anchor.first)?.map_or(anchor.cut_ms, |entry| entry.recorded_ms);
    Ok(Some(Beginning {
        first: anchor.first,
        before: hex::encode(&anchor.before),
        at: format_ms(at_ms),
        removed: anchor.removed,
        beside: anchor.beside(),
        cut_at: format_ms(anchor.cut_ms),
        days: anchor.days,
        policy: anchor.policy,
        announced: anchor.announced.0,
        announced_hash: hex::encode(&anchor.announced.1),
        announced_by: anchor.announced_by,
    }))
}

/// Since when there is a history, if its oldest entries were removed.
pub(super) fn begins_at(reader: &Reader) -> Result<Option<String>, StoreError> {
    Ok(begins(reader)?.map(|beginning| beginning.at))
}

/// The beginning of an export: where a cut history begins, if that is asked for.
fn start(reader: &Reader, from: u64) -> Result<Part, StoreError> {
    match begins(reader)? {
        Some(begins) if from <= begins.first => {
            let first = begins.first;
            let mut line = serde_json::to_vec(&ChainStart { begins }).unwrap_or_default();
            line.push(b'\n');
            Ok(Part::Some(Bytes::from(line), first))
        }
        _ => some(reader, from),
    }
}

/// A chunk of entries from an id on.
fn some(reader: &Reader, from: u64) -> Result<Part, StoreError> {
    if reader.anchor()?.is_some_and(|anchor| from < anchor.first) {
        return Ok(Part::Cut);
    }
    let (mut chunk, mut next) = (Vec::new(), from);
    reader.chain(from, |id, body, hash| {
        let link = ChainEntry { id, body: STANDARD.encode(body), hash: hex::encode(hash) };
        // Numbers and texts always serialise.
        _ = serde_json::to_writer(&mut chunk, &link);
        chunk.push(b'\n');
        next = id.saturating_add(1);
        chunk.len() < CHUNK_BYTES
    })?;
    Ok(if chunk.is_empty() { Part::End } else { Part::Some(Bytes::from(chunk), next) })
}
