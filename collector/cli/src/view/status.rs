//! The state of the whole, as a document.

use driftline_api::host::{EnvironmentSummary, Status};
use jiff::Timestamp;

use super::count;
use crate::exit::Exit;
use crate::printer::document::{Document, Table};
use crate::time_text;

/// The state as a document.
#[must_use]
pub fn document(status: &Status, address: &str, now: Timestamp) -> Document {
    let started = time_text::age(&status.started_at, now);
    let mut facts = vec![
        ("collector", address.to_owned()),
        ("version", format!("{} ({}, started {started})", status.collector_version, status.engine)),
        ("history", count(status.history_entries, "entry", "entries")),
    ];
    if status.alerts_pending > 0 {
        facts.push(("alerts waiting", status.alerts_pending.to_string()));
    }
    let document = Document::default().facts(facts);
    if status.environments.is_empty() {
        return document.text("no hosts are enrolled: `driftline token create` makes a token for one");
    }
    let mut table = Table::new(&["environment", "hosts", "connected", "unwell", "changes in 24 h", "problems"]);
    for one in &status.environments {
        table.row([
            one.environment.clone(),
            one.hosts.to_string(),
            one.connected.to_string(),
            one.unwell.to_string(),
            changes(one),
            one.problems.to_string(),
        ]);
    }
    document.table(table)
}

/// Hosts that are silent or locked out cannot be judged.
#[must_use]
pub fn exit(status: &Status) -> Exit {
    if status.environments.iter().any(|one| one.unwell > 0) { Exit::Inconclusive } else { Exit::Clean }
}

fn changes(one: &EnvironmentSummary) -> String {
    let counted = one.changes_24h;
    let named = [(counted.critical, "critical"), (counted.warning, "warning"), (counted.info, "info")];
    let parts: Vec<_> =
        named.into_iter().filter(|(number, _)| *number > 0).map(|(number, name)| format!("{number} {name}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests;
