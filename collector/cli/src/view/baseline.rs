//! What was approved, as documents.

use driftline_api::baseline::{BaselineDetail, BaselineInfo, BaselineList};

use super::{HIDDEN, count, shown};
use crate::printer::document::{Document, Table};
use crate::time_text;

/// What an approval did.
#[must_use]
pub fn approved(answer: &BaselineDetail) -> Document {
    let one = &answer.baseline;
    let (items, hosts) = (count(one.items, "item", "items"), count(one.hosts.len() as u64, "host", "hosts"));
    let said = format!("baseline {} approves {items} of {hosts} ({}).", one.number, one.selector);
    let document = Document::default().text(said);
    if answer.skipped.is_empty() {
        return document;
    }
    document.text(format!("Not approved, because nobody can see it now: {}.", answer.skipped.join(", ")))
}

/// The approvals.
#[must_use]
pub fn list(answer: &BaselineList) -> Document {
    if answer.baselines.is_empty() {
        return Document::default().text("nothing is approved: `driftline baseline approve` does it");
    }
    let mut table = Table::new(&["number", "for", "hosts", "items", "in force", "approved (utc)", "by", "reason"]);
    for one in &answer.baselines {
        table.row([
            one.number.to_string(),
            scope(one),
            one.hosts.len().to_string(),
            one.items.to_string(),
            if one.in_force { "yes" } else { "no" }.to_owned(),
            time_text::short(&one.approved_at),
            one.approved_by.clone(),
            one.reason.clone(),
        ]);
    }
    Document::default().table(table)
}

/// One approval in full.
#[must_use]
pub fn detail(answer: &BaselineDetail) -> Document {
    let one = &answer.baseline;
    let facts = [
        ("baseline", one.number.to_string()),
        ("for", scope(one)),
        ("hosts", one.hosts.join(", ")),
        ("approved", format!("{} by {}", time_text::short(&one.approved_at), one.approved_by)),
        ("reason", one.reason.clone()),
        ("in force", if one.in_force { "yes" } else { "no: later ones cover all of it" }.to_owned()),
    ];
    let mut table = Table::new(&["host", "source", "key", "value", "secret"]);
    for item in &answer.items {
        table.row([
            item.host.clone(),
            item.source.clone(),
            item.key.clone(),
            item.display.as_deref().map_or_else(|| HIDDEN.to_owned(), shown),
            if item.secret { "yes" } else { "" }.to_owned(),
        ]);
    }
    Document::default().facts(facts).table(table)
}

fn scope(one: &BaselineInfo) -> String {
    one.source.as_ref().map_or_else(|| one.selector.clone(), |source| format!("{} ({source})", one.selector))
}
