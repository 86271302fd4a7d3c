//! What the kernel really holds, made by the host's own tools.

use std::time::Duration;

use driftline_agent::firewall::tools::Tools;
use driftline_canon::ProblemKind;

use crate::rig::{Netns, Rig};

#[test]
fn f3_nft_and_legacy_tables_of_both_families_and_sets_are_seen_at_once() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-nft -A INPUT -p tcp --dport 4001 -j ACCEPT");
    netns.run("ip6tables-nft -A INPUT -p tcp --dport 6001 -j ACCEPT");
    netns.run("iptables-legacy -A INPUT -p tcp --dport 4002 -j ACCEPT");
    netns.run("ip6tables-legacy -t mangle -A INPUT -p tcp --dport 6002 -j ACCEPT");
    netns.run("ipset create web hash:ip; ipset add web 10.0.0.1");
    let agent = Rig::of(&netns).start();
    for (backend, part) in [
        ("iptables-nft", "4001"),
        ("ip6tables-nft", "6001"),
        ("iptables-legacy", "4002"),
        ("ip6tables-legacy", "6002"),
        ("ipset", "ipset/web: 10.0.0.1"),
    ] {
        agent.until_item(backend, part);
        assert_eq!(agent.problems(backend), [], "{backend}");
        let items = agent.items(backend).unwrap();
        assert_eq!(
            items.iter().filter(|item| item.contains("00")).count(),
            usize::from(backend != "ipset"),
            "{items:?}"
        );
        assert_eq!(agent.changes(backend), [["first"]], "{backend}");
    }
}

#[test]
fn f2_a_match_that_nft_cannot_say_is_told_as_the_change_of_exactly_that_rule() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT");
    netns.run("iptables-nft -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT");
    netns.run("iptables-nft -A INPUT -p udp --dport 53 -j ACCEPT");
    let before = netns.run("nft -j list ruleset");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-nft", "80,443");
    netns.run("iptables-nft -R INPUT 2 -p tcp -m multiport --dports 1,2 -j ACCEPT");
    // This is why: nftables prints the same but for the handle.
    let without_handles = |text: &str| {
        text.split("\"handle\"")
            .map(|part| part.trim_start_matches(|c: char| !c.is_ascii_alphabetic() && c != '{'))
            .collect::<String>()
    };
    assert_eq!(without_handles(&before), without_handles(&netns.run("nft -j list ruleset")));
    agent.commit();
    agent.until_item("iptables-nft", "1,2");
    let changes = agent.changes("iptables-nft");
    assert_eq!(changes.len(), 2, "{changes:?}");
    let rules: Vec<_> = changes[1].iter().filter(|one| one.contains("multiport")).collect();
    assert_eq!(rules.len(), 2, "{changes:?}");
    assert!(changes[1].iter().all(|one| !one.contains("22") && !one.contains("53")), "{changes:?}");
}

#[test]
fn the_first_rule_of_a_legacy_table_is_a_change_at_once() {
    let Some(netns) = Netns::new() else { return };
    let agent = Rig::of(&netns).start();
    agent.settle();
    for backend in ["iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"] {
        assert_eq!(agent.items(backend), None, "{backend}");
    }
    netns.run("iptables-legacy -A INPUT -p tcp --dport 4444 -j ACCEPT");
    agent.until_item("iptables-legacy", "4444");
    let changes = agent.changes("iptables-legacy");
    assert!(changes.last().unwrap().iter().any(|one| one.contains("4444")), "{changes:?}");
    assert_eq!(agent.items("ip6tables-legacy"), None);
}

#[test]
fn a_change_of_legacy_tables_is_seen_by_their_lock_without_polling() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-legacy", "22");
    for port in 5001..5006 {
        netns.run(&format!("iptables-legacy -I INPUT -p tcp --dport {port} -j ACCEPT"));
        agent.until_item("iptables-legacy", &port.to_string());
    }
    let changes = agent.changes("iptables-legacy");
    assert_eq!(changes.len(), 6, "{changes:?}");
    let entries = agent.records("iptables-legacy");
    assert!(entries.last().unwrap().unobserved_since_ms.is_none(), "it was watched all the time");
}

#[test]
fn a_change_past_the_lock_is_seen_by_polling() {
    let Some(netns) = Netns::new() else { return };
    netns.run("ip6tables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT");
    let rig = Rig::new(netns.place(), Tools::system(), Duration::from_secs(1));
    let agent = rig.start();
    agent.until_item("ip6tables-legacy", "22");
    let dir = tempfile::tempdir().unwrap();
    let lock = dir.path().join("lock");
    netns.run(&format!("XTABLES_LOCKFILE={} ip6tables-legacy -P INPUT DROP", lock.display()));
    agent.until_item("ip6tables-legacy", "filter/INPUT policy=DROP");
    assert_eq!(agent.changes("ip6tables-legacy")[1], ["filter/INPUT policy=DROP"]);
}

#[test]
fn a_run_of_ipset_is_seen_at_once_and_whoever_calls_it_otherwise_by_polling() {
    let Some(netns) = Netns::new() else { return };
    let rig = Rig::new(netns.place(), Tools::system(), Duration::from_secs(1));
    let agent = rig.start();
    agent.settle();
    assert_eq!(agent.items("ipset"), None);
    netns.run("ipset create web hash:net");
    agent.until_item("ipset", "ipset/web=hash:net");
    netns.run("ipset add web 10.1.0.0/16");
    agent.until_item("ipset", "10.1.0.0/16");
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copied");
    // Not by this process: its reader's children would hold the copy open for writing, and nobody may run that.
    netns.run(&format!("cp /usr/sbin/ipset {0}; {0} add web 10.2.0.0/16", copy.display()));
    agent.until_item("ipset", "10.2.0.0/16");
    // The kernel refuses to destroy what somebody lists at that moment.
    netns.run("for n in 1 2 3 4 5 6 7 8; do ipset destroy web && exit; sleep 0.2; done; exit 1");
    agent.until("no set is left", |agent| agent.items("ipset").is_some_and(|items| items.is_empty()));
    netns.run("ipset create web hash:net");
    agent.until_item("ipset", "ipset/web=hash:net");
    let changes = agent.changes("ipset");
    assert_eq!(changes.last().unwrap(), &["ipset/web=hash:net"], "{changes:?}");
}

#[test]
fn f6_chains_that_machines_rewrite_are_named_by_the_keys() {
    let Some(netns) = Netns::new() else { return };
    netns.run(
        "iptables-legacy -N DOCKER; iptables-legacy -A FORWARD -j DOCKER; iptables-legacy -t nat -N KUBE-SERVICES",
    );
    netns.run("iptables-legacy -N f2b-sshd; iptables-legacy -A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-legacy", "f2b-sshd");
    for (line, key, part) in [
        ("iptables-legacy -A DOCKER -d 172.17.0.2 -p tcp --dport 80 -j ACCEPT", "filter/DOCKER", "172.17.0.2"),
        ("iptables-legacy -I f2b-sshd -s 192.0.2.7 -j REJECT", "filter/f2b-sshd", "192.0.2.7"),
        (
            "printf '*nat\\n:KUBE-SERVICES - [0:0]\\n-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j RETURN\\nCOMMIT\\n' | iptables-legacy-restore -n",
            "nat/KUBE-SERVICES",
            "10.96.0.1",
        ),
    ] {
        netns.run(line);
        agent.until_item("iptables-legacy", part);
        let changes = agent.changes("iptables-legacy");
        let last = changes.last().unwrap();
        assert!(last.iter().all(|one| one.trim_start_matches(['-', '@']).contains(key)), "{key}: {last:?}");
    }
}

#[test]
fn f7_f10_packets_and_the_same_rules_again_are_no_change() {
    let Some(netns) = Netns::new() else { return };
    netns.run("ip link set lo up; iptables-legacy -A OUTPUT -p icmp -m comment --comment 'by deploy 2026-11-22 08:15' -j ACCEPT");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-legacy", "deploy");
    netns.run("bash -c 'echo x >/dev/udp/127.0.0.1/9'");
    netns.run("iptables-legacy-save -c | iptables-legacy-restore -c");
    netns.run("iptables-legacy -D OUTPUT 1; iptables-legacy -A OUTPUT -p icmp -m comment --comment 'by deploy 2027-01-01 00:00' -j ACCEPT; true");
    agent.settle();
    agent.until_item("iptables-legacy", "deploy");
    let changes = agent.changes("iptables-legacy");
    // Between the removal and the addition it was gone: that may have been seen, and nothing else.
    assert!(changes.len() == 1 || changes.len() == 3, "{changes:?}");
    assert!(!format!("{changes:?}").contains("2027"), "{changes:?}");
}

#[test]
fn f11_a_namespace_that_goes_and_comes_back_is_told() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT");
    let rig = Rig::new(netns.place(), Tools::system(), Duration::from_secs(1));
    let agent = rig.start();
    agent.until_item("iptables-legacy", "22");
    let name = netns.name().to_owned();
    drop(netns);
    let reason = agent.until_problem("iptables-legacy", ProblemKind::Missing);
    assert!(reason.contains(&name), "{reason}");
    assert_eq!(agent.items("iptables-legacy").unwrap(), ["@state=absent"]);
    assert_eq!(agent.items("iptables-nft"), None, "what was never there has no source");
}

#[test]
fn rules_that_appear_while_the_agent_is_down_are_a_change() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT");
    let rig = Rig::of(&netns);
    let agent = rig.start();
    agent.until_item("iptables-legacy", "22");
    drop(agent);
    netns.run("iptables-legacy -A INPUT -p tcp --dport 4444 -j ACCEPT; ip6tables-legacy -A INPUT -p tcp --dport 6666 -j ACCEPT");
    let agent = rig.start();
    agent.until_item("iptables-legacy", "4444");
    agent.until_item("ip6tables-legacy", "6666");
    for (backend, port) in [("iptables-legacy", "4444"), ("ip6tables-legacy", "6666")] {
        let changes = agent.changes(backend);
        assert!(changes.last().unwrap().iter().any(|one| one.contains(port)), "{changes:?}");
        let entries = agent.records(backend);
        assert!(entries.last().unwrap().unobserved_since_ms.is_some(), "{backend}");
    }
}

#[test]
fn a_ruleset_that_is_loaded_proposes_the_source_and_check_says_what_would_read_it() {
    let Some(netns) = Netns::new() else { return };
    let agent = env!("CARGO_BIN_EXE_driftline-agent");
    let empty = netns.run(&format!("{agent} discover"));
    assert!(!empty.contains("live firewall"), "{empty}");
    netns
        .run("nft add table inet mine; iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; ipset create web hash:ip");
    let found = netns.run(&format!("{agent} discover"));
    let expected = "# live firewall: tables of iptables-legacy are loaded: filter; \
                    tables of nftables are loaded: inet mine; sets of ipset are loaded: web\n\
                    [[source]]\nkind = \"firewall\"\nname = \"firewall\"\n";
    assert!(found.contains(expected), "{found}");
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("agent.toml");
    std::fs::write(&config, "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\n").unwrap();
    let checked = netns.run(&format!("{agent} check --config {}", config.display()));
    for line in [
        "  nft: would be read with /usr/sbin/nft\n",
        "  iptables-nft: would be read with /usr/sbin/iptables-nft-save\n",
        "  iptables-legacy: would be read with /usr/sbin/iptables-legacy-save, and polled while it holds anything\n",
        "  ip6tables-legacy: not loaded, would be watched as soon as it is\n",
    ] {
        assert!(checked.contains(line), "{checked}");
    }
}

#[test]
fn what_a_rule_opens_is_told_with_it() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-legacy -P INPUT DROP; iptables-legacy -A INPUT -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-legacy", "22");
    netns.run("iptables-legacy -A INPUT -p tcp --dport 5432 -j ACCEPT");
    agent.until_item("iptables-legacy", "5432");
    let meanings = agent.meanings("iptables-legacy");
    assert!(meanings.iter().any(|one| one.contains("5432") && one.contains("opens")), "{meanings:?}");
}

#[test]
fn an_element_that_a_rule_accepts_is_told_as_an_opening() {
    let Some(netns) = Netns::new() else { return };
    netns.run("ipset create web hash:net; iptables-legacy -P INPUT DROP");
    netns.run("iptables-legacy -A INPUT -p tcp --dport 5432 -m set --match-set web src -j ACCEPT");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-legacy", "match-set");
    agent.until_item("ipset", "ipset/web");
    for (element, opens) in
        [("0.0.0.0/1", "0.0.0.0/1: opens tcp/5432"), ("192.0.2.0-192.0.2.127", "192.0.2.0/25: opens tcp/5432")]
    {
        netns.run(&format!("ipset add web {element}"));
        let key = opens.split(':').next().unwrap();
        agent.until_item("ipset", key);
        let meanings = agent.meanings("ipset");
        assert!(meanings.iter().any(|one| one.contains(opens)), "{meanings:?}");
    }
    netns.run("ipset del web 0.0.0.0/1");
    agent.until("the element is gone", |agent| !format!("{:?}", agent.items("ipset")).contains("0.0.0.0/1"));
    let meanings = agent.meanings("ipset");
    assert!(meanings.iter().any(|one| one.contains("0.0.0.0/1: closes")), "{meanings:?}");
}

#[test]
fn f8_added_and_removed_behind_one_trigger_is_a_gap_with_both_times() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-nft -A INPUT -p tcp --dport 4001 -j ACCEPT");
    // Somebody commits between the trigger and what is read for it.
    let dir = tempfile::tempdir().unwrap();
    let (program, other) = (dir.path().join("iptables-nft-save"), dir.path().join("other"));
    let script = format!(
        "#!/bin/sh\nif [ -e {0} ]; then . {0}; rm {0}; fi\nexec /usr/sbin/iptables-nft-save \"$@\"\n",
        other.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let agent = Rig::new(netns.place(), Tools::below([dir.path().to_owned()]), crate::rig::NEVER).start();
    agent.until_item("iptables-nft", "4001");
    netns.run("iptables-nft -A INPUT -p tcp --dport 4002 -j ACCEPT");
    // What takes its place has a name of its own until it is whole.
    let prepared = dir.path().join("prepared");
    std::fs::write(&prepared, "/usr/sbin/iptables-nft -D INPUT 2\n").unwrap();
    std::fs::rename(&prepared, &other).unwrap();
    agent.commit();
    agent.until("the second one has committed", |_| !other.exists());
    agent.settle();
    assert_eq!(agent.gaps(), Vec::<String>::new(), "nobody has told of the second one yet");
    agent.commit();
    agent.until("a gap is told", |agent| !agent.gaps().is_empty());
    let gaps = agent.gaps();
    assert!(gaps[0].contains("iptables-nft: 2 transactions were seen as one"), "{gaps:?}");
    assert!(!agent.items("iptables-nft").unwrap().iter().any(|item| item.contains("4002")));
    // One that changes nothing is none.
    netns.run("nft add table inet other");
    agent.commit();
    agent.settle();
    assert_eq!(agent.gaps().len(), 1, "{:?}", agent.gaps());
}
