//! What rules of nftables are read as.

use super::*;
use crate::format::firewall::meaning::reach;
use crate::meaning::Reach;

fn act(text: &str) -> Act {
    read("inet t", text)
}

fn verdicts(text: &str) -> Vec<Verdict> {
    act(text).branches.into_iter().map(|branch| branch.verdict).collect()
}

#[test]
fn verdicts_are_found_behind_any_statement() {
    let rows = [
        ("accept", vec![Verdict::Accept]),
        ("counter drop", vec![Verdict::Drop]),
        ("reject with icmpx admin-prohibited", vec![Verdict::Drop]),
        ("reject with tcp reset", vec![Verdict::Drop]),
        ("limit rate over 10/second burst 20 packets drop", vec![Verdict::Drop]),
        ("limit rate 5 mbytes/second accept", vec![Verdict::Accept]),
        ("limit name slow accept", vec![Verdict::Accept]),
        ("quota over 10 mbytes drop", vec![Verdict::Drop]),
        ("log prefix \"accept \" level info flags all", vec![]),
        ("log prefix \"x\" drop", vec![Verdict::Drop]),
        ("counter name c1", vec![]),
        ("jump web", vec![Verdict::Jump("inet t/web".into())]),
        ("goto web", vec![Verdict::Goto("inet t/web".into())]),
        ("fib daddr . iif type local accept", vec![Verdict::Accept]),
        ("tcp option maxseg size set rt mtu", vec![]),
        ("ct count over 5 drop", vec![Verdict::Drop]),
        ("numgen inc mod 2 0 accept", vec![Verdict::Accept]),
        ("ct original ip saddr 10.0.0.1 accept", vec![Verdict::Accept]),
        ("meta mark & 255 == 1 accept", vec![Verdict::Accept]),
        ("tcp flags syn / fin,syn,rst,ack accept", vec![Verdict::Accept]),
        ("tcp dport vmap @ports", vec![Verdict::Map("inet t/@ports".into())]),
        ("update @seen { ip saddr limit rate 3/minute } accept", vec![Verdict::Accept]),
        ("dnat ip to 10.0.0.5:8080", vec![Verdict::Forward("ip 10.0.0.5:8080".into())]),
        ("masquerade random", vec![Verdict::Hide]),
        ("queue num 1", vec![Verdict::Odd("queue".into())]),
        ("", vec![]),
    ];
    for (text, expected) in rows {
        assert_eq!(verdicts(text), expected, "{text}");
    }
}

#[test]
fn what_stands_behind_a_verdict_makes_the_rule_odd() {
    assert!(verdicts("accept drop").contains(&Verdict::Odd("words behind a verdict".into())));
    assert!(matches!(verdicts("json [{\"xt\":null}]").as_slice(), [Verdict::Odd(_)]));
}

#[test]
fn interfaces_named_like_verdicts_are_interfaces() {
    assert_eq!(verdicts("iifname \"accept\" drop"), [Verdict::Drop]);
    assert_eq!(verdicts("ip saddr @drop accept"), [Verdict::Accept]);
}

#[test]
fn what_is_written_for_others_is_kept() {
    assert_eq!(act("meta mark set 1").leaves, [Leaves::Mark("mark")]);
    assert_eq!(act("ct mark set meta mark").leaves, [Leaves::Mark("mark")]);
    assert_eq!(act("notrack").leaves.len(), 1);
    assert_eq!(act("add @seen { ip saddr timeout 5m }").leaves, [Leaves::Element("inet t/@seen".into())]);
    assert!(matches!(act("ip daddr set 10.0.0.1").leaves.as_slice(), [Leaves::Other(_)]));
    assert!(act("meta nftrace set 1").leaves.is_empty());
}

#[test]
fn sources_bound_whatever_stands_beside_them() {
    let rows = [
        ("ip saddr 10.0.0.1 tcp dport 22 accept", Reach::Bounded),
        ("tcp dport 22 ip saddr { 10.0.0.1, 10.0.0.2 } accept", Reach::Bounded),
        ("ip saddr . tcp dport @s accept", Reach::Bounded),
        ("ip saddr . tcp dport { 10.0.0.1 . 22, 0.0.0.0/0 . 80 } accept", Reach::Any),
        ("ip saddr > 10.0.0.0 accept", Reach::Any),
        ("iif lo accept", Reach::Local),
        ("iifname { lo, eth0 } accept", Reach::Any),
        ("ip daddr 10.0.0.1 accept", Reach::Any),
        ("ether saddr 02:00:00:00:00:01 accept", Reach::Bounded),
    ];
    for (text, expected) in rows {
        assert_eq!(reach::bound(&act(text).matches, &|_| false).reach, expected, "{text}");
    }
}
