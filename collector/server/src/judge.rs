//! Stage 3, judge: whether a change was meant, by what was given for its host.
//!
//! The verdict is `compare`'s; this finds what may speak of a change, keeps the
//! trails on which values go to and fro, and changes no state but these. It runs
//! in the writer, so that every change is judged by what was committed before it.

pub mod again;
pub mod book;
pub mod later;
pub mod replay;
pub mod settle;
mod trails;

use std::sync::{Arc, Mutex, PoisonError};

use driftline_canon::{Confidence, ItemKey};
use driftline_compare::classify::order_follows;
use driftline_compare::judge::book::{Book, Made, Then};
use driftline_compare::judge::held::Held;
use driftline_compare::judge::later::{Later, Step};
use driftline_compare::judge::{Blind, Evidence, Question, Stretch, judge};
use driftline_compare::{Mark, Severity, Verdict};
use driftline_store::{Change, EntryBody, Grounds, HostRecord, Reader, Rejudgement, StoreError};
use trails::Trails;

/// What the writer judges by.
#[derive(Debug, Default)]
pub struct Judge {
    book: Arc<Book>,
    trails: Mutex<Trails>,
}

/// When the changes of one record are judged, and what they are to be called.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The collector's time.
    pub now_ms: i64,
    /// The id that the first entry will have.
    pub first_id: u64,
}

/// Entries that no alert is to tell of now, by their index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Untold {
    /// Never: their fight was told of.
    pub quiet: Vec<usize>,
    /// Later: their deployment is in flight.
    pub held: Vec<(usize, Held)>,
}

impl Judge {
    /// By what a store has, with the trails of its latest changes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(reader: &Reader, now_ms: i64) -> Result<Self, StoreError> {
        let book = Arc::new(book::read(reader, &Book::default())?);
        Ok(Self { book, trails: Mutex::new(Trails::read(reader, now_ms)?) })
    }

    /// What was given.
    #[must_use]
    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// Takes what a store has now: a commit put documents that count.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn reread(&mut self, reader: &Reader) -> Result<(), StoreError> {
        self.book = Arc::new(book::read(reader, &self.book)?);
        Ok(())
    }

    /// Judges the changes among the entries of one record, and adds what became
    /// known of earlier ones.
    pub fn record(&self, host: &HostRecord, entries: &mut Vec<EntryBody>, at: Moment) -> Untold {
        let then = Then { policy: self.book.policy(), known_ms: i64::MAX };
        Bench { book: &self.book, then }.verdicts(host, entries, at.now_ms);
        let held = settle::held(self, host, entries, at);
        Untold { quiet: self.follow(entries, at), held }
    }

    /// Holds each change against the ones before it.
    fn follow(&self, entries: &mut Vec<EntryBody>, at: Moment) -> Vec<usize> {
        let (mut quiet, mut later) = (Vec::new(), Vec::new());
        let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, entry) in entries.iter_mut().enumerate() {
            let EntryBody::Change(change) = entry else { continue };
            let id = at.first_id.saturating_add(u64::try_from(index).unwrap_or(u64::MAX));
            let outcome = trails.push(change, step(change, id, at.now_ms), at.now_ms);
            if outcome.flapping {
                change.marks.push(Mark::Flapping);
            }
            if outcome.quiet {
                quiet.push(index);
            }
            later.extend(
                outcome
                    .later
                    .into_iter()
                    .map(|(verdict, known)| EntryBody::Rejudgement(rejudged(change, verdict, known))),
            );
        }
        entries.extend(later);
        quiet
    }
}

/// By what changes are judged.
#[derive(Debug, Clone, Copy)]
struct Bench<'a> {
    book: &'a Book,
    then: Then<'a>,
}

impl Bench<'_> {
    /// Judges the changes among the entries of one record.
    fn verdicts(&self, host: &HostRecord, entries: &mut [EntryBody], now_ms: i64) {
        if !self.book.speaks_under(self.then.policy, &host.environment) {
            return;
        }
        let (mut settings, mut declared, mut come_or_gone) = (false, true, Vec::new());
        for change in changes(entries).filter(|change| !follows(change)) {
            settings = true;
            self.verdict(host, change, now_ms, false);
            declared &= is_by_content(change);
            if change.before.is_some() != change.after.is_some() {
                come_or_gone.push(change.key.clone());
            }
        }
        for change in changes(entries).filter(|change| follows(change)) {
            let comes_with = settings && declared && comes_with_others(change, &come_or_gone);
            self.verdict(host, change, now_ms, comes_with);
        }
    }

    fn verdict(&self, host: &HostRecord, change: &mut Change, now_ms: i64, comes_with_declared: bool) {
        let question = Question { comes_with_declared, ..question(host, change, now_ms) };
        let made = Made { fleet_key_epoch: host.fleet_key_epoch, canonical_form: host.canonical_form };
        let found = self.book.find_then(self.then, &question, made);
        let judgement = judge(&question, &found.given());
        change.verdict = judgement.verdict;
        change.beside.grounds = Some(Box::new(Grounds { evidence: judgement.evidence, missing: judgement.missing }));
    }
}

fn changes(entries: &mut [EntryBody]) -> impl Iterator<Item = &mut Change> {
    entries.iter_mut().filter_map(|entry| match entry {
        EntryBody::Change(change) => Some(change),
        EntryBody::Event(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => None,
    })
}

/// Whether it is about the file or the order of its rules, which follow from
/// what stands in it.
fn follows(change: &Change) -> bool {
    change.key.is_metadata() || change.key.ordered_list().is_some()
}

/// Whether it came with the settings of the same look: the order of a list of
/// which rules came or went, or the mode of a file that was not there. One that
/// lets more people read it did not.
fn comes_with_others(change: &Change, come_or_gone: &[ItemKey]) -> bool {
    let follows = match change.key.ordered_list() {
        Some(_) => order_follows(&change.key, come_or_gone),
        None => change.before.is_none() || change.key.as_str() == ItemKey::STATE,
    };
    change.severity < Severity::Critical && follows
}

fn is_by_content(change: &Change) -> bool {
    let evidence = change.beside.grounds.iter().flat_map(|grounds| &grounds.evidence);
    change.verdict == Verdict::Authorised && evidence.clone().any(|one| matches!(one, Evidence::Declared { .. }))
}

/// A change as the judge sees it.
#[must_use]
pub fn question<'a>(host: &'a HostRecord, change: &'a Change, now_ms: i64) -> Question<'a> {
    Question {
        environment: &change.environment,
        role: &change.role,
        host: &change.host,
        source: &change.source,
        kind: change.kind,
        key: &change.key,
        before: change.before.as_ref().map(|side| &side.digest.0),
        after: change.after.as_ref().map(|side| &side.digest.0),
        when: Stretch::of_agent(change.observed_ms, change.unobserved_since_ms, host.skew_ms, now_ms),
        actor: change.beside.actor.as_deref(),
        blind: Blind::of_marks(&change.marks, change.unobserved_since_ms),
        severity: change.severity,
        comes_with_declared: false,
    }
}

fn step(change: &Change, id: u64, now_ms: i64) -> Step {
    let actor = change.beside.actor.as_ref().filter(|actor| actor.confidence != Confidence::Unknown);
    Step {
        change: id,
        before: change.before.as_ref().map(|side| side.digest.0),
        after: change.after.as_ref().map(|side| side.digest.0),
        at_ms: change.observed_ms.min(now_ms),
        actor: actor.map(|actor| actor.summary()),
    }
}

/// What an earlier change is now.
fn rejudged(change: &Change, verdict: Verdict, later: Later) -> Rejudgement {
    let severity = match later.mark {
        Mark::Flapping => change.severity.max(Severity::Warning),
        _ => Severity::Info,
    };
    Rejudgement {
        environment: change.environment.clone(),
        host: change.host.clone(),
        role: change.role.clone(),
        source: change.source.clone(),
        kind: change.kind,
        key: change.key.clone(),
        verdict,
        severity,
        later,
    }
}

#[cfg(test)]
pub(crate) mod tests;
