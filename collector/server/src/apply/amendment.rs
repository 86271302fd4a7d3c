//! An amendment: who made the changes of an earlier record is known by now.
//!
//! The history is never rewritten: it is an entry of its own, which readers join
//! with the changes. An agent can name only records of its own epoch, and what
//! names none of them is kept and joined with nothing. Where it becomes certain
//! who made a change, that is judged again.

use driftline_canon::Confidence;
use driftline_compare::Severity;
use driftline_compare::classify::firewall;
use driftline_store::{Amendment, EntryBody, HostRecord, StoreError};
use driftline_wire::{SourceRef, convert};

use crate::judge::again::{Recorded, again};
use crate::record::{Draft, Placed};

/// Keys that an amendment names: a person reads no more.
const KEYS_MAX: usize = 3;

pub(super) fn apply(
    draft: &mut Draft<'_>,
    host: &HostRecord,
    named: SourceRef,
    amendment: convert::Amendment,
) -> Result<(), StoreError> {
    let convert::Amendment { seq, actor } = amendment;
    let (mut changes, mut severity, mut keys) = (0_u32, Severity::Info, Vec::new());
    let mut amended = Vec::new();
    let all = draft.latest_changes(&host.host, &host.epoch, seq, |placed| {
        let Placed { id, recorded_ms, change } = placed;
        if change.source != named.name {
            return;
        }
        changes = changes.saturating_add(1);
        // Who it was may make loud what was quiet while nobody knew.
        let weighed = firewall::weigh(change.kind, &change.key, change.beside.meaning.as_deref(), Some(&actor));
        severity = severity.max(change.severity).max(weighed.map_or(Severity::Info, |weighed| weighed.severity));
        if keys.len() < KEYS_MAX {
            keys.push(change.key.clone());
        }
        if actor.confidence == Confidence::Exact {
            amended.push(Recorded { id, recorded_ms, change: change.clone() });
        }
    })?;
    let rejudged = again(draft, host, &actor, &amended)?;
    keys.sort();
    if !all {
        // What was not found may have been critical.
        severity = Severity::Critical;
    }
    let entry = Amendment {
        environment: host.environment.clone(),
        host: host.host.clone(),
        role: host.role.clone(),
        source: named.name,
        kind: named.kind,
        agent_seq: seq,
        agent_epoch: host.epoch.clone(),
        severity,
        changes,
        keys,
        actor,
    };
    // Told together: who it was, and what that makes of it.
    draft.append_amended(EntryBody::Amendment(entry), rejudged);
    Ok(())
}
