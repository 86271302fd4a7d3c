//! What waits for a restart: a process that has something else than its file.
//!
//! The agent compares the two, on the host where the values are; this only reads
//! what it says.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{HostName, ItemKey, Masked, Problem, ProblemKind};
use driftline_compare::drift::{HOSTS_NAMED_MAX, Look, Observed, Rule, Shown, Way};
use sha2::{Digest as _, Sha256};

use super::Looker;

impl Looker<'_> {
    /// What waits for a restart: the agent compares it on the host, where the
    /// values are, and says so.
    pub(super) fn pending(&mut self) {
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
            hosts: hosts.iter().map(|(host, _)| (*host).clone()).take(HOSTS_NAMED_MAX).collect(),
            host_count: u32::try_from(hosts.len()).unwrap_or(u32::MAX),
            of_hosts: u32::try_from(self.rows.iter().filter(|row| !row.blind).count()).unwrap_or(u32::MAX),
            expected: Shown::default(),
            expected_by: "its file".to_owned(),
            actual: Shown { present: true, secret: false, display: said },
            content,
            content_actual: content,
        }
    }
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
