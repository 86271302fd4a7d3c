//! Where two sides differ, key by key: equal, differing, missing, split inside
//! a side, or not to be told.
//!
//! It compares digests, never values, and reads no clock. What it cannot know
//! is `undetermined`, never equal; whether a difference is meant is not judged
//! here.

pub mod cell;
pub mod percent;
pub mod side;

mod advice;
mod itself;
mod pairs;

use std::collections::BTreeSet;
use std::fmt;

use driftline_canon::{HostName, ItemKey, SourceKind, SourceName};

use crate::classify::{self, Class, Facet, Severity};
use crate::expect::Meant;
use cell::Reduced;
pub use cell::{Cell, CellState, Group};
use itself::{Itself, Moved};
use pairs::{Across, Pair};
pub use side::{Fact, Place, Side, SourceId};

/// How two sides stand to each other at one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// One value on both sides (listed only on request).
    Equal,
    /// One value on each side, and not the same.
    Differs,
    /// Only the right side has it.
    MissingLeft,
    /// Only the left side has it.
    MissingRight,
    /// Hosts of one side disagree.
    Split,
    /// Something could not be read, and what is known does not decide it.
    Undetermined,
}

impl What {
    /// Every way to stand to each other.
    pub const ALL: [Self; 6] =
        [Self::Equal, Self::Differs, Self::MissingLeft, Self::MissingRight, Self::Split, Self::Undetermined];

    /// The name in tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differs => "differs",
            Self::MissingLeft => "missing_left",
            Self::MissingRight => "missing_right",
            Self::Split => "split",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a comparison lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listing {
    /// Only what is not equal.
    #[default]
    Differences,
    /// Equal keys too.
    Everything,
}

/// One key that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Role (both roles, `left~right`, where two different ones are compared).
    pub role: String,
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Key.
    pub key: ItemKey,
    /// How the sides stand to each other.
    pub what: What,
    /// Left side.
    pub left: Cell,
    /// Right side.
    pub right: Cell,
    /// How much it matters.
    pub severity: Severity,
    /// What it touches.
    pub class: Class,
    /// What would bring the sides together, in words.
    pub recommendation: String,
    /// Whether it is about the file rather than in it.
    pub metadata: bool,
    /// Whether some host of each side has the same value.
    pub shared: bool,
    /// Why it is no finding ([`crate::expect`]).
    pub meant: Option<Meant>,
    /// Why it is one though nothing differs, or more of one.
    pub violation: Option<String>,
}

/// What comparing two sides gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Hosts on the left.
    pub left_hosts: u32,
    /// Hosts on the right.
    pub right_hosts: u32,
    /// Settings on either side, metadata not counted.
    pub keys: u64,
    /// Settings that differ, are missing on a side, or are split, and are not
    /// meant to.
    pub differing: u64,
    /// Differences that are accepted; not among `differing`.
    pub accepted: u64,
    /// Differences that the policy expects; not among `differing`.
    pub expected: u64,
    /// Keys that are not what the policy expects, though they may be equal.
    pub violations: u64,
    /// Settings that could not be compared; of a source that could not be read
    /// and has none of those, the source itself.
    pub undetermined: u64,
    /// Metadata items that differ.
    pub metadata_differing: u64,
    /// Hosts, each with its side, of which something could not be compared as
    /// its digests were made with another fleet key or in another form.
    pub strangers: BTreeSet<(String, HostName)>,
    /// What is listed: most severe first, then by source, key and role.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// `differing` of `keys` in percent, one decimal (see [`percent`]).
    #[must_use]
    pub fn percent(&self) -> String {
        percent::one_decimal(self.differing, self.keys)
    }
}

/// Compares two sides, role by role and source by source.
#[must_use]
pub fn compare(left: &Side, right: &Side, listing: Listing) -> Comparison {
    compare_with(left, right, listing, &Rules { also: &|_, _, _| false, weigh: &|_, _, _, built_in| built_in })
}

/// Says of an equal key, by source, key and whether it is a secret, whether it
/// is listed all the same.
pub type ListAlso<'a> = &'a dyn Fn(&SourceName, &ItemKey, bool) -> bool;

/// Weighs a difference by source, kind and key, given what the built-in rules
/// say of it.
pub type Weigh<'a> = &'a dyn Fn(&SourceName, SourceKind, &ItemKey, (Severity, Class)) -> (Severity, Class);

/// What somebody else has a say in.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Which equal keys are listed too.
    pub also: ListAlso<'a>,
    /// How much a difference matters.
    pub weigh: Weigh<'a>,
}

/// The same by rules that are not built in.
#[must_use]
pub fn compare_with(left: &Side, right: &Side, listing: Listing, rules: &Rules<'_>) -> Comparison {
    let mut comparison = Comparison { left_hosts: left.hosts(), right_hosts: right.hosts(), ..Comparison::default() };
    let across = Across::of(left, right);
    for pair in pairs::of(left, right, &across) {
        let strangers = [(left.name(), pair.left.foreign()), (right.name(), pair.right.foreign())];
        for (side, hosts) in strangers {
            comparison.strangers.extend(hosts.into_iter().map(|host| (side.to_owned(), host.clone())));
        }
        let mut judge =
            Judge { names: (left.name(), right.name()), pair: &pair, listing, rules, into: &mut comparison };
        judge.pair();
    }
    sort(&mut comparison.differences);
    comparison
}

/// Most severe first, then by source, key and role.
pub(crate) fn sort(differences: &mut [Difference]) {
    differences.sort_by(|a, b| {
        let place = |one: &'_ Difference| (one.source.clone(), one.key.clone(), one.role.clone());
        b.severity.cmp(&a.severity).then_with(|| place(a).cmp(&place(b)))
    });
}

/// Judges one source of one role on both sides.
struct Judge<'a> {
    names: (&'a str, &'a str),
    pair: &'a Pair<'a>,
    listing: Listing,
    rules: &'a Rules<'a>,
    into: &'a mut Comparison,
}

impl Judge<'_> {
    fn pair(&mut self) {
        let (left, right) = (&self.pair.left, &self.pair.right);
        let before = self.into.undetermined;
        for (key, slot) in left.slots() {
            self.key(key, Some(slot), right.slot(key));
        }
        for (key, slot) in right.slots() {
            if left.slot(key).is_none() {
                self.key(key, None, Some(slot));
            }
        }
        let blind = self.is_blind();
        if !left.has_state() && !right.has_state() && (blind || left.unwatched() || right.unwatched()) {
            let (a, b) = (left.presumed_state(), right.presumed_state());
            self.key(&ItemKey::metadata(ItemKey::STATE), a.as_ref(), b.as_ref());
        }
        if blind && self.into.undetermined == before {
            // Nobody knows its keys, or all that are known differ: it may hold others.
            self.into.undetermined += 1;
        }
    }

    fn is_blind(&self) -> bool {
        self.pair.left.is_blind() || self.pair.right.is_blind()
    }

    fn key(&mut self, key: &ItemKey, left: Option<&side::Slot>, right: Option<&side::Slot>) {
        let metadata = is_beside(key);
        if !metadata {
            self.into.keys += 1;
        }
        let slots = (left, right);
        let (left, right) = (self.pair.left.reduce(key, left), self.pair.right.reduce(key, right));
        // What can be told of a source that cannot be read is that it cannot.
        let blind = key.as_str() == ItemKey::STATE && self.is_blind();
        let what = if blind { What::Undetermined } else { across(&left, &right) };
        let itself = match what {
            What::Split => itself::held(self.pair, key, slots.0, slots.1),
            _ => Itself::default(),
        };
        let what = itself.what.unwrap_or(what);
        let count = match (what, metadata) {
            (What::Equal, _) => None,
            (What::Undetermined, true) => None,
            (What::Undetermined, false) => Some(&mut self.into.undetermined),
            (_, true) => Some(&mut self.into.metadata_differing),
            (_, false) => Some(&mut self.into.differing),
        };
        if let Some(count) = count {
            *count += 1;
        }
        let also = || !metadata && (self.rules.also)(&self.pair.source, key, left.is_secret() || right.is_secret());
        if what != What::Equal || self.listing == Listing::Everything || also() {
            self.list(key, what, (&left, &right), &itself.moved);
        }
    }

    fn list(&mut self, key: &ItemKey, what: What, (left, right): (&Reduced<'_>, &Reduced<'_>), moved: &[Moved<'_>]) {
        let pair = self.pair;
        let shared = left.shares(right);
        let (left, right) = (pair.left.cell(left), pair.right.cell(right));
        let built_in = severity(pair, key, &left, &right);
        let (severity, class) = (self.rules.weigh)(&pair.source, pair.kind, key, built_in);
        let severity = if what == What::Equal { Severity::Info } else { severity };
        let about = advice::About {
            names: self.names,
            source: &pair.source,
            key,
            what,
            severity: built_in.0,
            cells: (&left, &right),
            unknown: (pair.left.unreadable(), pair.right.unreadable()),
            foreign: (pair.left.foreign(), pair.right.foreign()),
            moved,
        };
        let recommendation = about.in_words();
        self.into.differences.push(Difference {
            role: pair.role.clone(),
            source: pair.source.clone(),
            kind: pair.kind,
            key: key.clone(),
            what,
            severity,
            class,
            recommendation,
            metadata: is_beside(key),
            shared,
            meant: None,
            violation: None,
            left,
            right,
        });
    }
}

/// Whether a key is compared and listed and dilutes no percentage: metadata,
/// and the order of rules that are counted themselves.
fn is_beside(key: &ItemKey) -> bool {
    key.is_metadata() || key.ordered_list().is_some()
}

/// A difference has no before and after: it is as severe as the worse way
/// round.
fn severity(pair: &Pair<'_>, key: &ItemKey, left: &Cell, right: &Cell) -> (Severity, Class) {
    let facet = |cell: &Cell| {
        let there = !matches!(cell.state, CellState::Missing);
        there.then_some(cell.secret)
    };
    let (a, b) = (facet(left), facet(right));
    let facets = (
        a.map(|secret| Facet { secret, display: left.display.as_deref() }),
        b.map(|secret| Facet { secret, display: right.display.as_deref() }),
    );
    let secrets = pair.left.has_secrets() || pair.right.has_secrets();
    let there = classify::of_change(pair.kind, key, facets.0, facets.1, secrets);
    let back = classify::of_change(pair.kind, key, facets.1, facets.0, secrets);
    if back.0 > there.0 { back } else { there }
}

fn across(left: &Reduced<'_>, right: &Reduced<'_>) -> What {
    use Reduced::{Missing, Split, Unknown, Value};
    match (left, right) {
        (Unknown, _) | (_, Unknown) => What::Undetermined,
        // Who could not be read may agree with either.
        (Split { partial: true, .. }, _) | (_, Split { partial: true, .. }) => What::Undetermined,
        (Split { .. }, _) | (_, Split { .. }) => What::Split,
        (Missing { .. }, Value { .. }) => What::MissingLeft,
        (Value { .. }, Missing { .. }) => What::MissingRight,
        (Value { group: a, .. }, Value { group: b, .. }) if a.digest != b.digest => What::Differs,
        (Value { partial: a, .. }, Value { partial: b, .. }) | (Missing { partial: a }, Missing { partial: b }) => {
            if *a || *b { What::Undetermined } else { What::Equal }
        }
    }
}

#[cfg(test)]
mod tests;
