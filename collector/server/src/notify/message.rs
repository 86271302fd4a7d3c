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

/// What an alert tells: the entries that a call lists, and what there is to
/// say of the others. Holds at most twice [`LISTED_MAX`] entries.
#[derive(Debug, Clone, Default)]
pub struct Told {
    changes: Vec<Arc<Entry>>,
    events: Vec<Arc<Entry>>,
    more_changes: u64,
    worst: Option<Severity>,
}

impl Told {
    /// Adds the next entry.
    pub fn add(&mut self, entry: Arc<Entry>) {
        self.worst = self.worst.max(Some(severity(&entry.body)));
        match &entry.body {
            EntryBody::Change(_) if self.changes.len() < LISTED_MAX => self.changes.push(entry),
            EntryBody::Change(_) => self.more_changes += 1,
            EntryBody::Event(_) if self.events.len() < LISTED_MAX => self.events.push(entry),
            EntryBody::Event(_) => {}
        }
    }
}

impl FromIterator<Arc<Entry>> for Told {
    fn from_iter<I: IntoIterator<Item = Arc<Entry>>>(entries: I) -> Self {
        let mut told = Self::default();
        entries.into_iter().for_each(|entry| told.add(entry));
        told
    }
}

/// The document of an alert.
#[must_use]
pub fn alert(id: &str, told: &Told) -> Alert {
    let change = |entry: &Arc<Entry>| match &entry.body {
        EntryBody::Change(change) => Some(render::change(entry.id, entry.recorded_ms, change)),
        EntryBody::Event(_) => None,
    };
    let event = |entry: &Arc<Entry>| match &entry.body {
        EntryBody::Event(event) => Some(render::event(entry.id, entry.recorded_ms, event)),
        EntryBody::Change(_) => None,
    };
    let changes: Vec<Change> = told.changes.iter().filter_map(change).collect();
    let events: Vec<Event> = told.events.iter().filter_map(event).collect();
    Alert {
        schema_version: SCHEMA_VERSION,
        id: id.to_owned(),
        severity: told.worst.unwrap_or(Severity::Info).as_str().to_owned(),
        summary: summary(&changes, &events, told.more_changes),
        changes,
        more_changes: told.more_changes,
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
