//! Places as URIs, and what names a finding.

use super::*;

pub(crate) fn check(key: &str, rule: &str, outcome: Outcome) -> Check {
    Check {
        rule: rule.to_owned(),
        group: "web/app".to_owned(),
        key: key.to_owned(),
        occurrence: None,
        outcome,
        message: format!("Sync '{key}': staging has 5s, production has 30s"),
        place: None,
    }
}

/// One finding of each outcome, one of them in a file.
pub(crate) fn sample() -> Findings {
    let fails = |severity, fails| Outcome::Failed { severity, fails };
    let mut first = check("DB_HOST", "differs", fails(Severity::Critical, true));
    first.place = Some(Place { host: None, path: "./deploy/a b.env".to_owned(), line: Some(7) });
    let mut host = check("DB_TIMEOUT", "split", fails(Severity::Warning, true));
    host.place = Some(Place { host: Some("web-1".to_owned()), path: "/srv/app/.env".to_owned(), line: None });
    Findings {
        title: "staging against production".to_owned(),
        checks: vec![
            first,
            host,
            check("LOG", "missing_left", fails(Severity::Info, false)),
            check("PORT", "equal", Outcome::Passed),
            check("X", "undetermined", Outcome::Unknown),
        ],
        unchecked: vec!["web-9 (silent)".to_owned()],
    }
}

/// What a hostile host might call a key.
pub(crate) const HOSTILE: &str =
    "</td><script>alert(1)</script>\"' onload=x ]]> <![CDATA[ -->\u{1b}[2J\u{202e}&amp;\u{ffff}";

#[test]
fn a_place_is_a_uri() {
    let uri = |host: Option<&str>, path: &str| {
        Place { host: host.map(str::to_owned), path: path.to_owned(), line: None }.uri()
    };
    assert_eq!(uri(None, "./deploy/a b.env"), "deploy/a%20b.env");
    assert_eq!(uri(None, "/srv/é.env"), "file:///srv/%C3%A9.env");
    assert_eq!(uri(Some("web-1"), "/srv/app/.env"), "file://web-1/srv/app/.env");
    assert_eq!(uri(None, "a?b#c:d"), "a%3Fb%23c%3Ad");
}

#[test]
fn a_finding_has_the_same_name_whatever_it_says() {
    let mut one = check("A", "differs", Outcome::Unknown);
    let name = one.fingerprint();
    one.message = "something else".to_owned();
    assert_eq!(one.fingerprint(), name);
    assert_ne!(check("B", "differs", Outcome::Unknown).fingerprint(), name);
    let mut moved = check("A", "differs", Outcome::Unknown);
    (moved.group, moved.key) = ("web/appA".to_owned(), String::new());
    assert_ne!(moved.fingerprint(), name);
}

#[test]
fn the_rules_are_those_that_found_something() {
    assert_eq!(sample().rules(), ["differs", "missing_left", "split", "undetermined"]);
    assert!(sample().rules().iter().all(|rule| !meaning(rule).contains("newer")));
}
