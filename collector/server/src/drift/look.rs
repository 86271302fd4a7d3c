//! One source of one role, read from the store and looked at: against what was
//! declared, what a reboot would load, what a process has, and the other hosts.
//!
//! It reads what a look needs and no more: one key of many is a few look-ups.
//! A source that could not be read has no say, and neither has one that nobody
//! watches any more or whose host is revoked: what was open there stays open.

mod declared;
mod pending;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::drift::observe::{Held, Looking, Pair};
use driftline_compare::drift::{self, Drift, Identity, Look, Rule, unseen};
use driftline_compare::{Class, Severity};
use driftline_store::{HostRecord, Reader, StoreError};

use super::given::{Given, Word};
use super::marks::{Taken, Touched};
use rows::{Column, Row};

/// How the name of a source ends in which each item is a difference itself.
const AT_REBOOT: &str = "/at-reboot";

/// Where drift is looked for.
pub type Unit = (Environment, Role, SourceName);

/// Which keys of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// These.
    Some(BTreeSet<ItemKey>),
    /// All.
    All,
}

/// What a look gave.
#[derive(Debug, Default)]
pub struct Looked {
    /// By identity.
    pub seen: BTreeMap<Identity, Look>,
    /// When it has to be looked at again though nothing is touched.
    pub again_ms: Option<i64>,
}

/// The hosts, and the store to ask.
pub struct Fleet<'a> {
    reader: &'a Reader,
    hosts: Vec<HostRecord>,
}

impl<'a> Fleet<'a> {
    /// Every host but those that were forgotten: what was open on one that only
    /// cannot be asked is not over.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(reader: &'a Reader) -> Result<Self, StoreError> {
        Ok(Self { reader, hosts: reader.hosts()? })
    }

    /// The hosts.
    #[must_use]
    pub fn hosts(&self) -> &[HostRecord] {
        &self.hosts
    }
}

/// What was touched, by where drift is looked for.
///
/// # Errors
/// When the store cannot be read.
pub fn units(reader: &Reader, taken: Taken) -> Result<BTreeMap<Unit, Keys>, StoreError> {
    let mut units: BTreeMap<Unit, Keys> = BTreeMap::new();
    for ((host, source), touched) in taken.touched {
        let Some(host) = reader.host(&host)? else { continue };
        let keys = units.entry((host.environment, host.role, source)).or_insert_with(|| Keys::Some(BTreeSet::new()));
        match (keys, touched) {
            (Keys::Some(all), Touched::Keys(more)) => all.extend(more),
            (keys, Touched::All) => *keys = Keys::All,
            (Keys::All, _) => {}
        }
    }
    for host in taken.turned {
        let Some(host) = reader.host(&host)? else { continue };
        let sources = reader.sources(&host.host)?.into_iter().map(|source| source.source);
        units.extend(sources.map(|source| ((host.environment.clone(), host.role.clone(), source), Keys::All)));
    }
    Ok(units)
}

/// Everywhere that drift may be or is.
///
/// # Errors
/// When the store cannot be read.
pub fn every_unit(reader: &Reader, known: &[Drift]) -> Result<BTreeMap<Unit, Keys>, StoreError> {
    let mut units = BTreeMap::new();
    for host in reader.hosts()? {
        for source in reader.sources(&host.host)? {
            units.insert((host.environment.clone(), host.role.clone(), source.source), Keys::All);
        }
    }
    let of_drift = known.iter().map(|drift| &drift.identity);
    units.extend(of_drift.map(|one| ((one.environment.clone(), one.role.clone(), one.source.clone()), Keys::All)));
    Ok(units)
}

/// The drifts that are known there.
///
/// # Errors
/// When the store cannot be read.
pub fn known(reader: &Reader, (environment, role, source): &Unit) -> Result<Vec<Drift>, StoreError> {
    let mut known = reader.documents::<Drift>(&drift::unit(environment, role, source))?;
    known.retain(|one| {
        let identity = &one.identity;
        (&identity.environment, &identity.role, &identity.source) == (environment, role, source)
    });
    Ok(known)
}

/// Looks at keys of a source of a role.
///
/// # Errors
/// When the store cannot be read.
pub fn look(
    fleet: &Fleet<'_>,
    given: &mut Given,
    unit: &Unit,
    (keys, known): (Keys, &[Drift]),
    now_ms: i64,
) -> Result<Looked, StoreError> {
    let rows = rows::read(fleet.reader, &fleet.hosts, given, unit, now_ms)?;
    let mut looked = Looked::default();
    let Some(kind) = rows.first().map(|row| row.source.kind) else {
        gone(known, &mut looked);
        return Ok(looked);
    };
    let at_reboot = unit.2.as_str().ends_with(AT_REBOOT) && kind == SourceKind::Firewall;
    let is_held = rows.iter().any(|row| row.said.is_any());
    if rows.len() < 2 && !is_held && !at_reboot && known.is_empty() && !rows.iter().any(Row::is_pending) {
        // Nothing to hold it against: no item is read.
        return Ok(looked);
    }
    let keys = if matches!(&keys, Keys::Some(some) if declared::needs_all(&rows, some)) { Keys::All } else { keys };
    let column = rows::column(fleet.reader, &rows, &keys)?;
    let mut looker = Looker { unit, given, rows: &rows, column: &column, known, kind, now_ms, into: looked };
    for key in looker.keys(&keys) {
        if at_reboot {
            looker.at_reboot(&key);
        } else {
            looker.declared(Rule::Desired, &key);
            looker.declared(Rule::Baseline, &key);
            looker.role(&key);
        }
    }
    looker.pending();
    Ok(looker.into)
}

/// Nobody has the source any more. Where a host only cannot be asked, its rows
/// are there.
fn gone(known: &[Drift], looked: &mut Looked) {
    let by = "no host that is watched".to_owned();
    let ended = |drift: &Drift| (drift.identity.clone(), Look::Agrees { actual: None, by: by.clone() });
    looked.seen.extend(known.iter().map(ended));
}

struct Looker<'a> {
    unit: &'a Unit,
    given: &'a Given,
    rows: &'a [Row],
    column: &'a Column,
    known: &'a [Drift],
    kind: SourceKind,
    now_ms: i64,
    into: Looked,
}

impl Looker<'_> {
    /// The keys to look at: those asked for, and with all of them those that
    /// are there, that should be, and that are known to differ.
    fn keys(&self, keys: &Keys) -> BTreeSet<ItemKey> {
        match keys {
            Keys::Some(keys) => keys.clone(),
            Keys::All => {
                let mut all: BTreeSet<ItemKey> = self.column.keys().cloned().collect();
                let words = self.rows.iter().flat_map(|row| [&row.said.declared, &row.said.approved]);
                all.extend(words.filter_map(Word::wanted).flat_map(|wanted| wanted.items.keys()));
                all.extend(self.known.iter().map(|drift| drift.identity.key.clone()));
                all
            }
        }
    }

    fn identity(&self, rule: Rule, key: &ItemKey) -> Identity {
        let (environment, role, source) = self.unit.clone();
        Identity { environment, role, source, rule, key: key.clone() }
    }

    /// Notes a look in which hosts whose source cannot be read had no say.
    fn saw(&mut self, rule: Rule, key: &ItemKey, look: Look) {
        let blind = self.rows.iter().filter(|row| row.blind).map(|row| row.host.host.clone()).collect();
        self.saw_without(rule, key, look, &blind);
    }

    /// Notes a look in which these hosts had no say.
    fn saw_without(&mut self, rule: Rule, key: &ItemKey, look: Look, without: &BTreeSet<HostName>) {
        let identity = self.identity(rule, key);
        let known = self.known.iter().find(|drift| drift.identity == identity);
        // What agrees and never differed is nothing to remember.
        let look = match known {
            Some(drift) => unseen::kept(self.of_its_hosts(look, drift, key), drift, without),
            None if matches!(look, Look::Differs(_)) => look,
            None => return,
        };
        self.into.seen.insert(identity, look);
    }

    /// What agrees now is held against what differed: on the hosts that the drift
    /// is about, whatever the others have.
    fn of_its_hosts(&self, look: Look, drift: &Drift, key: &ItemKey) -> Look {
        let Look::Agrees { actual: Some(_), by } = look else { return look };
        let rows = self.rows.iter().enumerate().filter(|(_, row)| drift.hosts.contains(&row.host.host));
        let held = rows.map(|(index, _)| self.column.held(index, key));
        Look::Agrees { actual: Some(drift::observe::digest_of(held)), by }
    }

    fn looking<'a>(&'a self, weigh: drift::observe::Weigh<'a>) -> Looking<'a> {
        Looking { kind: self.kind, has_secrets: self.column.has_secrets(), weigh }
    }

    fn weighed(&self, key: &ItemKey, built_in: (Severity, Class)) -> (Severity, Class) {
        let (environment, _, source) = self.unit;
        match self.given.policy.severity_of(environment, source, self.kind, key.as_str()) {
            Some((severity, class)) => (severity, class.unwrap_or(built_in.1)),
            None => built_in,
        }
    }

    fn again(&mut self, at_ms: i64) {
        self.into.again_ms = Some(self.into.again_ms.map_or(at_ms, |known_ms| known_ms.min(at_ms)));
    }

    /// Against the other hosts of the role: only those that nothing was
    /// declared for, and only when they have disagreed for a while.
    fn role(&mut self, key: &ItemKey) {
        let alike = |(index, row): (usize, &'_ Row)| (!row.said.is_any() && row.has_a_say(key)).then_some(index);
        let rows: Vec<usize> = self.rows.iter().enumerate().filter_map(alike).collect();
        let unclear = |row: &&Row| row.blind || row.said.unclear().is_some();
        let without = self.rows.iter().filter(unclear).map(|row| row.host.host.clone()).collect();
        if rows.len() < 2 {
            let may_tell = |row: &Row| row.has_a_say(key) || (row.said.is_any() && row.said.unclear().is_none());
            let look = match self.rows.iter().all(may_tell) {
                true => Look::Agrees { actual: None, by: "no other host".to_owned() },
                false => Look::Unknown,
            };
            return self.saw_without(Rule::Role, key, self.or_adopted(key, look), &without);
        }
        if rows.windows(2).any(|two| self.rows[two[0]].making() != self.rows[two[1]].making()) {
            // The same value has two digests then.
            return self.saw_without(Rule::Role, key, Look::Unknown, &without);
        }
        let hosts: Vec<(&HostName, Option<&Held>)> =
            rows.iter().map(|&index| (&self.rows[index].host.host, self.column.held(index, key))).collect();
        let weigh = |key: &ItemKey, built_in| self.weighed(key, built_in);
        let look = self.looking(&weigh).among(key, &hosts);
        if matches!(look, Look::Differs(_)) && !self.is_there(Rule::Role, key) {
            // A key that went is as young as the last change of its source.
            let gone = rows.iter().filter(|&&index| self.column.held(index, key).is_none());
            let gone_ms = gone.map(|&index| self.rows[index].changed_ms(self.now_ms)).max().unwrap_or(0);
            let latest_ms = self.column.latest_ms(key).max(gone_ms);
            let settled_ms = latest_ms.saturating_add(self.given.policy.settle_ms);
            if self.now_ms < settled_ms {
                // A deployment that goes from host to host is no finding yet.
                return self.again(settled_ms);
            }
        }
        self.saw_without(Rule::Role, key, self.or_adopted(key, look), &without);
    }

    /// Hosts of a role agree again because what the others had was declared for
    /// them: that was adopted. Where one of them only took what most have, it
    /// was not.
    fn or_adopted(&self, key: &ItemKey, look: Look) -> Look {
        let Look::Agrees { actual: None, by } = look else { return look };
        let identity = self.identity(Rule::Role, key);
        let known = self.known.iter().find(|drift| drift.identity == identity && drift.state.is_there());
        let declared = |drift: &Drift| {
            let is_outlier = |(_, row): &(usize, &Row)| drift.hosts.contains(&row.host.host);
            let outliers: Vec<(usize, &Row)> = self.rows.iter().enumerate().filter(is_outlier).collect();
            let declared = |&(index, row): &(usize, &'_ Row)| {
                let wanted = row.wanted(key)?.items.by_key.get(key);
                let actual = self.column.held(index, key);
                (wanted.map(|held| held.digest) == actual.map(|held| held.digest)).then_some(actual)
            };
            let held: Vec<Option<&Held>> = outliers.iter().map(declared).collect::<Option<_>>()?;
            let by = outliers.iter().filter_map(|(_, row)| row.wanted(key)).map(|wanted| &wanted.by).max()?;
            Some((drift::observe::digest_of(held.into_iter()), by.clone()))
        };
        match known.and_then(declared) {
            Some((actual, by)) => Look::Agrees { actual: Some(actual), by },
            None => Look::Agrees { actual: None, by },
        }
    }

    fn is_there(&self, rule: Rule, key: &ItemKey) -> bool {
        let identity = self.identity(rule, key);
        self.known.iter().any(|drift| drift.identity == identity && drift.state.is_there())
    }

    /// Each item of such a source is a difference between what is in force and
    /// what is saved.
    fn at_reboot(&mut self, key: &ItemKey) {
        if key.is_metadata() {
            return;
        }
        let with = |(index, row): (usize, &'_ Row)| row.has_a_say(key).then_some(index);
        let rows: Vec<usize> = self.rows.iter().enumerate().filter_map(with).collect();
        let pairs: Vec<Pair<'_>> =
            rows.iter().map(|&index| saved(&self.rows[index], self.column.held(index, key))).collect();
        let weigh = |key: &ItemKey, built_in| self.weighed(key, built_in);
        let look = match self.looking(&weigh).at(key, &pairs) {
            // Whether the rule went or was saved is not known here.
            Look::Agrees { by, .. } => Look::Agrees { actual: None, by },
            other => other,
        };
        self.saw(Rule::AtReboot, key, look);
    }
}

fn saved<'a>(row: &'a Row, actual: Option<&'a Held>) -> Pair<'a> {
    let (by, host) = ("what is saved", &row.host.host);
    Pair { host, actual, expected: None, by, stale: false, said_ms: 0, not_before_ms: 0 }
}
