//! The demo's story, step by step, and what it prints.
//!
//! It tells only what was observed: every claim is a check, and a check that
//! fails is printed as one.

use std::time::{Duration, Instant};

use driftline_api::change::Verification;
use driftline_api::compare::Comparison;
use serde::Serialize;

use super::agents;
use super::canary;
use super::change::{self, Edited};
use super::checks::Checks;
use super::children::Children;
use super::collector::{self, Collector};
use super::edit;
use super::firewall::{self, Namespace};
use super::place::Place;
use super::shop::{DATABASE_FILE, Shop, Stage};
use super::webhook::Webhook;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;
use crate::printer::Printer;
use crate::printer::document::Document;
use crate::printer::layout;
use crate::view::comparison;

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
    pub(super) namespace: Option<Namespace>,
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

    let edited = edit_variable(printer, place, shop, &collector, &mut webhook).await?;
    change::note(&mut checks, &edited);
    let after = compare_after(&collector, production, other, &edited.edit.key).await?;
    show(printer, &Document::default().heading("4. The comparison now"))?;
    show(printer, &comparison::document(&only(&after, &edited.edit.key)))?;
    note_after(&mut checks, &edited, &before, &after);
    let mut joined = Joined { place, shop, collector: &collector, children };
    let database = edit_database(printer, &mut checks, &mut joined, &mut webhook).await?;
    let started = (place, shop, &collector);
    let namespace = firewall::open(printer, &mut checks, started, children, &mut webhook).await?;
    note_history(&mut checks, &collector).await?;
    let edits: Vec<_> = [Some(&edited), database.as_ref()].into_iter().flatten().collect();
    note_secrets(&mut checks, shop, &edits, &after);
    show(printer, &checks.document())?;
    Ok(Told { checks, collector, webhook, namespace })
}

async fn edit_variable(
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
    let edited = change::make(place, collector, webhook, production.name.as_str(), (host, edit)).await?;
    show(printer, &change::live_document("2. Somebody edits a production file by hand", &edited))?;
    let width = printer.style().width;
    show(printer, &change::alert_document("3. The alert, as its webhook received it", &edited, width))?;
    Ok(edited)
}

/// What the database servers join.
struct Joined<'a> {
    place: &'a Place,
    shop: &'a Shop,
    collector: &'a Collector,
    children: &'a mut Children,
}

/// Lets the database servers join, and edits production's. None where it has
/// none: that is said and is no failure.
async fn edit_database(
    printer: Printer,
    checks: &mut Checks,
    joined: &mut Joined<'_>,
    webhook: &mut Webhook,
) -> Outcome<Option<Edited>> {
    let Joined { place, shop, collector, .. } = *joined;
    let heading = "5. Somebody edits a database server by hand";
    let (production, _) = shop.production()?;
    let Some(database) = &production.database else {
        let said = format!("Left out: {} has no {DATABASE_FILE}.", production.name);
        show(printer, &Document::default().heading(heading).text(said))?;
        return Ok(None);
    };
    let servers = agents::join(place, shop, collector, joined.children).await?;
    let many = driftline_canon::count(servers.into(), "database server", "database servers");
    checks.note(true, format!("{many} joined while all was running"));
    let no_text = || Failure::new(Exit::Data, format!("{DATABASE_FILE} of {} is no text", production.name));
    let edit = edit::plan_database(database).ok_or_else(no_text)?;
    // Off is what loses data; where it was off already, on is no alarm.
    let severity = if edit.after == "off" { "critical" } else { "warning" };
    let edited =
        change::make(place, collector, webhook, production.name.as_str(), (database.host.clone(), edit)).await?;
    show(printer, &change::live_document(heading, &edited))?;
    show(printer, &change::alert_brief(&edited))?;
    change::note(checks, &edited);
    change::note_severity(checks, &edited, severity);
    Ok(Some(edited))
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

fn note_secrets(checks: &mut Checks, shop: &Shop, edits: &[&Edited], after: &Comparison) {
    let forms = canary::forms(shop);
    if forms.is_empty() {
        return;
    }
    let answer = serde_json::to_vec(after).unwrap_or_default();
    let mut calls = edits.iter().flat_map(|edited| &edited.all_calls);
    let leaked = canary::is_in(&forms, &answer) || calls.any(|call| canary::is_in(&forms, &call.body));
    checks.note(!leaked, "no secret of the files is in an alert or an answer");
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
