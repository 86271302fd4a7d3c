//! One step of a plan: at which place what is to be added, changed, removed or
//! made the same on all hosts.
//!
//! A value is taken over only where its display is the value to the letter;
//! everything else is a placeholder. It never decides between hosts that
//! disagree without a majority.

use std::fmt;

use driftline_canon::{HostName, ItemKey, SourceKind, SourceName, display};

use super::{Cure, End, Given, Open, Sides, spelling};
use crate::Severity;
use crate::compare::{Cell, CellState, Group, What};

/// What is to be done at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing: it is as it should be, and stands here as context.
    Keep,
    /// The key is to be added.
    Add,
    /// The key is to have another value.
    Change,
    /// The key is to go.
    Remove,
    /// Hosts that differ from the others are to be like them.
    Align,
    /// What runs is to be restarted, so that it has what its file says.
    Restart,
}

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Where {
    /// A host that has it, or would.
    pub host: HostName,
    /// The file on that host; empty where the source is no file.
    pub path: String,
    /// Line, where known.
    pub line: Option<u32>,
    /// Whether the file is included by the source's own.
    pub included: bool,
}

/// A value in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// There is none.
    Nothing,
    /// This, to the letter.
    Shown(String),
    /// A secret, hidden or not known to the letter: where it is.
    Hidden(Placeholder),
}

/// What stands for a value that a plan must not or cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placeholder(String);

impl Placeholder {
    /// What every placeholder begins with.
    pub const BEGIN: &str = "<value of ";

    /// `values` says where the values of its side are (`on production`); one that
    /// was declared or approved is in the repository, or was.
    fn new(key: &ItemKey, source: &SourceName, values: &str, at: Option<&Where>) -> Self {
        let place = match at {
            _ if values.starts_with("in ") => format!("{values}, source {source}"),
            Some(Where { host, path, .. }) if path.is_empty() => format!("{values} {host}"),
            Some(Where { host, path, .. }) => format!("{values} {host}:{path}"),
            None => values.to_owned(),
        };
        Self(spelling::one_line(&format!("{}{key} {place}>", Self::BEGIN)))
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Shown(text) => f.write_str(text),
            Self::Hidden(placeholder) => placeholder.fmt(f),
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The side where it is done.
    pub side: String,
    /// The role of the hosts where it is done.
    pub role: String,
    /// Those hosts alone; none: all of the role.
    pub only: Vec<HostName>,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Key.
    pub key: ItemKey,
    /// What is done.
    pub action: Action,
    /// Where it stands, or will.
    pub at: Option<Where>,
    /// What is there.
    pub old: Value,
    /// What is to be there.
    pub new: Value,
    /// How much it matters.
    pub severity: Severity,
}

impl Step {
    pub(super) fn place(&self) -> (&str, &str, &SourceName, Option<&str>, &ItemKey) {
        let file = self.at.as_ref().map(|at| at.path.as_str());
        (&self.side, &self.role, &self.source, file, &self.key)
    }

    /// The file, if the source is one whose name can be written as it is.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let path = self.at.as_ref().map(|at| at.path.as_str());
        path.filter(|path| path.starts_with('/') && !path.contains('\\') && spelling::is_one_line(path))
    }

    /// Whether it is one key of the same file as another.
    #[must_use]
    pub fn shares_file_with(&self, other: &Self) -> bool {
        let ((side, role, source, file, _), other) = (self.place(), other.place());
        (side, role, source, file) == (other.0, other.1, other.2, other.3)
    }

    /// Side, host of reference and path: what a diff calls the file.
    #[must_use]
    pub fn label(&self) -> String {
        let label = match &self.at {
            Some(at) if !at.path.is_empty() => format!("{} {}:{}", self.side, at.host, at.path),
            Some(at) => format!("{} {} ({})", self.side, at.host, self.source),
            None => format!("{} {}/{}", self.side, self.role, self.source),
        };
        spelling::one_line(&label)
    }
}

/// The steps of one key; none where a person must look first.
pub(super) fn of(sides: &Sides, given: Given) -> Result<Vec<Step>, Open> {
    let open = |reason: String| Open { source: given.source.clone(), key: given.key.clone(), reason };
    let maker = Maker { sides, given: &given };
    if given.cure == Cure::Restart {
        return Ok(vec![maker.on_target(Action::Restart, given.only.clone())]);
    }
    if given.reference.cell.state == CellState::Split {
        return maker.align_reference().map(|step| vec![step]).map_err(open);
    }
    if given.target.cell.state == CellState::Unknown || given.reference.cell.state == CellState::Unknown {
        return Err(open("it could not be read: make it readable and plan again".to_owned()));
    }
    let only = || given.only.clone();
    match given.what {
        What::Equal => Ok(vec![maker.on_target(Action::Keep, Vec::new())]),
        What::Undetermined => Err(open("not every host could be read: make it readable and plan again".to_owned())),
        What::MissingLeft => Ok(vec![maker.on_target(Action::Add, only())]),
        What::MissingRight => Ok(vec![maker.on_target(Action::Remove, only())]),
        What::Differs if maker.each_has_its_secret() => {
            let reason = "each side has a secret of its own: a secret is not to be copied from side to side";
            Err(open(reason.to_owned()))
        }
        What::Differs => Ok(vec![maker.on_target(Action::Change, only())]),
        What::Split => Ok(vec![maker.split_target()]),
    }
}

struct Maker<'a> {
    sides: &'a Sides,
    given: &'a Given,
}

impl Maker<'_> {
    fn step(&self, side: &str, role: &str, at: Option<Where>) -> Step {
        let given = self.given;
        Step {
            side: side.to_owned(),
            role: role.to_owned(),
            only: Vec::new(),
            source: given.source.clone(),
            kind: given.kind,
            key: given.key.clone(),
            action: Action::Keep,
            at,
            old: Value::Nothing,
            new: Value::Nothing,
            severity: given.severity,
        }
    }

    fn on_target(&self, action: Action, only: Vec<HostName>) -> Step {
        let (target, reference) = (&self.given.target, &self.given.reference);
        Step {
            action,
            only,
            old: self.value(target, &values_of(&self.sides.target)),
            new: self.value(reference, &self.sides.values),
            ..self.step(&self.sides.target, &self.given.role.0, target.at.clone())
        }
    }

    fn each_has_its_secret(&self) -> bool {
        self.given.target.cell.secret && self.given.reference.cell.secret && self.sides.own_secrets
    }

    /// Hosts of the target disagree: those that are not like the reference are
    /// to be.
    fn split_target(&self) -> Step {
        let (target, reference) = (&self.given.target.cell, &self.given.reference.cell);
        if reference.state == CellState::Missing {
            let having = target.groups.iter().filter(|group| !group.missing);
            return self.on_target(Action::Remove, named(having));
        }
        let unlike = target.groups.iter().filter(|group| !is_surely(group, reference));
        self.on_target(Action::Align, named(unlike))
    }

    /// Hosts of the reference disagree: nothing can be like it before they
    /// agree.
    fn align_reference(&self) -> Result<Step, String> {
        let reference = &self.given.reference;
        let side = self.sides.reference.as_str();
        if is_kept(side) {
            return Err(format!("{side} has another value for each of several hosts: plan for one host"));
        }
        let Some((most, outliers)) = reference.cell.groups.split_first() else {
            return Err(format!("hosts of {side} disagree: align them, then plan again"));
        };
        if outliers.iter().any(|group| group.count == most.count) {
            return Err(format!("hosts of {side} disagree, and no value has a majority: decide, then plan again"));
        }
        let value = match (most.missing, &most.display) {
            (true, _) => Value::Nothing,
            (false, display) => {
                let at =
                    most.hosts.first().zip(reference.at.clone()).map(|(host, at)| Where { host: host.clone(), ..at });
                self.read(display.as_deref(), reference.cell.secret, &self.sides.values, at.as_ref())
            }
        };
        let action = if most.missing { Action::Remove } else { Action::Align };
        let step = self.step(side, &self.given.role.1, reference.at.clone());
        Ok(Step { action, only: named(outliers.iter()), new: value, ..step })
    }

    fn value(&self, end: &End, values: &str) -> Value {
        match end.cell.state {
            CellState::Missing | CellState::Split => Value::Nothing,
            CellState::Unknown | CellState::Value => {
                self.read(end.cell.display.as_deref(), end.cell.secret, values, end.at.as_ref())
            }
        }
    }

    fn read(&self, display: Option<&str>, secret: bool, values: &str, at: Option<&Where>) -> Value {
        match display {
            Some(text) if !secret && is_to_the_letter(text) => Value::Shown(text.to_owned()),
            _ => Value::Hidden(Placeholder::new(&self.given.key, &self.given.source, values, at)),
        }
    }
}

/// Where the values of a side are, in words.
pub(super) fn values_of(side: &str) -> String {
    format!("{} {side}", if is_kept(side) { "in" } else { "on" })
}

/// Whether a side is what was said for hosts, not hosts.
pub(super) fn is_kept(side: &str) -> bool {
    ["desired:", "baseline:", "revision:"].iter().any(|kept| side.starts_with(kept))
}

/// Whether these hosts have what the cell has, as far as both are shown.
fn is_surely(group: &Group, cell: &Cell) -> bool {
    let shown = group.display.as_deref().filter(|text| is_to_the_letter(text));
    !group.missing && !group.secret && !cell.secret && shown.is_some() && shown == cell.display.as_deref()
}

/// The hosts by name; none if some are only counted.
fn named<'a>(groups: impl Iterator<Item = &'a Group> + Clone) -> Vec<HostName> {
    let complete = |group: &Group| usize::try_from(group.count).is_ok_and(|count| count == group.hosts.len());
    if !groups.clone().all(complete) {
        return Vec::new();
    }
    let mut hosts: Vec<_> = groups.flat_map(|group| group.hosts.iter().cloned()).collect();
    hosts.sort_unstable();
    hosts
}

/// Whether a display is the value itself: not masked, escaped, cut, resolved
/// from a template or taken over from the environment. Agents escape what moves
/// to another line; what did not come so is not what they showed.
fn is_to_the_letter(text: &str) -> bool {
    let not = [display::MASK, "\\", " -> ", "(inherited)", "… (", Placeholder::BEGIN];
    spelling::is_one_line(text) && !not.iter().any(|part| text.contains(part))
}

#[cfg(test)]
mod tests;
