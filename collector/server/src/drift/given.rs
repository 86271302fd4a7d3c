//! What should be and what may be: revisions, baselines, acceptances and the
//! policy, as they stand in the store.
//!
//! Read anew when one of them was written, else kept: a look at a single key
//! reads no documents. Which revision a host should have is decided here by its
//! selector and its number alone: where that one cannot be held against the
//! host, no other takes its place.

mod earlier;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use driftline_canon::{HostName, ItemKey, SourceName};
use driftline_compare::acceptance::Acceptance;
use driftline_compare::baseline::Baseline;
use driftline_compare::desired::{Revision, Sheet, Who};
use driftline_compare::drift::Rule;
use driftline_compare::drift::observe::Held;
use driftline_compare::policy::{Policy, PolicyVersion};
use driftline_store::{HostRecord, Reader, StoreError};

use crate::baseline::owner as owner_of_baseline;
use crate::desired;
pub use earlier::{Earlier, REMEMBERED_MS, STALE_AFTER_MS};

/// What should be and what may be.
#[derive(Debug, Default)]
pub struct Given {
    revisions: Vec<Revision>,
    /// Those that declare a source, the one that counts most last.
    by_source: HashMap<SourceName, Vec<usize>>,
    baselines: Vec<Baseline>,
    /// Which baselines have a host, and as which of theirs.
    by_host: HashMap<HostName, Vec<(usize, usize)>>,
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
    /// Those of the keys that stand for an order.
    orders: Vec<ItemKey>,
}

/// What one host should have of one source.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who says so.
    pub by: String,
    /// When it was said.
    pub said_ms: i64,
    /// What it is.
    pub items: Arc<Items>,
    /// What was declared before, if that may still be there.
    pub earlier: Vec<Earlier>,
}

/// Why nobody can tell whether a host has what it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// It was said under another fleet key or in another form.
    OtherMaking,
    /// It was declared for a time that is over, and nothing since.
    Expired,
}

/// What somebody says of what a host should have of a source.
#[derive(Debug, Clone, Default)]
pub enum Word {
    /// Nobody says anything.
    #[default]
    Nothing,
    /// This.
    Wanted(Wanted),
    /// Something that the host cannot be held against.
    Unclear(Unclear),
}

/// What CI/CD and what a person says of a source of a host.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// As CI/CD declared it.
    pub declared: Word,
    /// As a person approved it.
    pub approved: Word,
}

impl Said {
    /// What counts for a key by a rule. What a person approved counts where
    /// CI/CD says nothing: of a source that it declares, for what is about the
    /// file.
    #[must_use]
    pub fn by(&self, rule: Rule, key: &ItemKey) -> &Word {
        let about_file = key.is_metadata() && key.as_str() != ItemKey::STATE;
        match rule {
            Rule::Desired => &self.declared,
            Rule::Baseline if about_file || matches!(self.declared, Word::Nothing) => &self.approved,
            _ => &Word::Nothing,
        }
    }

    /// Whether anybody says anything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        [&self.declared, &self.approved].into_iter().any(|word| !matches!(word, Word::Nothing))
    }

    /// Why some of it cannot be told, if it cannot.
    #[must_use]
    pub fn unclear(&self) -> Option<Unclear> {
        [&self.declared, &self.approved].into_iter().find_map(Word::unclear)
    }
}

impl Word {
    /// What should be there, if that is known.
    #[must_use]
    pub fn wanted(&self) -> Option<&Wanted> {
        match self {
            Self::Wanted(wanted) => Some(wanted),
            Self::Nothing | Self::Unclear(_) => None,
        }
    }

    /// Why it is not known.
    #[must_use]
    pub fn unclear(&self) -> Option<Unclear> {
        match self {
            Self::Unclear(why) => Some(*why),
            Self::Nothing | Self::Wanted(_) => None,
        }
    }
}

/// What counts of revisions or baselines, before its items are read.
enum Choice<T> {
    Nothing,
    This(T),
    Unclear(Unclear),
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
        let acceptances = reader.documents("")?;
        Ok(Self { acceptances, policy, ..Self::of(reader.documents("")?, reader.documents("")?) })
    }

    fn of(revisions: Vec<Revision>, baselines: Vec<Baseline>) -> Self {
        let mut given = Self { revisions, baselines, ..Self::default() };
        // One for fewer hosts counts before one for more, then the newest.
        given.revisions.sort_by_key(Revision::rank);
        for (index, revision) in given.revisions.iter().enumerate() {
            for (source, _) in &revision.sources {
                given.by_source.entry(source.clone()).or_default().push(index);
            }
        }
        for (index, baseline) in given.baselines.iter().enumerate() {
            for (own, host) in baseline.hosts.iter().enumerate() {
                given.by_host.entry(host.host.clone()).or_default().push((index, own));
            }
        }
        given
    }

    /// When something of it begins or ends by itself after a time.
    #[must_use]
    pub fn next_turn_ms(&self, after_ms: i64) -> Option<i64> {
        let acceptances = self.acceptances.iter().filter(|one| one.revoked.is_none()).map(|one| one.expires_ms);
        let ends = |at_ms: i64| [0, STALE_AFTER_MS, REMEMBERED_MS].map(|after_ms| at_ms.saturating_add(after_ms));
        let of_revision = |one: &Revision| [Some(one.pushed_ms), one.expires_ms].into_iter().flatten().flat_map(ends);
        let revisions = self.revisions.iter().flat_map(of_revision);
        acceptances.chain(revisions).filter(|turn_ms| *turn_ms > after_ms).min()
    }

    /// Whether nothing was ever declared or approved.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revisions.is_empty() && self.baselines.is_empty()
    }

    /// The revisions, those that count most last.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// What a host should have of a source.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn said(
        &mut self,
        reader: &Reader,
        host: &HostRecord,
        source: &SourceName,
        now_ms: i64,
    ) -> Result<Said, StoreError> {
        let declared = match self.declared(host, source, now_ms) {
            Choice::Nothing => Word::Nothing,
            Choice::Unclear(why) => Word::Unclear(why),
            Choice::This(chosen) => {
                let (number, said_ms) = (chosen.number, chosen.pushed_ms);
                let by = format!("revision {}", chosen.revision);
                let ended = earlier::ended(&self.fitting(host, source), chosen, now_ms);
                self.wanted(reader, (&desired::owner(number), source), (by, said_ms), &ended)?
            }
        };
        let approved = match self.approved(host, source) {
            Choice::Nothing => Word::Nothing,
            Choice::Unclear(why) => Word::Unclear(why),
            Choice::This(baseline) => {
                let (number, said_ms) = (baseline.number, baseline.approved_ms);
                let owner = owner_of_baseline(number, &host.host);
                self.wanted(reader, (&owner, source), (format!("baseline {number}"), said_ms), &[])?
            }
        };
        Ok(Said { declared, approved }.without_expired())
    }

    /// The same without what it is: whether anybody says anything of a source of
    /// a host, and why that cannot be held against it.
    #[must_use]
    pub fn outline(&self, host: &HostRecord, source: &SourceName, now_ms: i64) -> (bool, Option<Unclear>) {
        let declared = self.declared(host, source, now_ms).outline();
        let approved = self.approved(host, source).outline();
        match (declared, approved) {
            // A person's word is there where CI/CD's is over.
            ((_, Some(Unclear::Expired)), approved @ (true, _)) => approved,
            (one, other) => (one.0 || other.0, one.1.or(other.1)),
        }
    }

    /// The revisions for a source of a host, the one that counts most last.
    fn fitting(&self, host: &HostRecord, source: &SourceName) -> Vec<&Revision> {
        let who = Who { environment: &host.environment, role: &host.role, host: &host.host };
        let all = self.by_source.get(source).into_iter().flatten().filter_map(|&index| self.revisions.get(index));
        all.filter(|one| one.is_for(who)).collect()
    }

    fn declared(&self, host: &HostRecord, source: &SourceName, now_ms: i64) -> Choice<&Revision> {
        let fitting = self.fitting(host, source);
        let valid = |one: &&&Revision| one.expires_ms.is_none_or(|end_ms| now_ms < end_ms);
        match fitting.iter().rev().find(valid) {
            None if fitting.is_empty() => Choice::Nothing,
            None => Choice::Unclear(Unclear::Expired),
            Some(one) => Choice::made(one, (one.fleet_key_epoch, one.canonical_form), host),
        }
    }

    /// What was approved of the host as what it is now: one that was enrolled
    /// into another environment or role is another one.
    fn approved(&self, host: &HostRecord, source: &SourceName) -> Choice<&Baseline> {
        let of_host = self.by_host.get(&host.host).into_iter().flatten();
        let all = of_host.filter_map(|&(index, own)| {
            let baseline = self.baselines.get(index)?;
            Some((baseline, baseline.hosts.get(own)?))
        });
        let is_of = |(_, own): &(&Baseline, &driftline_compare::baseline::BaselineHost)| {
            own.is_of(&host.environment, &host.role) && own.sources.iter().any(|(name, _)| name == source)
        };
        match all.filter(is_of).max_by_key(|(baseline, _)| baseline.number) {
            None => Choice::Nothing,
            Some((one, own)) => Choice::made(one, (own.fleet_key_epoch, own.canonical_form), host),
        }
    }

    fn wanted(
        &mut self,
        reader: &Reader,
        (owner, source): (&str, &SourceName),
        (by, said_ms): (String, i64),
        ended: &[(u64, i64)],
    ) -> Result<Word, StoreError> {
        let Some(items) = self.sheet(reader, owner, source)? else { return Ok(Word::Nothing) };
        let mut earlier = Vec::new();
        for (number, end_ms) in ended {
            let items = self.sheet(reader, &desired::owner(*number), source)?;
            earlier.extend(items.map(|items| Earlier { items, end_ms: *end_ms }));
        }
        Ok(Word::Wanted(Wanted { by, said_ms, items, earlier }))
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

impl<T> Choice<T> {
    /// What a host can be held against only if its digests are made alike.
    fn made(one: T, making: (u32, u32), host: &HostRecord) -> Self {
        match making == (host.fleet_key_epoch, host.canonical_form) {
            true => Self::This(one),
            false => Self::Unclear(Unclear::OtherMaking),
        }
    }

    fn outline(&self) -> (bool, Option<Unclear>) {
        match self {
            Self::Nothing => (false, None),
            Self::This(_) => (true, None),
            Self::Unclear(why) => (true, Some(*why)),
        }
    }
}

impl Said {
    /// A person's word is there where CI/CD's is over.
    fn without_expired(self) -> Self {
        match (&self.declared, &self.approved) {
            (Word::Unclear(Unclear::Expired), Word::Wanted(_) | Word::Unclear(_)) => {
                Self { declared: Word::Nothing, ..self }
            }
            _ => self,
        }
    }
}

impl Items {
    fn of(sheet: Sheet) -> Self {
        let held = |item: driftline_compare::desired::SheetItem| {
            let held = Held { digest: item.digest, secret: item.secret, display: item.display, since_ms: 0 };
            (item.key, held)
        };
        let by_key: HashMap<ItemKey, Held> = sheet.items.into_iter().map(held).collect();
        let orders = by_key.keys().filter(|key| key.ordered_list().is_some()).cloned().collect();
        Self { by_key, orders }
    }

    /// Whether one of the keys is an order of these, or a rule that has a place
    /// in it.
    #[must_use]
    pub fn orders_any_of(&self, keys: &BTreeSet<ItemKey>) -> bool {
        let of_list = |list: &str| keys.iter().any(|key| key.is_rule_of(list));
        self.orders.iter().any(|order| keys.contains(order) || order.ordered_list().is_some_and(of_list))
    }

    /// Their keys.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<ItemKey> {
        self.by_key.keys().cloned().collect()
    }
}
