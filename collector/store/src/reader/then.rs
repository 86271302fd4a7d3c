//! What a host had at a past time: its state now, walked back change by change.
//!
//! What a re-key, a resynchronisation, a gap or a forgotten host hides is said
//! to be hidden, never guessed. It reads no clock.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{HostName, ItemKey, SourceName};
use driftline_compare::Mark;

use crate::error::StoreError;
use crate::query::EntryQuery;
use crate::reader::Reader;
use crate::record::{Change, Entry, EntryBody, Event, EventKind, ItemRecord, Side, SourceRecord};

/// Entries that are walked back for one host: some seconds. Who asks for more
/// asks for a time before a flood, and is told so.
pub const ENTRIES_WALKED_MAX: usize = 1_000_000;

/// In the message of a resynchronisation: values that are the same, digested in
/// another way, so that digests before cannot be held against those after.
pub const ANOTHER_FORM: &str = " in another form: ";

/// What a host had at a time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostThen {
    /// Its sources of then, by name.
    pub sources: Vec<SourceThen>,
    /// Why nothing can be said of it at all.
    pub hidden: Option<String>,
}

/// What one source had at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceThen {
    /// The source, with kind and path as they are now, and no problems.
    pub source: SourceRecord,
    /// Its items of then, by key. Those that were changed since have no time
    /// since when they had their value: 0.
    pub items: Vec<ItemRecord>,
    /// Keys of which it is not known what they had.
    pub unknown: Vec<ItemKey>,
    /// Why nothing of it can be held against anything.
    pub hidden: Option<String>,
}

impl Reader {
    /// What a host had at a time.
    ///
    /// # Errors
    /// See [`Self::host`].
    pub fn items_at(&self, host: &HostName, at_ms: i64) -> Result<HostThen, StoreError> {
        if self.anchor()?.is_some_and(|anchor| at_ms < anchor.newest_ms) {
            let hidden = Some("the history begins after that, what was older was removed".to_owned());
            return Ok(HostThen { sources: Vec::new(), hidden });
        }
        let mut walk = Walk { at_ms, sources: BTreeMap::new(), hidden: None };
        for source in self.sources(host)? {
            let items = self.items(host, &source.source)?;
            walk.sources.insert(source.source.clone(), State::of(source, items));
        }
        let mut query = EntryQuery {
            host: Some(host.clone()),
            since_ms: Some(at_ms.saturating_add(1)),
            newest_first: true,
            ..EntryQuery::default()
        };
        let mut walked = 0;
        loop {
            let page = self.entries(&query)?;
            walked += page.entries.len();
            page.entries.iter().for_each(|entry| walk.back(entry));
            if walked > ENTRIES_WALKED_MAX {
                walk.hidden = Some(format!("it has more than {ENTRIES_WALKED_MAX} entries since"));
            }
            let Some(next) = page.next.filter(|_| walk.hidden.is_none()) else { break };
            query = query.continued(next);
        }
        Ok(walk.finish())
    }
}

/// One source on the way back.
struct State {
    source: SourceRecord,
    items: BTreeMap<ItemKey, ItemRecord>,
    watched: bool,
    /// Keys whose value of then is found: earlier entries do not count.
    settled: BTreeSet<ItemKey>,
    unknown: BTreeSet<ItemKey>,
    hidden: Option<String>,
    /// Agent and collector did not agree, from here on back.
    lost: bool,
}

impl State {
    fn of(source: SourceRecord, items: Vec<ItemRecord>) -> Self {
        let lost = source.root.0 == [0; 32];
        let watched = !source.retired;
        let items = items.into_iter().map(|item| (item.key.clone(), item)).collect();
        let (settled, unknown) = (BTreeSet::new(), BTreeSet::new());
        Self { source, items, watched, settled, unknown, hidden: None, lost }
    }

    fn hide(&mut self, why: impl Into<String>) {
        self.hidden.get_or_insert(why.into());
    }

    /// Takes a change back, unless it had been made by then.
    fn undo(&mut self, change: &Change, recorded_ms: i64, at_ms: i64) {
        if self.settled.contains(&change.key) {
            return;
        }
        // A clock that runs ahead: nothing was seen after it was recorded.
        let made_ms = change.observed_ms.min(recorded_ms);
        let broken =
            self.items.get(&change.key).map(|item| item.digest) != change.after.as_ref().map(|side| side.digest);
        if made_ms <= at_ms {
            if broken {
                self.unknown.insert(change.key.clone());
            }
            self.settled.insert(change.key.clone());
            return;
        }
        match &change.before {
            Some(side) => _ = self.items.insert(change.key.clone(), was(&change.key, side)),
            None => _ = self.items.remove(&change.key),
        }
        let unseen = change.unobserved_since_ms.is_some_and(|since| since <= at_ms);
        // What stood there before is the agent's word against the stored state.
        let disputed = change.marks.contains(&Mark::Resynchronised) && !change.marks.contains(&Mark::Coalesced);
        if unseen || disputed {
            self.unknown.insert(change.key.clone());
        } else {
            self.unknown.remove(&change.key);
        }
    }
}

/// A side of a change as the item that it was.
fn was(key: &ItemKey, side: &Side) -> ItemRecord {
    ItemRecord {
        key: key.clone(),
        digest: side.digest,
        secret: side.secret,
        display: side.display.clone(),
        line: side.line,
        file: side.file.clone(),
        since_ms: 0,
    }
}

struct Walk {
    at_ms: i64,
    sources: BTreeMap<SourceName, State>,
    hidden: Option<String>,
}

impl Walk {
    fn back(&mut self, entry: &Entry) {
        if self.hidden.is_some() || entry.recorded_ms <= self.at_ms {
            return;
        }
        match &entry.body {
            EntryBody::Change(change) => {
                if let Some(state) = self.sources.get_mut(&change.source) {
                    state.undo(change, entry.recorded_ms, self.at_ms);
                }
            }
            EntryBody::Event(event) => self.event(event),
            EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => {}
        }
    }

    fn event(&mut self, event: &Event) {
        let within = event.between_ms.is_some_and(|(from, to)| (from..to).contains(&self.at_ms));
        match (event.kind, &event.source) {
            (EventKind::HostForgotten, _) => self.hidden = Some("it was forgotten since".to_owned()),
            (EventKind::Gap, None) if within => {
                self.sources.values_mut().for_each(|state| state.hide(format!("a gap: {}", event.message)));
            }
            (kind, Some(source)) => {
                if let Some(state) = self.sources.get_mut(source) {
                    of_source(state, kind, event, within);
                }
            }
            _ => {}
        }
    }

    fn finish(self) -> HostThen {
        let Self { sources, hidden, .. } = self;
        if hidden.is_some() {
            return HostThen { sources: Vec::new(), hidden };
        }
        let then = sources.into_values().filter(|state| state.watched).map(|mut state| {
            if state.lost {
                state.hide("agent and collector did not agree on it then");
            }
            let source = SourceRecord { retired: false, problems: Vec::new(), ..state.source };
            let (items, unknown) = (state.items.into_values().collect(), state.unknown.into_iter().collect());
            SourceThen { source, items, unknown, hidden: state.hidden }
        });
        HostThen { sources: then.collect(), hidden: None }
    }
}

fn of_source(state: &mut State, kind: EventKind, event: &Event, within: bool) {
    match kind {
        EventKind::SourceAdded => state.watched = false,
        EventKind::SourceRetired => state.watched = true,
        EventKind::Gap if within => state.hide(format!("a gap: {}", event.message)),
        EventKind::Resynchronised => match event.message.split_once(ANOTHER_FORM) {
            Some((_, why)) => state.hide(format!("its digests are of another making since: {why}")),
            None => state.lost = true,
        },
        EventKind::RootMismatch => state.lost = false,
        _ => {}
    }
}
