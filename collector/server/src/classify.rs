//! Stage 2, classify: a fact about one item becomes a change with a severity
//! and a class.
//!
//! It looks at keys and masked displays through the rules of `compare`; it
//! changes no state.

use driftline_canon::ItemKey;
use driftline_compare::Mark;
use driftline_compare::classify::{self, Facet};
use driftline_store::{Change, HostRecord, ItemRecord, Side, SourceRecord};

use crate::judge;

/// What every change of one record has in common.
#[derive(Debug, Clone)]
pub struct Circumstances<'a> {
    /// Where.
    pub host: &'a HostRecord,
    /// In which source, as it is after the record.
    pub source: &'a SourceRecord,
    /// Whether any of its items is a secret.
    pub has_secrets: bool,
    /// When the agent saw it.
    pub observed_ms: i64,
    /// Since when it may have been so.
    pub unobserved_since_ms: Option<i64>,
    /// Marks of the whole record.
    pub marks: &'a [Mark],
    /// Sequence number of the record.
    pub seq: u64,
}

/// The change of one item.
#[must_use]
pub fn change(at: &Circumstances<'_>, key: &ItemKey, before: Option<Side>, after: Option<Side>) -> Change {
    let (severity, class) =
        classify::of_change(at.source.kind, key, before.as_ref().map(facet), after.as_ref().map(facet), at.has_secrets);
    let mut marks = at.marks.to_vec();
    if at.unobserved_since_ms.is_some() && !marks.contains(&Mark::Unobserved) {
        marks.insert(0, Mark::Unobserved);
    }
    let change = Change {
        environment: at.host.environment.clone(),
        host: at.host.host.clone(),
        role: at.host.role.clone(),
        source: at.source.source.clone(),
        kind: at.source.kind,
        path: at.source.path.clone(),
        key: key.clone(),
        before,
        after,
        observed_ms: at.observed_ms,
        unobserved_since_ms: at.unobserved_since_ms,
        severity,
        class,
        verdict: driftline_compare::Verdict::Undetermined,
        marks,
        agent_seq: at.seq,
        agent_epoch: at.host.epoch.clone(),
    };
    judge::judged(change)
}

/// One side of a change, from the item as it is stored.
#[must_use]
pub fn side(item: &ItemRecord) -> Side {
    let ItemRecord { digest, secret, line, .. } = *item;
    Side { digest, secret, display: item.display.clone(), line, file: item.file.clone() }
}

fn facet(side: &Side) -> Facet<'_> {
    Facet { secret: side.secret, display: side.display.as_ref().map(|display| display.as_str()) }
}
