//! Live changes and events, as server-sent events.
//!
//! What was missed is read from the store, then the stream is live. A reader
//! that cannot keep up is cut off and resumes from its last id. Nobody goes on
//! reading with a token or role that is no longer theirs.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use driftline_store::{Entry, EntryBody, EntryQuery};
use futures_util::Stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::auth::Operator;
use super::error::Problem;
use super::history::{CHANGE_KEYS, environment_of, must_be_known};
use super::query::{Known, Pairs};
use super::{Http, Shared};
use crate::grant::Sight;
use crate::render;

/// Entries that wait for one reader.
const WAITING: usize = 64;

/// A reader that takes nothing for so long is cut off.
const SLOW: Duration = Duration::from_secs(30);

/// How often a silent stream says that it lives: below the minute after which
/// proxies close.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it is looked whether who reads still may: a revocation is felt
/// within a second, and costs a look-up of some microseconds for each stream.
pub(super) const STILL: Duration = Duration::from_secs(1);

/// How long the last word may wait for a reader that takes nothing.
const LAST_WORD: Duration = Duration::from_millis(500);

/// Missed entries read at once.
const CATCH_UP: usize = 500;

pub(super) async fn live(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    headers: HeaderMap,
    pairs: Pairs,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let query = operator.narrowed(&http, Known::of(pairs, CHANGE_KEYS)?.entries()?).await?;
    must_be_known(&http, &query).await?;
    let query = EntryQuery { before_id: None, newest_first: false, limit: CATCH_UP, ..query };
    let last = match headers.get("last-event-id") {
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.parse::<u64>().ok());
            Some(id.ok_or_else(|| Problem::bad("`Last-Event-ID` is not an id of the history"))?)
        }
        None => None,
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    // Subscribed before anything is read: nothing falls in between.
    let entries = http.core.entries.subscribe();
    let (sight, stop) = (operator.sight(), http.stop.clone());
    let feed = Feed { http: Arc::clone(&http), query, operator, sight, sender, stop };
    http.streams.spawn(feed.run(last, entries)).map_err(|_| Problem::busy())?;
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

struct Feed {
    http: Arc<Http>,
    query: EntryQuery,
    operator: Operator,
    sight: Sight,
    sender: mpsc::Sender<Result<Event, Infallible>>,
    stop: CancellationToken,
}

impl Feed {
    async fn run(self, last: Option<u64>, entries: broadcast::Receiver<Arc<Entry>>) {
        let why = tokio::select! {
            () = self.tell(last, entries) => return,
            why = self.dismissed() => why,
        };
        tracing::debug!(operator = %self.operator.0.name, reason = why.message(), "a live stream was ended");
        if let Ok(event) = Event::default().event("end").json_data(why.body()) {
            // An error says that nobody reads any more.
            _ = self.sender.send_timeout(Ok(event), LAST_WORD).await;
        }
    }

    /// Ends when who reads no longer may, and says why.
    async fn dismissed(&self) -> Problem {
        loop {
            tokio::time::sleep(STILL).await;
            if let Some(why) = self.operator.dismissal(&self.http).await {
                return why;
            }
        }
    }

    async fn tell(&self, last: Option<u64>, mut entries: broadcast::Receiver<Arc<Entry>>) {
        let mut sent = 0;
        if let Some(last) = last {
            match self.catch_up(last).await {
                Some(caught) => sent = caught,
                None => return,
            }
        }
        loop {
            let entry = tokio::select! {
                entry = entries.recv() => entry,
                () = self.sender.closed() => return,
                () = self.stop.cancelled() => return,
            };
            match entry {
                Ok(entry) if entry.id > sent && self.query.matches(&entry) => {
                    if !self.send(&entry).await {
                        return;
                    }
                }
                Ok(_) => {}
                // Too far behind: it resumes from its last id.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return,
            }
        }
    }

    /// Sends what was missed; gives the last id seen, none when the reader is
    /// gone.
    async fn catch_up(&self, mut last: u64) -> Option<u64> {
        loop {
            let query = EntryQuery { after_id: Some(last), ..self.query.clone() };
            let read = self.http.read(move |reader| Ok((reader.head()?.0, reader.entries(&query)?))).await;
            let (head, page) = read.ok()?;
            for entry in &page.entries {
                if !self.send(entry).await {
                    return None;
                }
            }
            match page.next {
                Some(next) => last = next,
                None => return Some(head),
            }
        }
    }

    async fn send(&self, entry: &Entry) -> bool {
        if !self.sight.shows(environment_of(entry)) {
            return true;
        }
        let event = Event::default().id(entry.id.to_string());
        let event = match &entry.body {
            EntryBody::Change(change) => event.event("change").json_data(render::change(
                entry.id,
                entry.recorded_ms,
                change,
                &render::Since::default(),
            )),
            EntryBody::Amendment(one) => {
                event.event("amendment").json_data(render::amendment(entry.id, entry.recorded_ms, one))
            }
            EntryBody::Rejudgement(one) => {
                event.event("rejudgement").json_data(render::rejudgement(entry.id, entry.recorded_ms, one))
            }
            EntryBody::Event(one) => event.event("event").json_data(render::event(entry.id, entry.recorded_ms, one)),
        };
        let Ok(event) = event else { return false };
        self.sender.send_timeout(Ok(event), SLOW).await.is_ok()
    }
}
