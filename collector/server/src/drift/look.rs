//! One source of one role, read from the store and looked at: against what was
//! declared, what a reboot would load, what a process has, and the other hosts.
//!
//! It reads what a look needs and no more: one key of many is a few look-ups.
//! A source that could not be read has no say.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{Environment, HostName, ItemKey, Masked, Problem, ProblemKind, Role, SourceKind, SourceName};
use driftline_compare::drift::observe::{Held, Looking, Pair};
use driftline_compare::drift::{self, Drift, Identity, Look, Observed, Rule, Shown, Way};
use driftline_compare::{Class, Severity};
use driftline_store::{HostRecord, HostStatus, Reader, StoreError};
use sha2::{Digest as _, Sha256};

use super::given::{Given, STALE_AFTER_MS, Wanted};
use super::marks::{At, Touched};
use rows::{Column, Row};

/// How the name of a source ends in which each item is a difference itself.
const AT_REBOOT: &str = "/at-reboot";

/// A file that is there, where no agent says more of it.
static PRESUMED: Held = Held { digest: [0; 32], secret: false, display: None, since_ms: 0 };

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

/// The hosts that have a say, and the store to ask.
pub struct Fleet<'a> {
    reader: &'a Reader,
    hosts: Vec<HostRecord>,
}

impl<'a> Fleet<'a> {
    /// Hosts whose state is theirs: not those that were revoked, forgotten or
    /// are two.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(reader: &'a Reader) -> Result<Self, StoreError> {
        let mut hosts = reader.hosts()?;
        let has_no_say =
            |status| matches!(status, HostStatus::Revoked | HostStatus::Forgotten | HostStatus::Quarantined);
        hosts.retain(|host| !has_no_say(host.status));
        Ok(Self { reader, hosts })
    }
}

/// What was touched, by where drift is looked for.
///
/// # Errors
/// When the store cannot be read.
pub fn units(
    reader: &Reader,
    touched: impl IntoIterator<Item = (At, Touched)>,
) -> Result<BTreeMap<Unit, Keys>, StoreError> {
    let mut units: BTreeMap<Unit, Keys> = BTreeMap::new();
    for ((host, source), touched) in touched {
        let Some(host) = reader.host(&host)? else { continue };
        let keys = units.entry((host.environment, host.role, source)).or_insert_with(|| Keys::Some(BTreeSet::new()));
        match (keys, touched) {
            (Keys::Some(all), Touched::Keys(more)) => all.extend(more),
            (keys, Touched::All) => *keys = Keys::All,
            (Keys::All, _) => {}
        }
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
    let declared = rows.iter().any(|row| row.wanted.is_some());
    if rows.len() < 2 && !declared && !at_reboot && known.is_empty() && !rows.iter().any(Row::is_pending) {
        // Nothing to hold it against: no item is read.
        return Ok(looked);
    }
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
                all.extend(
                    self.rows.iter().filter_map(|row| row.wanted.as_ref()).flat_map(|wanted| wanted.items.keys()),
                );
                all.extend(self.known.iter().map(|drift| drift.identity.key.clone()));
                all
            }
        }
    }

    fn identity(&self, rule: Rule, key: &ItemKey) -> Identity {
        let (environment, role, source) = self.unit.clone();
        Identity { environment, role, source, rule, key: key.clone() }
    }

    fn saw(&mut self, rule: Rule, key: &ItemKey, look: Look) {
        let identity = self.identity(rule, key);
        let is_known = self.known.iter().any(|drift| drift.identity == identity);
        // What agrees and never differed is nothing to remember.
        if is_known || matches!(look, Look::Differs(_)) {
            self.into.seen.insert(identity, look);
        }
    }

    fn looking<'a>(&'a self, by: &'a str, weigh: drift::observe::Weigh<'a>) -> Looking<'a> {
        Looking { kind: self.kind, by, has_secrets: self.column.has_secrets(), weigh }
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

    /// Against what CI/CD declared or a person approved. A file that is gone is
    /// one finding, not one for each of its keys.
    fn declared(&mut self, rule: Rule, key: &ItemKey) {
        let is_state = key.as_str() == ItemKey::STATE;
        if rule == Rule::Desired && ((key.is_metadata() && !is_state) || key.ordered_list().is_some()) {
            // What is about a file, and the order that follows from its rules, is declared by nobody.
            return;
        }
        if self.rows.iter().all(|row| row.wanted_by(rule).is_none()) {
            return self.saw(rule, key, Look::Agrees { actual: None, by: "nothing that should be there".to_owned() });
        }
        let (mut pairs, mut by, mut dues) = (Vec::new(), "", Vec::new());
        for (index, row) in self.rows.iter().enumerate() {
            let Some(wanted) = row.wanted_by(rule).filter(|_| row.has_a_say(key)) else { continue };
            by = by.max(wanted.by.as_str());
            let actual = self.column.held(index, key);
            let mut one = pair(row, actual, wanted.items.by_key.get(key), wanted.said_ms);
            if is_state {
                one.expected = if row.absent { Some(&PRESUMED) } else { actual };
            } else if key.is_metadata() && one.expected.is_none() {
                one.expected = actual;
            }
            if let Some(due_ms) = self.late(&mut one, wanted, key) {
                dues.push(due_ms);
            }
            pairs.push(one);
        }
        let weigh = |key: &ItemKey, built_in| self.weighed(key, built_in);
        let look = self.looking(by, &weigh).at(key, &pairs);
        dues.into_iter().for_each(|due_ms| self.again(due_ms));
        self.saw(rule, key, look);
    }

    /// Forgives a host that still has what was declared before, for a while;
    /// gives until when.
    fn late(&self, one: &mut Pair<'_>, wanted: &Wanted, key: &ItemKey) -> Option<i64> {
        let digest = |held: Option<&Held>| held.map(|held| held.digest);
        let earlier = wanted.earlier.as_ref()?.by_key.get(key);
        if digest(one.expected) == digest(one.actual) || digest(earlier) != digest(one.actual) {
            return None;
        }
        let due_ms = wanted.said_ms.saturating_add(STALE_AFTER_MS);
        if self.now_ms < due_ms {
            // The newer one is on its way.
            one.expected = one.actual;
            return Some(due_ms);
        }
        (one.stale, one.not_before_ms) = (true, wanted.said_ms);
        None
    }

    /// Against the other hosts of the role: only those that nothing was
    /// declared for, and only when they have disagreed for a while.
    fn role(&mut self, key: &ItemKey) {
        let alike = |(index, row): (usize, &'_ Row)| (row.wanted.is_none() && row.has_a_say(key)).then_some(index);
        let rows: Vec<usize> = self.rows.iter().enumerate().filter_map(alike).collect();
        if rows.len() < 2 {
            let look = match self.rows.iter().all(|row| row.wanted.is_some() || row.has_a_say(key)) {
                true => Look::Agrees { actual: None, by: "no other host".to_owned() },
                false => Look::Unknown,
            };
            return self.saw(Rule::Role, key, self.or_adopted(key, look));
        }
        let hosts: Vec<(&HostName, Option<&Held>)> =
            rows.iter().map(|&index| (&self.rows[index].host.host, self.column.held(index, key))).collect();
        let weigh = |key: &ItemKey, built_in| self.weighed(key, built_in);
        let look = self.looking("the other hosts of the role", &weigh).among(key, &hosts);
        if matches!(look, Look::Differs(_)) && !self.is_there(Rule::Role, key) {
            // A key that went is as young as the last change of its source.
            let gone = rows.iter().filter(|&&index| self.column.held(index, key).is_none());
            let gone_ms = gone.map(|&index| self.rows[index].source.observed_ms).max().unwrap_or(0);
            let latest_ms = self.column.latest_ms(key).max(gone_ms);
            let settled_ms = latest_ms.saturating_add(self.given.policy.settle_ms);
            if self.now_ms < settled_ms {
                // A deployment that goes from host to host is no finding yet.
                return self.again(settled_ms);
            }
        }
        self.saw(Rule::Role, key, self.or_adopted(key, look));
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
                let wanted = row.wanted.as_ref()?.items.by_key.get(key);
                let actual = self.column.held(index, key);
                (wanted.map(|held| held.digest) == actual.map(|held| held.digest)).then_some(actual)
            };
            let held: Vec<Option<&Held>> = outliers.iter().map(declared).collect::<Option<_>>()?;
            let by = outliers.iter().filter_map(|(_, row)| row.wanted.as_ref()).map(|wanted| &wanted.by).max()?;
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
            rows.iter().map(|&index| pair(&self.rows[index], self.column.held(index, key), None, 0)).collect();
        let weigh = |key: &ItemKey, built_in| self.weighed(key, built_in);
        let look = match self.looking("what is saved", &weigh).at(key, &pairs) {
            // Whether the rule went or was saved is not known here.
            Look::Agrees { by, .. } => Look::Agrees { actual: None, by },
            other => other,
        };
        self.saw(Rule::AtReboot, key, look);
    }

    /// What waits for a restart: the agent compares it on the host, where the
    /// values are, and says so.
    fn pending(&mut self) {
        let mut waiting: BTreeMap<ItemKey, Vec<(&HostName, &Problem)>> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| !row.blind) {
            for problem in row.source.problems.iter().filter(|problem| problem.kind == ProblemKind::Pending) {
                if let Some(key) = key_of(problem) {
                    waiting.entry(key).or_default().push((&row.host.host, problem));
                }
            }
        }
        for (key, hosts) in &waiting {
            let observed = self.waits(key, hosts);
            self.saw(Rule::Process, key, Look::Differs(Box::new(observed)));
        }
        let blind = self.rows.iter().any(|row| row.blind);
        let known: Vec<ItemKey> = self
            .known
            .iter()
            .filter(|one| one.identity.rule == Rule::Process)
            .map(|one| one.identity.key.clone())
            .filter(|key| !waiting.contains_key(key))
            .collect();
        for key in known {
            let by = "the running process".to_owned();
            let look = if blind { Look::Unknown } else { Look::Agrees { actual: None, by } };
            self.saw(Rule::Process, &key, look);
        }
    }

    fn waits(&self, key: &ItemKey, hosts: &[(&HostName, &Problem)]) -> Observed {
        let reasons: BTreeSet<&str> = hosts.iter().map(|(_, problem)| problem.reason.as_str()).collect();
        let mut hash = Sha256::new();
        reasons.iter().for_each(|reason| hash.update(reason.as_bytes()));
        let content: [u8; 32] = hash.finalize().into();
        let (severity, class) = self.weighed(key, driftline_compare::classify::of_key(key.as_str()));
        let said = reasons.first().map(|reason| Masked::from_wire((*reason).to_owned()));
        Observed {
            kind: self.kind,
            way: Way::Differs,
            severity,
            class,
            since_ms: self.now_ms,
            hosts: hosts.iter().map(|(host, _)| (*host).clone()).take(drift::HOSTS_NAMED_MAX).collect(),
            host_count: u32::try_from(hosts.len()).unwrap_or(u32::MAX),
            of_hosts: u32::try_from(self.rows.len()).unwrap_or(u32::MAX),
            expected: Shown::default(),
            expected_by: "its file".to_owned(),
            actual: Shown { present: true, secret: false, display: said },
            content,
            content_actual: content,
        }
    }
}

fn pair<'a>(row: &'a Row, actual: Option<&'a Held>, expected: Option<&'a Held>, said_ms: i64) -> Pair<'a> {
    Pair { host: &row.host.host, actual, expected, stale: false, said_ms, not_before_ms: 0 }
}

/// The key that a pending problem is about: agents write it first.
fn key_of(problem: &Problem) -> Option<ItemKey> {
    let ends = [": ", " is ", " differs "];
    let end = ends.iter().filter_map(|end| problem.reason.find(end)).min()?;
    let key = problem.reason.get(..end).filter(|key| !key.contains(' '))?;
    ItemKey::from_canonical(key.to_owned()).ok()
}

#[cfg(test)]
mod tests;
