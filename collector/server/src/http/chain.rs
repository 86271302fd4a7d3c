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
use driftline_api::change::{ChainEntry, Verification};
use driftline_store::StoreError;
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
    let report = http.read_long(|reader| reader.verify(|_, _| {})).await?;
    Ok(Json(Verification {
        schema_version: SCHEMA_VERSION,
        intact: report.is_whole(),
        entries: report.entries,
        head: hex::encode(&report.head.1),
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
async fn send_all(http: Shared, mut next: u64, sender: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let read = http.read(move |reader| some(reader, next)).await;
        let chunk = match read {
            Ok(Some((chunk, after))) => {
                next = after;
                Ok(chunk)
            }
            Ok(None) => return,
            // A clean end would pass for the end of the history.
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

/// A chunk of entries from an id on, and the id to go on with; none when there
/// are no more.
fn some(reader: &driftline_store::Reader, from: u64) -> Result<Option<(Bytes, u64)>, StoreError> {
    let (mut chunk, mut next) = (Vec::new(), from);
    reader.chain(from, |id, body, hash| {
        let link = ChainEntry { id, body: STANDARD.encode(body), hash: hex::encode(hash) };
        // Numbers and texts always serialise.
        _ = serde_json::to_writer(&mut chunk, &link);
        chunk.push(b'\n');
        next = id.saturating_add(1);
        chunk.len() < CHUNK_BYTES
    })?;
    Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), next)))
}
