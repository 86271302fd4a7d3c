//! What a policy would have made of the changes of the last days.
//!
//! It goes through the history and counts; how a change would have been judged
//! and weighed is [`crate::judge::replay`]'s. It records nothing.

use std::collections::{BTreeMap, VecDeque};

use driftline_api::SCHEMA_VERSION;
use driftline_api::policy::{PolicyExample, PolicyOutcome, PolicyTurn};
use driftline_compare::judge::Evidence;
use driftline_compare::policy::Policy;
use driftline_daemon::clock::format_ms;
use driftline_store::{Entry, EntryBody, EntryFilter, EntryQuery, Reader, StoreError};

use crate::grant::Sight;
use crate::judge::replay::{Replay, Replayed};

/// Days back at most: three months of history are kept by default.
pub(super) const DAYS_MAX: u32 = 90;

/// Changes looked at. Some seconds of work; the newest say most.
const CHANGES_MAX: u64 = 100_000;

/// Examples in one answer: more are no longer read.
const EXAMPLES_MAX: usize = 100;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Judges the changes of some days again, under a policy.
pub(super) fn replay(
    reader: &Reader,
    policy: &Policy,
    now_ms: i64,
    days: u32,
    sight: &Sight,
) -> Result<PolicyOutcome, StoreError> {
    let asked = EntryQuery {
        filter: EntryFilter::Changes,
        environment: sight.only_one().cloned(),
        since_ms: Some(now_ms.saturating_sub(i64::from(days) * DAY_MS)),
        ..EntryQuery::default()
    };
    let (first, cut_short) = first(reader, asked.clone(), sight)?;
    let mut trial = Trial { replay: Replay::new(reader, policy)?, counted: Counted::default() };
    let Some(first) = first else { return Ok(trial.counted.outcome(cut_short)) };
    let mut query = EntryQuery { after_id: first.checked_sub(1), ..asked };
    let mut record: Vec<Entry> = Vec::new();
    loop {
        let page = reader.entries(&query)?;
        for entry in page.entries.into_iter().filter(|entry| is_seen(entry, sight)) {
            if record.last().is_some_and(|last| !is_same_record(last, &entry)) {
                trial.look(&record)?;
                record.clear();
            }
            record.push(entry);
        }
        let Some(next) = page.next else { break };
        query = query.continued(next);
    }
    trial.look(&record)?;
    Ok(trial.counted.outcome(cut_short))
}

/// The oldest of the changes that are looked at, and whether there are older
/// ones.
fn first(reader: &Reader, asked: EntryQuery, sight: &Sight) -> Result<(Option<u64>, bool), StoreError> {
    let mut query = EntryQuery { newest_first: true, ..asked };
    let (mut first, mut changes) = (None, 0_u64);
    loop {
        let page = reader.entries(&query)?;
        for entry in page.entries.iter().filter(|entry| is_seen(entry, sight)) {
            if changes >= CHANGES_MAX {
                return Ok((first, true));
            }
            (first, changes) = (Some(entry.id), changes + 1);
        }
        let Some(next) = page.next else { return Ok((first, false)) };
        query = query.continued(next);
    }
}

fn is_seen(entry: &Entry, sight: &Sight) -> bool {
    matches!(&entry.body, EntryBody::Change(change) if sight.shows(Some(&change.environment)))
}

/// Whether two changes were told together, and so were judged together.
fn is_same_record(one: &Entry, other: &Entry) -> bool {
    let record = |entry: &Entry| match &entry.body {
        EntryBody::Change(change) => {
            Some((change.host.clone(), change.agent_epoch.clone(), change.agent_seq, entry.recorded_ms))
        }
        _ => None,
    };
    record(one) == record(other)
}

struct Trial<'a> {
    replay: Replay<'a>,
    counted: Counted,
}

impl Trial<'_> {
    fn look(&mut self, record: &[Entry]) -> Result<(), StoreError> {
        for one in self.replay.record(record)? {
            self.counted.add(&one);
        }
        Ok(())
    }
}

/// How many would be otherwise, by what they were and would be.
type Turns = BTreeMap<(&'static str, &'static str), u64>;

#[derive(Default)]
struct Counted {
    changes: u64,
    not_judged: u64,
    weighed_otherwise: u64,
    severities: Turns,
    verdicts: Turns,
    /// The newest last.
    examples: VecDeque<PolicyExample>,
}

impl Counted {
    fn add(&mut self, one: &Replayed<'_>) {
        self.changes += 1;
        self.not_judged += u64::from(one.verdict.is_none());
        let (change, (severity, class)) = (one.change, one.weight);
        if severity != change.severity {
            *self.severities.entry((change.severity.as_str(), severity.as_str())).or_default() += 1;
        }
        let weighed_otherwise = (severity, class) != (change.severity, change.class);
        self.weighed_otherwise += u64::from(weighed_otherwise);
        let judged = one.verdict.as_ref().filter(|(verdict, _)| *verdict != one.had);
        if let Some((verdict, _)) = judged {
            *self.verdicts.entry((one.had.as_str(), verdict.as_str())).or_default() += 1;
        }
        if !weighed_otherwise && judged.is_none() {
            return;
        }
        if self.examples.len() >= EXAMPLES_MAX {
            self.examples.pop_front();
        }
        self.examples.push_back(PolicyExample {
            id: one.entry.id,
            observed_at: format_ms(change.observed_ms),
            environment: change.environment.to_string(),
            host: change.host.to_string(),
            source: change.source.to_string(),
            key: change.key.to_string(),
            severity_before: change.severity.to_string(),
            severity_after: severity.to_string(),
            verdict_before: Some(one.had.to_string()),
            verdict_after: Some(one.verdict.as_ref().map_or(one.had, |(verdict, _)| *verdict).to_string()),
            notes: judged.map_or_else(Vec::new, |(_, because)| because.iter().map(Evidence::sentence).collect()),
        });
    }

    fn outcome(self, cut_short: bool) -> PolicyOutcome {
        PolicyOutcome {
            schema_version: SCHEMA_VERSION,
            changes: self.changes,
            cut_short,
            weighed_otherwise: self.weighed_otherwise,
            judged_otherwise: self.verdicts.values().sum(),
            not_judged: self.not_judged,
            severities: turns(self.severities),
            verdicts: turns(self.verdicts),
            examples: self.examples.into_iter().rev().collect(),
        }
    }
}

/// The most frequent first.
fn turns(turns: Turns) -> Vec<PolicyTurn> {
    let turn = |((before, after), changes): ((&str, &str), u64)| PolicyTurn {
        before: before.to_owned(),
        after: after.to_owned(),
        changes,
    };
    let mut turns: Vec<PolicyTurn> = turns.into_iter().map(turn).collect();
    turns.sort_by_key(|one| std::cmp::Reverse(one.changes));
    turns
}
