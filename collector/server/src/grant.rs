//! What an operator may do: roles, each everywhere or in one environment.
//!
//! Pure: it compares. A role that this version does not know grants nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use driftline_canon::Environment;

/// Roles; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperatorRole {
    /// Reads.
    Viewer,
    /// Also declares desired state and opens windows: CI/CD.
    Deployer,
    /// Also accepts, approves, revokes hosts and lets new ones in.
    Operator,
    /// Also applies policies and adds operators.
    Admin,
}

impl OperatorRole {
    /// Every role, least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Deployer, Self::Operator, Self::Admin];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Deployer => "deployer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for OperatorRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One role, everywhere or in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: OperatorRole,
    /// Only there; none: everywhere.
    pub environment: Option<Environment>,
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, environment) = match text.split_once(':') {
            Some((role, environment)) => (role, Some(environment)),
            None => (text, None),
        };
        let known = OperatorRole::ALL.into_iter().find(|known| known.as_str() == role);
        let role = known.ok_or_else(|| {
            let names = OperatorRole::ALL.map(OperatorRole::as_str).join("`, `");
            format!("`{role}` is no role: known are `{names}`, each also as `ROLE:ENVIRONMENT`")
        })?;
        let environment = environment.map(str::parse).transpose().map_err(|error| format!("`{text}`: {error}"))?;
        Ok(Self { role, environment })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.environment {
            Some(environment) => write!(f, "{}:{environment}", self.role),
            None => self.role.fmt(f),
        }
    }
}

/// All that one operator was granted.
#[derive(Debug, Clone, Default)]
pub struct Grants(Vec<Grant>);

impl Grants {
    /// From the role names of a record.
    #[must_use]
    pub fn of(roles: &[String]) -> Self {
        Self(roles.iter().filter_map(|role| role.parse().ok()).collect())
    }

    /// Whether a role, or one above it, is held in an environment; with none,
    /// whether it is held everywhere.
    #[must_use]
    pub fn may(&self, role: OperatorRole, environment: Option<&Environment>) -> bool {
        let holds = |grant: &Grant| match (&grant.environment, environment) {
            (None, _) => true,
            (Some(own), Some(wanted)) => own == wanted,
            (Some(_), None) => false,
        };
        self.0.iter().any(|grant| grant.role >= role && holds(grant))
    }

    /// Whether a role, or one above it, is held anywhere.
    #[must_use]
    pub fn may_somewhere(&self, role: OperatorRole) -> bool {
        self.0.iter().any(|grant| grant.role >= role)
    }

    /// Which environments may be seen.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let own = self.0.iter().map(|grant| grant.environment.clone());
        own.collect::<Option<BTreeSet<_>>>().map_or(Sight::Everything, Sight::Only)
    }
}

/// Which environments an operator sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// All, and what has none.
    Everything,
    /// Only these.
    Only(BTreeSet<Environment>),
}

impl Sight {
    /// Whether something is seen, by its environment. What has none (the
    /// collector's own health, what operators do) is for those who see all.
    #[must_use]
    pub fn shows(&self, environment: Option<&Environment>) -> bool {
        match (self, environment) {
            (Self::Everything, _) => true,
            (Self::Only(own), Some(environment)) => own.contains(environment),
            (Self::Only(_), None) => false,
        }
    }

    /// The one environment that is seen, if there is only one.
    #[must_use]
    pub fn only_one(&self) -> Option<&Environment> {
        match self {
            Self::Only(own) if own.len() == 1 => own.first(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
