//! `driftline report`: what an auditor asks for of a stretch of time, as one
//! file.
//!
//! It asks the collector for each part and arranges the answers. A part that
//! this operator may not read, or an older collector does not have, is named in
//! the report.

use driftline_api::change::{Change, ChangeQuery, Event, EventPage, Verification};
use driftline_api::report::ReportList;
use driftline_api::{PAGE_ROWS_MAX, SCHEMA_VERSION};
use serde::{Deserialize, Serialize};

use super::{Context, changes, hosts};
use crate::arguments::report::Report;
use crate::client::Client;
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::{Output, csv};
use crate::time_text;
use crate::view::report::{self, Audit, LISTED_MAX};

/// Changes that are counted. A fleet with more in one report says so, and is
/// asked for a shorter time.
const CHANGES_MAX: u32 = 100_000;

/// Events of one report.
const EVENTS_MAX: usize = 10_000;

/// Events that say that something may have gone unseen, or went wrong.
const GAPS: [&str; 14] = [
    "gap",
    "host_silent",
    "host_stopped",
    "host_quarantined",
    "host_flooding",
    "source_retired",
    "epoch_changed",
    "token_refused",
    "identity_violation",
    "root_mismatch",
    "resynchronised",
    "sequence_gap",
    "clock_skew",
    "problem",
];

pub(super) async fn run(context: &Context, arguments: &Report) -> Outcome {
    let now = clock::now();
    let (from, to) = (arguments.from.at(now), arguments.to.map_or(now, |to| to.at(now)));
    if from >= to {
        return Err(Failure::new(Exit::Usage, "`--from` is not before `--to`"));
    }
    let client = context.client()?;
    let asked = ChangeQuery {
        env: arguments.env.clone(),
        since: Some(time_text::rfc3339(from)),
        until: Some(time_text::rfc3339(to)),
        ..ChangeQuery::default()
    };
    let page = changes::all(&client, &["changes"], asked.clone(), CHANGES_MAX).await?;
    let mut audit = empty(arguments, (from, to, now), &page.changes);
    if page.next.is_some() {
        audit.lacking.push(format!("changes before the latest {CHANGES_MAX}: ask for a shorter time"));
    }
    if let Some(at) = &page.begins_at {
        let at = time_text::short(at);
        audit.lacking.push(format!("what was recorded before {at} (utc), where the history begins: it was removed"));
    }
    fill(&client, &mut audit, asked).await?;
    match context.printer.output() {
        Output::Csv => context.printer.data(&csv::render(&report::TITLES, &report::rows(&audit, &page.changes)))?,
        _ => context.printer.result(&audit, std::slice::from_ref(&audit), &report::document(&audit))?,
    }
    // It is often written into a file: why it is no clean one is said all the same.
    if context.printer.output() != Output::Table {
        audit.lacking.iter().for_each(|lack| context.printer.say(&format!("not in this report: {lack}")));
    }
    let is_whole = audit.history.as_ref().is_some_and(|history| history.intact);
    if !is_whole && audit.history.is_some() {
        return Ok(Exit::Critical);
    }
    Ok(if audit.lacking.is_empty() { Exit::Clean } else { Exit::Inconclusive })
}

type Times = (jiff::Timestamp, jiff::Timestamp, jiff::Timestamp);

fn empty(arguments: &Report, (from, to, now): Times, changes: &[Change]) -> Audit {
    Audit {
        schema_version: SCHEMA_VERSION,
        from: time_text::rfc3339(from),
        to: time_text::rfc3339(to),
        made_at: time_text::rfc3339(now),
        environment: arguments.env.clone(),
        verdicts: report::verdicts(changes),
        out_of_band: changes.iter().filter(|one| report::is_notable(one)).take(LISTED_MAX).cloned().collect(),
        drift: Vec::new(),
        acceptances: Vec::new(),
        scans: Vec::new(),
        hosts: Vec::new(),
        gaps: Vec::new(),
        history: None,
        lacking: Vec::new(),
    }
}

async fn fill(client: &Client, audit: &mut Audit, asked: ChangeQuery) -> Outcome<()> {
    let times = ScanQuery { since: audit.from.clone(), until: audit.to.clone(), limit: PAGE_ROWS_MAX };
    let scans = part(client.get(&["reports"], &times).await, "scheduled scans", audit)?;
    audit.scans = scans.map(|list: ReportList| list.reports.into_iter().rev().collect()).unwrap_or_default();
    if let Some(environment) = &audit.environment {
        audit.scans.retain(|one| [&one.left, &one.right].iter().any(|side| side.contains(environment.as_str())));
    }
    let drift = client.get::<Drifts>(&["drift"], &DriftQuery { env: asked.env.as_deref() }).await;
    let drift = part(drift, "open drift", audit)?;
    audit.drift = drift.map(|list| list.told(&mut audit.lacking)).unwrap_or_default();
    let accepted = part(client.get(&["acceptances"], &()).await, "acceptances", audit)?;
    audit.acceptances = accepted.map(|list: Acceptances| list.acceptances).unwrap_or_default();
    audit.acceptances.retain(|one| one.status == "valid" || one.expires_at >= audit.from);
    let hosts = part(hosts::all(client, audit.environment.as_deref()).await, "hosts", audit)?;
    audit.hosts = hosts.unwrap_or_default();
    let gaps = part(events(client, asked).await, "events", audit)?;
    if gaps.as_ref().is_some_and(|(_, is_all)| !is_all) {
        audit.lacking.push(format!("events before the latest {EVENTS_MAX}: ask for a shorter time"));
    }
    audit.gaps = gaps.map(|(gaps, _)| gaps).unwrap_or_default();
    audit.history = part::<Verification>(client.get(&["verify"], &()).await, "the proof of the history", audit)?;
    Ok(())
}

/// What was not permitted or is not there is named; anything else ends it.
fn part<T>(answer: Outcome<T>, what: &str, audit: &mut Audit) -> Outcome<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if matches!(failure.exit(), Exit::Denied | Exit::Inconclusive) => {
            let why = if failure.exit() == Exit::Denied { "not permitted" } else { "this collector has none" };
            audit.lacking.push(format!("{what} ({why})"));
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

#[derive(Serialize)]
struct DriftQuery<'a> {
    env: Option<&'a str>,
}

/// Of `GET /api/v1/drift`, what a report needs.
#[derive(Deserialize)]
struct Drifts {
    drifts: Vec<report::Drift>,
    #[serde(default)]
    more: u64,
    #[serde(default)]
    unchecked: Vec<String>,
    #[serde(default)]
    unheld: Vec<String>,
}

impl Drifts {
    /// The drifts; what was not looked at is named: it may hold more.
    fn told(self, lacking: &mut Vec<String>) -> Vec<report::Drift> {
        for (what, why) in [
            (&self.unchecked, "drift where it was not looked, or not as of now"),
            (&self.unheld, "drift of what nothing is declared or approved for"),
        ] {
            if !what.is_empty() {
                lacking.push(format!("{why}: {}", what.join(", ")));
            }
        }
        if self.more > 0 {
            lacking.push(format!("{} beyond those listed", crate::view::count(self.more, "drift", "drifts")));
        }
        self.drifts
    }
}

/// Of `GET /api/v1/acceptances`, what a report needs.
#[derive(Deserialize)]
struct Acceptances {
    acceptances: Vec<report::Acceptance>,
}

#[derive(Serialize)]
struct ScanQuery {
    since: String,
    until: String,
    limit: u32,
}

/// What went wrong, and whether all events of the time were read.
async fn events(client: &Client, mut asked: ChangeQuery) -> Outcome<(Vec<Event>, bool)> {
    let mut found = Vec::new();
    let mut read = 0;
    loop {
        asked.limit = Some(PAGE_ROWS_MAX);
        let page: EventPage = client.get(&["events"], &asked).await?;
        read += page.events.len();
        found.extend(page.events.into_iter().filter(|event| GAPS.contains(&event.what.as_str())));
        if page.next.is_none() || read >= EVENTS_MAX {
            return Ok((found, page.next.is_none()));
        }
        asked.cursor = page.next;
    }
}
