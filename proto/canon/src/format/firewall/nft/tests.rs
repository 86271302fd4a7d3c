//! Rulesets as they are listed and as people write them.

use crate::format::includes::NoFiles;
use crate::format::{Reading, firewall};

fn read(text: &str) -> Reading {
    firewall::read_nft(text.as_bytes(), None, &mut NoFiles)
}

fn shown(reading: &Reading) -> Vec<String> {
    let one =
        |setting: &crate::Setting| format!("{} = {}", setting.key, String::from_utf8_lossy(setting.value.bytes()));
    reading.settings.iter().map(one).filter(|line| !line.starts_with("@order")).collect()
}

#[test]
fn a_ruleset_is_tables_chains_rules_and_sets() {
    let reading = read(
        "table inet filter { # handle 1\n\tset b {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.0.0.0/8,\n\t\t\t     192.168.1.1-192.168.1.7 }\n\t}\n\n\tchain input { # handle 2\n\t\ttype filter hook input priority filter; policy drop;\n\t\tiif \"lo\" accept # handle 3\n\t\tip saddr @b counter packets 5 bytes 6 drop\n\t}\n\tchain x {\n\t}\n}\n",
    );
    assert_eq!(reading.problems, []);
    assert_eq!(
        shown(&reading),
        [
            "inet filter table = present",
            "inet filter/input hook = type filter hook input priority 0",
            "inet filter/input policy = drop",
            "inet filter/input: iif lo accept = iif lo accept",
            "inet filter/input: ip saddr @b counter drop = ip saddr @b counter drop",
            "inet filter/x chain = present",
            "inet filter/@b = flags interval; set; type ipv4_addr",
            "inet filter/@b: 10.0.0.0/8 = present",
            "inet filter/@b: 192.168.1.1-192.168.1.7 = present",
        ]
    );
}

#[test]
fn a_file_by_hand_is_the_listing_it_loads() {
    let by_hand = read(
        "#!/usr/sbin/nft -f\nflush ruleset\ndefine SSH = 22\ndefine NETS = { 10.0.0.0/8, 192.0.2.1 }\ntable inet filter {\n  chain input {\n    type filter hook input priority 0; policy drop\n    tcp dport $SSH accept; ip saddr $NETS drop\n    ip daddr { $NETS, 1.2.3.4 } drop\n  }\n}\nadd rule inet filter input udp dport domain accept\ninsert rule inet filter input iif lo accept\n",
    );
    let listed = read(
        "table inet filter {\n chain input {\n type filter hook input priority filter; policy drop;\n iif \"lo\" accept\n tcp dport 22 accept\n ip saddr { 10.0.0.0/8, 192.0.2.1 } drop\n ip daddr { 1.2.3.4, 10.0.0.0/8, 192.0.2.1 } drop\n udp dport 53 accept\n }\n}\n",
    );
    assert_eq!((&by_hand.problems, &listed.problems), (&vec![], &vec![]));
    assert_eq!(shown(&by_hand), shown(&listed));
}

#[test]
fn what_cannot_be_followed_is_told_and_watched() {
    for text in [
        "table inet t { chain c { tcp dport $X accept; }; }\n",
        "include \"/etc/nft/x.nft\"\n",
        "delete rule inet t c handle 5\n",
        "frobnicate\n",
        "table inet t { chain c { xt match \"multiport\"; }; }\n",
        "chain c\n",
    ] {
        let reading = read(text);
        assert_eq!(reading.problems.len(), 1, "{text}: {:?}", reading.problems);
        assert!(reading.settings.iter().any(|setting| setting.key.as_str() == "@content"), "{text}");
    }
    for text in ["table inet t { chain c {\n", "}\n"] {
        assert_eq!(read(text).problems.len(), 1, "{text}");
    }
}

#[test]
fn a_flush_begins_anew() {
    let reading = read(
        "table ip a { chain c { accept; }; set s { type ipv4_addr; }; }\nflush ruleset\ntable ip b { chain c { drop; }; }\n",
    );
    assert_eq!(shown(&reading), ["ip b table = present", "ip b/c chain = present", "ip b/c: drop = drop"]);
    let reading = read("table ip a { chain c { accept; }; }\ndelete table ip a\n");
    assert!(shown(&reading).is_empty());
}

#[test]
fn deep_nesting_is_a_limit_and_no_overflow() {
    let text = format!("table ip t {{ chain c {{ ip saddr {}{} drop\n}} }}\n", "{".repeat(10_000), "}".repeat(10_000));
    assert!(read(&text).problems.iter().any(|problem| problem.kind == crate::ProblemKind::Limit));
}

#[test]
fn definitions_that_double_stop() {
    let mut text = "define A0 = { 1.1.1.1, 2.2.2.2 }\n".to_owned();
    for at in 1..40 {
        text += &format!("define A{at} = {{ $A{}, $A{} }}\n", at - 1, at - 1);
    }
    assert!(read(&text).problems.iter().any(|problem| problem.kind == crate::ProblemKind::Limit));
}

/// Reads on a stack as small as a worker's.
fn read_on_a_small_stack(text: String) -> Reading {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(move || read(&text)).expect("a thread starts").join().expect("it is read")
}

#[test]
fn deep_nesting_in_a_statement_that_a_brace_ends_is_a_limit() {
    let text = format!(
        "table ip t {{ chain c {{ {}x {} }}\nchain d {{ drop\n}} }}\n",
        "@a { ".repeat(6_000),
        "}".repeat(6_000)
    );
    let reading = read_on_a_small_stack(text);
    assert_eq!(reading.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [crate::ProblemKind::Limit]);
    assert!(shown(&reading).contains(&"ip t/d: drop = drop".to_owned()), "the block that it ends is left");
}

#[test]
fn groups_in_groups_below_the_limit_are_read_and_no_overflow() {
    for deep in [3, 60] {
        let text = format!("table ip t {{ chain c {{ {}x{} }}\n}}\n", "update @a { ".repeat(deep), " }".repeat(deep));
        let reading = read_on_a_small_stack(text);
        assert_eq!(reading.problems, [], "{deep}");
    }
}

#[test]
fn a_range_of_many_marks_is_no_overflow() {
    let reading =
        read_on_a_small_stack(format!("table ip t {{ chain c {{ tcp dport {}1 drop\n}}\n}}\n", "1-".repeat(200_000)));
    assert!(!reading.settings.is_empty());
}

#[test]
fn long_definitions_that_multiply_stop() {
    let mut text = format!("define a0 = \"{}\"\n", "x".repeat(1024 * 1024));
    for at in 1..40 {
        text += &format!("define a{at} = $a{} $a{}\n", at - 1, at - 1);
    }
    let reading = read(&text);
    assert!(reading.problems.iter().any(|problem| problem.kind == crate::ProblemKind::Limit));
}

#[test]
fn a_priority_beyond_all_numbers_is_a_problem() {
    let reading = read("table ip t { chain c { type filter hook input priority raw-9223372036854775808\n}\n}\n");
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn what_is_not_understood_is_watched_with_its_brackets() {
    let content = |text: &str| read(text).settings.into_iter().map(|it| it.value.bytes().to_vec()).collect::<Vec<_>>();
    assert_ne!(content("frobnicate { a }\n"), content("frobnicate a , b\n"));
    assert_ne!(content("frobnicate { a }\n"), content("frobnicate , a ,\n"));
}

#[test]
fn what_is_deleted_has_that_very_name() {
    let left = |text: &str| shown(&read(text));
    let sets = "table ip t { set foo { type ipv4_addr; }; set foobar { type ipv4_addr; }; }\n";
    assert_eq!(
        left(&format!("{sets}delete set ip t foo\n")),
        ["ip t table = present", "ip t/@foobar = set; type ipv4_addr"]
    );
    let tables = "table ip a { chain c { accept\n}\n}\ntable ip \"a/b\" { chain c { drop\n}\n}\n";
    let b = ["ip \"a/b\" table = present", "ip \"a/b\"/c chain = present", "ip \"a/b\"/c: drop = drop"];
    assert_eq!(left(&format!("{tables}delete table ip a\n")), b);
    let one = left("table ip \"a/b\" { chain c { drop\n}\n}\n");
    assert_ne!(one, left("table ip a { chain \"b/c\" { drop\n}\n}\n"));
}

#[test]
fn elements_are_taken_out_of_a_set_of_ports() {
    let text = "table ip t { set p { type inet_service; elements = { ssh, 80, 443 }; }; }\ndelete element ip t p { 22, http }\n";
    assert_eq!(shown(&read(text))[2..], ["ip t/@p: 443 = present"]);
}

#[test]
fn names_and_rules_have_a_length() {
    for text in [
        format!("table ip {} {{ }}\n", "x".repeat(300)),
        format!("table ip t {{ chain c {{ {}\n}}\n}}\n", "ip daddr 1.1.1.1 ".repeat(90_000)),
    ] {
        assert!(!read(&text).problems.is_empty());
    }
}
