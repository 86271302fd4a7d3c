//! Records of the store as the JSON shapes of `api`.
//!
//! Digests never leave: nobody outside could use one.

use driftline_api::actor::{Actor, Amendment, Meaning, Parent, User};
use driftline_api::change::{Change, Event, Side, What};
use driftline_api::host::Item;
use driftline_api::judge::{Later, Reason, Rejudgement};
use driftline_api::problem::Problem;
use driftline_canon::actor::{self, ActorText};
use driftline_compare::judge::{Evidence, Missing};
use driftline_daemon::clock::format_ms;
use driftline_store::{Amended, EventKind, HostStatus, ItemRecord, Rejudged};

use crate::hex;

/// What became known of a change after it was recorded.
#[derive(Debug, Clone, Default)]
pub struct Since {
    /// Who made it.
    pub amended: Option<Amended>,
    /// What it is now.
    pub rejudged: Vec<Rejudged>,
}

/// A change, with what became known of it later.
#[must_use]
pub fn change(id: u64, recorded_ms: i64, change: &driftline_store::Change, since: &Since) -> Change {
    let later = since.amended.as_ref();
    let grounds = change.beside.grounds.as_deref();
    let told = change.beside.actor.as_deref().map(actor);
    let later = later.map(|later| Actor { amended_at: Some(format_ms(later.recorded_ms)), ..actor(&later.actor) });
    Change {
        id,
        environment: change.environment.to_string(),
        host: change.host.to_string(),
        role: change.role.to_string(),
        source: change.source.to_string(),
        kind: change.kind.to_string(),
        path: change.path.clone(),
        key: change.key.to_string(),
        what: what(change),
        before: change.before.as_ref().map(side),
        after: change.after.as_ref().map(side),
        observed_at: format_ms(change.observed_ms),
        unobserved_since: change.unobserved_since_ms.map(format_ms),
        recorded_at: format_ms(recorded_ms),
        severity: change.severity.to_string(),
        class: change.class.to_string(),
        verdict: change.verdict.to_string(),
        marks: marks(change, &since.rejudged),
        evidence: grounds.map(|grounds| grounds.evidence.iter().map(evidence).collect()).unwrap_or_default(),
        missing: grounds.map(|grounds| grounds.missing.iter().map(missing).collect()).unwrap_or_default(),
        later: since.rejudged.iter().map(rejudged).collect(),
        actor: later.or(told),
        meaning: change.beside.meaning.as_deref().map(meaning),
        record: Some(record(&change.agent_epoch, change.agent_seq)),
    }
}

/// The marks that it was recorded with, then those that it got later.
fn marks(change: &driftline_store::Change, later: &[Rejudged]) -> Vec<String> {
    let mut marks = Vec::with_capacity(change.marks.len() + later.len());
    for mark in change.marks.iter().copied().chain(later.iter().map(|one| one.later.mark)) {
        if !marks.iter().any(|known| known == mark.as_str()) {
            marks.push(mark.as_str().to_owned());
        }
    }
    marks
}

fn evidence(one: &Evidence) -> Reason {
    Reason { what: one.word().to_owned(), text: one.sentence() }
}

fn missing(one: &Missing) -> Reason {
    Reason { what: one.word().to_owned(), text: one.sentence() }
}

fn rejudged(one: &Rejudged) -> Later {
    Later {
        id: one.id,
        recorded_at: format_ms(one.recorded_ms),
        mark: one.later.mark.as_str().to_owned(),
        verdict: one.later.evidence.new_verdict().map(|verdict| verdict.to_string()),
        because: evidence(&one.later.evidence),
    }
}

/// What an earlier change is now.
#[must_use]
pub fn rejudgement(id: u64, recorded_ms: i64, one: &driftline_store::Rejudgement) -> Rejudgement {
    Rejudgement {
        id,
        recorded_at: format_ms(recorded_ms),
        environment: one.environment.to_string(),
        host: one.host.to_string(),
        source: one.source.to_string(),
        key: one.key.to_string(),
        change: one.later.change,
        verdict: one.verdict.to_string(),
        mark: one.later.mark.as_str().to_owned(),
        new_verdict: one.later.evidence.new_verdict().map(|verdict| verdict.to_string()),
        severity: one.severity.to_string(),
        because: evidence(&one.later.evidence),
    }
}

/// The name of an agent's record: unique among those of its host.
fn record(epoch: &[u8], seq: u64) -> String {
    format!("{}:{seq}", hex::encode(epoch))
}

/// Who made a change.
#[must_use]
pub fn actor(actor: &driftline_canon::Actor) -> Actor {
    let text = |text: &Option<ActorText>| text.as_ref().map(ToString::to_string);
    let user = |user: &Option<actor::User>| user.as_ref().map(|user| User { uid: user.uid, name: text(&user.name) });
    Actor {
        confidence: actor.confidence.as_str().to_owned(),
        summary: actor.summary(),
        evidence: actor.evidence.iter().map(|one| one.as_str().to_owned()).collect(),
        login: user(&actor.login),
        user: user(&actor.user),
        pid: actor.pid,
        name: text(&actor.name),
        executable: text(&actor.executable),
        command: text(&actor.command),
        parents: actor.parents.iter().map(|one| Parent { pid: one.pid, name: one.name.to_string() }).collect(),
        session: actor.session,
        tty: text(&actor.tty),
        unit: text(&actor.unit),
        container: text(&actor.container),
        amended_at: None,
    }
}

/// What a change means.
#[must_use]
pub fn meaning(meaning: &driftline_canon::Meaning) -> Meaning {
    Meaning {
        effect: meaning.effect.as_str().to_owned(),
        reach: meaning.reach.as_str().to_owned(),
        machine: meaning.machine.as_ref().map(ToString::to_string),
        text: meaning.text.to_string(),
    }
}

/// Who made earlier changes.
#[must_use]
pub fn amendment(id: u64, recorded_ms: i64, one: &driftline_store::Amendment) -> Amendment {
    Amendment {
        id,
        recorded_at: format_ms(recorded_ms),
        environment: one.environment.to_string(),
        host: one.host.to_string(),
        source: one.source.to_string(),
        record: record(&one.agent_epoch, one.agent_seq),
        severity: one.severity.to_string(),
        changes: one.changes,
        keys: one.keys.iter().map(ToString::to_string).collect(),
        actor: actor(&one.actor),
    }
}

fn what(change: &driftline_store::Change) -> What {
    match (&change.before, &change.after) {
        (None, _) => What::Added,
        (Some(_), None) => What::Removed,
        (Some(_), Some(_)) => What::Changed,
    }
}

/// What happened, as a word.
#[must_use]
pub fn what_word(what: What) -> &'static str {
    match what {
        What::Added => "added",
        What::Removed => "removed",
        What::Changed => "changed",
    }
}

fn side(side: &driftline_store::Side) -> Side {
    let display = side.display.as_ref().map(|display| display.as_str().to_owned());
    Side { display, secret: side.secret, line: side.line, file: side.file.as_deref().map(str::to_owned) }
}

/// An event; bounds in time stand in its message.
#[must_use]
pub fn event(id: u64, recorded_ms: i64, event: &driftline_store::Event) -> Event {
    let message = match event.between_ms {
        Some((from, to)) => format!("{} (between {} and {})", event.message, format_ms(from), format_ms(to)),
        None => event.message.clone(),
    };
    Event {
        id,
        at: format_ms(recorded_ms),
        what: event_word(event.kind).to_owned(),
        severity: event.severity.to_string(),
        environment: event.environment.as_ref().map(ToString::to_string),
        host: event.host.as_ref().map(ToString::to_string),
        source: event.source.as_ref().map(ToString::to_string),
        message,
    }
}

/// An item as it is now.
#[must_use]
pub fn item(item: &ItemRecord) -> Item {
    Item {
        key: item.key.to_string(),
        display: item.display.as_ref().map(|display| display.as_str().to_owned()),
        secret: item.secret,
        line: item.line,
        file: item.file.as_deref().map(str::to_owned),
        since: format_ms(item.since_ms),
    }
}

/// A problem.
#[must_use]
pub fn problem(problem: &driftline_canon::Problem) -> Problem {
    Problem {
        kind: problem.kind.as_str().to_owned(),
        line: problem.place.map(|place| place.line),
        column: problem.place.map(|place| place.column),
        reason: problem.reason.clone(),
        excerpt: problem.excerpt.clone(),
    }
}

/// The word for a kind of event: part of the API.
#[must_use]
pub fn event_word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::HostEnrolled => "host_enrolled",
        EventKind::HostRenewed => "host_renewed",
        EventKind::HostConnected => "host_connected",
        EventKind::HostStopped => "host_stopped",
        EventKind::HostSilent => "host_silent",
        EventKind::HostQuarantined => "host_quarantined",
        EventKind::HostRevoked => "host_revoked",
        EventKind::IdentityViolation => "identity_violation",
        EventKind::Gap => "gap",
        EventKind::Problem => "problem",
        EventKind::ProblemSolved => "problem_solved",
        EventKind::SourceAdded => "source_added",
        EventKind::SourceRetired => "source_retired",
        EventKind::RootMismatch => "root_mismatch",
        EventKind::Resynchronised => "resynchronised",
        EventKind::SequenceGap => "sequence_gap",
        EventKind::EpochChanged => "epoch_changed",
        EventKind::ClockSkew => "clock_skew",
        EventKind::TokenCreated => "token_created",
        EventKind::TokenUsed => "token_used",
        EventKind::TokenRefused => "token_refused",
        EventKind::TokenRevoked => "token_revoked",
        EventKind::Collector => "collector",
        EventKind::Operator => "operator",
        EventKind::HostFlooding => "host_flooding",
        EventKind::HostForgotten => "host_forgotten",
        EventKind::Retention => "retention",
    }
}

/// The word for how a host stands.
#[must_use]
pub fn status_word(status: HostStatus) -> &'static str {
    match status {
        HostStatus::Never => "never",
        HostStatus::Connected => "connected",
        HostStatus::Stopped => "stopped",
        HostStatus::Silent => "silent",
        HostStatus::Quarantined => "quarantined",
        HostStatus::Revoked => "revoked",
        HostStatus::Forgotten => "forgotten",
    }
}
