//! What a push may not be.

use super::*;

fn item(key: &str) -> DeclaredItem {
    DeclaredItem { key: key.to_owned(), digest: "ab".repeat(32), secret: false, display: Some("x".to_owned()) }
}

fn source(name: &str, keys: &[&str]) -> DeclaredSource {
    let items = keys.iter().map(|key| item(key)).collect();
    DeclaredSource { source: name.to_owned(), kind: "env_file".to_owned(), items }
}

fn push(sources: Vec<DeclaredSource>) -> DesiredPush {
    DesiredPush {
        selector: "env=production,role=web".to_owned(),
        revision: "r1".to_owned(),
        ticket: None,
        expires_s: None,
        replace: None,
        declared: Declared { fleet_key_epoch: 1, canonical_form: CANONICAL_FORM, sources },
    }
}

fn refused(push: DesiredPush) -> String {
    pushed(push, &Pepper::new(&[1; 32])).unwrap_err().reason
}

#[test]
fn what_is_pushed_is_sorted_and_peppered() {
    let pepper = Pepper::new(&[1; 32]);
    let made = pushed(push(vec![source("b", &["Z", "A"]), source("a", &[])]), &pepper).unwrap();
    let names: Vec<_> = made.sources.iter().map(|one| one.source.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let keys: Vec<_> = made.sources[1].items.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["A", "Z"]);
    assert_eq!(made.sources[1].items[0].digest, pepper.digest(&Digest([0xab; 32])).0);
    assert_ne!(made.sources[1].items[0].digest, [0xab; 32], "never as it came");
}

#[test]
fn what_is_not_in_order_is_refused_with_its_place() {
    let whole = || push(vec![source("app", &["A"])]);
    let one = |change: fn(&mut DeclaredItem)| {
        let mut push = whole();
        change(&mut push.declared.sources[0].items[0]);
        refused(push)
    };
    for (said, part) in [
        (refused(push(vec![])), "nothing is declared"),
        (refused(push(vec![source("app", &["A", "A"])])), "source `app`: `A` is declared twice"),
        (refused(push(vec![source("app", &[]), source("app", &[])])), "source `app` is declared twice"),
        (refused(push(vec![source("app", &["@mode"])])), "`@mode` is metadata"),
        (refused(push(vec![source("", &[])])), "source name"),
        (refused(push(vec![DeclaredSource { kind: "door".to_owned(), ..source("app", &[]) }])), "no such kind"),
        (refused(DesiredPush { selector: "role=web".to_owned(), ..whole() }), "names no environment"),
        (refused(DesiredPush { selector: "a b".to_owned(), ..whole() }), "`selector`"),
        (refused(DesiredPush { revision: String::new(), ..whole() }), "`revision`"),
        (refused(DesiredPush { revision: "a\nb".to_owned(), ..whole() }), "`revision`"),
        (refused(DesiredPush { ticket: Some("x".repeat(201)), ..whole() }), "`ticket`"),
        (refused(DesiredPush { expires_s: Some(59), ..whole() }), "`expires_s`"),
        (one(|item| item.digest = "xy".repeat(32)), "64 hexadecimal"),
        (one(|item| item.display = Some("\u{202e}x".to_owned())), "cannot be printed"),
        (one(|item| item.display = Some("x".repeat(DISPLAY_BYTES_MAX + 1))), "too long"),
        (one(|item| item.key = "a\u{0}".to_owned()), "source `app`: not an item key"),
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let mut other = whole();
    other.declared.canonical_form += 1;
    let refused = pushed(other, &Pepper::new(&[1; 32])).unwrap_err();
    assert!(refused.reason.contains("canonical form") && refused.hint.is_some(), "{refused:?}");
}

#[test]
fn content_and_the_order_of_rules_are_settings_that_can_be_declared() {
    let made = pushed(push(vec![source("fw", &["@content", "@order:ip filter INPUT"])]), &Pepper::new(&[1; 32]));
    assert_eq!(made.unwrap().sources[0].items.len(), 2);
}
