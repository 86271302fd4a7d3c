//! Random sides against a judgement by naive maps, and laws that hold for all.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

/// role, source, host, key, value; an empty value is an unreadable source.
type Fed = (String, String, String, String, String);

fn fed() -> impl Strategy<Value = Vec<Fed>> {
    let row = ("[ab]", "[st]", "[1-4]", "[A-D]", prop::sample::select(vec!["1", "1", "1", "2", "3", "*", ""]));
    prop::collection::vec(row, 0..60).prop_map(|rows| {
        let unique: BTreeMap<_, _> = rows
            .into_iter()
            .map(|(role, source, host, key, value)| {
                let host = format!("{role}{host}");
                ((role, source, host, key), value.to_owned())
            })
            .collect();
        unique.into_iter().map(|((role, source, host, key), value)| (role, source, host, key, value)).collect()
    })
}

fn build(name: &str, rows: &[Fed]) -> Side {
    let mut side = Side::new(name);
    for (role, source, host, key, value) in rows {
        let row = if value.is_empty() { (&**host, "@state", "unreadable") } else { (&**host, &**key, &**value) };
        feed(&mut side, role, source, row);
    }
    // Every source has its state, as agents send it.
    let blind: BTreeSet<_> = rows.iter().filter(|row| row.4.is_empty()).map(|row| (&row.1, &row.2)).collect();
    let all: BTreeSet<_> = rows.iter().map(|row| (&row.0, &row.1, &row.2)).collect();
    for (role, source, host) in all {
        if !blind.contains(&(source, host)) {
            feed(&mut side, role, source, (host, "@state", "present"));
        }
    }
    side
}

/// What a side has at a key, the slow and obvious way.
#[derive(Debug, PartialEq)]
enum Naive {
    Missing(bool),
    Value(String, bool),
    Split(bool),
    Unknown,
}

fn naive(rows: &[Fed], role: &str, source: &str, key: &str) -> Naive {
    let mine = |row: &&Fed| row.0 == role && row.1 == source;
    let blind: BTreeSet<&str> =
        rows.iter().filter(mine).filter(|row| row.4.is_empty()).map(|row| row.2.as_str()).collect();
    let hosts: BTreeSet<&str> = rows.iter().filter(mine).map(|row| row.2.as_str()).collect();
    let readable: Vec<&str> = hosts.difference(&blind).copied().collect();
    if readable.is_empty() && !hosts.is_empty() {
        return Naive::Unknown;
    }
    let value =
        |host: &str| rows.iter().filter(mine).find(|row| row.2 == host && row.3 == key).map(|row| row.4.clone());
    let values: BTreeSet<Option<String>> = readable.iter().map(|host| value(host)).collect();
    let partial = !blind.is_empty();
    match values.iter().collect::<Vec<_>>().as_slice() {
        [] | [None] => Naive::Missing(partial),
        [Some(one)] => Naive::Value(one.clone(), partial),
        _ => Naive::Split(partial),
    }
}

fn judged(left: &Naive, right: &Naive) -> What {
    match (left, right) {
        (Naive::Unknown | Naive::Split(true), _) | (_, Naive::Unknown | Naive::Split(true)) => What::Undetermined,
        (Naive::Split(_), _) | (_, Naive::Split(_)) => What::Split,
        (Naive::Missing(_), Naive::Value(..)) => What::MissingLeft,
        (Naive::Value(..), Naive::Missing(_)) => What::MissingRight,
        (Naive::Value(a, _), Naive::Value(b, _)) if a != b => What::Differs,
        (Naive::Value(_, a), Naive::Value(_, b)) | (Naive::Missing(a), Naive::Missing(b)) if *a || *b => {
            What::Undetermined
        }
        _ => What::Equal,
    }
}

/// What hosts that are on both sides say of a split: nothing if there are none,
/// one of them has moved, or a host of one side alone has what nobody on the
/// other has. Else the sides are equal, if every host can be read.
fn by_host(left: &[Fed], right: &[Fed], roles: (&str, &str), (source, key): (&str, &str)) -> Option<What> {
    // Blind, or the value if there is one.
    let of = |rows: &[Fed], role: &str| -> BTreeMap<String, Result<Option<String>, ()>> {
        let mine = || rows.iter().filter(|row| row.0 == role && row.1 == source);
        let value = |host: &str| mine().find(|row| row.2 == host && row.3 == key).map(|row| row.4.clone());
        let blind = |host: &str| mine().any(|row| row.2 == host && row.4.is_empty());
        mine().map(|row| (row.2.clone(), if blind(&row.2) { Err(()) } else { Ok(value(&row.2)) })).collect()
    };
    let (here, there) = (of(left, roles.0), of(right, roles.1));
    let all: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    let fits = |host: &String| match (here.get(host), there.get(host)) {
        (Some(Err(())), _) | (_, Some(Err(()))) => true,
        (Some(one), Some(other)) => one == other,
        (Some(one), None) => there.values().any(|other| other == one),
        (None, one) => here.values().any(|other| Some(other) == one),
    };
    let blind = here.values().chain(there.values()).any(Result::is_err);
    let both = here.keys().any(|host| there.contains_key(host));
    (both && all.into_iter().all(fits)).then_some(if blind { What::Undetermined } else { What::Equal })
}

type Place3 = (String, String, String);

fn expected(left: &[Fed], right: &[Fed]) -> BTreeMap<Place3, What> {
    let roles = |rows: &[Fed]| rows.iter().map(|row| row.0.clone()).collect::<BTreeSet<_>>();
    let (a, b) = (roles(left), roles(right));
    let crossed = a.len() == 1 && b.len() == 1 && a != b;
    let pairs: Vec<(String, String)> = if crossed {
        a.into_iter().zip(b).collect()
    } else {
        a.union(&b).map(|role| (role.clone(), role.clone())).collect()
    };
    let mut all = BTreeMap::new();
    for (one, other) in pairs {
        let label = if one == other { one.clone() } else { format!("{one}~{other}") };
        let here = left.iter().filter(|row| row.0 == one).chain(right.iter().filter(|row| row.0 == other));
        for row in here.filter(|row| !row.4.is_empty()) {
            let sides = (naive(left, &one, &row.1, &row.3), naive(right, &other, &row.1, &row.3));
            let what = match judged(&sides.0, &sides.1) {
                What::Split => by_host(left, right, (&one, &other), (&row.1, &row.3)).unwrap_or(What::Split),
                what => what,
            };
            all.insert((label.clone(), row.1.clone(), row.3.clone()), what);
        }
    }
    all
}

/// Sources of a pair of roles that cannot be read and of which no setting is
/// undetermined.
fn blind_without_settings(left: &[Fed], right: &[Fed], expected: &BTreeMap<Place3, What>) -> u64 {
    let roles = |rows: &[Fed]| rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>();
    let (mut a, mut b) = (roles(left), roles(right));
    a.dedup();
    b.dedup();
    let crossed = a.len() == 1 && b.len() == 1 && a != b;
    let label_of = |role: &str| if crossed { format!("{}~{}", a[0], b[0]) } else { role.to_owned() };
    let blind = left.iter().chain(right).filter(|row| row.4.is_empty());
    let blind: BTreeSet<(String, String)> = blind.map(|row| (label_of(&row.0), row.1.clone())).collect();
    let is_counted = |(role, source): &(String, String)| {
        let own = |place: &Place3, what: What| place.0 == *role && place.1 == *source && what == What::Undetermined;
        expected.iter().any(|(place, what)| own(place, *what))
    };
    blind.iter().filter(|one| !is_counted(one)).count() as u64
}

fn mirrored(what: What) -> What {
    match what {
        What::MissingLeft => What::MissingRight,
        What::MissingRight => What::MissingLeft,
        same => same,
    }
}

proptest! {
    #[test]
    fn what_is_said_is_what_naive_maps_say(left in fed(), right in fed()) {
        let comparison = compare(&build("l", &left), &build("r", &right), Listing::Everything);
        let found: BTreeMap<Place3, What> = comparison.differences.iter().filter(|one| !one.metadata)
            .map(|one| ((one.role.clone(), one.source.to_string(), one.key.to_string()), one.what)).collect();
        let expected = expected(&left, &right);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(comparison.keys, expected.len() as u64);
        let count = |wanted: &dyn Fn(What) -> bool| expected.values().filter(|what| wanted(**what)).count() as u64;
        let blind = blind_without_settings(&left, &right, &expected);
        prop_assert_eq!(comparison.undetermined, count(&|what| what == What::Undetermined) + blind);
        prop_assert_eq!(comparison.differing, count(&|what| what != What::Undetermined && what != What::Equal));
    }

    #[test]
    fn swapping_the_sides_mirrors_the_result(left in fed(), right in fed()) {
        let there = compare(&build("l", &left), &build("r", &right), Listing::Differences);
        let back = compare(&build("r", &right), &build("l", &left), Listing::Differences);
        prop_assert_eq!((there.keys, there.differing, there.undetermined), (back.keys, back.differing, back.undetermined));
        prop_assert_eq!(there.metadata_differing, back.metadata_differing);
        let flat = |one: &Difference, mirror: bool| {
            let role: BTreeSet<String> = one.role.split('~').map(str::to_owned).collect();
            let sides = if mirror { (one.right.clone(), one.left.clone()) } else { (one.left.clone(), one.right.clone()) };
            let what = if mirror { mirrored(one.what) } else { one.what };
            (role, one.source.clone(), one.key.clone(), what, one.severity, one.class, format!("{sides:?}"))
        };
        let there: Vec<_> = there.differences.iter().map(|one| flat(one, false)).collect();
        let back: Vec<_> = back.differences.iter().map(|one| flat(one, true)).collect();
        prop_assert_eq!(there, back);
    }

    #[test]
    fn a_side_differs_from_itself_only_where_it_is_blind(rows in fed()) {
        let comparison = compare(&build("l", &rows), &build("r", &rows), Listing::Differences);
        prop_assert!(comparison.differences.iter().all(|one| one.what == What::Undetermined));
    }

    #[test]
    fn one_host_equals_itself(rows in fed()) {
        let rows: Vec<Fed> = rows.into_iter().filter(|row| row.2.ends_with('1') && !row.4.is_empty()).collect();
        let comparison = compare(&build("l", &rows), &build("r", &rows), Listing::Differences);
        prop_assert_eq!(comparison.differences, Vec::new());
        prop_assert_eq!(comparison.differing, 0);
    }

    #[test]
    fn the_order_of_feeding_does_not_matter(rows in fed(), right in fed(), seed in any::<u64>()) {
        let mut shuffled = rows.clone();
        shuffled.sort_by_key(|row| digest(&format!("{row:?}{seed}")));
        let right = build("r", &right);
        let one = compare(&build("l", &rows), &right, Listing::Everything);
        let other = compare(&build("l", &shuffled), &right, Listing::Everything);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn nothing_unknown_is_green(rows in fed(), blind in subsequence(vec!["a1", "a2", "b1"], 1..=3)) {
        let mut left = rows.clone();
        left.retain(|row| !blind.contains(&row.2.as_str()));
        left.extend(blind.iter().map(|host| {
            (host[..1].to_owned(), "s".to_owned(), (*host).to_owned(), "A".to_owned(), String::new())
        }));
        let comparison = compare(&build("l", &left), &build("l", &left), Listing::Everything);
        let touched = |one: &&Difference| one.source.as_str() == "s" && blind.iter().any(|host| host.starts_with(&one.role));
        let equal = comparison.differences.iter().filter(touched).filter(|one| one.what == What::Equal);
        prop_assert_eq!(equal.count(), 0);
        prop_assert!(comparison.undetermined > 0);
    }
}
