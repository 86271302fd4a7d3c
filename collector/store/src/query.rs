//! Questions to the history: what to look for, and pages of answers.
//!
//! Pure: an entry is held against a query here; how to find candidates without
//! reading everything is decided where the indexes are.

mod told;

use driftline_canon::{Environment, HostName, ItemKey, SourceKind, SourceName};
use driftline_compare::{Severity, Verdict, key_pattern};

use crate::layout::verdict_names;
use crate::record::{Entry, EntryBody, EventKind};
pub use told::{ActorPattern, Opens};

/// Entries of one page, at most: what one HTTP answer or screen can hold.
pub const PAGE_ENTRIES_MAX: usize = 1_000;

/// Index rows that one call looks at before it hands back what it has with a
/// cursor: some tens of milliseconds, so that a rare match in a long history
/// holds up neither a thread nor an old snapshot.
pub const SCAN_ROWS_MAX: usize = 20_000;

/// Which entries are wanted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntryFilter {
    /// Changes and events.
    #[default]
    All,
    /// Changes of items only.
    Changes,
    /// Events only.
    Events,
}

/// What to look for; what is `None` or default does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryQuery {
    /// Entries of this environment.
    pub environment: Option<Environment>,
    /// Entries of this host.
    pub host: Option<HostName>,
    /// Entries of this source.
    pub source: Option<SourceName>,
    /// Changes in sources of this kind.
    pub source_kind: Option<SourceKind>,
    /// Events of this kind.
    pub event_kind: Option<EventKind>,
    /// Changes of exactly this key.
    pub key: Option<ItemKey>,
    /// Changes whose key matches; `*` stands for any text.
    pub key_pattern: Option<String>,
    /// Changes that open a firewall, so far.
    pub opens: Option<Opens>,
    /// Changes and amendments by these.
    pub actor: Option<ActorPattern>,
    /// Changes that were judged so when they were made.
    pub verdict: Option<Verdict>,
    /// At least this severe.
    pub min_severity: Option<Severity>,
    /// Recorded at this time or later.
    pub since_ms: Option<i64>,
    /// Recorded before this time.
    pub until_ms: Option<i64>,
    /// Changes, events or both.
    pub filter: EntryFilter,
    /// Ids below this one.
    pub before_id: Option<u64>,
    /// Ids above this one.
    pub after_id: Option<u64>,
    /// Also entries from before the beginning of the history that were kept
    /// beside it; only for questions by a key.
    pub kept_too: bool,
    /// Entries of a page; 0 and more than [`PAGE_ENTRIES_MAX`] mean
    /// [`PAGE_ENTRIES_MAX`].
    pub limit: usize,
    /// Highest id first.
    pub newest_first: bool,
}

impl EntryQuery {
    /// The same question, from where a page ended.
    #[must_use]
    pub fn continued(mut self, next: u64) -> Self {
        if self.newest_first {
            self.before_id = Some(next);
        } else {
            self.after_id = Some(next);
        }
        self
    }

    pub(crate) fn page_size(&self) -> usize {
        if self.limit == 0 { PAGE_ENTRIES_MAX } else { self.limit.min(PAGE_ENTRIES_MAX) }
    }

    /// The one key that can match, if there is only one.
    pub(crate) fn exact_key(&self) -> Option<&str> {
        let pattern = self.key_pattern.as_deref().filter(|pattern| !pattern.contains('*'));
        self.key.as_ref().map(ItemKey::as_str).or(pattern)
    }

    /// Whether it reaches before the beginning of the history.
    pub(crate) fn reaches_back(&self) -> bool {
        self.kept_too && self.exact_key().is_some()
    }

    /// The names of the verdict in its index, everywhere and in the environment
    /// asked for, if it has any.
    pub(crate) fn verdict_names(&self) -> Option<[String; 2]> {
        verdict_names(self.verdict?, self.environment.as_ref().map_or("", |name| name.as_str()))
    }

    /// Whether only changes can match.
    pub(crate) fn wants_only_changes(&self) -> bool {
        self.filter == EntryFilter::Changes
            || self.key.is_some()
            || self.key_pattern.is_some()
            || self.source_kind.is_some()
            || self.opens.is_some()
            || self.verdict.is_some()
    }

    /// Whether only events can match.
    pub(crate) fn wants_only_events(&self) -> bool {
        self.filter == EntryFilter::Events || self.event_kind.is_some()
    }

    /// Whether an entry is an answer, by what it says itself: what amends it is
    /// not known here. Cursors and limit are not looked at.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        let by = self.actor.as_ref().is_none_or(|wanted| match &entry.body {
            EntryBody::Change(change) => change.beside.actor.as_deref().is_some_and(|actor| wanted.matches(actor)),
            EntryBody::Amendment(amendment) => wanted.matches(&amendment.actor),
            EntryBody::Event(_) | EntryBody::Rejudgement(_) => false,
        });
        by && self.matches_but_actor(entry)
    }

    /// The same, whoever it was.
    pub(crate) fn matches_but_actor(&self, entry: &Entry) -> bool {
        let in_time = self.since_ms.is_none_or(|since| entry.recorded_ms >= since)
            && self.until_ms.is_none_or(|until| entry.recorded_ms < until);
        in_time
            && match &entry.body {
                EntryBody::Change(change) => {
                    !self.wants_only_events()
                        && wanted(&self.environment, Some(&change.environment))
                        && wanted(&self.host, Some(&change.host))
                        && wanted(&self.source, Some(&change.source))
                        && wanted(&self.source_kind, Some(&change.kind))
                        && wanted(&self.key, Some(&change.key))
                        && wanted(&self.verdict, Some(&change.verdict))
                        && self.opens.is_none_or(|opens| opens.matches(change))
                        && self.min_severity.is_none_or(|least| change.severity >= least)
                        && self
                            .key_pattern
                            .as_deref()
                            .is_none_or(|pattern| key_pattern::matches(pattern, change.key.as_str()))
                }
                EntryBody::Event(event) => {
                    !self.wants_only_changes()
                        && wanted(&self.environment, event.environment.as_ref())
                        && wanted(&self.host, event.host.as_ref())
                        && wanted(&self.source, event.source.as_ref())
                        && wanted(&self.event_kind, Some(&event.kind))
                        && self.min_severity.is_none_or(|least| event.severity >= least)
                }
                EntryBody::Amendment(amendment) => {
                    !self.wants_only_changes()
                        && !self.wants_only_events()
                        && wanted(&self.environment, Some(&amendment.environment))
                        && wanted(&self.host, Some(&amendment.host))
                        && wanted(&self.source, Some(&amendment.source))
                        && self.min_severity.is_none_or(|least| amendment.severity >= least)
                }
                EntryBody::Rejudgement(one) => {
                    !self.wants_only_changes()
                        && !self.wants_only_events()
                        && wanted(&self.environment, Some(&one.environment))
                        && wanted(&self.host, Some(&one.host))
                        && wanted(&self.source, Some(&one.source))
                        && self.min_severity.is_none_or(|least| one.severity >= least)
                }
            }
    }
}

/// One page of answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The entries, in the order asked for. May be fewer than the limit, even
    /// none, with more to come.
    pub entries: Vec<Entry>,
    /// Where to go on ([`EntryQuery::continued`]); none when all was seen.
    pub next: Option<u64>,
}

fn wanted<T: PartialEq>(wanted: &Option<T>, found: Option<&T>) -> bool {
    wanted.as_ref().is_none_or(|wanted| found == Some(wanted))
}
