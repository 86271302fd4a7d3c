//! What a webhook receives: the entries of one alert as a document.

use std::sync::Arc;

use driftline_api::SCHEMA_VERSION;
use driftline_api::actor::Amendment;
use driftline_api::alert::Alert;
use driftline_api::change::{Change, Event};
use driftline_api::judge::Rejudgement;
use driftline_canon::Confidence;
use driftline_compare::{Mark, Severity, Verdict};
use driftline_store::{Entry, EntryBody};

use crate::notify::severity;
use crate::render;

/// Changes or events that one call lists. A person reads no more, and a
/// receiver's limit is often 1 MiB.
const LISTED_MAX: usize = 100;

/// Keys that a summary names.
const KEYS_MAX: usize = 3;

/// What an alert tells: the entries that a call lists, and what there is to
/// say of the others. Holds at most four times [`LISTED_MAX`] entries.
#[derive(Debug, Clone, Default)]
pub struct Told {
    changes: Vec<Arc<Entry>>,
    events: Vec<Arc<Entry>>,
    amendments: Vec<Arc<Entry>>,
    rejudgements: Vec<Arc<Entry>>,
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
            EntryBody::Amendment(_) if self.amendments.len() < LISTED_MAX => self.amendments.push(entry),
            EntryBody::Rejudgement(_) if self.rejudgements.len() < LISTED_MAX => self.rejudgements.push(entry),
            EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => {}
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
        EntryBody::Change(change) => {
            Some(render::change(entry.id, entry.recorded_ms, change, &render::Since::default()))
        }
        _ => None,
    };
    let event = |entry: &Arc<Entry>| match &entry.body {
        EntryBody::Event(event) => Some(render::event(entry.id, entry.recorded_ms, event)),
        _ => None,
    };
    let amendment = |entry: &Arc<Entry>| match &entry.body {
        EntryBody::Amendment(one) => Some(render::amendment(entry.id, entry.recorded_ms, one)),
        _ => None,
    };
    let changes: Vec<Change> = told.changes.iter().filter_map(change).collect();
    let events: Vec<Event> = told.events.iter().filter_map(event).collect();
    let rejudgement = |entry: &Arc<Entry>| match &entry.body {
        EntryBody::Rejudgement(one) => Some(render::rejudgement(entry.id, entry.recorded_ms, one)),
        _ => None,
    };
    let rejudgements: Vec<Rejudgement> = told.rejudgements.iter().filter_map(rejudgement).collect();
    let amendments: Vec<Amendment> = told.amendments.iter().filter_map(amendment).collect();
    Alert {
        schema_version: SCHEMA_VERSION,
        id: id.to_owned(),
        severity: told.worst.unwrap_or(Severity::Info).as_str().to_owned(),
        summary: match amendments.as_slice() {
            _ if changes.is_empty() && events.is_empty() && !rejudgements.is_empty() => rejudged(&rejudgements),
            [first, ..] if changes.is_empty() && events.is_empty() => amended(first),
            _ => summary(&changes, &events, told.more_changes),
        },
        changes,
        more_changes: told.more_changes,
        events,
        amendments,
        rejudgements,
    }
}

/// What changes that were told before are now.
fn rejudged(all: &[Rejudgement]) -> String {
    let Some(first) = all.first() else { return String::new() };
    let place = format!("{} ({})", first.host, first.environment);
    let more = if all.len() > 1 { format!(" (and {} more)", all.len() - 1) } else { String::new() };
    format!("{place}: {} is {}: {}{more}", first.key, first.mark, first.because.text)
}

/// What the verdict is, where somebody has to look because of it.
fn verdict(change: &Change) -> &'static str {
    match Verdict::from_name(&change.verdict) {
        Some(Verdict::OutOfBand) => ", out of band",
        Some(Verdict::ContentMismatch) => ", not what was declared",
        Some(Verdict::WindowOnly) => ", in a window only",
        Some(Verdict::Undetermined | Verdict::Authorised | Verdict::AuthorisedUnverified) | None => "",
    }
}

/// Who it was, of changes that were told before.
fn amended(amendment: &Amendment) -> String {
    let place = format!("{} ({})", amendment.host, amendment.environment);
    let what = match (amendment.keys.as_slice(), amendment.changes) {
        ([], _) | (_, 0) => amendment.source.clone(),
        ([key, ..], 1) => key.clone(),
        ([key, ..], changes) => format!("{key} and {} more", changes.saturating_sub(1)),
    };
    format!("{place}: {what}: it was {}", amendment.actor.summary)
}

/// Where: the host, or how many of them.
fn place(first: &Change, changes: &[Change]) -> String {
    let mut hosts: Vec<&str> = changes.iter().map(|change| change.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match hosts.len().saturating_sub(1) {
        0 => format!("{} ({})", first.host, first.environment),
        more => format!("{} and {more} more ({})", first.host, first.environment),
    }
}

/// Who did it, where somebody can be named.
fn by(change: &Change) -> Option<String> {
    let actor = change.actor.as_ref().filter(|actor| actor.confidence != Confidence::Unknown.as_str())?;
    Some(format!(", by {}", actor.summary))
}

/// The program that changed its own rules, if all of them are its.
fn machine(changes: &[Change], more: u64) -> Option<String> {
    let is_marked = |change: &Change| change.marks.iter().any(|mark| mark == Mark::MachineMade.as_str());
    let whose = |change: &'_ Change| change.meaning.as_ref().and_then(|meaning| meaning.machine.clone());
    let first = changes.first().and_then(whose)?;
    let all = changes.iter().all(|change| is_marked(change) && whose(change).as_ref() == Some(&first));
    (all && more == 0).then_some(first)
}

fn summary(changes: &[Change], events: &[Event], more: u64) -> String {
    let Some(first) = changes.first() else {
        return match events {
            [] => "nothing".to_owned(),
            [one] => one.message.clone(),
            [one, rest @ ..] => format!("{} (and {} more)", one.message, rest.len()),
        };
    };
    let place = place(first, changes);
    let count = more.saturating_add(u64::try_from(changes.len()).unwrap_or(u64::MAX));
    let by = format!("{}{}", by(first).unwrap_or_default(), verdict(first));
    if count == 1 {
        return match &first.meaning {
            Some(meaning) => format!("{place}: {} in {} ({}){by}", meaning.text, first.path, first.key),
            None => format!("{place}: {} {} in {}{by}", first.key, render::what_word(first.what), first.path),
        };
    }
    if let Some(machine) = machine(changes, more) {
        return format!("{place}: {count} changes of {machine}'s own rules in {}{by}", first.path);
    }
    let worst = changes.iter().find_map(|change| change.meaning.as_ref().filter(|meaning| meaning.effect == "opens"));
    if let Some(meaning) = worst {
        let rest = count.saturating_sub(1);
        return format!("{place}: {} and {rest} more changes in {}{by}", meaning.text, first.path);
    }
    let keys: Vec<&str> = changes.iter().take(KEYS_MAX).map(|change| change.key.as_str()).collect();
    let rest = count.saturating_sub(u64::try_from(keys.len()).unwrap_or(u64::MAX));
    let tail = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{place}: {count} changes in {}: {}{tail}{by}", first.path, keys.join(", "))
}
