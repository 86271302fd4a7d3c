//! Comparisons of small sides, and the same judged by naive maps.

mod alike;
mod oracle;

use driftline_canon::Role;

use super::*;
use crate::Made;

/// One item: host, key, value. The digest is the value's, so that equal texts
/// are equal values.
type Row<'a> = (&'a str, &'a str, &'a str);

fn digest(value: &str) -> [u8; 32] {
    let mut digest = [0u8; 32];
    for (at, byte) in value.bytes().enumerate() {
        digest[at % 32] = digest[at % 32].wrapping_mul(31).wrapping_add(byte);
    }
    digest
}

fn key(text: &str) -> ItemKey {
    ItemKey::from_canonical(text.to_owned()).unwrap()
}

fn feed(side: &mut Side, role: &str, source: &str, (host, name, value): Row<'_>) {
    let (host, role, source) = (host.parse().unwrap(), role.parse().unwrap(), source.parse().unwrap());
    let id = side.source(Place { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
    let (display, digest) = (Some(value), digest(value));
    side.item(id, Fact { key: &key(name), digest: &digest, secret: value.starts_with('*'), display });
}

fn side(name: &str, rows: &[Row<'_>]) -> Side {
    let mut side = Side::new(name);
    rows.iter().for_each(|row| feed(&mut side, "web", "app", *row));
    side
}

fn compared(left: &[Row<'_>], right: &[Row<'_>]) -> Comparison {
    compare(&side("production", left), &side("staging", right), Listing::Differences)
}

fn only(comparison: &Comparison) -> &Difference {
    assert_eq!(comparison.differences.len(), 1, "{comparison:#?}");
    &comparison.differences[0]
}

#[test]
fn equal_sides_have_no_differences() {
    let rows = [("w1", "A", "1"), ("w1", "B", "2")];
    let comparison = compared(&rows, &[("s1", "B", "2"), ("s1", "A", "1")]);
    assert_eq!((comparison.keys, comparison.differing, comparison.undetermined), (2, 0, 0));
    assert!(comparison.differences.is_empty());
    assert_eq!(comparison.percent(), "0.0");
}

#[test]
fn a_missing_key_is_missing_on_the_side_that_lacks_it() {
    let comparison = compared(&[("w1", "REDIS_URL", "x")], &[("s1", "B", "2")]);
    let what: Vec<_> = comparison.differences.iter().map(|one| (one.key.as_str(), one.what)).collect();
    assert_eq!(what, [("REDIS_URL", What::MissingRight), ("B", What::MissingLeft)]);
    assert_eq!(comparison.differences[0].recommendation, "Add 'REDIS_URL' to staging");
    assert_eq!(comparison.percent(), "100.0");
}

#[test]
fn the_most_severe_comes_first() {
    let left = [("w1", "LOG_LEVEL", "a"), ("w1", "DB_TIMEOUT", "30s"), ("w1", "DB_HOST", "a"), ("w1", "B", "*1")];
    let right = [("s1", "LOG_LEVEL", "b"), ("s1", "DB_TIMEOUT", "5s"), ("s1", "DB_HOST", "b"), ("s1", "B", "*2")];
    let comparison = compared(&left, &right);
    let keys: Vec<_> = comparison.differences.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["B", "DB_HOST", "DB_TIMEOUT", "LOG_LEVEL"]);
    assert_eq!(comparison.differences[0].class, Class::Security);
    assert_eq!(comparison.differences[2].recommendation, "Sync 'DB_TIMEOUT': production has 30s, staging has 5s");
}

#[test]
fn j1_hosts_that_disagree_inside_a_side_are_one_split_that_names_the_outlier() {
    let left = [("w1", "A", "1"), ("w2", "A", "1"), ("w3", "A", "2")];
    let comparison = compared(&left, &[("s1", "A", "1")]);
    let split = only(&comparison);
    assert_eq!(split.what, What::Split);
    assert_eq!(split.left.state, CellState::Split);
    assert_eq!(split.left.display.as_deref(), Some("1"));
    assert_eq!(split.left.groups.iter().map(|group| group.count).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(split.left.groups[1].hosts[0].as_str(), "w3");
    assert_eq!(split.recommendation, "Align 'A': in production w3 has 2, w1 and w2 have 1");
    assert_eq!(comparison.differing, 1);
}

#[test]
fn a_key_that_one_host_lacks_is_a_split_too() {
    let left = [("w1", "A", "1"), ("w2", "B", "1"), ("w1", "B", "1")];
    let comparison = compared(&left, &[("s1", "A", "1"), ("s1", "B", "1")]);
    let split = only(&comparison);
    assert_eq!((split.what, split.left.groups[1].missing), (What::Split, true));
}

#[test]
fn j9_an_unreadable_side_is_undetermined_never_equal() {
    let left = [("w1", "@state", "unreadable"), ("w1", "A", "1")];
    let comparison = compared(&left, &[("s1", "@state", "present"), ("s1", "A", "1"), ("s1", "B", "2")]);
    assert_eq!((comparison.keys, comparison.differing, comparison.undetermined), (2, 0, 2));
    assert_eq!(comparison.metadata_differing, 0, "that it cannot be read is no difference");
    let unknown = comparison.differences.iter().find(|one| one.key.as_str() == "A").unwrap();
    assert_eq!((unknown.what, unknown.left.state), (What::Undetermined, CellState::Unknown));
    assert_eq!(unknown.recommendation, "Make 'app' readable on w1 (production), then compare 'A' again");
}

#[test]
fn j9_two_unreadable_sides_are_not_alike() {
    let comparison = compared(&[("w1", "@state", "unreadable")], &[("s1", "@state", "unreadable")]);
    assert_eq!(only(&comparison).what, What::Undetermined);
    assert_eq!((comparison.keys, comparison.undetermined), (0, 1));
}

#[test]
fn j9_a_side_that_was_never_read_is_counted_whatever_the_other_has() {
    let blind = ("w1", "@state", "unreadable");
    let there = ("s1", "@state", "present");
    for (left, right) in [(&[blind][..], &[there][..]), (&[blind], &[]), (&[], &[blind]), (&[there], &[blind])] {
        let comparison = compared(left, right);
        assert_eq!((comparison.undetermined, comparison.differing), (1, 0), "{left:?} {right:?}");
        assert_eq!(only(&comparison).what, What::Undetermined);
    }
    // Said without an item, as of a host whose state is lost.
    let (mut left, web) = (Side::new("production"), Role::new("web").unwrap());
    let (host, source) = ("w1".parse().unwrap(), "app".parse().unwrap());
    let at = left.source(Place { host: &host, role: &web, source: &source, kind: SourceKind::EnvFile });
    left.unreadable(at);
    let right = side("staging", &[("s1", "@mode", "0600")]);
    let comparison = compare(&left, &right, Listing::Differences);
    assert_eq!(comparison.undetermined, 1);
    assert!(comparison.differences.iter().any(|one| one.what == What::Undetermined), "{comparison:#?}");
}

#[test]
fn j9_a_certain_difference_of_one_host_does_not_hide_that_another_cannot_be_read() {
    let left = [("w1", "B", "1"), ("w2", "@state", "unreadable"), ("w1", "@state", "present")];
    let comparison = compared(&left, &[("s1", "B", "2"), ("s1", "@state", "present")]);
    assert_eq!((comparison.differing, comparison.undetermined), (1, 1));
}

#[test]
fn j9_hosts_that_disagree_beside_one_that_cannot_be_read_are_undetermined_and_named() {
    let left = [("w1", "A", "1"), ("w2", "A", "2"), ("w3", "@state", "unreadable")];
    let comparison = compared(&left, &[("s1", "A", "1"), ("s1", "@state", "present")]);
    let one = comparison.differences.iter().find(|one| one.key.as_str() == "A").unwrap();
    assert_eq!((one.what, one.left.state, one.left.groups.len()), (What::Undetermined, CellState::Split, 2));
    let said = "Make 'app' readable on w3 (production), then compare 'A' again; as far as known, in production w2 has 2, \
                w1 has 1";
    assert_eq!(one.recommendation, said);
    assert_eq!((comparison.differing, comparison.undetermined), (0, 1));
}

#[test]
fn j9_a_split_beside_a_side_that_cannot_be_read_is_undetermined() {
    let comparison =
        compared(&[("w1", "A", "1"), ("w2", "A", "2")], &[("s1", "A", "1"), ("s1", "@state", "unreadable")]);
    let one = comparison.differences.iter().find(|one| one.key.as_str() == "A").unwrap();
    assert_eq!((one.what, one.left.state), (What::Undetermined, CellState::Split));
}

#[test]
fn j9_one_unreadable_host_leaves_equal_keys_undetermined_and_differences_certain() {
    let left = [("w1", "A", "1"), ("w1", "B", "1"), ("w2", "@state", "unreadable"), ("w1", "@state", "present")];
    let right = [("s1", "A", "1"), ("s1", "B", "2"), ("s1", "@state", "present")];
    let comparison = compared(&left, &right);
    let what = |name: &str| comparison.differences.iter().find(|one| one.key.as_str() == name).unwrap().what;
    assert_eq!((what("A"), what("B"), what("@state")), (What::Undetermined, What::Differs, What::Undetermined));
}

#[test]
fn metadata_is_counted_apart() {
    let left = [("w1", "A", "1"), ("w1", "@mode", "0600"), ("w1", "@owner", "root")];
    let right = [("s1", "A", "1"), ("s1", "@mode", "0640"), ("s1", "@owner", "root")];
    let comparison = compared(&left, &right);
    assert_eq!((comparison.keys, comparison.differing, comparison.metadata_differing), (1, 0, 1));
    assert!(only(&comparison).metadata);
    assert_eq!(only(&comparison).severity, Severity::Warning);
}

#[test]
fn w14_a_world_readable_file_of_secrets_is_critical_on_either_side() {
    let open = [("w1", "A", "*s"), ("w1", "@mode", "0644")];
    let closed = [("s1", "A", "*s"), ("s1", "@mode", "0600")];
    assert_eq!(only(&compared(&open, &closed)).severity, Severity::Critical);
    assert_eq!(only(&compared(&closed, &open)).severity, Severity::Critical);
}

#[test]
fn a_source_that_one_host_does_not_watch_shows_once() {
    let mut left = side("production", &[("w1", "A", "1"), ("w1", "B", "2")]);
    left.host(&"w2".parse().unwrap(), &"web".parse().unwrap());
    let right = side("staging", &[("s1", "A", "1"), ("s1", "B", "2")]);
    let comparison = compare(&left, &right, Listing::Differences);
    let one = only(&comparison);
    assert_eq!((one.key.as_str(), one.what, comparison.differing), ("@state", What::Split, 0));
    assert_eq!(one.recommendation, "Align '@state' of 'app': in production not watched on w2, watched on w1");
}

#[test]
fn roles_are_held_against_the_same_role() {
    let (mut left, mut right) = (Side::new("production"), Side::new("staging"));
    feed(&mut left, "web", "app", ("w1", "A", "1"));
    feed(&mut left, "db", "app", ("d1", "A", "2"));
    feed(&mut right, "web", "app", ("s1", "A", "1"));
    let comparison = compare(&left, &right, Listing::Differences);
    assert_eq!((comparison.keys, comparison.differing), (2, 1));
    let missing = comparison.differences.iter().find(|one| !one.metadata).unwrap();
    assert_eq!((missing.role.as_str(), missing.what), ("db", What::MissingRight));
}

#[test]
fn single_different_roles_are_held_against_each_other() {
    let (mut left, mut right) = (Side::new("production"), Side::new("staging"));
    feed(&mut left, "web", "app", ("w1", "A", "1"));
    feed(&mut right, "all", "app", ("s1", "A", "2"));
    let comparison = compare(&left, &right, Listing::Differences);
    assert_eq!((only(&comparison).role.as_str(), only(&comparison).what), ("web~all", What::Differs));
}

#[test]
fn everything_lists_equal_keys_too() {
    let rows = [("w1", "A", "1"), ("w1", "@mode", "0600")];
    let comparison = compare(&side("a", &rows), &side("b", &rows), Listing::Everything);
    assert!(comparison.differences.iter().all(|one| one.what == What::Equal && one.recommendation.is_empty()));
    assert_eq!((comparison.differences.len(), comparison.differing), (2, 0));
}

#[test]
fn a_side_without_hosts_misses_everything() {
    let comparison = compare(&side("a", &[("w1", "A", "1")]), &Side::new("b"), Listing::Differences);
    assert_eq!((comparison.left_hosts, comparison.right_hosts, comparison.differing), (1, 0, 1));
    assert_eq!(compare(&Side::new("a"), &Side::new("b"), Listing::Differences), Comparison::default());
}

#[test]
fn only_ten_hosts_of_a_group_are_named_and_all_are_counted() {
    let names: Vec<String> = (0..30).map(|n| format!("w{n:02}")).collect();
    let mut rows: Vec<Row<'_>> = names.iter().map(|name| (name.as_str(), "A", "1")).collect();
    rows.push(("x", "A", "2"));
    let comparison = compared(&rows, &[("s1", "A", "1")]);
    let groups = &only(&comparison).left.groups;
    assert_eq!((groups[0].hosts.len(), groups[0].count), (10, 30));
}

#[test]
fn names_of_what_are_stable() {
    let names: Vec<_> = What::ALL.iter().map(|what| what.as_str()).collect();
    assert_eq!(names, ["equal", "differs", "missing_left", "missing_right", "split", "undetermined"]);
    let _ = Role::new("web").unwrap();
}

#[test]
fn a_cell_names_a_host_that_has_it_or_would() {
    let left = side("production", &[("w2", "A", "1"), ("w1", "A", "1"), ("w1", "B", "1"), ("w2", "B", "1")]);
    let right = side("staging", &[("s2", "A", "2"), ("s1", "A", "3"), ("s3", "A", "2")]);
    let comparison = compare(&left, &right, Listing::Differences);
    let host = |cell: &Cell| cell.host.as_ref().map(|host| host.to_string()).unwrap();
    let hosts: Vec<_> = comparison.differences.iter().map(|one| (host(&one.left), host(&one.right))).collect();
    // The largest group of a split; where a key is missing, one that watches the file.
    assert_eq!(hosts, [("w1".to_owned(), "s2".to_owned()), ("w1".to_owned(), "s1".to_owned())]);
}
