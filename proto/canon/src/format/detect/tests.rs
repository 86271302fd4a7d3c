use super::*;

fn named(name: &str, text: &str) -> Option<&'static str> {
    detect(name, text.as_bytes()).map(Format::as_str)
}

fn by_look(bytes: &[u8]) -> Option<&'static str> {
    super::by_look(bytes).map(Format::as_str)
}

#[test]
fn an_env_file_is_known_by_its_name() {
    assert_eq!(named(".env", ""), Some("env"));
    assert_eq!(named("app.env", "[x]"), Some("env"));
}

#[test]
fn what_is_not_plain_to_see_is_not_guessed() {
    assert_eq!(named("x", ""), None);
    assert_eq!(named("x", "# only a comment\n"), None);
    assert_eq!(named("x", "words without a sign"), None);
}

#[test]
fn rule_dumps_are_known_by_their_first_word() {
    assert_eq!(by_look(b"# Generated\n*filter\n:INPUT ACCEPT [0:0]\n"), Some("iptables-save"));
    assert_eq!(by_look(b"#!/usr/sbin/nft -f\n\nflush ruleset\n"), Some("nft"));
    assert_eq!(by_look(b"table inet filter {\n"), Some("nft"));
    assert_eq!(by_look(b"create a hash:ip family inet\n"), Some("ipset-save"));
    assert_eq!(by_look(b"{\"nftables\": [{\"metainfo\": {}}]}"), Some("nft-json"));
    assert_eq!(by_look(b"<?xml version=\"1.0\"?>\n<zone>\n"), Some("firewalld"));
}

#[test]
fn documents_are_known_by_their_first_line() {
    for (text, format) in [
        ("{\"a\": 1}", "json"),
        ("---\na: 1", "yaml"),
        ("a: 1\n", "yaml"),
        ("[a]\nb=1", "ini"),
        ("; c\na = 1", "key-value"),
    ] {
        assert_eq!(by_look(text.as_bytes()), Some(format), "{text}");
    }
}

#[test]
fn no_text_is_looked_at_in_full() {
    let endless = "#\n".repeat(LINES_MAX) + "*filter";
    assert_eq!(by_look(endless.as_bytes()), None);
}

#[test]
fn files_with_one_name_everywhere_are_known_by_it() {
    for (name, format) in [
        ("postgresql.auto.conf", "postgresql-conf"),
        ("mongod.conf", "mongod-conf"),
        ("sentinel.conf", "redis-conf"),
        ("users.acl", "redis-acl"),
        ("sshd_config", "key-value"),
        ("web.service", "ini"),
    ] {
        assert_eq!(named(name, "{ a: 1 }"), Some(format), "{name}");
    }
}

#[test]
fn every_name_leads_to_a_format() {
    for (name, format) in NAMES.iter().chain(ENDS) {
        assert_eq!(named(name, ""), Some(format.as_str()), "{name}");
    }
}
