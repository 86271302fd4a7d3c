//! Old changes under another policy: judged again by the revisions and windows
//! that were there when each was recorded.
//!
//! It records nothing. What cannot be judged as it was then (its host is gone,
//! or has another fleet key by now) is said to be so and keeps its verdict.

use std::collections::HashMap;

use driftline_canon::{Confidence, HostName};
use driftline_compare::desired::{Revision, Sheet};
use driftline_compare::judge::book::past::Past;
use driftline_compare::judge::book::{Made, Then};
use driftline_compare::judge::later::{judged_again, verdict_now};
use driftline_compare::judge::{Evidence, Missing, Question, judge};
use driftline_compare::policy::Policy;
use driftline_compare::window::Window;
use driftline_compare::{Class, Severity, Verdict};
use driftline_store::{Change, Entry, EntryBody, HostRecord, Reader, StoreError};

use super::{Bench, question};
use crate::classify::weighed_by;
use crate::desired::owner;

/// A change as it would have been.
#[derive(Debug, Clone)]
pub struct Replayed<'e> {
    /// Its entry.
    pub entry: &'e Entry,
    /// It, as it was recorded.
    pub change: &'e Change,
    /// The verdict that it has by now.
    pub had: Verdict,
    /// The verdict that it would have, and why; none if that cannot be told.
    pub verdict: Option<(Verdict, Vec<Evidence>)>,
    /// What it would weigh.
    pub weight: (Severity, Class),
}

/// The history, gone through once, oldest first.
pub struct Replay<'a> {
    reader: &'a Reader,
    policy: &'a Policy,
    past: Past,
    hosts: HashMap<HostName, Option<HostRecord>>,
}

impl<'a> Replay<'a> {
    /// Of a store, under a policy.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn new(reader: &'a Reader, policy: &'a Policy) -> Result<Self, StoreError> {
        let (revisions, windows) = (reader.documents::<Revision>("")?, reader.documents::<Window>("")?);
        Ok(Self { reader, policy, past: Past::new(revisions, windows), hosts: HashMap::new() })
    }

    /// The changes of one record, which were judged together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn record<'e>(&mut self, entries: &'e [Entry]) -> Result<Vec<Replayed<'e>>, StoreError> {
        let Some((first, change)) = entries.iter().find_map(|entry| Some((entry, change_of(entry)?))) else {
            return Ok(Vec::new());
        };
        let recorded_ms = first.recorded_ms;
        self.go_to(recorded_ms)?;
        let host = self.host(&change.host)?;
        let mut judged: Vec<EntryBody> = entries.iter().filter_map(change_of).map(|one| self.anew(one)).collect();
        if let Some(host) = &host {
            self.bench(recorded_ms).verdicts(host, &mut judged, recorded_ms);
        }
        let changes = entries.iter().filter_map(|entry| Some((entry, change_of(entry)?)));
        let both = changes.zip(&judged).filter_map(|(was, is)| match is {
            EntryBody::Change(is) => Some((was, is)),
            _ => None,
        });
        both.map(|((entry, was), is)| self.replayed(entry, was, is, host.as_ref())).collect()
    }

    fn go_to(&mut self, time_ms: i64) -> Result<(), StoreError> {
        for (number, source) in self.past.go_to(time_ms) {
            if let Some(sheet) = self.reader.document::<Sheet>(&format!("{}/{source}", owner(number)))? {
                self.past.add(number, sheet);
            }
        }
        Ok(())
    }

    fn host(&mut self, name: &HostName) -> Result<Option<HostRecord>, StoreError> {
        if let Some(known) = self.hosts.get(name) {
            return Ok(known.clone());
        }
        let found = self.reader.host(name)?;
        self.hosts.insert(name.clone(), found.clone());
        Ok(found)
    }

    fn bench(&self, known_ms: i64) -> Bench<'_> {
        Bench { book: self.past.book(), then: Then { policy: self.policy, known_ms } }
    }

    /// A change as it was before it was judged, weighed by the policy.
    fn anew(&self, change: &Change) -> EntryBody {
        let mut change = change.clone();
        (change.severity, change.class) = weighed_by(self.policy, &change);
        change.verdict = Verdict::Undetermined;
        change.beside.grounds = None;
        EntryBody::Change(change)
    }

    fn replayed<'e>(
        &self,
        entry: &'e Entry,
        was: &'e Change,
        is: &Change,
        host: Option<&HostRecord>,
    ) -> Result<Replayed<'e>, StoreError> {
        let known = self.reader.rejudged(entry.id)?;
        let had = verdict_now(was.verdict, known.iter().map(|one| &one.later));
        let weight = (is.severity, is.class);
        let verdict = match host.filter(|_| !is_of_another_key(was, is)) {
            Some(host) => Some(self.amended(entry, is, host)?),
            None => None,
        };
        Ok(Replayed { entry, change: was, had, verdict, weight })
    }

    /// The verdict with who it certainly was, if that became known later.
    fn amended(&self, entry: &Entry, is: &Change, host: &HostRecord) -> Result<(Verdict, Vec<Evidence>), StoreError> {
        let evidence = is.beside.grounds.as_ref().map_or_else(Vec::new, |grounds| grounds.evidence.clone());
        let actor = self.reader.amendment(is)?.map(|amended| amended.actor);
        let Some(actor) = actor.filter(|actor| actor.confidence == Confidence::Exact) else {
            return Ok((is.verdict, evidence));
        };
        let asked = Question { actor: Some(&actor), ..question(host, is, entry.recorded_ms) };
        let made = Made { fleet_key_epoch: host.fleet_key_epoch, canonical_form: host.canonical_form };
        let Bench { book, then } = self.bench(entry.recorded_ms);
        let again = judge(&asked, &book.find_then(then, &asked, made).given());
        let later = judged_again(entry.id, is.verdict, again, 0);
        Ok(match later {
            Some(later) => (verdict_now(is.verdict, [&later]), vec![later.evidence]),
            None => (is.verdict, evidence),
        })
    }
}

fn change_of(entry: &Entry) -> Option<&Change> {
    match &entry.body {
        EntryBody::Change(change) => Some(change),
        EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => None,
    }
}

/// Whether what was declared then cannot be held against the host of today,
/// though it could then.
fn is_of_another_key(was: &Change, is: &Change) -> bool {
    let lacks = |change: &Change| {
        let missing = change.beside.grounds.iter().flat_map(|grounds| &grounds.missing);
        missing.into_iter().any(|one| matches!(one, Missing::OtherKey { .. }))
    };
    lacks(is) && !lacks(was)
}
