//! Which source of which role is held against which.
//!
//! A role is held against the same role; only where each side has exactly one
//! role and they are not the same are the two held against each other. Nothing
//! else is guessed.

use std::collections::BTreeSet;

use driftline_canon::{Role, SourceKind, SourceName};

use super::cell::Slots;
use super::side::{Column, Side};
use crate::made;

/// One source of one role, on both sides.
pub(super) struct Pair<'a> {
    pub(super) role: String,
    pub(super) source: SourceName,
    pub(super) kind: SourceKind,
    pub(super) left: Slots<'a>,
    pub(super) right: Slots<'a>,
}

/// For each host of a side its number on the other.
#[derive(Debug)]
pub(super) struct Across {
    left: Vec<Option<u32>>,
    right: Vec<Option<u32>>,
}

impl Across {
    pub(super) fn of(left: &Side, right: &Side) -> Self {
        Self { left: left.across(right), right: right.across(left) }
    }
}

/// Every pair of two sides.
pub(super) fn of<'a>(left: &'a Side, right: &'a Side, across: &'a Across) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (left_role, right_role) in roles(left, right) {
        for source in sources(left, left_role).chain(sources(right, right_role)).collect::<BTreeSet<_>>() {
            let (a, b) = (left.column(left_role, source), right.column(right_role, source));
            let Some(kind) = [a, b].into_iter().flatten().map(|column| column.kind).min() else { continue };
            let mut one = Slots::new(left, left_role, (a, &across.left));
            let mut other = Slots::new(right, right_role, (b, &across.right));
            let [here, there] = made::foreign(one.makings(), other.makings());
            one.leave_out(here);
            other.leave_out(there);
            let role = label(left_role, right_role);
            pairs.push(Pair { role, source: source.clone(), kind, left: one, right: other });
        }
    }
    pairs
}

fn sources<'a>(side: &'a Side, role: &'a Role) -> impl Iterator<Item = &'a SourceName> {
    side.columns().iter().filter(move |column: &&Column| column.role == *role).map(|column| &column.source)
}

fn roles<'a>(left: &'a Side, right: &'a Side) -> Vec<(&'a Role, &'a Role)> {
    let (a, b): (BTreeSet<_>, BTreeSet<_>) = (left.roles().collect(), right.roles().collect());
    if let ([one], [other]) = (&*Vec::from_iter(&a), &*Vec::from_iter(&b)) {
        return vec![(**one, **other)];
    }
    a.union(&b).map(|role| (*role, *role)).collect()
}

fn label(left: &Role, right: &Role) -> String {
    if left == right { left.to_string() } else { format!("{left}~{right}") }
}
