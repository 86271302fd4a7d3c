//! Changes and events as documents.
//!
//! Times are UTC; the newest is on top, as the collector sent them.

use driftline_api::actor::{Actor, Amendment};
use driftline_api::change::{Change, Event, What};
use driftline_api::judge::Rejudgement;

use super::{severity, side};
use crate::printer::document::{Document, Row, Table};
use crate::time_text;

/// The confidence of those of whom nothing is known.
pub(super) const UNKNOWN: &str = "unknown";

/// The verdict of what could not be judged.
const UNDETERMINED: &str = "undetermined";

/// Changes as a document.
#[must_use]
pub fn document(changes: &[Change]) -> Document {
    if changes.is_empty() {
        return Document::default().text("no changes");
    }
    let mut table = Table::new(&["time (utc)", "severity", "host", "source", "key"]);
    table.note_title = "change".to_owned();
    table.rows = changes.iter().map(row).collect();
    Document::default().table(table)
}

/// Both values stand on a line of their own: beside each other they would be
/// cut, and what is cut looks alike.
fn row(change: &Change) -> Row {
    let cells = vec![
        time_text::short(&change.observed_at),
        change.severity.clone(),
        format!("{}/{}", change.environment, change.host),
        change.source.clone(),
        change.key.clone(),
    ];
    let what = head(change);
    let note = note(change).map_or_else(|| what.clone(), |note| format!("{what} ({note})"));
    Row { cells, note: Some(note), severity: Some(severity(&change.severity)) }
}

/// What matters most: what it means where that is known, and else what was
/// there before and is there now.
fn head(change: &Change) -> String {
    change.meaning.as_ref().map_or_else(|| what(change), |meaning| meaning.text.clone())
}

/// Who it was, if somebody can be named.
fn by(actor: Option<&Actor>) -> Option<String> {
    let actor = actor.filter(|actor| actor.confidence != UNKNOWN)?;
    Some(format!("by {}", actor.summary))
}

/// What happened to the key and its value.
pub(super) fn what(change: &Change) -> String {
    let (before, after) = (side(change.before.as_ref()), side(change.after.as_ref()));
    match change.what {
        What::Added => format!("added {after}"),
        What::Removed => format!("removed {before}"),
        What::Changed => format!("{before} -> {after}"),
    }
}

/// The verdict, where there was anything to judge by.
fn verdict(change: &Change) -> Option<String> {
    let now = change.later.iter().filter_map(|one| one.verdict.as_ref()).next_back();
    let judged = change.verdict != UNDETERMINED || !change.evidence.is_empty() || now.is_some();
    let now = now.map_or_else(String::new, |now| format!(", now {}", now.replace('_', " ")));
    judged.then(|| format!("{}{now}", change.verdict.replace('_', " ")))
}

/// What is to be known beside the change itself.
fn note(change: &Change) -> Option<String> {
    let mut parts: Vec<String> = verdict(change).into_iter().collect();
    parts.extend(change.meaning.as_ref().map(|_| what(change)));
    parts.extend(by(change.actor.as_ref()));
    let stands = change.after.as_ref().or(change.before.as_ref()).filter(|side| side.file.is_some());
    parts.extend(stands.map(|side| super::place(&change.path, side.file.as_deref(), side.line)));
    if let Some(since) = &change.unobserved_since {
        let (from, to) = (time_text::short(since), time_text::short(&change.observed_at));
        parts.push(format!("unobserved: at some time between {from} and {to}"));
    }
    let marks = change.marks.iter().filter(|mark| change.unobserved_since.is_none() || *mark != "unobserved");
    parts.extend(marks.map(|mark| mark.replace('_', " ")));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// A change as one line of a live view.
#[must_use]
pub fn line(change: &Change) -> String {
    let what = head(change);
    let time = time_text::short(&change.observed_at);
    let note = note(change).map_or_else(String::new, |note| format!(" ({note})"));
    format!(
        "{time}  {:<8}  {}/{}  {}  {}: {what}{note}",
        change.severity, change.environment, change.host, change.source, change.key
    )
}

/// Who made earlier changes, as one line of a live view.
#[must_use]
pub fn amendment_line(one: &Amendment) -> String {
    let time = time_text::short(&one.recorded_at);
    let what = match (one.keys.first(), one.changes) {
        (Some(key), 1) => format!("{}  {key}", one.source),
        (Some(key), changes) => format!("{}  {key} and {} more", one.source, changes.saturating_sub(1)),
        (None, _) => one.source.clone(),
    };
    let place = format!("{}/{}", one.environment, one.host);
    format!("{time}  {:<8}  {place}  {what}: it was {}", one.severity, one.actor.summary)
}

/// What an earlier change is now, as one line of a live view.
#[must_use]
pub fn rejudgement_line(one: &Rejudgement) -> String {
    let (time, mark) = (time_text::short(&one.recorded_at), one.mark.replace('_', " "));
    let place = format!("{}/{}", one.environment, one.host);
    let Rejudgement { severity, source, key, change, because, .. } = one;
    format!("{time}  {severity:<8}  {place}  {source}  {key}: change {change} is {mark}: {}", because.text)
}

/// Events as a document.
#[must_use]
pub fn events(events: &[Event]) -> Document {
    if events.is_empty() {
        return Document::default().text("no events");
    }
    let mut table = Table::new(&["time (utc)", "severity", "event", "host"]);
    table.note_title = "message".to_owned();
    table.rows = events
        .iter()
        .map(|event| Row {
            cells: vec![
                time_text::short(&event.at),
                event.severity.clone(),
                event.what.clone(),
                event.host.clone().unwrap_or_default(),
            ],
            note: Some(event.message.clone()),
            severity: Some(severity(&event.severity)),
        })
        .collect();
    Document::default().table(table)
}

/// An event as one line of a live view.
#[must_use]
pub fn event_line(event: &Event) -> String {
    let place: Vec<&str> = [&event.environment, &event.host].into_iter().flatten().map(String::as_str).collect();
    let time = time_text::short(&event.at);
    format!("{time}  {:<8}  {}  {}: {}", event.severity, place.join("/"), event.what, event.message)
}

#[cfg(test)]
mod tests;
