//! The hash chain: checked here, or exported to be checked elsewhere.

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

/// Entries that one snapshot of the store is kept for while exporting.
const LINKS_PER_READ: u64 = 5_000;

/// Bytes of one chunk of an export.
const CHUNK_BYTES: usize = 64 * 1024;

/// Chunks that wait for a slow reader.
const CHUNKS: usize = 4;

pub(super) async fn verify(State(http): State<Shared>, pairs: Pairs) -> Result<Json<Verification>, Problem> {
    Known::of(pairs, &[])?;
    let report = http.read(|reader| reader.verify(|_, _| {})).await?;
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
    let (sender, receiver) = mpsc::channel::<Result<Bytes, StoreError>>(CHUNKS);
    let reading = {
        let http = std::sync::Arc::clone(&http);
        async move {
            let mut next = from;
            loop {
                let sender = sender.clone();
                let read = http.read(move |reader| Ok(export_some(reader, next, &sender))).await;
                match read {
                    Ok(Ok(Some(after))) => next = after,
                    // All was sent, or the reader is gone, or was told why.
                    Ok(_) | Err(_) => return,
                }
            }
        }
    };
    http.streams.spawn(reading).map_err(|_| Problem::busy())?;
    let body = Body::from_stream(ReceiverStream::new(receiver));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// Sends some entries from an id on; gives the id to go on with, none when
/// there are no more.
fn export_some(
    reader: &driftline_store::Reader,
    from: u64,
    sender: &mpsc::Sender<Result<Bytes, StoreError>>,
) -> Result<Option<u64>, StoreError> {
    let (mut chunk, mut next, mut gone) = (Vec::with_capacity(CHUNK_BYTES), from, false);
    reader.chain(from, |id, body, hash| {
        let link = ChainEntry { id, body: STANDARD.encode(body), hash: hex::encode(hash) };
        // Numbers and texts always serialise.
        _ = serde_json::to_writer(&mut chunk, &link);
        chunk.push(b'\n');
        next = id.saturating_add(1);
        if chunk.len() >= CHUNK_BYTES {
            gone = sender.blocking_send(Ok(Bytes::from(std::mem::take(&mut chunk)))).is_err();
        }
        !gone && next.saturating_sub(from) < LINKS_PER_READ
    })?;
    if !chunk.is_empty() && !gone {
        gone = sender.blocking_send(Ok(Bytes::from(chunk))).is_err();
    }
    Ok((!gone && next > from).then_some(next))
}
