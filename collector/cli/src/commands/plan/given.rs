//! A collector's comparison as what a plan is made of.
//!
//! Names that this version cannot read (a kind of a newer collector) are left
//! out of the steps and said.

use driftline_api::compare::{At, Cell, CellState, Comparison, Difference, Group};
use driftline_api::drift::Toward;
use driftline_canon::{HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::compare::{self, What};
use driftline_compare::plan::{Cure, End, Given, Open, Plan, Sides, Where};

use crate::view;

/// The plan that makes the left side like the right.
pub(super) fn plan(comparison: &Comparison) -> Plan {
    let mut given = Vec::new();
    let mut strange = Vec::new();
    for one in &comparison.differences {
        match read(one) {
            Some(one) => given.push(one),
            None => strange.extend(unread(one)),
        }
    }
    let mut plan = Plan::of(&Sides::compared(&comparison.left, &comparison.right), given);
    plan.open.extend(strange);
    plan
}

fn unread(one: &Difference) -> Option<Open> {
    let (source, key) = (SourceName::new(&one.source).ok()?, ItemKey::from_bytes(one.key.as_bytes()));
    let reason = format!("this version knows nothing of `{}` in a source of kind `{}`", one.what, one.kind);
    Some(Open { source, key, reason })
}

fn read(one: &Difference) -> Option<Given> {
    let (left, right) = one.role.split_once('~').unwrap_or((&one.role, &one.role));
    // They become words of scripts and groups of playbooks.
    let (left, right) = (Role::new(left).ok()?, Role::new(right).ok()?);
    Some(Given {
        role: (left.to_string(), right.to_string()),
        source: SourceName::new(&one.source).ok()?,
        kind: SourceKind::from_name(&one.kind)?,
        key: ItemKey::from_canonical(one.key.clone()).ok()?,
        what: What::ALL.into_iter().find(|what| what.as_str() == one.what)?,
        target: end(&one.left)?,
        reference: end(&one.right)?,
        severity: view::severity(&one.severity),
        only: Vec::new(),
        cure: Cure::Set,
    })
}

/// The plan that ends a drift of an environment.
pub(super) fn toward(environment: &str, toward: &Toward) -> Plan {
    let sides = Sides {
        target: environment.to_owned(),
        reference: toward.reference.clone(),
        values: toward.values.clone(),
        own_secrets: false,
    };
    let only = toward.only.iter().map(|host| HostName::new(host).ok()).collect::<Option<Vec<_>>>();
    let given = match (&toward.open, read(&toward.difference), only) {
        (None, Some(given), Some(only)) => {
            Some(Given { only, cure: if toward.restart { Cure::Restart } else { Cure::Set }, ..given })
        }
        _ => None,
    };
    let is_planned = given.is_some();
    let mut plan = Plan::of(&sides, given);
    if !is_planned {
        let open = unread(&toward.difference);
        plan.open.extend(open.map(|open| Open { reason: toward.open.clone().unwrap_or(open.reason), ..open }));
    }
    plan
}

fn end(cell: &Cell) -> Option<End> {
    let at = match &cell.at {
        Some(at) => Some(place(at)?),
        None => None,
    };
    let state = match cell.state {
        CellState::Value => compare::CellState::Value,
        CellState::Missing => compare::CellState::Missing,
        CellState::Split => compare::CellState::Split,
        CellState::Unknown => compare::CellState::Unknown,
    };
    let groups = cell.groups.iter().map(|one| group(one, cell.secret)).collect::<Option<_>>()?;
    let host = at.as_ref().map(|at| at.host.clone());
    let cell = compare::Cell { state, display: cell.display.clone(), secret: cell.secret, groups, host };
    Some(End { cell, at })
}

fn place(at: &At) -> Option<Where> {
    let host = HostName::new(&at.host).ok()?;
    Some(Where { host, path: at.path.clone().unwrap_or_default(), line: at.line, included: at.included })
}

fn group(one: &Group, secret: bool) -> Option<compare::Group> {
    let hosts = one.hosts.iter().map(|host| HostName::new(host).ok()).collect::<Option<_>>()?;
    Some(compare::Group { hosts, count: one.count, display: one.display.clone(), secret, missing: one.missing })
}

#[cfg(test)]
mod tests;
