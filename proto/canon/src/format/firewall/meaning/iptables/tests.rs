//! What rules of iptables are read as.

use super::*;
use crate::format::firewall::meaning::reach;
use crate::meaning::Reach;

fn act(text: &str) -> Act {
    read("filter", text)
}

fn verdicts(text: &str) -> Vec<Verdict> {
    act(text).branches.into_iter().map(|branch| branch.verdict).collect()
}

#[test]
fn targets_are_verdicts_or_pass() {
    let rows = [
        ("-j ACCEPT", vec![Verdict::Accept]),
        ("-j REJECT --reject-with tcp-reset", vec![Verdict::Drop]),
        ("-j RETURN", vec![Verdict::Return]),
        ("-j web", vec![Verdict::Jump("filter/web".into())]),
        ("-g web", vec![Verdict::Goto("filter/web".into())]),
        ("-j LOG --log-prefix ACCEPT", vec![]),
        ("-j MARK --set-xmark 0x1/0xffffffff", vec![]),
        (
            "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080",
            vec![Verdict::Forward("10.0.0.1:8080".into())],
        ),
        ("-j MASQUERADE", vec![Verdict::Hide]),
        ("-j NFQUEUE --queue-balance 0:3", vec![Verdict::Odd("NFQUEUE".into())]),
        ("-p tcp", vec![]),
    ];
    for (text, expected) in rows {
        assert_eq!(verdicts(text), expected, "{text}");
    }
    assert!(matches!(verdicts("--what -j").as_slice(), [Verdict::Odd(_)]));
    assert!(matches!(verdicts("\"").as_slice(), [Verdict::Odd(_)]));
}

#[test]
fn sources_bound_in_every_spelling() {
    let rows = [
        ("-s 10.0.0.0/8 -j ACCEPT", Reach::Bounded),
        ("! -s 10.0.0.0/8 -j ACCEPT", Reach::Any),
        ("-m set --match-set ok src -j ACCEPT", Reach::Bounded),
        ("-m set ! --match-set ok src -j ACCEPT", Reach::Any),
        ("-m set --match-set ok dst -j ACCEPT", Reach::Any),
        ("-m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT", Reach::Bounded),
        ("-m iprange --dst-range 10.0.0.1-10.0.0.9 -j ACCEPT", Reach::Any),
        ("-m mac --mac-source 02:00:00:00:00:01 -j ACCEPT", Reach::Bounded),
        ("-m physdev --physdev-in eth0 -j ACCEPT", Reach::Any),
        ("-m physdev --physdev-in vnet0 -j ACCEPT", Reach::Bounded),
        ("-m recent --rcheck --name x -j ACCEPT", Reach::Any),
        ("-i lo -j ACCEPT", Reach::Local),
    ];
    for (text, expected) in rows {
        assert_eq!(reach::bound(&act(text).matches, &|_| false).reach, expected, "{text}");
    }
}

#[test]
fn what_is_left_for_other_rules_is_kept() {
    assert_eq!(act("-j CONNMARK --save-mark").leaves, [Leaves::Mark("mark")]);
    assert_eq!(act("-m recent --set --name x").leaves, [Leaves::Mark("recent")]);
    assert_eq!(act("-j SET --add-set seen src").leaves, [Leaves::Element("ipset/seen".into())]);
    assert_eq!(act("-j CT --notrack").leaves.len(), 1);
    assert!(act("-j TCPMSS --clamp-mss-to-pmtu").leaves.is_empty());
}
