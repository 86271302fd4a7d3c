//! The policy: how this company wants changes weighed and judged, as data.
//!
//! One TOML text, read whole or not at all. Rules are ordered and the first
//! that matches counts. A policy without any rule is what an installation
//! begins with; it weighs by the built-in rules and believes nobody.

pub mod actor;
pub mod expect;
pub mod fault;
pub mod freeze;
pub mod parse;
pub mod pattern;
pub mod schedule;
pub mod severity;
pub mod version;

mod fields;
mod time;

use driftline_canon::actor::{Actor, Confidence};
use driftline_canon::{Environment, HostName, Role, SourceKind, SourceName};

pub use actor::{ActorRule, Effect};
pub use expect::{Expectation, Must};
pub use fault::{Fault, PolicyErrors};
pub use freeze::Freeze;
pub use pattern::Pattern;
pub use schedule::Schedule;
pub use severity::SeverityRule;
pub use version::PolicyVersion;

use crate::{Class, Severity};

/// How long changes of a deployment settle unless the policy says otherwise.
pub const SETTLE_MS: i64 = 30_000;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Severity rules, in order.
    pub severities: Vec<SeverityRule>,
    /// Expectations, in order.
    pub expectations: Vec<Expectation>,
    /// Actor rules, in order.
    pub actors: Vec<ActorRule>,
    /// Freezes.
    pub freezes: Vec<Freeze>,
    /// Schedules.
    pub schedules: Vec<Schedule>,
    /// How long changes of a deployment settle before they alert.
    pub settle_ms: i64,
    /// Days of history that are kept; none: what the collector's configuration
    /// says.
    pub retention_days: Option<u32>,
}

/// Where a change is: what rules are held against.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Environment.
    pub environment: &'a Environment,
    /// Role.
    pub role: &'a Role,
    /// Host.
    pub host: &'a HostName,
    /// Source.
    pub source: &'a SourceName,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            severities: Vec::new(),
            expectations: Vec::new(),
            actors: Vec::new(),
            freezes: Vec::new(),
            schedules: Vec::new(),
            settle_ms: SETTLE_MS,
            retention_days: None,
        }
    }
}

impl Policy {
    /// What the first severity rule that matches says; none: the built-in rules
    /// decide. A class that it leaves open is the built-in one.
    #[must_use]
    pub fn severity_of(
        &self,
        environment: &Environment,
        source: &SourceName,
        kind: SourceKind,
        key: &str,
    ) -> Option<(Severity, Option<Class>)> {
        let rule = SeverityRule::first(&self.severities, environment, source, kind, key)?;
        Some((rule.severity, rule.class))
    }

    /// The actor rule that speaks for a change by this actor: the first that
    /// authorises, else the first that allows. Only an exact attribution is
    /// believed.
    #[must_use]
    pub fn actor_rule(&self, at: &Subject<'_>, actor: &Actor) -> Option<&ActorRule> {
        if actor.confidence == Confidence::Exact { self.rule_naming(at, actor) } else { None }
    }

    /// The same without asking how sure the attribution is: what would speak for
    /// the change if it were certain who made it.
    #[must_use]
    pub fn rule_naming(&self, at: &Subject<'_>, actor: &Actor) -> Option<&ActorRule> {
        let first = |effect: Effect| self.actors.iter().find(|rule| rule.effect == effect && rule.names(at, actor));
        first(Effect::Authorises).or_else(|| first(Effect::Allows))
    }

    /// The first freeze in force over a host at a time.
    #[must_use]
    pub fn frozen_at(&self, at: &Subject<'_>, time_ms: i64) -> Option<&Freeze> {
        let is_meant =
            |freeze: &&Freeze| freeze.is_in_force(time_ms) && freeze.selector.matches(at.environment, at.role, at.host);
        self.freezes.iter().find(is_meant)
    }

    /// What a key should be across environments, by the first expectation that
    /// matches.
    #[must_use]
    pub fn expectation_of(&self, source: &SourceName, key: &str) -> Option<&Expectation> {
        Expectation::first(&self.expectations, source, key)
    }

    /// Whether any rule or freeze is about hosts of an environment: it was
    /// given something to judge by.
    #[must_use]
    pub fn judges(&self, environment: &Environment) -> bool {
        let is_for = |selector: &crate::Selector| selector.environment.as_ref().is_none_or(|one| one == environment);
        self.freezes.iter().any(|freeze| is_for(&freeze.selector))
            || self.actors.iter().any(|rule| rule.selector.as_ref().is_none_or(is_for))
    }
}

#[cfg(test)]
mod tests;
