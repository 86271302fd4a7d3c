//! The demo's story, step by step, and what it prints.
//!
//! It tells only what was observed: every claim is a check, and a check that
//! fails is printed as one.

use std::time::{Duration, Instant};

use driftline_api::change::{Change, Verification};
use driftline_api::compare::Comparison;
use serde::Serialize;

use super::agents;
use super::canary;
use super::checks::Checks;
use super::children::Children;
use super::collector::{self, Collector};
use super::edit::{self, Edit};
use super::live::Live;
use super::place::Place;
use super::shop::{Shop, Stage};
use super::webhook::{Call, Webhook};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;
use crate::printer::Printer;
use crate::printer::document::{Block, Document};
use crate::printer::{layout, text};
use crate::view::{self, comparison};

/// How long the change may take before the demo says that it was not seen.
const SEEN_S_MAX: u64 = 15;

/// How long the comparison may lag behind the change.
const COMPARE_S_MAX: u64 = 5;

/// The host of production that is edited: the second, so that the others agree.
const EDITED: usize = 1;

/// What the sample differs in.
const SAMPLE_DIFFERS: (u64, u64, &str) = (12, 80, "15.0");

#[derive(Serialize)]
struct Query<'a> {
    left: &'a str,
    right: &'a str,
}

/// What goes on when the story is told.
pub(super) struct Told {
    pub(super) checks: Checks,
    pub(super) collector: Collector,
    pub(super) webhook: Webhook,
}

/// Tells the story; everything that was started goes on running.
pub(super) async fn tell(printer: Printer, place: &Place, shop: &Shop, children: &mut Children) -> Outcome<Told> {
    let mut checks = Checks::default();
    printer.say(&format!("driftline demo in {}", place.path().display()));
    let secret = webhook_secret()?;
    let mut webhook = Webhook::start(&secret).await?;
    let begun = Instant::now();
    let collector = collector::start(place, children, &webhook.url(), &secret).await?;
    printer.say(&format!("collector ready after {} ms", begun.elapsed().as_millis()));
    let begun = Instant::now();
    let agents = agents::start(place, shop, &collector, children).await?;
    let many = driftline_canon::count(agents.into(), "agent", "agents");
    printer.say(&format!("{many} enrolled and connected after {} ms", begun.elapsed().as_millis()));
    checks.note(true, format!("{many} enrolled over one-time tokens, each with its own key"));

    let (production, other) = shop.production()?;
    let before = compare(&collector, production, other).await?;
    show(printer, &Document::default().heading("1. Where the environments differ"))?;
    show(printer, &comparison::document(&before))?;
    note_sample(&mut checks, shop, &before);

    let edited = change(printer, place, shop, &collector, &mut webhook).await?;
    note_change(&mut checks, &edited);
    let after = compare_after(&collector, production, other, &edited.edit.key).await?;
    show(printer, &Document::default().heading("4. The comparison now"))?;
    show(printer, &comparison::document(&only(&after, &edited.edit.key)))?;
    note_after(&mut checks, &edited, &before, &after);
    note_history(&mut checks, &collector).await?;
    note_secrets(&mut checks, shop, &edited, &after);
    show(printer, &checks.document())?;
    Ok(Told { checks, collector, webhook })
}

/// What came of the edit.
struct Edited {
    host: String,
    edit: Edit,
    live: Option<(Change, Duration)>,
    alert: Option<(Call, Duration)>,
    all_calls: Vec<Call>,
}

async fn change(
    printer: Printer,
    place: &Place,
    shop: &Shop,
    collector: &Collector,
    webhook: &mut Webhook,
) -> Outcome<Edited> {
    let (production, _) = shop.production()?;
    let host = production.hosts.get(EDITED).or(production.hosts.first()).cloned().unwrap_or_default();
    let nothing =
        || Failure::new(Exit::Data, "no variable of production can be changed plainly: all are secrets or quoted");
    let edit = edit::plan(&production.files, shop.is_sample).ok_or_else(nothing)?;
    let mut live = Live::open(&collector.client, production.name.as_str()).await?;
    let folder = agents::folder(place, &host);
    let limit = Duration::from_secs(SEEN_S_MAX);
    let written = edit::apply(&edit, &folder)
        .map_err(|error| Failure::file(Exit::Internal, "edit", &folder.join(&edit.file), &error))?;
    let (seen, calls) = tokio::join!(live.until(&host, &edit.key, limit), webhook.until(&host, &edit.key, limit));
    let live = seen?.map(|(change, at)| (change, at - written));
    let alert = calls.last().filter(|call| call.tells_of(&host, &edit.key));
    let alert = alert.map(|call| (call.clone(), call.at - written));
    let edited = Edited { host, edit, live, alert, all_calls: calls };
    show(printer, &live_document(&edited))?;
    show(printer, &alert_document(&edited, printer.style().width))?;
    Ok(edited)
}

fn live_document(edited: &Edited) -> Document {
    let Edited { host, edit, .. } = edited;
    let document = Document::default().heading("2. Somebody edits a production file by hand").text(format!(
        "{host}: {} in {} goes from {} to {}, by rename, announced to nobody.",
        edit.key, edit.file, edit.before, edit.after
    ));
    match &edited.live {
        None => document.text("The live view did not show it."),
        Some((change, after)) => document
            .text(format!("`driftline watch` showed it {} after the rename:", milliseconds(*after)))
            .text(view::changes::line(change)),
    }
}

fn alert_document(edited: &Edited, width: usize) -> Document {
    let document = Document::default().heading("3. The alert, as its webhook received it");
    let Some((call, after)) = &edited.alert else {
        return document.text("No alert came.");
    };
    let holds = if call.signed { "the signature holds" } else { "the signature does NOT hold" };
    let mut lines = vec![
        "POST /hook HTTP/1.1".to_owned(),
        format!("driftline-alert-id: {}", call.id),
        format!("driftline-signature: {}", call.signature),
        String::new(),
    ];
    lines.extend(body_lines(call));
    let lines = lines.iter().flat_map(|line| text::folded(&text::safe(line), width)).collect();
    let arrived = format!("It arrived {} after the rename; {holds}.", milliseconds(*after));
    document.text(arrived).block(Block::Lines(lines))
}

/// The body, indented as a person would read it.
fn body_lines(call: &Call) -> Vec<String> {
    let pretty = call.alert.as_ref().and_then(|alert| serde_json::to_string_pretty(alert).ok());
    pretty.unwrap_or_default().lines().map(str::to_owned).collect()
}

async fn compare(collector: &Collector, left: &Stage, right: &Stage) -> Outcome<Comparison> {
    collector.client.get(&["compare"], &Query { left: left.name.as_str(), right: right.name.as_str() }).await
}

/// The comparison once the change is in it.
async fn compare_after(collector: &Collector, left: &Stage, right: &Stage, key: &str) -> Outcome<Comparison> {
    let begun = Instant::now();
    loop {
        let answer = compare(collector, left, right).await?;
        let there = answer.differences.iter().any(|one| one.key == key && one.what == "split");
        if there || begun.elapsed() > Duration::from_secs(COMPARE_S_MAX) {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The comparison with that one row; its numbers are those of the whole.
fn only(comparison: &Comparison, key: &str) -> Comparison {
    let differences = comparison.differences.iter().filter(|one| one.key == key).cloned().collect();
    Comparison { differences, ..comparison.clone() }
}

fn note_sample(checks: &mut Checks, shop: &Shop, found: &Comparison) {
    let (differing, keys, percent) = (found.differing, found.keys, found.percent.as_str());
    let expected = !shop.is_sample || (differing, keys, percent) == SAMPLE_DIFFERS;
    let holds = expected && found.undetermined == 0 && found.left_hosts > 0 && found.right_hosts > 0;
    checks.note(
        holds,
        format!("{} and {} differ in {differing} of {keys} settings ({percent} %)", found.left, found.right),
    );
}

fn note_change(checks: &mut Checks, edited: &Edited) {
    let Edited { host, edit, .. } = edited;
    match &edited.live {
        Some((_, after)) => {
            checks.note(true, format!("the change on {host} was seen live after {}", milliseconds(*after)))
        }
        None => checks.note(false, format!("the change on {host} was seen live within {SEEN_S_MAX} s")),
    }
    let Some((call, after)) = &edited.alert else {
        checks.note(false, format!("its webhook was called within {SEEN_S_MAX} s"));
        return;
    };
    checks.note(true, format!("its webhook was called after {}", milliseconds(*after)));
    checks.note(call.signed && !call.id.is_empty(), "the call is signed by the collector, and has an id");
    let changes = call.alert.iter().flat_map(|alert| &alert.changes);
    let display = |side: &Option<driftline_api::change::Side>| side.as_ref().and_then(|side| side.display.clone());
    let mut told =
        changes.filter(|change| change.host == *host && change.key == edit.key && change.source == edit.source);
    let exact = told.any(|change| {
        display(&change.before).as_deref() == Some(&edit.before)
            && display(&change.after).as_deref() == Some(&edit.after)
    });
    checks.note(exact, format!("it says who and what: {host}, {}, before and after", edit.key));
}

fn note_after(checks: &mut Checks, edited: &Edited, before: &Comparison, after: &Comparison) {
    let split = after.differences.iter().find(|one| one.key == edited.edit.key && one.what == "split");
    let outlier = split.and_then(|split| split.left.groups.last());
    let named = outlier.is_some_and(|group| group.hosts == [edited.host.clone()]);
    checks.note(named, format!("the comparison names {} as the one that disagrees", edited.host));
    let known = before.differences.iter().any(|one| one.key == edited.edit.key && !one.metadata);
    let expected = before.differing + u64::from(!known);
    checks.note(
        after.differing == expected,
        format!("now {} of {} settings differ ({} %)", after.differing, after.keys, after.percent),
    );
}

async fn note_history(checks: &mut Checks, collector: &Collector) -> Outcome<()> {
    let answer: Verification = collector.client.get(&["verify"], &()).await?;
    checks.note(
        answer.intact && answer.entries > 0,
        format!("the history is whole: {}", driftline_canon::count(answer.entries, "entry", "entries")),
    );
    Ok(())
}

fn note_secrets(checks: &mut Checks, shop: &Shop, edited: &Edited, after: &Comparison) {
    let forms = canary::forms(shop);
    if forms.is_empty() {
        return;
    }
    let answer = serde_json::to_vec(after).unwrap_or_default();
    let leaked =
        canary::is_in(&forms, &answer) || edited.all_calls.iter().any(|call| canary::is_in(&forms, &call.body));
    checks.note(!leaked, "no secret of the files is in an alert or an answer");
}

fn milliseconds(time: Duration) -> String {
    format!("{}.{} ms", time.as_millis(), time.as_micros() % 1_000 / 100)
}

pub(super) fn show(printer: Printer, document: &Document) -> Outcome<()> {
    printer.data(&format!("\n{}", layout::render(document, printer.style())))
}

fn webhook_secret() -> Outcome<String> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Exit::Internal, format!("the system gives no randomness: {error}")))?;
    Ok(hex::encode(&bytes))
}

#[cfg(test)]
mod tests;
