//! What a webhook receives: the entries of one alert as a document.

use std::sync::Arc;

use driftline_api::SCHEMA_VERSION;
use driftline_api::alert::Alert;
use driftline_api::change::{Change, Event};
use driftline_compare::Severity;
use driftline_store::{Entry, EntryBody};

use crate::notify::severity;
use crate::render;

/// Changes or events that one call lists. A person reads no more, and a
/// receiver's limit is often 1 MiB.
const LISTED_MAX: usize = 100;

/// Keys that a summary names.
const KEYS_MAX: usize = 3;

/// The document of an alert.
#[must_use]
pub fn alert(id: &str, entries: &[Arc<Entry>]) -> Alert {
    let worst = entries.iter().map(|entry| severity(&entry.body)).max().unwrap_or(Severity::Info);
    let (mut changes, mut events, mut more_changes) = (Vec::new(), Vec::new(), 0);
    for entry in entries {
        match &entry.body {
            EntryBody::Change(change) if changes.len() < LISTED_MAX => {
                changes.push(render::change(entry.id, entry.recorded_ms, change));
            }
            EntryBody::Change(_) => more_changes += 1,
            EntryBody::Event(event) if events.len() < LISTED_MAX => {
                events.push(render::event(entry.id, entry.recorded_ms, event));
            }
            EntryBody::Event(_) => {}
        }
    }
    Alert {
        schema_version: SCHEMA_VERSION,
        id: id.to_owned(),
        severity: worst.as_str().to_owned(),
        summary: summary(&changes, &events, more_changes),
        changes,
        more_changes,
        events,
    }
}

fn summary(changes: &[Change], events: &[Event], more: u64) -> String {
    let Some(first) = changes.first() else {
        return match events {
            [] => "nothing".to_owned(),
            [one] => one.message.clone(),
            [one, rest @ ..] => format!("{} (and {} more)", one.message, rest.len()),
        };
    };
    let place = format!("{} ({})", first.host, first.environment);
    let count = more.saturating_add(u64::try_from(changes.len()).unwrap_or(u64::MAX));
    if count == 1 {
        return format!("{place}: {} {} in {}", first.key, render::what_word(first.what), first.path);
    }
    let keys: Vec<&str> = changes.iter().take(KEYS_MAX).map(|change| change.key.as_str()).collect();
    let rest = count.saturating_sub(u64::try_from(keys.len()).unwrap_or(u64::MAX));
    let tail = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{place}: {count} changes in {}: {}{tail}", first.path, keys.join(", "))
}
