//! Rules of nftables that mean the same are one text.

use super::*;
use crate::format::firewall::nft::token::Lexer;

fn canon(family: &str, text: &str) -> String {
    read(family, &Lexer::new(text).collect::<Vec<_>>()).text()
}

#[test]
fn what_means_the_same_is_one_text() {
    for (written, expected) in [
        ("tcp dport ssh accept", "tcp dport 22 accept"),
        ("tcp dport == 22 accept", "tcp dport 22 accept"),
        ("tcp dport eq 22 accept", "tcp dport 22 accept"),
        ("tcp dport { https, 22, http } accept", "tcp dport { 22, 443, 80 } accept"),
        ("tcp dport { 22 } accept", "tcp dport 22 accept"),
        ("tcp dport != { 22 } accept", "tcp dport != 22 accept"),
        ("meta iif \"lo\" accept", "iif lo accept"),
        ("iifname eth0 accept", "iifname eth0 accept"),
        ("mark 0x10 accept", "meta mark 16 accept"),
        ("meta mark & 0x000000ff == 0x00000001 accept", "meta mark & 255 == 1 accept"),
        ("ct state new,established accept", "ct state established,new accept"),
        ("ct mark set meta mark", "ct mark set meta mark"),
        ("ip saddr 10.1.2.3/8 drop", "ip saddr 10.0.0.0/8 drop"),
        ("ip6 saddr 2001:DB8:0::1/128 drop", "ip6 saddr 2001:db8::1 drop"),
        ("counter packets 5 bytes 7 drop", "counter drop"),
        ("counter drop", "counter drop"),
        ("log level warn prefix \"a b\"", "log prefix \"a b\""),
        ("log flags all prefix x", "log prefix x flags all"),
        ("limit rate 5/minute burst 5 packets drop", "limit rate 5/minute drop"),
        (
            "limit rate over 10 mbytes/second burst 9 kbytes drop",
            "limit rate over 10 mbytes/second burst 9 kbytes drop",
        ),
        ("meta l4proto tcp tcp dport 22", "tcp dport 22"),
        ("meta l4proto icmp icmp type echo-request", "icmp type echo-request"),
        ("reject with icmpx type port-unreachable", "reject"),
        ("reject with icmpx type admin-prohibited", "reject with icmpx admin-prohibited"),
        ("meta l4proto tcp reject with tcp reset", "reject with tcp reset"),
        ("tcp flags & (fin|syn|rst|ack) == syn", "tcp flags syn / ack,fin,rst,syn"),
        ("tcp flags syn / fin,syn,rst,ack", "tcp flags syn / ack,fin,rst,syn"),
        ("tcp dport vmap { 23 : drop, 22 : accept }", "tcp dport vmap { 22 : accept, 23 : drop }"),
        ("add @d { ip saddr timeout 300s }", "add @d { ip saddr timeout 5m }"),
        ("tcp dport 22 comment \"ssh 2026-11-22\" accept", "tcp dport 22 accept comment ssh"),
        ("udp dport 1000 - 2000", "udp dport 1000-2000"),
        ("meta hour \"10:00\"-\"12:00\"", "meta hour 10:00-12:00"),
        ("ip daddr 10.0.0.1-10.0.0.9", "ip daddr 10.0.0.1-10.0.0.9"),
    ] {
        assert_eq!(canon("inet", written), expected, "{written}");
        assert_eq!(canon("inet", expected), expected, "canonical is canonical");
    }
}

#[test]
fn what_differs_in_meaning_stays_apart() {
    for (one, other) in [
        ("tcp dport 22 accept", "tcp sport 22 accept"),
        ("tcp dport != 22 accept", "tcp dport 22 accept"),
        ("counter drop", "drop counter"),
        ("jump a", "goto a"),
        ("iif lo", "oif lo"),
        ("ct state new", "ct state != new"),
        ("meta l4proto tcp accept", "accept"),
        ("tcp dport 22", "tcp dport \"22 \""),
    ] {
        assert_ne!(canon("inet", one), canon("inet", other), "{one}");
    }
    assert_ne!(canon("ip", "reject with icmpx port-unreachable"), canon("ip", "reject"));
    assert_eq!(canon("ip", "reject with icmp port-unreachable"), "reject");
    assert_eq!(canon("ip", "ip protocol tcp tcp dport 22"), "tcp dport 22");
}
