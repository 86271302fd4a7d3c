//! `driftline watch`: changes as they happen, until Ctrl-C.
//!
//! A connection that breaks is made again, from the last entry that came: no
//! change is missed or shown twice. One that was never made is a failure at
//! once, and so is one that the collector ended because the token or role is no
//! longer what it was.

use std::time::Duration;

use driftline_api::actor::Amendment;
use driftline_api::change::{Change, ChangePage, ChangeQuery, Event, EventPage};
use driftline_api::judge::Rejudgement;
use driftline_api::problem::ApiError;

use super::{Context, changes};
use crate::arguments::commands::Watch;
use crate::client::sse::{self, Decoder};
use crate::client::{Client, Stream, understood};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::text::safe;
use crate::printer::{Output, Printer};
use crate::view;

/// The longest wait between two tries to connect again.
const RETRY_MS_MAX: u64 = 15_000;

/// The first wait between two tries.
const RETRY_MS_MIN: u64 = 250;

pub(super) async fn run(context: &Context, arguments: &Watch) -> Outcome {
    if !matches!(context.printer.output(), Output::Table | Output::Ndjson | Output::Json) {
        return Err(Failure::new(Exit::Usage, "a live view is a table or ndjson: use `--output ndjson`"));
    }
    let client = context.client()?;
    let query = changes::query(&arguments.filter);
    let last = newest(&client).await?;
    let watching = Watching { printer: context.printer, events: arguments.events, last };
    tokio::select! {
        ended = watching.run(&client, &query) => ended,
        pressed = tokio::signal::ctrl_c() => match pressed {
            Ok(()) => Ok(Exit::Clean),
            Err(error) => Err(Failure::new(Exit::Internal, format!("cannot wait for Ctrl-C: {error}"))),
        },
    }
}

/// The newest entry of the history: what comes after it is live. Known before
/// the stream is opened, so that a cut before the first event loses nothing.
async fn newest(client: &Client) -> Outcome<u64> {
    let one = ChangeQuery { limit: Some(1), ..ChangeQuery::default() };
    let changes: ChangePage = client.get(&["changes"], &one).await?;
    let events: EventPage = client.get(&["events"], &one).await?;
    let ids = changes.changes.iter().map(|change| change.id).chain(events.events.iter().map(|event| event.id));
    Ok(ids.max().unwrap_or(0))
}

/// Why the collector told nothing more.
fn ended(event: &sse::Event) -> Failure {
    match understood::<ApiError>(event.data.as_bytes()) {
        Ok(why) => Failure::new(Exit::Denied, safe(&why.message)).maybe_hint(why.hint.map(|hint| safe(&hint))),
        Err(failure) => failure,
    }
}

struct Watching {
    printer: Printer,
    events: bool,
    last: u64,
}

impl Watching {
    async fn run(mut self, client: &Client, query: &ChangeQuery) -> Outcome {
        let mut stream = self.open(client, query).await?;
        self.printer.say(&format!("watching {}; Ctrl-C ends", client.address()));
        loop {
            let lost = match self.follow(&mut stream).await {
                Ok(()) => "the collector closed the stream".to_owned(),
                Err(failure) if failure.exit() == Exit::Unreachable => "the connection is lost".to_owned(),
                Err(failure) => return Err(failure),
            };
            self.printer.say(&format!("{lost}; connecting again"));
            stream = self.reopen(client, query).await?;
            self.printer.say("connected again; nothing was missed");
        }
    }

    async fn open(&self, client: &Client, query: &ChangeQuery) -> Outcome<Stream> {
        client.stream(&["changes", "stream"], query, Some(self.last)).await
    }

    async fn reopen(&self, client: &Client, query: &ChangeQuery) -> Outcome<Stream> {
        let mut wait_ms = RETRY_MS_MIN;
        loop {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            match self.open(client, query).await {
                Err(failure) if failure.exit() == Exit::Unreachable => wait_ms = (wait_ms * 2).min(RETRY_MS_MAX),
                other => return other,
            }
        }
    }

    async fn follow(&mut self, stream: &mut Stream) -> Outcome<()> {
        let mut decoder = Decoder::default();
        while let Some(chunk) = stream.next().await? {
            for event in decoder.feed(&chunk) {
                self.show(&event)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, event: &sse::Event) -> Outcome<()> {
        let id: Option<u64> = event.id.as_deref().and_then(|id| id.parse().ok());
        // The collector may repeat what was under way when the line was cut.
        if id.is_some_and(|id| id <= self.last) {
            return Ok(());
        }
        match event.name.as_str() {
            "change" => {
                let change: Change = understood(event.data.as_bytes())?;
                self.print(&change, &view::changes::line(&change))?;
            }
            "amendment" => {
                let amendment: Amendment = understood(event.data.as_bytes())?;
                self.print(&amendment, &view::changes::amendment_line(&amendment))?;
            }
            "rejudgement" => {
                let one: Rejudgement = understood(event.data.as_bytes())?;
                self.print(&one, &view::changes::rejudgement_line(&one))?;
            }
            "end" => return Err(ended(event)),
            "event" if self.events => {
                let event: Event = understood(event.data.as_bytes())?;
                self.print(&event, &view::changes::event_line(&event))?;
            }
            _ => {}
        }
        self.last = id.unwrap_or(self.last);
        Ok(())
    }

    fn print(&self, data: &impl serde::Serialize, line: &str) -> Outcome<()> {
        match self.printer.output() {
            Output::Table => self.printer.data(&format!("{}\n", safe(line))),
            _ => self.printer.row(data),
        }
    }
}
