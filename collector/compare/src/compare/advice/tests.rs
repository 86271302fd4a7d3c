//! Sentences, one by one.

use super::*;

fn cell(display: Option<&str>, secret: bool) -> Cell {
    let state = CellState::Value;
    Cell { state, display: display.map(str::to_owned), secret, groups: Vec::new(), host: None }
}

fn missing() -> Cell {
    Cell { state: CellState::Missing, display: None, secret: false, groups: Vec::new(), host: None }
}

fn group(hosts: &[&str], count: u32, display: Option<&str>) -> Group {
    let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    Group { hosts, count, display: display.map(str::to_owned), secret: false, missing: false }
}

fn split(groups: Vec<Group>) -> Cell {
    Cell { state: CellState::Split, display: None, secret: false, groups, host: None }
}

fn say(key: &ItemKey, what: What, left: &Cell, right: &Cell) -> String {
    let source = "app".parse().unwrap();
    let severity = if key.as_str() == ItemKey::MODE { Severity::Critical } else { Severity::Info };
    let (names, unknown) = (("production", "staging"), (Vec::new(), Vec::new()));
    let foreign = (Vec::new(), Vec::new());
    About { names, source: &source, key, what, severity, cells: (left, right), unknown, foreign, moved: &[] }.in_words()
}

fn setting(what: What, left: &Cell, right: &Cell) -> String {
    say(&ItemKey::from_bytes(b"DB_TIMEOUT"), what, left, right)
}

#[test]
fn a_missing_key_is_to_be_added() {
    assert_eq!(setting(What::MissingRight, &cell(Some("1"), false), &missing()), "Add 'DB_TIMEOUT' to staging");
    assert_eq!(setting(What::MissingLeft, &missing(), &cell(Some("1"), true)), "Add 'DB_TIMEOUT' to production");
}

#[test]
fn different_values_are_shown() {
    let said = setting(What::Differs, &cell(Some("30s"), false), &cell(Some("5s"), false));
    assert_eq!(said, "Sync 'DB_TIMEOUT': production has 30s, staging has 5s");
    let said = setting(What::Differs, &cell(Some(""), false), &cell(Some("5s"), false));
    assert_eq!(said, "Sync 'DB_TIMEOUT': production has an empty value, staging has 5s");
    let said = setting(What::Differs, &cell(None, false), &cell(None, false));
    assert_eq!(said, "Sync 'DB_TIMEOUT': production and staging differ");
}

#[test]
fn p4_a_secret_is_neither_shown_nor_to_be_copied() {
    let said = setting(What::Differs, &cell(Some("sk_****1"), true), &cell(Some("sk_****2"), true));
    assert!(!said.contains("****"), "{said}");
    assert_eq!(said, "Check 'DB_TIMEOUT': each side has a secret of its own");
    let mut own = group(&["web-3"], 1, Some("****"));
    own.secret = true;
    let said = setting(What::Split, &split(vec![group(&["web-1", "web-2"], 2, None), own]), &missing());
    assert!(said.contains("web-3 has a secret of its own"), "{said}");
    assert!(!said.contains("****"), "{said}");
}

#[test]
fn a_long_value_is_cut_in_the_sentence() {
    let long = "é".repeat(200);
    let said = setting(What::Differs, &cell(Some(&long), false), &cell(Some("5s"), false));
    assert!(said.contains(&format!("{}…", "é".repeat(60))), "{said}");
    assert!(said.chars().count() < 140, "{said}");
}

#[test]
fn the_outliers_of_a_split_are_named_first() {
    let cell = split(vec![group(&["web-1", "web-2"], 2, Some("30s")), group(&["web-3"], 1, Some("60s"))]);
    let said = setting(What::Split, &cell, &missing());
    assert_eq!(said, "Align 'DB_TIMEOUT': in production web-3 has 60s, web-1 and web-2 have 30s");
}

#[test]
fn many_hosts_and_groups_are_counted() {
    let most = group(&["a", "b", "c", "d"], 400, Some("1"));
    let groups = std::iter::once(most).chain((0..5).map(|n| group(&["x"], 1, Some(&n.to_string())))).collect();
    let said = setting(What::Split, &split(groups), &missing());
    assert!(said.contains("2 more have others"), "{said}");
    assert!(said.ends_with("a, b, c and 397 more have 1"), "{said}");
}

#[test]
fn both_sides_may_be_split() {
    let one = split(vec![group(&["a"], 1, Some("1")), group(&["b"], 1, Some("2"))]);
    let said = setting(What::Split, &one, &one);
    assert_eq!(said, "Align 'DB_TIMEOUT': in production b has 2, a has 1; in staging b has 2, a has 1");
}

#[test]
fn what_could_not_be_read_is_named() {
    let (source, key) = ("app".parse().unwrap(), ItemKey::from_bytes(b"A"));
    let host = "web-2".parse().unwrap();
    let cells = (&cell(None, false), &cell(None, false));
    let (names, severity) = (("production", "staging"), Severity::Info);
    let unknown = (Vec::new(), vec![&host]);
    let about = About {
        names,
        source: &source,
        key: &key,
        what: What::Undetermined,
        severity,
        cells,
        unknown,
        foreign: (Vec::new(), Vec::new()),
        moved: &[],
    };
    assert_eq!(about.in_words(), "Make 'app' readable on web-2 (staging), then compare 'A' again");
}

#[test]
fn w14_metadata_has_sentences_of_its_own() {
    let (open, closed) = (cell(Some("0644"), false), cell(Some("0600"), false));
    let said = say(&ItemKey::metadata(ItemKey::MODE), What::Differs, &closed, &open);
    assert_eq!(said, "Close 'app' to other users: it holds secrets, and its mode is 0644 on staging");
    let (root, app) = (cell(Some("root"), false), cell(Some("app"), false));
    let said = say(&ItemKey::metadata(ItemKey::OWNER), What::Differs, &root, &app);
    assert_eq!(said, "Sync '@owner' of 'app': production has root, staging has app");
    let said = say(&ItemKey::metadata(ItemKey::STATE), What::MissingRight, &root, &missing());
    assert_eq!(said, "Watch 'app' on staging: only production has it");
    let said = say(&ItemKey::metadata(ItemKey::CONTENT), What::Differs, &root, &app);
    assert_eq!(said, "Sync the content of 'app': production and staging differ");
}
