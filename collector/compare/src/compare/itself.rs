//! Hosts that are on both sides, each held against itself: what was approved or
//! declared of them, or what they had at another time.
//!
//! It looks only where hosts of a side disagree: where each has on one side what
//! it has on the other, that is no difference between the sides. A host that
//! cannot be seen on one side is never the same.

use std::collections::{BTreeMap, BTreeSet};

use driftline_canon::{HostName, ItemKey};

use super::What;
use super::pairs::Pair;
use super::side::{Slot, Values};

/// A host that has not the same on both sides.
pub(super) struct Moved<'a> {
    pub(super) host: &'a HostName,
    pub(super) left: Option<&'a Values>,
    pub(super) right: Option<&'a Values>,
}

/// What holding hosts against themselves gave.
#[derive(Default)]
pub(super) struct Itself<'a> {
    /// Each has the same on both sides, and who is on one side only has what
    /// somebody has on the other: the sides are equal, or that cannot be told of
    /// all.
    pub(super) what: Option<What>,
    /// Those that have not, by name.
    pub(super) moved: Vec<Moved<'a>>,
}

type Held<'a> = BTreeMap<u32, Option<&'a Values>>;

pub(super) fn held<'a>(pair: &Pair<'a>, key: &ItemKey, left: Option<&'a Slot>, right: Option<&'a Slot>) -> Itself<'a> {
    let here: Held<'_> = Slot::by_host(left, pair.left.asked(key));
    let there: Held<'_> = Slot::by_host(right, pair.right.asked(key));
    let is_seen =
        (|host: &u32| !pair.left.hidden(key).contains(host), |host: &u32| !pair.right.hidden(key).contains(host));
    let (mine, theirs) = (digests(&here, is_seen.0), digests(&there, is_seen.1));
    let common = here.keys().any(|host| pair.left.across(*host).is_some_and(|host| there.contains_key(&host)));
    let (mut moved, mut same) = (Vec::new(), true);
    for (host, own) in here.iter().filter(|(host, _)| is_seen.0(host)) {
        match pair.left.across(*host).and_then(|host| Some((host, *there.get(&host)?))) {
            None => same &= theirs.contains(&digest(*own)),
            Some((there, other)) if is_seen.1(&there) && digest(*own) != digest(other) => {
                moved.extend(pair.left.name(*host).map(|host| Moved { host, left: *own, right: other }));
            }
            Some(_) => {}
        }
    }
    for (host, own) in there.iter().filter(|(host, _)| is_seen.1(host)) {
        let is_here = pair.right.across(*host).is_some_and(|host| here.contains_key(&host));
        same &= is_here || mine.contains(&digest(*own));
    }
    moved.sort_by_key(|one| one.host);
    let all_seen = here.keys().all(is_seen.0) && there.keys().all(is_seen.1);
    let what = if all_seen { What::Equal } else { What::Undetermined };
    Itself { what: Some(what).filter(|_| common && same && moved.is_empty()), moved }
}

fn digest(values: Option<&Values>) -> Option<[u8; 32]> {
    values.map(|values| values.digest)
}

fn digests(held: &Held<'_>, is_seen: impl Fn(&u32) -> bool) -> BTreeSet<Option<[u8; 32]>> {
    held.iter().filter(|(host, _)| is_seen(host)).map(|(_, values)| digest(*values)).collect()
}
