//! The agent beside administrators at work: no command of theirs may fail
//! because their rules or sets are being read.

use std::time::{Duration, Instant};

use driftline_agent::firewall::tools::Tools;

use crate::rig::{Netns, Rig};

/// Elements of a set whose listing takes its time.
const MANY: usize = 20_000;

/// Runs of a script, and how many of them may be refused something: none on a
/// machine with a core to spare. Without the lull it is every second one.
const SCRIPTS: usize = 80;
const REFUSED_MAX: usize = 2;

fn fill(netns: &Netns) {
    let lines = format!(
        "ipset create web hash:ip maxelem 100000; seq 0 {} | awk '{{ printf \"add web 10.%d.%d.%d\\n\", $1/62500, ($1/250)%250, $1%250+1 }}' | ipset restore",
        MANY - 1
    );
    netns.run(&lines);
}

#[test]
fn scripts_that_swap_and_destroy_sets_do_not_fail_beside_the_agent() {
    let Some(netns) = Netns::new() else { return };
    fill(&netns);
    let agent = Rig::new(netns.place(), Tools::system(), Duration::from_secs(1)).start();
    agent.until_item("ipset", "ipset/web: 10.0.0.1");
    // What people and programs do to replace a set at once. The pauses let it
    // meet the agent's listings at any point, those by polling too.
    let mut refused = 0;
    for run in 0..SCRIPTS {
        let swaps = "ipset swap tmp web || exit 9; ".repeat(6);
        let pause = format!("sleep 0.{:03}", (run * 137) % 400);
        let ended = netns.run(&format!(
            "{pause}; ipset -! create tmp hash:ip maxelem 100000; ipset add tmp 192.0.2.{}; (set +e; {swaps} ipset destroy tmp || exit 9) 2>&1 || echo refused; ipset -q destroy tmp || true",
            run + 1
        ));
        refused += usize::from(ended.contains("refused"));
    }
    eprintln!("{refused} of {SCRIPTS} scripts were refused something");
    assert!(refused <= REFUSED_MAX, "{refused} of {SCRIPTS} scripts were refused something");
    netns.run("printf 'create tmp hash:ip\\nadd tmp 198.51.100.1\\nswap tmp web\\ndestroy tmp\\n' | ipset restore");
    agent.until("the last state is seen", |agent| {
        agent
            .items("ipset")
            .is_some_and(|items| items.len() <= 3 && items.iter().any(|one| one.contains("198.51.100.1")))
    });
    netns.run("ipset destroy web");
    agent.until("no set is left", |agent| agent.items("ipset").is_some_and(|items| items.is_empty()));
}

#[test]
fn sets_that_somebody_changes_all_the_time_are_seen_all_the_same() {
    let Some(netns) = Netns::new() else { return };
    netns.run("ipset create busy hash:ip");
    let agent = Rig::of(&netns).start();
    agent.until_item("ipset", "ipset/busy");
    let adding = "for n in $(seq 1 3000); do ipset -! add busy 10.9.$((n/250)).$((n%250)); done";
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let adds = scope.spawn(|| netns.run(adding));
        agent.until_item("ipset", "10.9.0.");
        assert!(!adds.is_finished(), "it was seen while they went on, after {:?}", begun.elapsed());
    });
    agent.until_item("ipset", "10.9.12.0");
}

#[test]
fn iptables_without_patience_never_finds_its_lock_held_by_the_agent() {
    let Some(netns) = Netns::new() else { return };
    netns
        .run("iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT");
    let agent = Rig::new(netns.place(), Tools::system(), Duration::from_secs(1)).start();
    agent.until_item("iptables-legacy", "22");
    agent.until_item("iptables-nft", "22");
    // None of these has `-w`: one that finds the lock held fails at once.
    for port in 5001..5101 {
        netns.run(&format!(
            "iptables-legacy -I INPUT -p tcp --dport {port} -j ACCEPT; ip6tables-legacy -P INPUT ACCEPT; iptables-nft -I INPUT -p tcp --dport {port} -j ACCEPT; iptables-legacy -D INPUT 1; iptables-nft -D INPUT 1"
        ));
        agent.commit();
    }
    netns.run("iptables-legacy -P INPUT DROP");
    agent.until_item("iptables-legacy", "filter/INPUT policy=DROP");
}

#[test]
fn legacy_tables_are_read_while_somebody_holds_the_lock() {
    let Some(netns) = Netns::new() else { return };
    netns.run(
        "iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; ip6tables-legacy -A INPUT -p tcp --dport 66 -j ACCEPT",
    );
    // Other tests of this machine wait for it no longer than this one takes.
    let held = netns.run(&format!(
        "DRIFTLINE_NETNS={} flock /run/xtables.lock {} --nocapture --exact beside::reads_below_the_lock --ignored",
        netns.name(),
        std::env::current_exe().unwrap().display()
    ));
    assert!(held.contains("1 passed"), "{held}");
}

#[test]
#[ignore = "runs in its own process, which the test above starts"]
fn reads_below_the_lock() {
    let Ok(name) = std::env::var("DRIFTLINE_NETNS") else { return };
    let place = Netns::named(&name);
    let agent = Rig::new(place, Tools::system(), Duration::from_secs(1)).start();
    agent.until_item("iptables-legacy", "22");
    agent.until_item("ip6tables-legacy", "66");
}
