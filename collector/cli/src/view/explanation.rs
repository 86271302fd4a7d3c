//! The story of a change in plain sentences.
//!
//! It says what is not known as plainly as what is, and adds nothing to what the
//! collector told.

use driftline_api::actor::{Actor, User};
use driftline_api::change::{Change, What};
use driftline_api::explain::{Explanation, Persisted, Standing};

use super::changes::{self, UNKNOWN};
use super::{place, shown};
use crate::printer::document::Document;
use crate::time_text;

/// An explanation as a document.
#[must_use]
pub fn document(explanation: &Explanation) -> Document {
    let now = &explanation.now;
    let mut document = match &explanation.change {
        Some(change) => Document::default().heading(headline(change)).facts(story(explanation, change)),
        None => Document::default().heading(format!("{} on {}", now.key, now.host)).facts([
            ("where", format!("{}, source {} ({})", now.host, now.source, now.path)),
            ("who", explanation.missing.join("; ")),
        ]),
    };
    let mut facts = vec![("now", standing(now))];
    let kind = explanation.change.as_ref().map(|change| change.kind.as_str());
    facts.extend(elsewhere(kind, now, &explanation.persisted));
    document = document.facts(facts);
    for (title, some) in [("later changes", &explanation.later), ("earlier changes", &explanation.earlier)] {
        if !some.is_empty() {
            document = document.heading(title);
            document.blocks.extend(changes::document(some).blocks);
        }
    }
    document
}

fn headline(change: &Change) -> String {
    let what =
        change.meaning.as_ref().map_or_else(|| format!("{} {}", change.key, word(change.what)), |m| m.text.clone());
    format!("change {}: {what} on {}/{}", change.id, change.environment, change.host)
}

fn word(what: What) -> &'static str {
    match what {
        What::Added => "was added",
        What::Removed => "was removed",
        What::Changed => "was changed",
    }
}

fn story(explanation: &Explanation, change: &Change) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("what", format!("{}: {}", change.key, changes::what(change))),
        ("where", location(change)),
        ("when", when(change)),
    ];
    facts.extend(who(change.actor.as_ref(), &change.recorded_at));
    facts.extend(change.meaning.as_ref().map(|meaning| {
        let machine = meaning.machine.as_ref().map(|machine| format!(" (among the rules of {machine})"));
        ("means", format!("{}{}", meaning.text, machine.unwrap_or_default()))
    }));
    let why = explanation.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    facts.push(("severity", format!("{}{why}", change.severity)));
    let marks = if change.marks.is_empty() {
        String::new()
    } else {
        format!(" ({})", change.marks.iter().map(|mark| mark.replace('_', " ")).collect::<Vec<_>>().join(", "))
    };
    facts.push(("verdict", format!("{}{marks}", change.verdict)));
    facts.extend(explanation.evidence.iter().map(|evidence| ("because", evidence.clone())));
    facts.extend(explanation.missing.iter().map(|missing| ("missing", missing.clone())));
    facts
}

fn location(change: &Change) -> String {
    let stands = change.after.as_ref().or(change.before.as_ref());
    let at = stands.map(|side| place(&change.path, side.file.as_deref(), side.line)).unwrap_or_default();
    let at = if at.is_empty() { String::new() } else { format!(", line {at}") };
    format!("{}/{}, source {} ({}{at})", change.environment, change.host, change.source, change.path)
}

fn when(change: &Change) -> String {
    let (observed, recorded) = (time_text::short(&change.observed_at), time_text::short(&change.recorded_at));
    match &change.unobserved_since {
        Some(since) => {
            let since = time_text::short(since);
            format!("at some time between {since} and {observed}, when nobody watched; recorded {recorded}")
        }
        None => format!("observed {observed}, recorded {recorded}"),
    }
}

/// Who it was, how sure that is, and by which process.
fn who(actor: Option<&Actor>, recorded_at: &str) -> Vec<(&'static str, String)> {
    let Some(actor) = actor.filter(|actor| actor.confidence != UNKNOWN) else {
        return vec![("who", "nobody can be named".to_owned())];
    };
    let sure = match actor.confidence.as_str() {
        "exact" => "exact: the kernel named them with the change itself",
        "probable" => "probable: they were there at the time, and another one is possible",
        other => other,
    };
    let evidence = if actor.evidence.is_empty() { String::new() } else { format!(" ({})", actor.evidence.join(", ")) };
    let later = match &actor.amended_at {
        Some(at) => {
            let (at, recorded) = (time_text::short(at), time_text::short(recorded_at));
            format!("; known since {at}, the change since {recorded}")
        }
        None => String::new(),
    };
    let mut facts = vec![("who", actor.summary.clone()), ("how sure", format!("{sure}{evidence}{later}"))];
    let process = process(actor);
    if !process.is_empty() {
        facts.push(("process", process.join(", ")));
    }
    facts
}

fn process(actor: &Actor) -> Vec<String> {
    let user = |label: &str, user: &User| match &user.name {
        Some(name) => format!("{label} {name} (uid {})", user.uid),
        None => format!("{label} uid {}", user.uid),
    };
    let mut parts = Vec::new();
    parts.extend(actor.pid.map(|pid| format!("pid {pid}")));
    parts.extend(actor.executable.clone());
    parts.extend(actor.login.as_ref().map(|login| user("login", login)));
    parts.extend(actor.user.as_ref().map(|one| user("as", one)));
    parts.extend(actor.session.map(|session| format!("session {session}")));
    parts.extend(actor.tty.as_ref().map(|tty| format!("terminal {tty}")));
    parts.extend(actor.unit.as_ref().map(|unit| format!("unit {unit}")));
    parts.extend(actor.container.as_ref().map(|container| format!("container {container}")));
    if !actor.parents.is_empty() {
        let names = actor.parents.iter().map(|parent| format!("{} ({})", parent.name, parent.pid));
        parts.push(format!("started by {}", names.collect::<Vec<_>>().join(", by ")));
    }
    parts
}

fn standing(now: &Standing) -> String {
    let value = now.item.as_ref().and_then(|item| item.display.as_deref()).map(shown);
    let since = now.item.as_ref().map(|item| time_text::short(&item.since));
    let verified = now.verified_at.as_ref().map(|at| format!("; {} verified {}", now.host, time_text::short(at)));
    let state = match (now.state.as_str(), value, since) {
        ("so", Some(value), _) => format!("still so: {value}"),
        ("so", None, Some(_)) => "still so".to_owned(),
        ("so", None, None) => "still so: it is not there".to_owned(),
        ("otherwise", Some(value), Some(since)) => format!("it is {value} since {since}"),
        ("otherwise", _, since) => format!("it has another value since {}", since.unwrap_or_default()),
        ("absent", _, _) => "it is not there any more".to_owned(),
        ("there", value, since) => {
            format!(
                "it is there{}, since {}",
                value.map(|v| format!(": {v}")).unwrap_or_default(),
                since.unwrap_or_default()
            )
        }
        ("retired", _, _) => "not known: the source is not watched any more".to_owned(),
        ("elsewhere", _, _) => "not told: its host is of another environment now".to_owned(),
        (other, _, _) => other.to_owned(),
    };
    format!("{state}{}", verified.unwrap_or_default())
}

/// What becomes of a live rule at the next boot, or whether a rule of a file is
/// live.
fn elsewhere(kind: Option<&str>, now: &Standing, all: &[Persisted]) -> Vec<(&'static str, String)> {
    let live = match kind {
        Some("firewall") => false,
        Some("firewall_dump") => true,
        _ if all.is_empty() => return Vec::new(),
        _ => false,
    };
    let label = if live { "live" } else { "at boot" };
    if all.is_empty() {
        let said = if live {
            format!("no live firewall of {} is watched: whether it is in force is not known", now.host)
        } else {
            format!("no dump file of {} is watched: whether it outlives a reboot is not known", now.host)
        };
        return vec![(label, said)];
    }
    let one = |one: &Persisted| {
        let line = one.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let same = if one.same == Some(false) { ", with another value" } else { "" };
        let text = match (one.holds, live) {
            (true, false) => format!("in {}{line} as watched by source {}{same}", one.path, one.source),
            (false, false) => format!("not in {} as watched by source {}: gone at reboot", one.path, one.source),
            (true, true) => format!("in force: source {}{same}", one.source),
            (false, true) => format!("not in force, as watched by source {}", one.source),
        };
        (label, text)
    };
    all.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
