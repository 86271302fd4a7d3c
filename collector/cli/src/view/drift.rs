//! Drift as a table, and one drift as a story.
//!
//! It adds nothing to what the collector told.

use driftline_api::drift::{Drift, DriftDetail, DriftList};
use driftline_compare::Severity;

use super::{explanation, severity};
use crate::exit::{Exit, FailOn};
use crate::printer::document::{Document, Row, Table};
use crate::time_text;

/// The state of a drift that somebody has to look at.
const OPEN: &str = "open";

/// A list as a table, with a sentence below each row: it names the key, the
/// source, the hosts and who began it in full, for which no column is wide
/// enough.
#[must_use]
pub fn document(list: &DriftList) -> Document {
    if list.drifts.is_empty() {
        return Document::default().text("no drift");
    }
    let is_mixed = list.drifts.iter().any(|one| one.state != OPEN);
    let mut titles = vec!["severity", "id", "age", "kind", "where"];
    if is_mixed {
        titles.insert(3, "state");
    }
    let mut table = Table::new(&titles);
    table.note_title = "what".to_owned();
    table.rows = list.drifts.iter().map(|one| row(one, is_mixed)).collect();
    let hint = "`driftline explain ID` tells of one, `driftline plan ID` what would end it.";
    let document = Document::default().table(table).text(summary(list)).text(hint);
    match list.more {
        0 => document,
        more => document.text(format!("{more} more are not listed: ask for one environment or kind.")),
    }
}

fn row(one: &Drift, is_mixed: bool) -> Row {
    let mut cells = vec![
        one.severity.clone(),
        one.id.clone(),
        age(one.age_s),
        one.rule.clone(),
        format!("{}/{}", one.environment, one.role),
    ];
    if is_mixed {
        cells.insert(3, one.state.clone());
    }
    let actor = one.opened_by.as_ref().and_then(|by| by.actor.as_ref());
    let note = actor.map_or_else(|| one.headline.clone(), |actor| format!("{}; by {actor}", one.headline));
    Row { cells, note: Some(note), severity: Some(severity(&one.severity)) }
}

fn summary(list: &DriftList) -> String {
    let open: Vec<&Drift> = list.drifts.iter().filter(|one| one.state == OPEN).collect();
    let critical = open.iter().filter(|one| one.severity == Severity::Critical.as_str()).count();
    let accepted = list.drifts.iter().filter(|one| one.state == "accepted").count();
    let said = driftline_canon::count(open.len() as u64, "drift is open", "drifts are open");
    let mut text = format!("{said}, {critical} of them critical.");
    if accepted > 0 {
        text.push_str(&format!(" {accepted} accepted."));
    }
    text
}

/// An age in one unit.
fn age(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => "< 1 min".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, ..) => format!("{days} d"),
    }
}

/// The whole story of one drift.
#[must_use]
pub fn story(story: &DriftDetail) -> Document {
    let one = &story.drift;
    let mut facts = vec![
        ("what", one.headline.clone()),
        ("where", format!("{}, role {}, source {} on {}", one.environment, one.role, one.source, one.hosts.join(", "))),
        ("held against", one.expected_by.clone()),
        ("stands", one.standing.clone()),
        ("severity", format!("{} ({})", one.severity, one.class)),
        ("since", time_text::short(&one.opened_at)),
    ];
    facts.extend(one.opened_by.as_ref().map(|by| {
        let who = by.actor.clone().unwrap_or_else(|| "nobody can be named".to_owned());
        ("began", format!("change {} on {}: {who}", by.change, by.host))
    }));
    if one.reopened > 0 {
        let times = driftline_canon::count(u64::from(one.reopened), "time", "times");
        facts.push(("came back", format!("{times}, first seen {}", time_text::short(&one.first_opened_at))));
    }
    if matches!(one.state.as_str(), "open" | "accepted") {
        facts.push(("to end it", format!("`driftline plan {}` says the steps", one.id)));
    }
    facts.extend(story.missing.iter().map(|missing| ("missing", missing.clone())));
    let heading = format!("drift {}: {} in {}/{}", one.id, one.key, one.environment, one.role);
    let mut document = Document::default().heading(heading).facts(facts);
    document = story.turns.iter().fold(document.heading("its life"), |document, turn| document.text(turn));
    if let Some(opening) = &story.opening {
        document = document.heading("how it began");
        document.blocks.extend(explanation::document(opening).blocks);
    }
    document
}

/// How the command ends: only open drift fails.
#[must_use]
pub fn exit(list: &DriftList, unheld: bool, fail_on: FailOn) -> Exit {
    let open = list.drifts.iter().filter(|one| one.state == OPEN);
    let worst = open.map(|one| severity(&one.severity)).max();
    Exit::of_drift(worst, unheld || !list.unchecked.is_empty() || list.more > 0, fail_on)
}

#[cfg(test)]
mod tests;
