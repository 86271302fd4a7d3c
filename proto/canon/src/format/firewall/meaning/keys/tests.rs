//! What keys are about.

use super::*;

#[test]
fn keys_of_both_languages_are_about_what_they_say() {
    let rows = [
        ("filter table", About::Table("filter")),
        ("inet filter table", About::Table("inet filter")),
        ("filter/INPUT policy", About::Chain("filter/INPUT", Fact::Policy)),
        ("filter/web chain", About::Chain("filter/web", Fact::Present)),
        ("filter/INPUT: -j ACCEPT", About::Rule("filter/INPUT")),
        ("filter/INPUT: -j LOG --log-prefix \"a: b\" #2", About::Rule("filter/INPUT")),
        ("filter/a:b policy", About::Chain("filter/a:b", Fact::Policy)),
        ("@order:filter/INPUT", About::Order("filter/INPUT")),
        ("inet filter/input hook", About::Chain("inet filter/input", Fact::Hook)),
        ("inet filter/input devices", About::Chain("inet filter/input", Fact::Devices)),
        ("inet filter/input comment", About::Chain("inet filter/input", Fact::Remark)),
        ("inet filter/input: tcp dport 22 accept", About::Rule("inet filter/input")),
        ("inet filter/\"my chain\": accept", About::Rule("inet filter/\"my chain\"")),
        ("inet filter/@blocked", About::Set("inet filter/@blocked")),
        ("inet filter/@blocked: 10.0.0.0/8", About::Element("inet filter/@blocked", "10.0.0.0/8")),
        ("inet filter/@p: 10.0.0.1 . 22", About::Element("inet filter/@p", "10.0.0.1 . 22")),
        ("inet filter/counter hits", About::Object("counter")),
        ("inet filter/limit slow", About::Object("limit")),
        ("ipset/allowed", About::Set("ipset/allowed")),
        ("ipset/allowed: 10.0.0.1,tcp:80", About::Element("ipset/allowed", "10.0.0.1,tcp:80")),
        ("@content", About::Content),
        ("@mode", About::Other),
        ("", About::Other),
        ("filter/", About::Other),
        ("no key of these", About::Other),
    ];
    for (key, expected) in rows {
        assert_eq!(about(key), expected, "{key}");
    }
}

#[test]
fn names_are_taken_apart_and_put_together() {
    assert_eq!((table("inet filter/input"), short("inet filter/input")), ("inet filter", "input"));
    assert_eq!((table("filter/a/b"), short("filter/a/b")), ("filter", "a/b"));
    assert_eq!((table("x"), short("x")), ("x", "x"));
    assert_eq!(&*chain_of("inet filter", "web"), "inet filter/web");
    assert_eq!(&*chain_of("filter", "web"), "filter/web");
    assert_eq!(&*set_of("inet filter", "blocked"), "inet filter/@blocked");
}
