//! What CI/CD declared, as documents.

use driftline_api::desired::{PushDetail, RevisionDetail, RevisionInfo, RevisionList};

use super::{HIDDEN, count, shown};
use crate::printer::document::{Document, Table};
use crate::time_text;

/// What a push did.
#[must_use]
pub fn pushed(answer: &PushDetail) -> Document {
    let revision = &answer.revision;
    let did = if answer.changed { "is declared for" } else { "was declared before, unchanged, for" };
    let hosts = count(answer.hosts, "host", "hosts");
    let said = format!("{} {did} {} ({hosts}), as number {}.", revision.revision, revision.selector, revision.number);
    with_notes(Document::default().text(said).table(sources(revision)), &answer.notes)
}

/// What a push would do.
#[must_use]
pub fn dry(answer: &PushDetail) -> Document {
    let revision = &answer.revision;
    let said = format!("{} would be declared for {}.", revision.revision, revision.selector);
    with_notes(Document::default().text(said).table(sources(revision)), &answer.notes)
}

fn with_notes(document: Document, notes: &[String]) -> Document {
    notes.iter().fold(document, |document, note| document.text(format!("note: {note}")))
}

fn sources(revision: &RevisionInfo) -> Table {
    let mut table = Table::new(&["source", "settings"]);
    for one in &revision.sources {
        table.row([one.source.clone(), one.items.to_string()]);
    }
    table
}

/// The revisions that were pushed.
#[must_use]
pub fn list(answer: &RevisionList) -> Document {
    if answer.revisions.is_empty() {
        return Document::default().text("nothing is declared: `driftline desired push` does it");
    }
    let mut table = Table::new(&["number", "revision", "for", "status", "settings", "pushed (utc)", "by"]);
    for one in &answer.revisions {
        let items: u64 = one.sources.iter().map(|source| u64::from(source.items)).sum();
        table.row([
            one.number.to_string(),
            one.revision.clone(),
            one.selector.clone(),
            one.status.clone(),
            items.to_string(),
            time_text::short(&one.pushed_at),
            one.pushed_by.clone(),
        ]);
    }
    Document::default().table(table)
}

/// One revision in full.
#[must_use]
pub fn detail(answer: &RevisionDetail) -> Document {
    let one = &answer.revision;
    let mut facts = vec![
        ("revision", format!("{} (number {})", one.revision, one.number)),
        ("for", one.selector.clone()),
        ("status", one.status.clone()),
        ("pushed", format!("{} by {}", time_text::short(&one.pushed_at), one.pushed_by)),
    ];
    facts.extend(one.expires_at.as_ref().map(|at| ("expires", time_text::short(at))));
    facts.extend(one.ticket.as_ref().map(|ticket| ("ticket", ticket.clone())));
    let mut table = Table::new(&["source", "key", "value", "secret"]);
    for item in &answer.items {
        table.row([
            item.source.clone(),
            item.key.clone(),
            item.display.as_deref().map_or_else(|| HIDDEN.to_owned(), shown),
            if item.secret { "yes" } else { "" }.to_owned(),
        ]);
    }
    Document::default().facts(facts).table(table)
}
