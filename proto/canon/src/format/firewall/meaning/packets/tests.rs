//! Packets in words, and which rules are about others.

use super::*;
use crate::format::firewall::meaning::graph::read;

fn apart(one: &str, other: &str) -> bool {
    let (one, other) = (read("filter", one), read("filter", other));
    let (one, other): (Vec<_>, Vec<_>) = (one.matches.iter().collect(), other.matches.iter().collect());
    assert_eq!(are_apart(&one, &other), are_apart(&other, &one));
    are_apart(&one, &other)
}

#[test]
fn rules_are_apart_only_where_no_packet_fits_both() {
    let ssh = "-p tcp -m tcp --dport 22";
    let rows = [
        ("-p tcp -m tcp --dport 80", true),
        ("-p tcp -m tcp --dport 20:30", false),
        ("-p tcp -m tcp ! --dport 22", false),
        ("-p udp -m udp --dport 22", true),
        ("-p udp", true),
        ("! -p udp", false),
        ("-p tcp", false),
        ("-p 200", false),
        ("-s 10.0.0.1", false),
        ("", false),
    ];
    for (other, expected) in rows {
        assert_eq!(apart(ssh, other), expected, "{other}");
    }
    assert!(apart("-s 10.0.0.0/8", "-s 192.168.0.0/16"));
    assert!(!apart("-s 10.0.0.0/8", "-s 10.1.0.0/16"));
    assert!(!apart("-s 10.0.0.0/8", "! -s 192.168.0.0/16"));
    assert!(apart("-d 10.0.0.1", "-d 10.0.0.2"));
}

#[test]
fn long_lists_are_cut_in_words() {
    let ports: Vec<String> = (1..=12).map(|port| port.to_string()).collect();
    let act = read("inet t", &format!("tcp dport {{ {} }} accept", ports.join(", ")));
    let packets = Packets::new(act.matches.iter().collect(), Reach::Any, false);
    assert_eq!(packets.both("to"), "tcp/1,10,11,12 and 8 more to any source");
}

#[test]
fn what_leaves_is_said_by_where_it_goes() {
    let act = read("inet t", "ip daddr 192.0.2.1 tcp dport 25 limit rate 1/second accept");
    let packets = |out| Packets::new(act.matches.iter().collect(), if out { Reach::Local } else { Reach::Any }, out);
    assert_eq!(packets(true).both("to"), "tcp/25 to 192.0.2.1 (with limit)");
    assert_eq!(packets(false).both("to"), "tcp/25 on 192.0.2.1 to any source (with limit)");
}
