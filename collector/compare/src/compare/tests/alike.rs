//! Hosts of other fleet keys, and hosts that are on both sides.

use super::*;

const OLD: Made = Made { fleet_key_epoch: 1, canonical_form: 3 };
const NEW: Made = Made { fleet_key_epoch: 2, canonical_form: 3 };

/// A side whose hosts have their own fleet keys.
fn made(name: &str, hosts: &[(&str, Made)], rows: &[Row<'_>]) -> Side {
    let mut side = side(name, rows);
    for (host, made) in hosts {
        let (host, role, source) = (host.parse().unwrap(), "web".parse().unwrap(), "app".parse().unwrap());
        let at = side.source(Place { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
        side.made(at, *made);
    }
    side
}

fn whats(comparison: &Comparison) -> Vec<(&str, What)> {
    comparison.differences.iter().map(|one| (one.key.as_str(), one.what)).collect()
}

#[test]
fn across_fleet_keys_nothing_is_equal_and_nothing_differs() {
    let left = [("w1", "A", "1"), ("w1", "B", "1"), ("w1", "@mode", "0600"), ("w1", "@state", "present")];
    let right = [("s1", "A", "1"), ("s1", "B", "2"), ("s1", "@mode", "0644"), ("s1", "@state", "present")];
    let (left, right) = (made("production", &[("w1", OLD)], &left), made("staging", &[("s1", NEW)], &right));
    for comparison in [compare(&left, &right, Listing::Everything), compare(&right, &left, Listing::Everything)] {
        assert!(comparison.differences.iter().all(|one| one.what == What::Undetermined), "{comparison:#?}");
        assert_eq!((comparison.differing, comparison.metadata_differing, comparison.undetermined), (0, 0, 2));
        let strangers = comparison.strangers.iter().map(|(side, host)| (side.as_str(), host.as_str()));
        assert_eq!(strangers.collect::<Vec<_>>(), [("production", "w1")], "the later key is what is right");
        let said = "Bring w1 (production) to the fleet key and canonical form of the others, then compare 'A' again";
        assert_eq!(comparison.differences.iter().find(|one| one.key.as_str() == "A").unwrap().recommendation, said);
    }
    let form = Made { canonical_form: 4, ..NEW };
    let left = made("production", &[("w1", form)], &[("w1", "A", "1")]);
    assert_eq!(compare(&left, &right, Listing::Differences).differing, 0);
}

#[test]
fn one_host_of_another_fleet_key_is_no_outlier() {
    let rows = [("w1", "A", "1"), ("w2", "A", "1"), ("w3", "A", "9")];
    let left = made("production", &[("w1", NEW), ("w2", NEW), ("w3", OLD)], &rows);
    let right = made("staging", &[("s1", NEW)], &[("s1", "A", "1")]);
    let comparison = compare(&left, &right, Listing::Differences);
    assert_eq!(comparison.differences.iter().find(|one| one.key.as_str() == "A").unwrap().what, What::Undetermined);
    assert_eq!((comparison.differing, comparison.undetermined), (0, 1));
    // Of another role it is nobody's business.
    let mut db = made("production", &[("w1", NEW)], &[("w1", "A", "1")]);
    feed(&mut db, "db", "app", ("d1", "A", "1"));
    let mut other = right.clone();
    feed(&mut other, "db", "app", ("d2", "A", "1"));
    assert_eq!(whats(&compare(&db, &other, Listing::Differences)), []);
}

#[test]
fn a_host_that_is_on_both_sides_is_held_against_itself() {
    let rows = [("w1", "A", "1"), ("w2", "A", "2"), ("w2", "B", "1"), ("w1", "C", "1"), ("w2", "C", "1")];
    assert_eq!(whats(&compared(&rows, &rows)), []);
    // Their values change places: both sides have the same ones.
    let swapped = [("w1", "A", "2"), ("w2", "A", "1"), ("w2", "B", "1"), ("w1", "C", "1"), ("w2", "C", "1")];
    let comparison = compared(&rows, &swapped);
    assert_eq!((only(&comparison).what, comparison.differing), (What::Split, 1));
    let said = "Sync 'A': on w1 production has 1, staging has 2; on w2 production has 2, staging has 1";
    assert_eq!(only(&comparison).recommendation, said);
    let gone = [("w1", "A", "1"), ("w2", "A", "2"), ("w1", "C", "1"), ("w2", "C", "1"), ("w1", "B", "1")];
    let comparison = compared(&rows, &gone);
    let said = "Sync 'B': on w1 production has none, staging has 1; on w2 production has 1, staging has none";
    assert_eq!(only(&comparison).recommendation, said);
    // A secret is not shown here either.
    let (one, other) = ([("w1", "S", "*1"), ("w2", "S", "*2")], [("w1", "S", "*1"), ("w2", "S", "*3")]);
    let comparison = compared(&one, &other);
    let said = "Sync 'S': on w2 production has a secret of its own, staging has a secret of its own";
    assert_eq!(only(&comparison).recommendation, said);
}

#[test]
fn a_host_that_came_later_has_what_the_others_have_or_is_a_difference() {
    let before = [("w1", "A", "1"), ("w2", "A", "2")];
    assert_eq!(whats(&compared(&before, &[("w1", "A", "1"), ("w2", "A", "2"), ("w3", "A", "2")])), []);
    let comparison = compared(&before, &[("w1", "A", "1"), ("w2", "A", "2"), ("w3", "A", "3")]);
    assert_eq!(only(&comparison).what, What::Split);
    assert!(only(&comparison).recommendation.starts_with("Align 'A'"), "{comparison:#?}");
    // Two sides that have no host in common have no such excuse.
    assert_eq!(only(&compared(&before, &[("s1", "A", "1"), ("s2", "A", "2")])).what, What::Split);
}

#[test]
fn j9_a_host_that_cannot_be_read_is_not_what_it_was() {
    let rows = [("w1", "A", "1"), ("w2", "A", "2"), ("w1", "@state", "present"), ("w2", "@state", "present")];
    let blind = [("w1", "A", "1"), ("w2", "A", "2"), ("w1", "@state", "present"), ("w2", "@state", "unreadable")];
    for comparison in [compared(&rows, &blind), compared(&blind, &rows)] {
        assert!(comparison.differences.iter().all(|one| one.what == What::Undetermined), "{comparison:#?}");
        assert_eq!((comparison.differing, comparison.undetermined), (0, 1));
    }
    // Who moved and can be read is a difference all the same.
    let moved = [("w1", "A", "3"), ("w2", "A", "2"), ("w1", "@state", "present"), ("w2", "@state", "unreadable")];
    assert_eq!(compared(&rows, &moved).differing, 1);
}

#[test]
fn a_host_with_a_fleet_key_of_its_own_on_both_sides_is_held_against_itself() {
    let rows = [("w1", "A", "1"), ("w2", "A", "2")];
    let keys = [("w1", OLD), ("w2", NEW)];
    let (left, right) = (made("baseline", &keys, &rows), made("production", &keys, &rows));
    assert_eq!(whats(&compare(&left, &right, Listing::Differences)), []);
    let rotated = made("production", &[("w1", NEW), ("w2", NEW)], &[("w1", "A", "7"), ("w2", "A", "2")]);
    let comparison = compare(&left, &rotated, Listing::Differences);
    assert_eq!((comparison.differing, comparison.undetermined), (0, 1), "{comparison:#?}");
}
