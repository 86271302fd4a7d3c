use super::*;

fn read(rules: &str) -> crate::Reading {
    let mut out = Gather::new();
    let rules: Vec<&[u8]> = rules.split(' ').map(str::as_bytes).collect();
    user(b"alice", &rules, Place { line: 1, column: 1 }, &mut out);
    out.finish(b"x")
}

fn of(rules: &str) -> String {
    String::from_utf8(read(rules).settings[0].value.bytes().to_vec()).unwrap()
}

#[test]
fn rules_come_to_one_form() {
    for (rules, expected) in [
        ("on", "on -@all"),
        ("ON nopass allkeys allchannels allcommands", "on nopass ~* &* +@all"),
        ("~b ~a ~b %RW~c %R~d", "off %R~d ~a ~b ~c -@all"),
        ("+get +set -get", "off -@all +set -get"),
        ("-get +set +@read", "off -@all +@read +set"),
        ("+@all +get -set -del", "off +@all -del -set"),
        ("+b -a +@c +b", "off -@all +@c +b"),
        ("+get +@all -flushall", "off +@all -flushall"),
        ("+config|get +config", "off -@all +config"),
        ("+config -config|set", "off -@all +config -config|set"),
        ("~a resetkeys ~b &x resetchannels", "off ~b -@all"),
        ("on +get reset ~x", "off ~x -@all"),
        ("+GET", "off -@all +get"),
        ("on (~x +get) ( +set %W~y )", "on -@all (~x -@all +get) (%W~y -@all +set)"),
        ("on (+get) clearselectors", "on -@all"),
        ("nopass resetpass skip-sanitize-payload", "off skip-sanitize-payload -@all"),
    ] {
        assert_eq!(of(rules), expected, "{rules}");
    }
}

#[test]
fn a_password_and_its_hash_are_one_and_no_text_holds_it() {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let (clear, hashed) = (read("on >test"), read(&format!("on #{hash}")));
    assert_eq!(clear, hashed);
    assert_eq!(clear.settings[1].key.as_str(), "user alice passwords");
    assert!(clear.settings[1].secret && !clear.settings[0].secret);
    assert_ne!(clear, read("on >other"));
    assert_eq!(read("on >a >b"), read("on >b >a >a"));
    assert_eq!(read("on >a >b <b"), read("on >a"));
    assert_eq!(read(&format!("on >test !{hash}")).settings.len(), 1);
    assert_eq!(of("on nopass >a"), "on -@all");
}

#[test]
fn rules_that_the_server_refuses_are_watched_as_content() {
    for rules in ["on frob", "(+get", "(on)", "#abc", "%X~a", "%~a", "+", "%R", "<a", "on >a >b <b <b"] {
        let reading = read(rules);
        assert_eq!(reading.problems.len(), 1, "{rules}");
        assert_eq!(reading.settings[0].key.as_str(), crate::ItemKey::CONTENT, "{rules}");
    }
}
