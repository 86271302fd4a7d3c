//! What a record does to the state of its host: items, roots, problems, and the
//! entries of the history that tell of it.
//!
//! Facts are never dropped: a delta that does not fit what is stored is still
//! recorded, and a full resend is asked for.

mod amendment;
mod delta;
mod problems;
mod snapshot;

use driftline_canon::{Digest, Item, SourceName};
use driftline_compare::Mark;
use driftline_store::{EntryBody, EventKind, HostRecord, ItemRecord, SourceRecord, StoreError, StoredDigest};
use driftline_wire::{Record, RecordBody, SourceRef};

use crate::classify::KeyClasses;
use crate::event;
use crate::pepper::Pepper;
use crate::record::Draft;

/// The root of a source whose state is known not to be the agent's: equal to
/// no peppered root.
pub const ROOT_UNKNOWN: StoredDigest = StoredDigest([0; 32]);

/// What the stream of a record has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// Nothing.
    Done,
    /// Ask for all of a source.
    SendAll {
        /// Which.
        source: SourceName,
        /// Why, for the agent's log.
        reason: String,
    },
}

/// What is known of the stream that a record came on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Makes stored digests of digests.
    pub pepper: &'a Pepper,
    /// What is known of keys already.
    pub classes: &'a KeyClasses,
    /// The digests before this stream were made with another fleet key or
    /// canonical form: those of a resend cannot be compared with them.
    pub incomparable: bool,
}

/// Carries one record into the state.
///
/// # Errors
/// When the store cannot be read.
pub fn record(
    draft: &mut Draft<'_>,
    host: &HostRecord,
    record: Record,
    context: Context<'_>,
) -> Result<Applied, StoreError> {
    let Record { seq, source: named, observed_ms, unobserved_since_ms, actor, meanings, body } = record;
    let Some(named) = named else {
        gap(draft, host, None, body);
        return Ok(Applied::Done);
    };
    if let RecordBody::Amendment(amendment) = body {
        amendment::apply(draft, host, named, amendment)?;
        return Ok(Applied::Done);
    }
    if let RecordBody::Gap(_) = body {
        gap(draft, host, Some(&named.name), body);
        return Ok(Applied::Done);
    }
    // Each of the arms below puts it back.
    let stored = draft.take_source(&host.host, &named.name)?;
    let since_ms = since_ms(host, observed_ms, draft.now_ms);
    let at = At { host, seq, observed_ms, since_ms, unobserved_since_ms, context };
    match body {
        RecordBody::Delta(delta) => delta::apply(draft, &at, named, stored, delta::Told { delta, actor, meanings }),
        RecordBody::Snapshot(all) => snapshot::apply(draft, &at, named, stored, all).map(|()| Applied::Done),
        RecordBody::Problems(open) => {
            problems::apply(draft, &at, named, stored, open);
            Ok(Applied::Done)
        }
        RecordBody::Gap(_) | RecordBody::Amendment(_) => Ok(Applied::Done),
        RecordBody::Retired => {
            retire(draft, host, stored);
            Ok(Applied::Done)
        }
    }
}

/// Notes a stretch of time in which changes may have gone unseen, of a source
/// or of the whole agent.
fn gap(draft: &mut Draft<'_>, host: &HostRecord, source: Option<&SourceName>, body: RecordBody) {
    let RecordBody::Gap(gap) = body else { return };
    let entry = match source {
        Some(source) => event::of_source(host, source, EventKind::Gap, gap.reason),
        None => event::of_host(host, EventKind::Gap, gap.reason),
    };
    draft.append(vec![event::between(entry, gap.from_ms, gap.to_ms)]);
}

/// Notes that a source is no longer watched. Its items stay as they were last
/// seen.
pub fn retire(draft: &mut Draft<'_>, host: &HostRecord, stored: Option<SourceRecord>) {
    let Some(source) = stored else { return };
    if source.retired {
        return draft.keep_source(source);
    }
    let message = format!("{} is no longer watched on {}", source.path, host.host);
    draft.append(vec![event::of_source(host, &source.source, EventKind::SourceRetired, message)]);
    draft.put_source(SourceRecord { retired: true, problems: Vec::new(), ..source });
}

/// Where and when a record was made.
struct At<'a> {
    host: &'a HostRecord,
    seq: u64,
    observed_ms: i64,
    /// The same by the collector's clock.
    since_ms: i64,
    unobserved_since_ms: Option<i64>,
    context: Context<'a>,
}

/// Since when a host has what it tells, by the collector's clock. An agent's own
/// may be wrong or lie: nothing happens after it was told, nor before the host
/// was last found to be as stored here.
fn since_ms(host: &HostRecord, observed_ms: i64, now_ms: i64) -> i64 {
    observed_ms.saturating_sub(host.skew_ms).max(host.verified_ms).min(now_ms)
}

impl At<'_> {
    fn pepper(&self, digest: &Digest) -> StoredDigest {
        self.context.pepper.digest(digest)
    }

    fn item(&self, item: Item) -> ItemRecord {
        ItemRecord {
            digest: self.pepper(&item.digest),
            key: item.key,
            secret: item.secret,
            display: item.display,
            line: item.line,
            file: item.file,
            since_ms: self.since_ms,
        }
    }

    fn circumstances<'a>(
        &'a self,
        source: &'a SourceRecord,
        has_secrets: bool,
        marks: &'a [Mark],
    ) -> crate::classify::Circumstances<'a> {
        crate::classify::Circumstances {
            host: self.host,
            source,
            has_secrets,
            observed_ms: self.observed_ms,
            unobserved_since_ms: self.unobserved_since_ms,
            marks,
            seq: self.seq,
            classes: self.context.classes,
        }
    }
}

/// A source of which nothing is known yet.
fn new_source(at: &At<'_>, named: SourceRef) -> SourceRecord {
    SourceRecord {
        host: at.host.host.clone(),
        source: named.name,
        kind: named.kind,
        path: named.path,
        root: at.context.pepper.root(&driftline_canon::Root::empty()),
        items: 0,
        observed_ms: at.observed_ms,
        retired: false,
        problems: Vec::new(),
    }
}

fn added(at: &At<'_>, source: &SourceRecord, items: usize) -> EntryBody {
    let items = driftline_canon::count(items as u64, "item", "items");
    let message = format!("{} is watched on {}, {items}", source.path, at.host.host);
    event::of_source(at.host, &source.source, EventKind::SourceAdded, message)
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
