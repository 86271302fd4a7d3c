//! Snapshots held against each other, and those that cannot be.

use driftline_api::SCHEMA_VERSION;
use driftline_api::snapshot::SnapshotItem;

use super::*;

fn snapshot(name: &str, values: &[(&str, u8)]) -> Snapshot {
    let item = |(key, value): &(&str, u8)| SnapshotItem {
        key: (*key).to_owned(),
        digest: format!("{value:02x}").repeat(32),
        secret: false,
        display: None,
    };
    let source = SnapshotSource {
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        unreadable: false,
        items: values.iter().map(item).collect(),
    };
    Snapshot {
        schema_version: SCHEMA_VERSION,
        driftline_snapshot: SNAPSHOT_FORM,
        name: name.to_owned(),
        made_at: "2026-11-22T04:30:00.123Z".to_owned(),
        pepper: "p1".to_owned(),
        declared: false,
        hosts: vec![SnapshotHost {
            host: format!("{name}-1"),
            role: "web".to_owned(),
            fleet_key_epoch: 1,
            canonical_form: 2,
            sources: vec![source],
        }],
        unchecked: Vec::new(),
    }
}

fn told(left: &Snapshot, right: &Snapshot) -> Vec<(String, String)> {
    let answer = compared(left, right, Listing::Differences).unwrap();
    answer.differences.into_iter().map(|one| (one.key, one.what)).collect()
}

fn pair(key: &str, what: &str) -> (String, String) {
    (key.to_owned(), what.to_owned())
}

#[test]
fn snapshots_compare_as_their_hosts_would() {
    let (a, b) = (snapshot("a", &[("SAME", 1), ("X", 2)]), snapshot("b", &[("SAME", 1), ("X", 3), ("Y", 4)]));
    assert_eq!(told(&a, &b), [pair("X", "differs"), pair("Y", "missing_left")]);
    let answer = compared(&a, &b, Listing::Everything).unwrap();
    assert_eq!((answer.keys, answer.differing, answer.differences.len()), (3, 2, 3));
    let silent = Snapshot { unchecked: vec!["b-1 (silent)".to_owned()], ..b };
    assert_eq!(compared(&a, &silent, Listing::Differences).unwrap().unchecked, ["b-1 (silent)"]);
}

#[test]
fn what_files_say_is_held_against_their_sources_and_settings_alone() {
    let mut hosts = snapshot("production", &[("A", 1), ("ORPHAN", 2), ("@mode", 9)]);
    let mut other = hosts.hosts[0].sources[0].clone();
    other.source = "nginx".to_owned();
    hosts.hosts[0].sources.push(other);
    let files = Snapshot { declared: true, ..snapshot("files", &[("A", 1), ("MISSING", 3)]) };
    assert_eq!(told(&files, &hosts), [pair("MISSING", "missing_right"), pair("ORPHAN", "missing_left")]);
    assert_eq!(told(&hosts, &files), [pair("MISSING", "missing_left"), pair("ORPHAN", "missing_right")]);
}

#[test]
fn digests_of_another_making_are_refused_and_never_different() {
    let (a, mut b) = (snapshot("a", &[("A", 1)]), snapshot("b", &[("A", 1)]));
    let refused = |b: &Snapshot| {
        let failure = compared(&a, b, Listing::Differences).unwrap_err();
        assert_eq!(failure.exit(), Exit::Inconclusive);
        failure.to_string()
    };
    assert!(refused(&Snapshot { pepper: "p2".to_owned(), ..b.clone() }).contains("different collectors"));
    b.hosts[0].fleet_key_epoch = 2;
    assert!(refused(&b).contains("different fleet keys"));
    b.hosts[0].fleet_key_epoch = 1;
    b.hosts[0].canonical_form = 3;
    assert!(refused(&b).contains("canonical forms"));
}

#[test]
fn a_file_is_a_snapshot_something_else_or_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    let whole = serde_json::to_string(&snapshot("a", &[("A", 1)])).unwrap();
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write(&whole);
    assert_eq!(must_open(&path).unwrap(), snapshot("a", &[("A", 1)]));
    for other in ["A=1\n", "{\"a\": 1}", "{", ""] {
        write(other);
        assert_eq!(open(&path).unwrap(), None, "{other}");
        assert_eq!(must_open(&path).unwrap_err().exit(), Exit::Data, "{other}");
    }
    write(&whole.replace("\"driftline_snapshot\":1", "\"driftline_snapshot\":9"));
    assert!(open(&path).unwrap_err().to_string().contains("form 9"));
    write(&whole.replace("\"pepper\"", "\"salt\""));
    assert_eq!(open(&path).unwrap_err().exit(), Exit::Data);
    let mut torn = snapshot("a", &[("A", 1)]);
    torn.hosts[0].sources[0].items[0].digest = "5f".to_owned();
    let failure = compared(&torn, &snapshot("b", &[]), Listing::Differences).unwrap_err();
    assert!(failure.to_string().contains("a digest that is none"), "{failure}");
    assert_eq!(open(&dir.path().join("none.json")).unwrap_err().exit(), Exit::Inconclusive);
}

#[test]
fn files_are_held_against_each_host_that_has_the_source() {
    let mut hosts = snapshot("staging", &[("A", 1)]);
    let mut db = hosts.hosts[0].clone();
    (db.host, db.role, db.sources[0].source) = ("db-1".to_owned(), "db".to_owned(), "pg".to_owned());
    hosts.hosts.push(db);
    let mut files = Snapshot { declared: true, ..snapshot("deploy", &[("A", 2)]) };
    files.hosts[0].role = "all".to_owned();
    let answer = compared(&hosts, &for_hosts_of(&hosts, &files), Listing::Differences).unwrap();
    assert_eq!((answer.keys, answer.uncovered.as_slice()), (1, &["pg".to_owned()][..]));
    assert_eq!((answer.differences[0].key.as_str(), answer.differences[0].what.as_str()), ("A", "differs"));
    files.hosts[0].sources[0].source = "nginx".to_owned();
    let nobody = for_hosts_of(&hosts, &files);
    assert_eq!(nobody.unchecked, ["nginx (declared, and no host watches it)"]);
    files.hosts[0].fleet_key_epoch = 2;
    let refused = compared(&hosts, &for_hosts_of(&hosts, &files), Listing::Differences).unwrap_err();
    assert_eq!(refused.exit(), Exit::Inconclusive);
}

#[test]
fn files_of_which_no_role_was_said_are_held_against_whoever_watches_them() {
    let hosts = snapshot("production", &[("A", 1), ("B", 2)]);
    let mut files = snapshot("repo", &[("A", 1), ("B", 3)]);
    files.declared = true;
    files.hosts[0].role = ANY_ROLE.to_owned();
    for (left, right) in [(&files, &hosts), (&hosts, &files)] {
        let answer = compared(left, right, Listing::Differences).unwrap();
        assert_eq!((answer.keys, answer.differing), (2, 1));
    }
    assert!(told(&files, &files).is_empty());
}
