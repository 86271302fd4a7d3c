//! Who began a drift: the latest change of its key on one of its hosts.
//!
//! A few look-ups in the index of keys. What nobody saw begin has no opener,
//! and the story says so.

use driftline_canon::{HostName, ItemKey, SourceKind};
use driftline_compare::drift::{Drift, Opener, Rule, Way};
use driftline_compare::judge::Stretch;
use driftline_store::{Change, Entry, EntryBody, EntryFilter, EntryQuery, Reader, StoreError};

/// Pages of the history that are looked through. The index of keys nearly
/// always gives the change on the first.
const PAGES_MAX: usize = 4;

/// Finds who began a drift. One that is missing is as old as its removal.
///
/// # Errors
/// When the store cannot be read.
pub fn find(reader: &Reader, drift: &mut Drift) -> Result<(), StoreError> {
    if drift.way == Way::Stale {
        // What did not come has no maker.
        return Ok(());
    }
    let mut first: Option<(Entry, Change)> = None;
    for host in drift.hosts.iter().take(3) {
        let found = latest(reader, drift, host)?;
        if let Some(found) = found
            && first.as_ref().is_none_or(|known| found.0.id < known.0.id)
        {
            first = Some(found);
        }
    }
    let Some((entry, change)) = first else { return Ok(()) };
    let told = reader.amendment(&change)?;
    let actor = told.as_ref().map(|told| &told.actor).or(change.beside.actor.as_ref()).map(|actor| actor.summary());
    if drift.way == Way::Missing && change.after.is_none() && drift.reopened == 0 {
        let skew_ms = reader.host(&change.host)?.map_or(0, |host| host.skew_ms);
        let gone_ms = Stretch::of_agent(change.observed_ms, None, skew_ms, entry.recorded_ms).until_ms;
        drift.opened_ms = drift.opened_ms.min(gone_ms);
        drift.first_opened_ms = drift.first_opened_ms.min(gone_ms);
    }
    drift.opener = Some(Opener { entry: entry.id, host: change.host, actor, severity: change.severity });
    drift.severity = drift.severity.max(drift.severity_at_opening());
    Ok(())
}

fn latest(reader: &Reader, drift: &Drift, host: &HostName) -> Result<Option<(Entry, Change)>, StoreError> {
    let identity = &drift.identity;
    let query = EntryQuery {
        // What a host did while it was of another environment is of that one.
        environment: Some(identity.environment.clone()),
        host: Some(host.clone()),
        filter: EntryFilter::Changes,
        kept_too: true,
        limit: 1,
        newest_first: true,
        ..EntryQuery::default()
    };
    let of_source =
        EntryQuery { source: Some(identity.source.clone()), key: Some(identity.key.clone()), ..query.clone() };
    match identity.rule {
        // Such a source names the backend before the rule: the rule itself has the maker.
        Rule::AtReboot => {
            let rule = identity.key.as_str().split_once(": ").map(|(_, rule)| rule.to_owned());
            let key = rule.and_then(|rule| ItemKey::from_canonical(rule).ok());
            let live = EntryQuery { key, source_kind: Some(SourceKind::Firewall), ..query };
            Ok(first(reader, live)?.or(first(reader, of_source)?))
        }
        // A process differs from its file because of a change of the file.
        Rule::Process => first(reader, EntryQuery { key: Some(identity.key.clone()), ..query }),
        Rule::Desired | Rule::Baseline | Rule::Role => first(reader, of_source),
    }
}

fn first(reader: &Reader, mut query: EntryQuery) -> Result<Option<(Entry, Change)>, StoreError> {
    if query.key.is_none() {
        return Ok(None);
    }
    for _ in 0..PAGES_MAX {
        let page = reader.entries(&query)?;
        if let Some(entry) = page.entries.into_iter().next() {
            let EntryBody::Change(change) = &entry.body else { return Ok(None) };
            let change = change.clone();
            return Ok(Some((entry, change)));
        }
        let Some(next) = page.next else { break };
        query = query.continued(next);
    }
    Ok(None)
}
