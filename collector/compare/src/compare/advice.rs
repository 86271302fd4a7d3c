//! What would bring two sides together, in words.
//!
//! It names keys, sides, hosts and what may be shown; of a secret it shows
//! nothing, and it never advises to copy one from environment to environment.
//! It executes nothing.

use driftline_canon::{HostName, ItemKey, SourceName};

use super::cell::{Cell, CellState, Group};
use super::itself::Moved;
use super::side::Values;
use super::{Severity, What};

/// Characters of a value in a sentence. The cell beside it has the whole.
const VALUE_CHARS_MAX: usize = 60;

/// Groups of a split that a sentence names. More are counted.
const GROUPS_NAMED_MAX: usize = 3;

/// Hosts of a group that a sentence names. More are counted.
const HOSTS_NAMED_MAX: usize = 3;

/// What a sentence is about.
pub(super) struct About<'a> {
    pub(super) names: (&'a str, &'a str),
    pub(super) source: &'a SourceName,
    pub(super) key: &'a ItemKey,
    pub(super) what: What,
    /// By the built-in rules: they see what is dangerous, a policy what matters.
    pub(super) severity: Severity,
    pub(super) cells: (&'a Cell, &'a Cell),
    pub(super) unknown: (Vec<&'a HostName>, Vec<&'a HostName>),
    /// Hosts whose digests say nothing beside those of the others.
    pub(super) foreign: (Vec<&'a HostName>, Vec<&'a HostName>),
    /// Hosts that are on both sides and have not the same there.
    pub(super) moved: &'a [Moved<'a>],
}

impl About<'_> {
    pub(super) fn in_words(&self) -> String {
        let (left, right) = self.names;
        match self.what {
            What::Equal => String::new(),
            What::Undetermined => self.undetermined(),
            What::Split => self.split(),
            _ if self.key.is_metadata() => self.metadata(),
            What::MissingLeft => format!("Add {} to {left}", self.thing()),
            What::MissingRight => format!("Add {} to {right}", self.thing()),
            What::Differs => self.differs(),
        }
    }

    fn thing(&self) -> String {
        if self.key.as_str() == ItemKey::CONTENT {
            format!("the content of '{}'", self.source)
        } else if self.key.is_metadata() {
            format!("'{}' of '{}'", self.key, self.source)
        } else {
            format!("'{}'", self.key)
        }
    }

    fn differs(&self) -> String {
        let ((left, right), (a, b)) = (self.names, self.cells);
        let thing = self.thing();
        if a.secret || b.secret {
            return format!("Check {thing}: each side has a secret of its own");
        }
        match (&a.display, &b.display) {
            (Some(one), Some(other)) if one != other && self.key.as_str() != ItemKey::CONTENT => {
                format!("Sync {thing}: {left} has {}, {right} has {}", quoted(one), quoted(other))
            }
            _ => format!("Sync {thing}: {left} and {right} differ"),
        }
    }

    fn metadata(&self) -> String {
        let ((left, right), source) = (self.names, self.source);
        match (self.key.as_str(), self.what) {
            (ItemKey::STATE, What::MissingLeft) => format!("Watch '{source}' on {left}: only {right} has it"),
            (ItemKey::STATE, What::MissingRight) => format!("Watch '{source}' on {right}: only {left} has it"),
            (ItemKey::MODE, _) if self.severity == Severity::Critical => {
                format!("Close '{source}' to other users: it holds secrets, and its mode is {}", self.modes())
            }
            (_, What::MissingLeft) => format!("Check {}: only {right} has one", self.thing()),
            (_, What::MissingRight) => format!("Check {}: only {left} has one", self.thing()),
            _ => self.differs(),
        }
    }

    fn modes(&self) -> String {
        let ((left, right), (a, b)) = (self.names, self.cells);
        let open = |name: &str, cell: &Cell| {
            let mode = cell.display.as_deref().filter(|mode| crate::classify::is_world_readable(mode))?;
            Some(format!("{mode} on {name}"))
        };
        [open(left, a), open(right, b)].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn undetermined(&self) -> String {
        let of_side = |name: &str, hosts: &[&HostName]| {
            (!hosts.is_empty()).then(|| format!("{} ({name})", listed(hosts.iter().copied(), hosts.len())))
        };
        let of_both = |(left, right): &(Vec<&HostName>, Vec<&HostName>)| {
            let sides = [of_side(self.names.0, left), of_side(self.names.1, right)];
            sides.into_iter().flatten().collect::<Vec<_>>().join(", ")
        };
        let readable = match of_both(&self.unknown) {
            hosts if hosts.is_empty() => None,
            hosts => Some(format!("Make '{}' readable on {hosts}", self.source)),
        };
        let alike = match of_both(&self.foreign) {
            hosts if hosts.is_empty() => None,
            hosts => Some(format!("Bring {hosts} to the fleet key and canonical form of the others")),
        };
        let first = [readable, alike].into_iter().flatten().collect::<Vec<_>>().join("; ");
        if self.key.is_metadata() {
            return first;
        }
        let known = match self.splits() {
            splits if splits.is_empty() => String::new(),
            splits => format!("; as far as known, {splits}"),
        };
        format!("{first}, then compare '{}' again{known}", self.key)
    }

    fn split(&self) -> String {
        match self.moves() {
            moves if moves.is_empty() => format!("Align {}: {}", self.thing(), self.splits()),
            moves => format!("Sync {}: {moves}", self.thing()),
        }
    }

    /// What each side has of hosts that have not the same on both.
    fn moves(&self) -> String {
        let (left, right) = self.names;
        let one = |moved: &Moved<'_>| {
            let (a, b) = (self.had(moved.left), self.had(moved.right));
            format!("on {} {left} has {a}, {right} has {b}", moved.host)
        };
        let mut parts: Vec<String> = self.moved.iter().take(HOSTS_NAMED_MAX).map(one).collect();
        let more = self.moved.len().saturating_sub(HOSTS_NAMED_MAX);
        if more > 0 {
            parts.push(format!("others on {more} more"));
        }
        parts.join("; ")
    }

    fn had(&self, values: Option<&Values>) -> String {
        let is_state = self.key.as_str() == ItemKey::STATE;
        match values {
            None if is_state => "it not watched".to_owned(),
            None => "none".to_owned(),
            Some(values) if values.secret => "a secret of its own".to_owned(),
            Some(values) => match &values.display {
                Some(display) => quoted(display),
                None if is_state => "it watched".to_owned(),
                None => "a value of its own".to_owned(),
            },
        }
    }

    /// Who has what, of each side whose hosts disagree.
    fn splits(&self) -> String {
        let sides = [(self.names.0, self.cells.0), (self.names.1, self.cells.1)];
        let split = sides.into_iter().filter(|(_, cell)| cell.state == CellState::Split);
        let parts: Vec<_> = split.map(|(name, cell)| format!("in {name} {}", self.shares(cell))).collect();
        parts.join("; ")
    }

    /// Outliers first, by name; those that agree with most others last.
    fn shares(&self, cell: &Cell) -> String {
        let Some((most, outliers)) = cell.groups.split_first() else { return String::new() };
        let mut parts: Vec<_> = outliers.iter().take(GROUPS_NAMED_MAX).map(|group| self.share(group)).collect();
        let unnamed: u32 = outliers.iter().skip(GROUPS_NAMED_MAX).map(|group| group.count).sum();
        if unnamed > 0 {
            parts.push(format!("{unnamed} more have others"));
        }
        parts.push(self.share(most));
        parts.join(", ")
    }

    fn share(&self, group: &Group) -> String {
        let hosts = listed(group.hosts.iter(), usize::try_from(group.count).unwrap_or(usize::MAX));
        let (have, own) = if group.count == 1 { ("has", "its") } else { ("have", "their") };
        let is_state = self.key.as_str() == ItemKey::STATE;
        match &group.display {
            _ if group.missing && is_state => format!("not watched on {hosts}"),
            _ if group.missing => format!("{hosts} {have} none"),
            _ if group.secret => format!("{hosts} {have} a secret of {own} own"),
            Some(display) => format!("{hosts} {have} {}", quoted(display)),
            None if is_state => format!("watched on {hosts}"),
            None => format!("{hosts} {have} a value of {own} own"),
        }
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a HostName>, count: usize) -> String {
    let named: Vec<_> = names.take(HOSTS_NAMED_MAX).map(HostName::as_str).collect();
    let more = count.saturating_sub(named.len());
    match (&*named, more) {
        ([head @ .., last], 0) if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        (all, 0) => all.join(", "),
        (all, more) => format!("{} and {more} more", all.join(", ")),
    }
}

fn quoted(display: &str) -> String {
    if display.is_empty() {
        return "an empty value".to_owned();
    }
    match display.char_indices().nth(VALUE_CHARS_MAX) {
        None => display.to_owned(),
        Some((end, _)) => format!("{}…", &display[..end]),
    }
}

#[cfg(test)]
mod tests;
