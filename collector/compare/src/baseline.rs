//! Baselines: what a person approved of hosts as known-good.
//!
//! Shapes, and which of them counts. The items are [`crate::desired::Sheet`]s
//! of `baseline/NUMBER/HOST`, peppered as they rest.

use std::collections::BTreeMap;

use driftline_canon::{Environment, HostName, Role, SourceName};
use serde::{Deserialize, Serialize};

use crate::Selector;
use crate::desired::Who;

/// What was approved at one time; its items are sheets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Rises with each approval.
    pub number: u64,
    /// Hosts that were meant.
    pub selector: Selector,
    /// Only this source; none: every source.
    pub source: Option<SourceName>,
    /// Why it is good.
    pub reason: String,
    /// Who says so.
    pub approved_by: String,
    /// When.
    pub approved_ms: i64,
    /// What was approved of which host.
    pub hosts: Vec<BaselineHost>,
}

/// What a baseline has of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineHost {
    /// Host.
    pub host: HostName,
    /// Environment of its certificate then.
    pub environment: Environment,
    /// Role of its certificate then.
    pub role: Role,
    /// Epoch of the fleet key that its digests were made with.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form that they were made with.
    pub canonical_form: u32,
    /// The sources, and how many items each has.
    pub sources: Vec<(SourceName, u32)>,
}

impl BaselineHost {
    /// Whether it was approved of a host of that environment and role. One that
    /// was enrolled into another is held against nothing that was approved of it
    /// there.
    #[must_use]
    pub fn is_of(&self, environment: &Environment, role: &Role) -> bool {
        (&self.environment, &self.role) == (environment, role)
    }
}

/// For each source of a host: the baseline that was approved last of it in its
/// environment and role.
#[must_use]
pub fn latest<'b>(
    baselines: impl IntoIterator<Item = &'b Baseline>,
    who: Who<'_>,
) -> BTreeMap<SourceName, (&'b Baseline, &'b BaselineHost)> {
    let mut chosen: BTreeMap<SourceName, (&Baseline, &BaselineHost)> = BTreeMap::new();
    for baseline in baselines {
        for own in baseline.hosts.iter().filter(|own| own.host == *who.host && own.is_of(who.environment, who.role)) {
            for (source, _) in &own.sources {
                let newer = chosen.get(source).is_none_or(|(kept, _)| kept.number < baseline.number);
                if newer {
                    chosen.insert(source.clone(), (baseline, own));
                }
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(number: u64, hosts: &[(&str, &[&str])]) -> Baseline {
        let own = |(host, sources): &(&str, &[&str])| BaselineHost {
            host: HostName::new(*host).unwrap(),
            environment: Environment::new("production").unwrap(),
            role: Role::new("web").unwrap(),
            fleet_key_epoch: 1,
            canonical_form: 2,
            sources: sources.iter().map(|name| (SourceName::new(*name).unwrap(), 1)).collect(),
        };
        Baseline {
            number,
            selector: "production".parse().unwrap(),
            source: None,
            reason: "audited".to_owned(),
            approved_by: "ada".to_owned(),
            approved_ms: 1,
            hosts: hosts.iter().map(own).collect(),
        }
    }

    #[test]
    fn each_source_of_a_host_has_the_baseline_that_was_approved_last() {
        let all = [
            baseline(3, &[("web-1", &["app"])]),
            baseline(1, &[("web-1", &["app", "nginx"]), ("web-2", &["app"])]),
            baseline(2, &[("web-2", &["app"])]),
        ];
        let (environment, role) = (Environment::new("production").unwrap(), Role::new("web").unwrap());
        let numbers = |host: &str| {
            let host = HostName::new(host).unwrap();
            let found = latest(&all, Who { environment: &environment, role: &role, host: &host });
            Vec::from_iter(found.into_iter().map(|(source, (baseline, _))| (source.to_string(), baseline.number)))
        };
        assert_eq!(numbers("web-1"), [("app".to_owned(), 3), ("nginx".to_owned(), 1)]);
        assert_eq!(numbers("web-2"), [("app".to_owned(), 2)]);
        assert!(numbers("db-1").is_empty());
    }

    #[test]
    fn what_was_approved_of_a_host_elsewhere_is_not_held_against_it() {
        let all = [baseline(1, &[("web-1", &["app"])])];
        let found = |environment: &str, role: &str| {
            let (environment, role) = (Environment::new(environment).unwrap(), Role::new(role).unwrap());
            let host = HostName::new("web-1").unwrap();
            latest(&all, Who { environment: &environment, role: &role, host: &host }).len()
        };
        assert_eq!([found("production", "web"), found("staging", "web"), found("production", "db")], [1, 0, 0]);
    }
}
