//! What a side of a comparison may be, and how it is filled: hosts now or at a
//! past time, what is declared for them, what was approved of them, a revision.
//!
//! What a declared or approved side does not cover is left out on the other
//! side; what cannot be held against anything is unreadable, never equal.

mod declared;
mod hosts;

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{Environment, HostName, SourceName};
use driftline_compare::Selector;
use driftline_compare::compare::{Comparison, Side};
use driftline_daemon::clock;
use driftline_store::{HostRecord, Reader, StoreError};

use crate::grant::OperatorRole;
use crate::http::auth::Operator;
use crate::http::error::Problem;
pub(in crate::http) use declared::{Files, fact};

/// Things that a comparison names as not checked.
const UNCHECKED_MAX: usize = 20;

/// One side as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct Asked {
    /// As it was written.
    pub(in crate::http) name: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// Hosts, now or then.
    Hosts { selector: Selector, at_ms: Option<i64> },
    /// What is declared for hosts, now or then.
    Desired { selector: Selector, at_ms: Option<i64> },
    /// What was approved of hosts.
    Baseline { selector: Selector },
    /// One revision.
    Revision { environment: Option<Environment>, name: String },
}

/// What a side covers, where it does not cover all that hosts have.
#[derive(Debug, Default, Clone)]
pub(in crate::http) struct Covers {
    hosts: BTreeMap<HostName, BTreeSet<SourceName>>,
    all: BTreeSet<SourceName>,
    /// Whether metadata is no part of it.
    settings_only: bool,
}

impl Covers {
    /// Makes a host known that may have nothing to be held against.
    pub(in crate::http) fn host(&mut self, host: &HostName) {
        self.hosts.entry(host.clone()).or_default();
    }

    /// Whether there is nothing to hold anything against.
    pub(in crate::http) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(in crate::http) fn add(&mut self, host: &HostName, source: &SourceName) {
        self.hosts.entry(host.clone()).or_default().insert(source.clone());
        self.all.insert(source.clone());
    }

    /// Hosts that are meant and have nothing to be held against: left out of the
    /// comparison, so that they must be told.
    pub(in crate::http) fn lacking(&self) -> usize {
        self.hosts.values().filter(|sources| sources.is_empty()).count()
    }

    /// Whether a source of a host is held against it: by the host's own name
    /// where that is on both sides.
    fn holds(&self, host: &HostName, source: &SourceName) -> bool {
        self.hosts.get(host).unwrap_or(&self.all).contains(source)
    }
}

/// A side, filled.
pub(in crate::http) struct Filled {
    pub(in crate::http) side: Side,
    pub(in crate::http) covers: Option<Covers>,
    /// What makes the answer less than a check.
    pub(in crate::http) unchecked: Vec<String>,
    /// Sources that the other side says nothing of.
    uncovered: BTreeSet<SourceName>,
    /// Fleet key epoch and canonical form of all its digests, where it has only
    /// one.
    making: Option<(u32, u32)>,
}

impl Filled {
    pub(in crate::http) fn new(name: &str) -> Self {
        Self { side: Side::new(name), covers: None, unchecked: Vec::new(), uncovered: BTreeSet::new(), making: None }
    }

    pub(in crate::http) fn uncheck(&mut self, what: String) {
        if self.unchecked.len() < UNCHECKED_MAX && !self.unchecked.contains(&what) {
            self.unchecked.push(what);
        }
    }

    /// What the other side says nothing of, as answers have it.
    pub(in crate::http) fn uncovered(&self) -> impl Iterator<Item = String> {
        let more = self.uncovered.len().saturating_sub(UNCHECKED_MAX);
        let more = (more > 0).then(|| format!("and {more} more"));
        self.uncovered.iter().take(UNCHECKED_MAX).map(ToString::to_string).chain(more)
    }
}

impl Asked {
    /// Refuses who does not see all of it.
    pub(in crate::http) fn must_be_seen_by(&self, operator: &Operator) -> Result<(), Problem> {
        match &self.what {
            What::Hosts { selector, .. } | What::Desired { selector, .. } | What::Baseline { selector } => {
                operator.sees_all_of(selector)
            }
            What::Revision { environment, .. } => operator.may(OperatorRole::Viewer, environment.as_ref()),
        }
    }

    /// Reads `SELECTOR`, `desired:SELECTOR`, `baseline:SELECTOR` or
    /// `revision:NAME`, the first two with `@TIME` behind. `at_ms` is the time
    /// where none is written.
    pub(in crate::http) fn parse(text: &str, at_ms: Option<i64>) -> Result<Self, Problem> {
        let name = text.to_owned();
        if let Some(revision) = text.strip_prefix("revision:") {
            return Ok(Self { name, what: What::Revision { environment: None, name: revision.to_owned() } });
        }
        let (kind, rest) = match text.split_once(':') {
            Some((kind @ ("desired" | "baseline"), rest)) => (kind, rest),
            _ => ("", text),
        };
        // No name of a selector holds an `@`.
        let (selector, written) = match rest.split_once('@') {
            Some((selector, time)) => (selector, Some(time)),
            None => (rest, None),
        };
        let selector: Selector = selector.parse().map_err(|error| Problem::bad(format!("`{name}`: {error}")))?;
        let time = |text: &str| {
            clock::parse_ms(text)
                .ok_or_else(|| Problem::bad(format!("`{text}` is not an RFC 3339 time such as 2026-11-22T04:30:00Z")))
        };
        let at_ms = written.map(time).transpose()?.or(at_ms);
        let what = match (kind, written) {
            ("baseline", Some(_)) => {
                let said = format!("`{name}`: a baseline has no time of its own");
                return Err(Problem::bad(said).hint("`driftline baseline list` lists when each was approved"));
            }
            ("baseline", None) => What::Baseline { selector },
            ("desired", _) => What::Desired { selector, at_ms },
            _ => What::Hosts { selector, at_ms },
        };
        Ok(Self { name, what })
    }

    /// The same for a time that must have come.
    pub(in crate::http) fn must_be_past(&self, now_ms: i64) -> Result<(), Problem> {
        match &self.what {
            What::Hosts { at_ms: Some(at_ms), .. } | What::Desired { at_ms: Some(at_ms), .. } if *at_ms > now_ms => {
                Err(Problem::bad(format!("`{}` is in the future", clock::format_ms(*at_ms))))
            }
            _ => Ok(()),
        }
    }

    /// The one environment that it is of, if it says so.
    pub(in crate::http) fn environment(&self) -> Option<Environment> {
        match &self.what {
            What::Hosts { selector, .. } | What::Desired { selector, .. } | What::Baseline { selector } => {
                selector.environment.clone()
            }
            What::Revision { environment, .. } => environment.clone(),
        }
    }

    /// The environments that it has hosts of, or is declared for; all of them
    /// where it says nothing of that.
    fn environments(&self, reader: &Reader) -> Result<BTreeSet<Environment>, StoreError> {
        if let Some(one) = self.environment() {
            return Ok([one].into());
        }
        let hosts = reader.hosts()?.into_iter();
        let selector = match &self.what {
            What::Hosts { selector, .. } | What::Desired { selector, .. } | What::Baseline { selector } => {
                Some(selector)
            }
            What::Revision { .. } => None,
        };
        let is_meant = |host: &HostRecord| {
            selector.is_none_or(|selector| selector.matches(&host.environment, &host.role, &host.host))
        };
        Ok(hosts.filter(is_meant).map(|host| host.environment).collect())
    }

    /// Whether what hosts have is left out where the other side has nothing to
    /// hold against it.
    fn is_of_hosts(&self) -> bool {
        matches!(self.what, What::Hosts { .. })
    }

    fn fill(
        &self,
        reader: &Reader,
        other: Option<&Covers>,
        now_ms: i64,
    ) -> Result<Result<Filled, Problem>, StoreError> {
        match &self.what {
            What::Hosts { selector, at_ms } => hosts::fill(reader, &self.name, (selector, *at_ms), other),
            What::Desired { selector, at_ms } => {
                declared::of_hosts(reader, &self.name, selector, at_ms.unwrap_or(now_ms))
            }
            What::Baseline { selector } => crate::http::baselines::side(reader, &self.name, selector),
            What::Revision { environment, name } => declared::revision(reader, &self.name, environment.as_ref(), name),
        }
    }
}

/// What two sides are of, for the rules that weigh and excuse their differences.
#[derive(Debug, Clone)]
pub(in crate::http) struct About {
    /// The one environment of each side, if it is one.
    pub(in crate::http) sides: (Option<Environment>, Option<Environment>),
    /// Every environment of either.
    pub(in crate::http) all: Vec<Environment>,
}

impl About {
    /// What these sides are of.
    pub(in crate::http) fn of(reader: &Reader, (left, right): (&Asked, &Asked)) -> Result<Self, StoreError> {
        let mut all = left.environments(reader)?;
        all.extend(right.environments(reader)?);
        Ok(Self { sides: (left.environment(), right.environment()), all: all.into_iter().collect() })
    }
}

/// Both sides, filled.
pub(in crate::http) fn both(
    reader: &Reader,
    (left, right): (&Asked, &Asked),
    now_ms: i64,
) -> Result<Result<(Filled, Filled), Problem>, StoreError> {
    // What covers less goes first: it says what of the other counts.
    if left.is_of_hosts() && !right.is_of_hosts() {
        return Ok(both(reader, (right, left), now_ms)?.map(|(right, left)| (left, right)));
    }
    let (first, second) = if left.is_of_hosts() && right.is_of_hosts() {
        at_once(|| left.fill(reader, None, now_ms), || right.fill(reader, None, now_ms))
    } else {
        let first = left.fill(reader, None, now_ms);
        let covers = first.as_ref().ok().and_then(|first| first.as_ref().ok()?.covers.as_ref());
        let second = right.fill(reader, covers, now_ms);
        (first, second)
    };
    let (first, second) = match (first?, second?) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(problem), _) | (_, Err(problem)) => return Ok(Err(problem)),
    };
    if let (Some(one), Some(other)) = (first.making, second.making)
        && one != other
    {
        let said = format!("`{}` and `{}` were digested with different fleet keys or forms", left.name, right.name);
        return Ok(Err(Problem::incomparable(said).hint("push both anew with the key of today")));
    }
    Ok(Ok((first, second)))
}

/// Hosts as they are, and what files say of their sources.
pub(in crate::http) fn against_files(
    reader: &Reader,
    selector: &Selector,
    files: Files,
) -> Result<Result<(Filled, Filled), Problem>, StoreError> {
    let right = match declared::of_files(reader, selector, files)? {
        Ok(right) => right,
        Err(problem) => return Ok(Err(problem)),
    };
    let left = hosts::fill(reader, &selector.to_string(), (selector, None), right.covers.as_ref())?;
    Ok(left.map(|left| (left, right)))
}

/// Names the hosts of which something could not be compared, unless filling a
/// side has said so.
pub(in crate::http) fn name_strangers(compared: &Comparison, unchecked: &mut Vec<String>) {
    for (side, host) in &compared.strangers {
        let named = format!("{host}/");
        if unchecked.len() < UNCHECKED_MAX && !unchecked.iter().any(|one| one.starts_with(&named)) {
            unchecked.push(format!("{host} of {side} (digested with another fleet key or form)"));
        }
    }
}

/// Does two things at once: most of a comparison is reading its sides, and
/// neither says what of the other counts.
fn at_once<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Hosts that are meant; a problem if nobody is.
pub(in crate::http) fn meant(
    reader: &Reader,
    selector: &Selector,
) -> Result<Result<Vec<HostRecord>, Problem>, StoreError> {
    let mut hosts = reader.hosts()?;
    hosts.retain(|host| selector.matches(&host.environment, &host.role, &host.host));
    if hosts.is_empty() {
        let hint = "`driftline hosts` lists hosts with environment and role";
        return Ok(Err(Problem::not_found(format!("no host matches `{selector}`")).hint(hint)));
    }
    Ok(Ok(hosts))
}

#[cfg(test)]
mod tests;
