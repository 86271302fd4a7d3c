//! What should be and what may be: revisions, baselines, acceptances and the
//! policy, as they stand in the store.
//!
//! Read anew when one of them was written, else kept: a look at a single key
//! reads no documents. Which revision a host should have is decided here by its
//! selector and its number alone.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use driftline_canon::{ItemKey, SourceName};
use driftline_compare::acceptance::Acceptance;
use driftline_compare::baseline::{self, Baseline};
use driftline_compare::desired::{Revision, Sheet, Who};
use driftline_compare::drift::Rule;
use driftline_compare::drift::observe::Held;
use driftline_compare::policy::{Policy, PolicyVersion};
use driftline_store::{HostRecord, Reader, StoreError};

use crate::baseline::owner as owner_of_baseline;
use crate::desired;

/// How long a host may have what an earlier revision declared before that is a
/// finding: deployments of an hour are slow.
pub const STALE_AFTER_MS: i64 = 60 * 60 * 1_000;

/// What should be and what may be.
#[derive(Debug, Default)]
pub struct Given {
    revisions: Vec<Revision>,
    baselines: Vec<Baseline>,
    /// Acceptances, valid or not: those that ended tell why.
    pub acceptances: Vec<Acceptance>,
    /// The policy.
    pub policy: Policy,
    sheets: HashMap<(String, SourceName), Option<Arc<Items>>>,
}

/// The items of a sheet.
#[derive(Debug)]
pub struct Items {
    /// By key.
    pub by_key: HashMap<ItemKey, Held>,
}

/// What one host should have of one source.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which rule holds it against what is there.
    pub rule: Rule,
    /// Who says so.
    pub by: String,
    /// When it was said.
    pub said_ms: i64,
    /// What it is.
    pub items: Arc<Items>,
    /// What an earlier revision declared, if that may still be there.
    pub earlier: Option<Arc<Items>>,
}

impl Given {
    /// What the store has now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(reader: &Reader) -> Result<Self, StoreError> {
        let version = reader.last_document::<PolicyVersion>("")?;
        // What this version does not understand was refused when it was applied.
        let policy = version.and_then(|version| version.policy().ok()).unwrap_or_default();
        Ok(Self {
            revisions: reader.documents("")?,
            baselines: reader.documents("")?,
            acceptances: reader.documents("")?,
            policy,
            sheets: HashMap::new(),
        })
    }

    /// When something of it begins or ends by itself after a time.
    #[must_use]
    pub fn next_turn_ms(&self, after_ms: i64) -> Option<i64> {
        let acceptances = self.acceptances.iter().filter(|one| one.revoked.is_none()).map(|one| one.expires_ms);
        let revisions = self.revisions.iter().flat_map(|one| [one.expires_ms, Some(one.pushed_ms + STALE_AFTER_MS)]);
        acceptances.chain(revisions.flatten()).filter(|turn_ms| *turn_ms > after_ms).min()
    }

    /// Whether anything was ever declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty() && self.baselines.is_empty()
    }

    /// What CI/CD declared for a source of a host; none if nothing that holds
    /// now, or it cannot be compared with what the host sends.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn desired(
        &mut self,
        reader: &Reader,
        host: &HostRecord,
        source: &SourceName,
        now_ms: i64,
    ) -> Result<Option<Wanted>, StoreError> {
        let mut fitting: Vec<&Revision> =
            self.revisions.iter().filter(|one| is_for(one, host, source, now_ms)).collect();
        // One for fewer hosts counts before one for more, then the newest.
        fitting.sort_by_key(|one| one.rank());
        let Some(newest) = fitting.pop() else { return Ok(None) };
        let before = fitting.pop().filter(|one| one.selector == newest.selector).map(|one| one.number);
        let (number, by, said_ms) = (newest.number, format!("revision {}", newest.revision), newest.pushed_ms);
        let Some(items) = self.sheet(reader, &desired::owner(number), source)? else { return Ok(None) };
        let earlier = match before {
            Some(number) => self.sheet(reader, &desired::owner(number), source)?,
            None => None,
        };
        Ok(Some(Wanted { rule: Rule::Desired, by, said_ms, items, earlier }))
    }

    /// What a host should have of a source: as CI/CD declared it, else as a
    /// person approved it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn wanted(
        &mut self,
        reader: &Reader,
        host: &HostRecord,
        source: &SourceName,
        now_ms: i64,
    ) -> Result<Option<Wanted>, StoreError> {
        match self.desired(reader, host, source, now_ms)? {
            None => self.approved(reader, host, source),
            declared => Ok(declared),
        }
    }

    fn approved(
        &mut self,
        reader: &Reader,
        host: &HostRecord,
        source: &SourceName,
    ) -> Result<Option<Wanted>, StoreError> {
        let mut latest = baseline::latest(&self.baselines, &host.host);
        let Some((approved, own)) = latest.remove(source) else { return Ok(None) };
        if (own.fleet_key_epoch, own.canonical_form) != (host.fleet_key_epoch, host.canonical_form) {
            return Ok(None);
        }
        let (number, said_ms) = (approved.number, approved.approved_ms);
        let owner = owner_of_baseline(number, &host.host);
        let items = self.sheet(reader, &owner, source)?;
        let by = format!("baseline {number}");
        Ok(items.map(|items| Wanted { rule: Rule::Baseline, by, said_ms, items, earlier: None }))
    }

    fn sheet(&mut self, reader: &Reader, owner: &str, source: &SourceName) -> Result<Option<Arc<Items>>, StoreError> {
        let id = (owner.to_owned(), source.clone());
        if let Some(known) = self.sheets.get(&id) {
            return Ok(known.clone());
        }
        let sheet = reader.document::<Sheet>(&format!("{owner}/{source}"))?;
        let items = sheet.map(|sheet| Arc::new(Items::of(sheet)));
        self.sheets.insert(id, items.clone());
        Ok(items)
    }
}

impl Items {
    fn of(sheet: Sheet) -> Self {
        let held = |item: driftline_compare::desired::SheetItem| {
            let held = Held { digest: item.digest, secret: item.secret, display: item.display, since_ms: 0 };
            (item.key, held)
        };
        Self { by_key: sheet.items.into_iter().map(held).collect() }
    }

    /// Their keys.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<ItemKey> {
        self.by_key.keys().cloned().collect()
    }
}

fn is_for(one: &Revision, host: &HostRecord, source: &SourceName, now_ms: i64) -> bool {
    let who = Who { environment: &host.environment, role: &host.role, host: &host.host };
    one.is_for(who)
        && one.expires_ms.is_none_or(|end_ms| now_ms < end_ms)
        && one.declares(source)
        && one.fleet_key_epoch == host.fleet_key_epoch
        && one.canonical_form == host.canonical_form
}
