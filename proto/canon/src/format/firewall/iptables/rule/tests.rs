//! Rules that mean the same are one text; rules that do not are two.

use super::*;
use crate::format::firewall::iptables::words::split;

fn canon(line: &str) -> String {
    read(&split(line).unwrap(), false).unwrap().to_string()
}

fn fails(line: &str) -> &'static str {
    read(&split(line).unwrap(), false).unwrap_err().reason
}

#[test]
fn what_means_the_same_is_one_text() {
    for (written, expected) in [
        ("-p 6 --dport ssh -j ACCEPT", "-p tcp -m tcp --dport 22 -j ACCEPT"),
        ("-j ACCEPT --protocol TCP -m tcp --destination-port 22", "-p tcp -m tcp --dport 22 -j ACCEPT"),
        ("-p tcp -m tcp -j ACCEPT", "-p tcp -j ACCEPT"),
        ("-p all -s 0.0.0.0/0 -d ::/0 -i + -j DROP", "-j DROP"),
        ("-d 10.1.1.1/255.0.0.0 -s 192.0.2.1/32", "-s 192.0.2.1 -d 10.0.0.0/8"),
        ("-s ! 10.0.0.0/8 -j DROP", "! -s 10.0.0.0/8 -j DROP"),
        ("! -s 10.0.0.0/8 -j DROP", "! -s 10.0.0.0/8 -j DROP"),
        ("-p tcp --syn", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
        ("-p tcp --tcp-flags ACK,SYN,RST,FIN syn", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
        ("-m state --state related,ESTABLISHED", "-m conntrack --ctstate RELATED,ESTABLISHED"),
        ("-m limit --limit-burst 5 --limit 60/minute", "-m limit --limit 1/sec"),
        ("-m limit --limit 3/h --limit-burst 7", "-m limit --limit 3/hour --limit-burst 7"),
        ("-j REJECT --reject-with port-unreach", "-j REJECT"),
        ("-j REJECT --reject-with tcp-rst", "-j REJECT --reject-with tcp-reset"),
        ("-j LOG --log-level warning --log-prefix \"x \"", "-j LOG --log-prefix \"x \""),
        ("-j LOG --log-level debug", "-j LOG --log-level 7"),
        ("-p icmp --icmp-type ping", "-p icmp -m icmp --icmp-type 8"),
        ("-p icmpv6 --icmpv6-type router-advertisement", "-p ipv6-icmp -m icmp6 --icmpv6-type 134"),
        ("-p udp -m multiport --dports 53,domain,1:1,ntp", "-p udp -m multiport --dports 1,53,123"),
        ("-p tcp --sport :1023 --dport 1024:", "-p tcp -m tcp --sport 0:1023 --dport 1024:65535"),
        ("-j MARK --set-mark 1", "-j MARK --set-xmark 0x1/0xffffffff"),
        ("-j MARK --or-mark 0x10", "-j MARK --set-xmark 0x10/0x10"),
        ("-m mark --mark 16/0xFF", "-m mark --mark 0x10/0xff"),
        ("-m comment --comment \"web 2026-11-22\" -j ACCEPT", "-m comment --comment web -j ACCEPT"),
        ("-m comment --comment 2026-11-22 -j ACCEPT", "-j ACCEPT"),
        ("-c 5 6 -j ACCEPT", "-j ACCEPT"),
        ("-p tcp --syn ! -s 10.0.0.1", "! -s 10.0.0.1 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
        ("-p udp ! --sport :1023", "-p udp -m udp --sport 1024:65535"),
        ("-m recent --name DEFAULT --rsource --set", "-m recent --set"),
    ] {
        assert_eq!(canon(written), expected, "{written}");
        assert_eq!(canon(expected), expected, "canonical is canonical");
    }
}

#[test]
fn what_differs_in_meaning_stays_apart() {
    for (one, other) in [
        ("-p tcp -j ACCEPT", "-p udp -j ACCEPT"),
        ("-m limit --limit 1/sec -m mark --mark 1", "-m mark --mark 1 -m limit --limit 1/sec"),
        ("-j X", "-g X"),
        ("-s 10.0.0.0/8", "! -s 10.0.0.0/8"),
        ("-p tcp ! --dport 0:65535", "-p tcp"),
        ("-m socket", ""),
        ("-m comment --comment a", "-m comment --comment b"),
        ("-p tcp --tcp-flags ALL NONE", "-p tcp --tcp-flags NONE NONE"),
        (
            "-m policy --dir in --pol ipsec --reqid 1 --next --reqid 2",
            "-m policy --dir in --pol ipsec --reqid 2 --next --reqid 1",
        ),
    ] {
        assert_ne!(canon(one), canon(other));
    }
}

#[test]
fn options_of_one_name_go_to_the_match_that_was_loaded() {
    assert_eq!(canon("-m mark --mark 1 -m connmark --mark 2"), "-m mark --mark 0x1 -m connmark --mark 0x2");
    assert_eq!(canon("-m foo --bar 1 2 ! --baz \"-x\" -j FOO --qux"), "-m foo --bar 1 2 ! --baz -x -j FOO --qux");
}

#[test]
fn lists_of_addresses_are_rules_of_their_own() {
    let words = split("-s 10.0.0.1,10.0.0.2 -d 10.0.0.3,0.0.0.0/0 -j DROP").unwrap();
    let rule = read(&words, false).unwrap();
    assert_eq!(rule.count(), 4);
    let texts: Vec<String> = rule.expand().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "-s 10.0.0.1 -d 10.0.0.3 -j DROP",
            "-s 10.0.0.1 -j DROP",
            "-s 10.0.0.2 -d 10.0.0.3 -j DROP",
            "-s 10.0.0.2 -j DROP"
        ]
    );
}

#[test]
fn what_is_no_rule_is_told() {
    for line in ["ACCEPT", "-s", "!", "-j A -j B", "--dport 22", "-p tcp --dport", "-p tcp -p udp", "-m"] {
        assert!(!fails(line).is_empty(), "{line}");
    }
}
