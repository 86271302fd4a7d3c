//! What a policy would have made of the changes of the last days.
//!
//! It holds rules against recorded changes and records nothing. How a verdict
//! would have come out is not replayed: what was declared then may have expired
//! since. Whether rules and freezes would speak otherwise is.

use driftline_api::SCHEMA_VERSION;
use driftline_api::policy::{PolicyExample, PolicyOutcome};
use driftline_compare::policy::{Policy, Subject};
use driftline_daemon::clock::format_ms;
use driftline_store::{Change, Entry, EntryBody, EntryFilter, EntryQuery, Reader, StoreError};

use crate::classify;
use crate::grant::Sight;
use crate::policy;

/// Days back at most: three months of history are kept by default.
pub(super) const DAYS_MAX: u32 = 90;

/// Changes looked at. Some seconds of work; the newest say most.
const CHANGES_MAX: u64 = 100_000;

/// Examples in one answer: more are no longer read.
const EXAMPLES_MAX: usize = 100;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Holds a policy against the changes of some days, newest first.
pub(super) fn replay(
    reader: &Reader,
    policy: &Policy,
    now_ms: i64,
    days: u32,
    sight: &Sight,
) -> Result<PolicyOutcome, StoreError> {
    let before = policy::in_force(reader)?;
    let mut query = EntryQuery {
        filter: EntryFilter::Changes,
        environment: sight.only_one().cloned(),
        since_ms: Some(now_ms.saturating_sub(i64::from(days) * DAY_MS)),
        newest_first: true,
        ..EntryQuery::default()
    };
    let mut outcome = PolicyOutcome {
        schema_version: SCHEMA_VERSION,
        changes: 0,
        cut_short: false,
        weighed_otherwise: 0,
        judged_otherwise: 0,
        examples: Vec::new(),
    };
    loop {
        let page = reader.entries(&query)?;
        for entry in &page.entries {
            let EntryBody::Change(change) = &entry.body else { continue };
            if sight.shows(Some(&change.environment)) {
                look(&mut outcome, entry, change, (&before, policy));
            }
        }
        let Some(next) = page.next else { break };
        if outcome.changes >= CHANGES_MAX {
            outcome.cut_short = true;
            break;
        }
        query = query.continued(next);
    }
    Ok(outcome)
}

fn look(outcome: &mut PolicyOutcome, entry: &Entry, change: &Change, (before, after): (&Policy, &Policy)) {
    outcome.changes += 1;
    let (severity, class) = classify::weighed_by(after, change);
    let notes = notes(before, after, change);
    let weighed_otherwise = (severity, class) != (change.severity, change.class);
    outcome.weighed_otherwise += u64::from(weighed_otherwise);
    outcome.judged_otherwise += u64::from(!notes.is_empty());
    if (weighed_otherwise || !notes.is_empty()) && outcome.examples.len() < EXAMPLES_MAX {
        outcome.examples.push(PolicyExample {
            id: entry.id,
            observed_at: format_ms(change.observed_ms),
            environment: change.environment.to_string(),
            host: change.host.to_string(),
            source: change.source.to_string(),
            key: change.key.to_string(),
            severity_before: change.severity.to_string(),
            severity_after: severity.to_string(),
            notes,
        });
    }
}

/// What rules and freezes would say otherwise.
fn notes(before: &Policy, after: &Policy, change: &Change) -> Vec<String> {
    let Change { environment, role, host, source, .. } = change;
    let at = Subject { environment, role, host, source };
    let rule = |policy: &Policy| {
        let rule = policy.actor_rule(&at, change.beside.actor.as_deref()?)?;
        Some(format!("the actor rule `{}` {} it", rule.name, rule.effect.as_str()))
    };
    let freeze = |policy: &Policy| {
        let freeze = policy.frozen_at(&at, change.observed_ms)?;
        Some(format!("it lies in the freeze `{}`", freeze.reason))
    };
    let told = |was: Option<String>, is: Option<String>, none: &str| match (was, is) {
        (was, is) if was == is => None,
        (_, Some(is)) => Some(is),
        (Some(_), None) => Some(none.to_owned()),
        (None, None) => None,
    };
    let rules = told(rule(before), rule(after), "no actor rule speaks for it any more");
    let freezes = told(freeze(before), freeze(after), "it lies in no freeze any more");
    rules.into_iter().chain(freezes).collect()
}
