//! The cases of firewalls (F1 …), on the real kernel.

use std::time::Duration;

use driftline_canon::Effect;

use crate::rig::{Follower, Netns, Told};

const BASE: &str = "table inet t {
 set s { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }
 set i { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }
 chain c { type filter hook input priority 0; policy accept; tcp dport 1 accept; tcp dport 2 accept; tcp dport 3 accept; }
 chain d { }
}\n";

fn begin() -> Option<(Netns, Follower)> {
    let netns = Netns::new()?;
    netns.nft(BASE);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    Some((netns, follower))
}

fn rule(text: &str) -> String {
    format!("+inet t/c: {text}")
}

#[test]
fn f1_a_rule_in_the_middle_is_one_rule_added() {
    let Some((netns, mut follower)) = begin() else { return };
    netns.nft("insert rule inet t c index 1 tcp dport 9 drop\n");
    assert_eq!(follower.changes(), (vec![rule("tcp dport 9 drop")], Some("nft".to_owned())));
    netns.nft("add rule inet t c index 0 tcp dport 8 drop\n");
    assert_eq!(follower.changes().0, [rule("tcp dport 8 drop")]);
    netns.nft("insert rule inet t c tcp dport 7 drop\n");
    assert_eq!(follower.changes().0, [rule("tcp dport 7 drop")]);
    follower.until_as_listed(&netns);
    follower.is_quiet();
}

#[test]
fn f2_tables_of_iptables_nft_are_left_to_their_reader() {
    let Some((netns, mut follower)) = begin() else { return };
    let before = follower.commits.borrow().clone();
    netns.run("iptables-nft -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT; ip6tables-nft -P INPUT DROP");
    netns.nft("add table inet after\n");
    assert_eq!(follower.changes().0, ["+inet after table"]);
    let commits = follower.commits.borrow().clone();
    assert_eq!(commits.ip.number, before.ip.number + 1, "their reader was told");
    assert!(commits.ip.last.unwrap().made_by.unwrap().name.starts_with("iptables"));
    assert!(commits.ip6.last.unwrap().made_by.unwrap().name.starts_with("ip6tables"));
    // One of that name which iptables would not have made is none of its.
    netns.nft("add table ip mangle; add chain ip mangle x { type filter hook input priority 5; }\n");
    assert_eq!(follower.changes().0.len(), 3);
}

#[test]
fn f7_counters_handles_and_elements_that_go_by_themselves_are_noise() {
    let Some((netns, mut follower)) = begin() else { return };
    netns.nft("add set inet t g { type ipv4_addr; flags timeout; }\n");
    let Told::Seen { changes, observed, .. } = follower.next() else { panic!("a gap") };
    assert_eq!(changes, ["+inet t/@g"]);
    let said = "inet t/@g: elements that have a timeout come and go, and are not watched";
    assert_eq!(observed.problems.iter().map(|problem| &*problem.reason).collect::<Vec<_>>(), [said]);
    netns.nft("add rule inet t c counter accept\n");
    assert_eq!(follower.changes().0.len(), 1);
    netns.packet();
    netns.nft("add element inet t g { 192.0.2.9 timeout 1s }\n");
    netns.nft("reset counters\n");
    std::thread::sleep(Duration::from_millis(1200));
    follower.is_quiet();
    // The same rule anew has another handle.
    netns.nft("add rule inet t d accept\n");
    assert_eq!(follower.changes().0, ["+inet t/d: accept"]);
    netns.nft("flush chain inet t d; add rule inet t d accept\n");
    follower.is_quiet();
}

#[test]
fn f8_added_and_removed_at_once_is_two_changes() {
    let Some((netns, mut follower)) = begin() else { return };
    netns.run("nft add rule inet t d tcp dport 22 accept; nft flush chain inet t d");
    assert_eq!(follower.changes(), (vec!["+inet t/d: tcp dport 22 accept".to_owned()], Some("nft".to_owned())));
    assert_eq!(follower.changes(), (vec!["-inet t/d: tcp dport 22 accept".to_owned()], Some("nft".to_owned())));
    follower.is_quiet();
}

#[test]
fn f10_the_same_ruleset_again_is_nothing_and_a_gap_in_it_is_seen() {
    let Some((netns, mut follower)) = begin() else { return };
    netns.nft(&format!("flush ruleset\n{BASE}"));
    follower.is_quiet();
    netns.nft("flush ruleset\n");
    let gone = follower.changes().0;
    assert!(gone.iter().all(|one| one.starts_with('-')) && gone.len() > 8, "{gone:?}");
    netns.nft(BASE);
    let mut back = gone.iter().map(|one| one.replacen('-', "+", 1)).collect::<Vec<_>>();
    back.sort();
    let mut told = follower.changes().0;
    told.sort();
    assert_eq!(told, back);
    follower.until_as_listed(&netns);
}

#[test]
fn f11_a_namespace_comes_and_goes() {
    let Some(netns) = Netns::new() else { return };
    netns.delete();
    let mut follower = Follower::of(&netns);
    let Told::Seen { observed, changes, .. } = follower.next() else { panic!("a gap") };
    assert_eq!((changes, observed.problems.len()), (vec!["+@state".to_owned()], 1));
    netns.add();
    netns.nft(BASE);
    follower.until_as_listed(&netns);
    // Its rules are gone with it, and so is whoever followed them.
    netns.delete();
    let gone = |told: &Told| matches!(told, Told::Seen { changes, .. } if changes.contains(&"+@state".to_owned()));
    while !gone(&follower.next()) {}
    netns.add();
    netns.nft("add table ip other\n");
    follower.until_as_listed(&netns);
}

#[test]
fn what_no_event_tells_is_listed() {
    let Some((netns, mut follower)) = begin() else { return };
    for commands in [
        "add element inet t i { 172.16.0.0/12, 11.0.0.0/8 }",
        "delete element inet t i { 10.0.0.0/8 }",
        "flush set inet t i",
        "add rule inet t d ip saddr 192.0.2.7 jump { tcp dport 5 accept; drop; }",
        "rename chain inet t d e",
        "add rule inet t c jump e",
        "rename chain inet t e f",
        "add map inet t m { type inet_service : verdict; flags interval; elements = { 1-5 : accept }; }",
        "add table netdev n; add chain netdev n x { type filter hook ingress device lo priority 0; policy drop; }",
        "add chain inet t c { policy drop; }",
        "add quota inet t q { over 10 mbytes ; }; add ct helper inet t h { type \"ftp\" protocol tcp; }",
        "add set inet t cat { type ipv4_addr . inet_service; elements = { 192.0.2.1 . 80 }; }",
        "delete set inet t cat",
    ] {
        netns.nft(&format!("{commands}\n"));
        let before = follower.state.root();
        let gaps = follower.until_as_listed(&netns);
        assert!(gaps.is_empty(), "{commands}: {gaps:?}");
        assert_ne!(follower.state.root(), before, "{commands}");
    }
}

#[test]
fn a_table_that_sleeps_is_told_although_listings_are_wrong_about_it() {
    let Some((netns, mut follower)) = begin() else { return };
    netns.nft("add table inet t { flags dormant; }\n");
    assert_eq!(follower.changes().0, ["+inet t table"]);
    let of = |follower: &Follower| {
        let items = follower.state.items();
        let table = items.iter().find(|item| item.key.as_str() == "inet t table").unwrap();
        table.display.as_ref().unwrap().as_str().to_owned()
    };
    assert_eq!(of(&follower), "flags dormant");
    let mut again = Follower::of(&netns);
    again.next();
    assert_eq!(of(&again), "flags dormant");
    netns.nft("add table inet t\n");
    follower.changes();
    assert_eq!(of(&follower), "present");
}

#[test]
fn changes_are_told_with_what_they_mean() {
    let Some((netns, mut follower)) = begin() else { return };
    let mut meant = |commands: &str| {
        netns.nft(commands);
        let Told::Seen { observed, .. } = follower.next() else { panic!("a gap") };
        let all = observed.meanings.iter().map(|(key, meaning)| (key.to_string(), meaning.effect));
        all.filter(|(key, _)| !key.starts_with("@order")).collect::<Vec<_>>()
    };
    meant("add chain inet t c { policy drop; }\n");
    let opens = meant("add rule inet t c tcp dport 5432 accept\n");
    assert_eq!(opens, [("inet t/c: tcp dport 5432 accept".to_owned(), Effect::Opens)]);
    let closes = meant("insert rule inet t c tcp dport 5432 drop\n");
    assert_eq!(closes, [("inet t/c: tcp dport 5432 drop".to_owned(), Effect::Closes)]);
}
