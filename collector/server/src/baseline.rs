//! Baselines on their way into the store: what hosts have now, approved.
//!
//! What nobody can see now is not approved, and said to be left out.

use driftline_canon::SourceName;
use driftline_compare::Selector;
use driftline_compare::baseline::{Baseline, BaselineHost};
use driftline_compare::desired::{Sheet, SheetItem};
use driftline_store::{EventKind, HostRecord, HostStatus, ItemRecord, SourceRecord, StoreError, numbered};

use crate::apply::ROOT_UNKNOWN;
use crate::record::Draft;
use crate::{event, render};

/// Items of one baseline: a thousand hosts with 200 keys. They are copied in
/// one commit, which holds up the writer for about a second.
pub const ITEMS_MAX: usize = 200_000;

/// Things left out that are named.
const SKIPPED_NAMED_MAX: usize = 20;

/// What is to be approved.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Hosts.
    pub selector: Selector,
    /// Only this source.
    pub source: Option<SourceName>,
    /// Why it is good.
    pub reason: String,
    /// Who says so.
    pub by: String,
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approved {
    /// A baseline, and what it does not have.
    New(Baseline, Vec<String>),
    /// No host is meant.
    Nobody,
    /// Nothing that is meant can be seen; what it is.
    Nothing(Vec<String>),
    /// More than [`ITEMS_MAX`].
    TooMuch,
}

/// Approves what hosts have, in one commit with the event that tells of it.
///
/// # Errors
/// When the store cannot be read.
pub fn approve(draft: &mut Draft<'_>, wanted: &Wanted) -> Result<Approved, StoreError> {
    let meant = |host: &HostRecord| wanted.selector.matches(&host.environment, &host.role, &host.host);
    let hosts: Vec<HostRecord> = draft.hosts()?.into_iter().filter(meant).collect();
    if hosts.is_empty() {
        return Ok(Approved::Nobody);
    }
    let number = draft.documents::<Baseline>("")?.last().map_or(1, |last| last.number + 1);
    let mut taking = Taking { number, sheets: Vec::new(), items: 0, skipped: Vec::new() };
    let mut taken = Vec::new();
    for host in &hosts {
        if let Some(own) = taking.host(draft, host, wanted)? {
            taken.push(own);
        }
        if taking.items > ITEMS_MAX {
            return Ok(Approved::TooMuch);
        }
    }
    let Taking { sheets, items, skipped, .. } = taking;
    if taken.is_empty() {
        return Ok(Approved::Nothing(skipped));
    }
    let baseline = Baseline {
        number,
        selector: wanted.selector.clone(),
        source: wanted.source.clone(),
        reason: wanted.reason.clone(),
        approved_by: wanted.by.clone(),
        approved_ms: draft.now_ms,
        hosts: taken,
    };
    for sheet in &sheets {
        draft.put_document(sheet)?;
    }
    draft.put_document(&baseline)?;
    let of = wanted.source.as_ref().map_or_else(String::new, |source| format!(" ({source})"));
    let Baseline { approved_by, selector, reason, hosts, .. } = &baseline;
    let (items, hosts) = (count(items, "item", "items"), count(hosts.len(), "host", "hosts"));
    let message = format!("{approved_by} approved {selector}{of} as baseline {number}: {items} of {hosts}; {reason}");
    draft.append(vec![event::in_environment(EventKind::Operator, selector.environment.clone(), message)]);
    Ok(Approved::New(baseline, skipped))
}

/// What the sheets of a host in a baseline are filed under.
#[must_use]
pub fn owner(number: u64, host: &driftline_canon::HostName) -> String {
    format!("baseline/{}/{host}", numbered(number))
}

struct Taking {
    number: u64,
    sheets: Vec<Sheet>,
    items: usize,
    skipped: Vec<String>,
}

impl Taking {
    fn skip(&mut self, what: String) {
        if self.skipped.len() < SKIPPED_NAMED_MAX {
            self.skipped.push(what);
        }
    }

    fn host(
        &mut self,
        draft: &mut Draft<'_>,
        host: &HostRecord,
        wanted: &Wanted,
    ) -> Result<Option<BaselineHost>, StoreError> {
        if host.status != HostStatus::Connected {
            self.skip(format!("{} ({})", host.host, render::status_word(host.status)));
            return Ok(None);
        }
        let mut sources = Vec::new();
        for source in draft.sources(&host.host)? {
            let is_wanted = wanted.source.as_ref().is_none_or(|one| *one == source.source) && !source.retired;
            if !is_wanted {
                continue;
            }
            if is_blind(&source) {
                self.skip(format!("{}/{} (unreadable)", host.host, source.source));
                continue;
            }
            let items = draft.items(&host.host, &source.source)?;
            self.items += items.len();
            sources.push((source.source.clone(), u32::try_from(items.len()).unwrap_or(u32::MAX)));
            self.sheets.push(Sheet {
                owner: owner(self.number, &host.host),
                source: source.source,
                kind: source.kind,
                items: items.into_values().map(kept).collect(),
            });
        }
        if sources.is_empty() {
            return Ok(None);
        }
        Ok(Some(BaselineHost {
            host: host.host.clone(),
            environment: host.environment.clone(),
            role: host.role.clone(),
            fleet_key_epoch: host.fleet_key_epoch,
            canonical_form: host.canonical_form,
            sources,
        }))
    }
}

/// Whether what is stored of a source may not be what is there.
#[must_use]
pub fn is_blind(source: &SourceRecord) -> bool {
    use driftline_canon::ProblemKind::{NotAFile, OutOfBounds, Unreadable};
    source.root == ROOT_UNKNOWN
        || source.problems.iter().any(|problem| matches!(problem.kind, Unreadable | NotAFile | OutOfBounds))
}

fn kept(item: ItemRecord) -> SheetItem {
    SheetItem { key: item.key, digest: item.digest.0, secret: item.secret, display: item.display }
}

fn count(number: usize, one: &str, many: &str) -> String {
    driftline_canon::count(number as u64, one, many)
}
