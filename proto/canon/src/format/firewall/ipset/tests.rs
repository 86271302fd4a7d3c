//! Set dumps.

use crate::ProblemKind;
use crate::format::{Format, Reading, firewall};

fn read(text: &str) -> Reading {
    firewall::read_ipset(text.as_bytes())
}

fn shown(text: &str) -> Vec<String> {
    let reading = read(text);
    let is_open = |problem: &&crate::Problem| problem.kind != ProblemKind::Unresolved;
    assert_eq!(reading.problems.iter().find(is_open), None);
    let one =
        |setting: &crate::Setting| format!("{} = {}", setting.key, String::from_utf8_lossy(setting.value.bytes()));
    reading.settings.iter().map(one).collect()
}

#[test]
fn sets_and_elements_are_items_and_what_runs_is_not() {
    let one = "create a hash:net family inet hashsize 4096 maxelem 65536 timeout 300 counters comment bucketsize 12 initval 0x1234\nadd a 10.1.0.0/8 timeout 0 packets 1 bytes 2 comment \"x y 2026-11-22\"\nadd a 192.0.2.1 timeout 299\n";
    let other = "create a hash:net comment counters timeout 300\nadd a 10.0.0.0/8 timeout 0 comment \"x y\"\n";
    assert_eq!(
        shown(one),
        ["ipset/a = hash:net comment counters timeout 300", "ipset/a: 10.0.0.0/8 = present comment \"x y\""]
    );
    assert_eq!(shown(one), shown(other));
}

#[test]
fn what_differs_stays_apart() {
    assert_ne!(shown("create a hash:net\nadd a 10.0.0.0/8 nomatch\n"), shown("create a hash:net\nadd a 10.0.0.0/8\n"));
    assert_ne!(shown("create a hash:ip\n"), shown("create a hash:ip family inet6\n"));
}

#[test]
fn what_is_no_command_is_told() {
    for text in ["add a 1.2.3.4\n", "frob\n", "create a\n", "create a hash:ip\nadd a 1.2.3.4 comment \"x\n"] {
        let reading = read(text);
        assert_eq!(reading.problems.len(), 1, "{text}");
        assert!(reading.settings.iter().any(|setting| setting.key.as_str() == "@content"), "{text}");
    }
}

#[test]
fn elements_that_expire_come_and_go() {
    let stays = shown("create a hash:ip timeout 60\nadd a 10.0.0.1\nadd a 10.0.0.2 timeout 0\n");
    assert_eq!(stays, ["ipset/a = hash:ip timeout 60", "ipset/a: 10.0.0.2 = present"]);
    let default = shown("create a hash:ip timeout 0\nadd a 10.0.0.1\nadd a 10.0.0.2 timeout 9\n");
    assert_eq!(default, ["ipset/a = hash:ip timeout 0", "ipset/a: 10.0.0.1 = present"]);
}

#[test]
fn commands_are_carried_out_in_order() {
    for (commands, left) in [
        ("add a 10.0.0.1\ndel a 10.0.0.1\n", &[][..]),
        ("add a 10.0.0.1\ndel a 10.0.0.1\nadd a 10.0.0.1\n", &["ipset/a: 10.0.0.1 = present"]),
        ("add a 10.0.0.0/31\ndel a 10.0.0.1\n", &["ipset/a: 10.0.0.0 = present"]),
        ("add a 10.0.0.1\nflush a\n", &[]),
        ("add a 10.0.0.1\nflush\nadd a 10.0.0.2\nflush\n", &[]),
        ("add a 10.0.0.1\ndestroy a\ncreate a hash:ip\n", &[]),
        ("create a hash:ip -exist\nadd a 10.0.0.1 -exist\n", &["ipset/a: 10.0.0.1 = present"]),
    ] {
        let found = shown(&format!("create a hash:ip\n{commands}"));
        assert_eq!(found[0], "ipset/a = hash:ip", "{commands}");
        assert_eq!(found[1..], *left, "{commands}");
    }
    assert_eq!(shown("create a hash:ip\nadd a 10.0.0.1\ndestroy a\n"), [""; 0]);
}

#[test]
fn a_set_that_is_created_twice_is_told() {
    let reading = read("create a hash:ip\ncreate a hash:net\nadd a 10.0.0.1\n");
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].place.map(|place| place.line), Some(2));
    assert_eq!(read("create a hash:ip\ncreate a hash:net -exist\n").problems.len(), 1);
}

#[test]
fn ranges_of_more_than_a_host_takes_are_content() {
    let reading = read("create a hash:ip\nadd a 10.0.0.0/8\nadd a 10.0.0.1\n");
    assert_eq!(reading.problems.len(), 1);
    let keys: Vec<&str> = reading.settings.iter().map(|setting| setting.key.as_str()).collect();
    assert_eq!(keys, ["ipset/a", "ipset/a: 10.0.0.1", "@content"]);
}

#[test]
fn a_name_that_looks_like_another_sets_element_is_no_element() {
    assert_eq!(
        shown("create \"a: 10.0.0.1\" hash:ip\ncreate a hash:ip\nadd a 10.0.0.1\n"),
        ["ipset/\"a: 10.0.0.1\" = hash:ip", "ipset/a = hash:ip", "ipset/a: 10.0.0.1 = present"]
    );
}

#[test]
fn f7_elements_that_expire_are_no_items_and_that_is_said_once_for_each_set() {
    let text = "create a hash:net timeout 0\ncreate b hash:ip\nadd a 0.0.0.0/1 timeout 432000000\nadd a 10.0.0.0/8 timeout 7\nadd b 10.0.0.1\n";
    let reading = read(text);
    let said: Vec<_> = reading.problems.iter().map(|problem| (problem.kind, &*problem.reason)).collect();
    let reason = "ipset/a: elements that have a timeout come and go, and are not watched";
    assert_eq!(said, [(ProblemKind::Unresolved, reason)]);
    let nft = "table inet t { set s { type ipv4_addr; flags interval, timeout; elements = { 0.0.0.0/1 timeout 5000d }; }\n set d { type ipv4_addr; timeout 1h; }\n set p { type ipv4_addr; }\n}\n";
    let reading = crate::format::read(Format::Nft, nft.as_bytes());
    let said: Vec<_> = reading.problems.iter().map(|problem| problem.reason.split(':').next().unwrap()).collect();
    assert_eq!(said, ["inet t/@s", "inet t/@d"]);
}
