//! Drift as a table, and one drift as a story.
//!
//! It adds nothing to what the collector told.

use driftline_api::drift::{Drift, DriftDetail, DriftList};
use driftline_compare::Severity;

use super::{explanation, severity};
use crate::exit::{Exit, FailOn};
use crate::printer::document::{Document, Row, Table};
use crate::time_text;

/// Hosts that a cell names.
const HOSTS_NAMED_MAX: usize = 2;

/// A list as a table, with a sentence below each row.
#[must_use]
pub fn document(list: &DriftList) -> Document {
    if list.drifts.is_empty() {
        return Document::default().text("no drift");
    }
    let mut table = Table::new(&["severity", "id", "kind", "where", "key", "age", "state", "by"]);
    table.note_title = "what".to_owned();
    table.rows = list.drifts.iter().map(row).collect();
    let document = Document::default().table(table).text(summary(list));
    match list.more {
        0 => document,
        more => document.text(format!("{more} more are not listed: ask for one environment or kind.")),
    }
}

fn row(one: &Drift) -> Row {
    let cells = vec![
        one.severity.clone(),
        one.id.clone(),
        one.rule.clone(),
        format!("{}/{} {}", one.environment, one.role, hosts(one)),
        format!("{}: {}", one.source, one.key),
        age(one.age_s),
        one.state.clone(),
        one.opened_by.as_ref().and_then(|by| by.actor.clone()).unwrap_or_else(|| "unknown".to_owned()),
    ];
    Row { cells, note: Some(one.headline.clone()), severity: Some(severity(&one.severity)) }
}

fn hosts(one: &Drift) -> String {
    let named: Vec<&str> = one.hosts.iter().take(HOSTS_NAMED_MAX).map(String::as_str).collect();
    let more = usize::try_from(one.host_count).unwrap_or(usize::MAX).saturating_sub(named.len());
    match more {
        0 => named.join(", "),
        more => format!("{} +{more}", named.join(", ")),
    }
}

fn summary(list: &DriftList) -> String {
    let open: Vec<&Drift> = list.drifts.iter().filter(|one| one.state == "open").collect();
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
    let open = list.drifts.iter().filter(|one| one.state == "open");
    let worst = open.map(|one| severity(&one.severity)).max();
    Exit::of_drift(worst, unheld || !list.unchecked.is_empty() || list.more > 0, fail_on)
}

#[cfg(test)]
mod tests;
