//! What changes mean, as a table: a ruleset, what is done to it, what that
//! means.

use super::{Ruleset, meanings};
use crate::format::{Format, read};
use crate::meaning::{Effect, Meaning};

/// What a host has that lets in little.
const V4: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:web - [0:0]\n:lone - [0:0]\n\
-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -j web\n-A INPUT -s 192.0.2.66 -j DROP\n\
-A web -p tcp -m multiport --dports 80,443 -j ACCEPT\n";

/// What a host has that lets in all.
const OPEN: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:f2b-sshd - [0:0]\n\
-A INPUT -p tcp --dport 22 -j f2b-sshd\n-A f2b-sshd -s 192.0.2.9 -j REJECT\n-A f2b-sshd -j RETURN\n\
-A INPUT -p tcp --dport 23 -j DROP\n";

/// A host that forwards.
const NAT: &str = "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
:DOCKER - [0:0]\n-A PREROUTING -j DOCKER\n";

const NFT: &str = "table inet filter {
 set allowed { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }
 set blocked { type ipv4_addr; elements = { 192.0.2.9 }; }
 set doors { type inet_service; elements = { 80 }; }
 set unused { type ipv4_addr; }
 map ports { type inet_service : verdict; elements = { 80 : jump web }; }
 chain web { tcp dport 80 accept; tcp dport 443 accept; }
 chain lone { tcp dport 25 accept; }
 chain input { type filter hook input priority 0; policy drop;
  iif lo accept
  ct state established,related accept
  ip saddr @blocked drop
  ip saddr @allowed tcp dport 5432 accept
  tcp dport @doors accept
  tcp dport vmap @ports
  ip saddr != 10.0.0.0/8 tcp dport 25 accept
 }
 chain output { type filter hook output priority 0; policy accept; }
 chain forward { type filter hook forward priority 0; policy drop; }
}
table ip nat {
 chain prerouting { type nat hook prerouting priority -100; }
 chain postrouting { type nat hook postrouting priority 100; }
}
";

/// A ruleset that accepts, but for what a map drops.
const NFT_OPEN: &str = "table inet filter {
 map ports { type inet_service : verdict; elements = { 23 : drop }; }
 chain low { tcp dport vmap @ports; }
 chain input { type filter hook input priority 0; policy accept; jump low; }
 chain forward { type filter hook forward priority 0; policy accept; }
}
";

/// A ruleset, what is done to it (`undo`: the other way round), and the
/// strongest of its meanings.
type Row = (&'static str, &'static str, &'static str);

const IPTABLES: &[Row] = &[
    // Accepts that come.
    (V4, "-A INPUT -p tcp --dport 5432 -j ACCEPT", "opens any: opens tcp/5432 to any source"),
    (V4, "-A INPUT -s 10.0.0.0/8 -j ACCEPT", "opens bounded: opens all ports to 10.0.0.0/8"),
    (V4, "-A INPUT -s 0.0.0.0/0 -p udp --dport 53 -j ACCEPT", "opens any: opens udp/53 to any source"),
    (
        V4,
        "-A INPUT ! -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT",
        "opens any: opens tcp/22 to any source but 10.0.0.0/8",
    ),
    (
        V4,
        "-A INPUT -s 0.0.0.0/1 -p tcp --dport 1 -j ACCEPT",
        "opens any: opens tcp/1 to 0.0.0.0/1, as good as any source",
    ),
    (V4, "-A INPUT -s 203.0.113.7 -j ACCEPT", "opens bounded: opens all ports to 203.0.113.7"),
    (V4, "-A INPUT -s 127.0.0.0/8 -p tcp --dport 99 -j ACCEPT", "opens local: opens tcp/99 to this host itself"),
    (V4, "-A INPUT -i lo -p tcp --dport 99 -j ACCEPT", "opens local: opens tcp/99 to this host itself"),
    (V4, "-A INPUT -i eth1 -p tcp --dport 99 -j ACCEPT", "opens any: opens tcp/99 to any source by eth1"),
    (V4, "-A INPUT ! -i eth1 -p tcp --dport 99 -j ACCEPT", "opens any: opens tcp/99 to any source by all but eth1"),
    (V4, "-A INPUT -p icmp --icmp-type 8 -j ACCEPT", "opens any: opens icmp 8 to any source"),
    (
        V4,
        "-A INPUT -m set --match-set ok src -p tcp --dport 99 -j ACCEPT",
        "opens any: opens tcp/99 to set ok, as good as any source",
    ),
    (
        V4,
        "-A INPUT -m set ! --match-set ok src -p tcp --dport 99 -j ACCEPT",
        "opens any: opens tcp/99 to any source but set ok",
    ),
    (
        V4,
        "-A INPUT -m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT",
        "opens bounded: opens all ports to 10.0.0.1-10.0.0.9",
    ),
    (
        V4,
        "-A INPUT -m limit --limit 5/min -p tcp --dport 99 -j ACCEPT",
        "opens any: opens tcp/99 to any source (with limit)",
    ),
    (V4, "-A INPUT -m foo --bar -p tcp --dport 99 -j ACCEPT", "opens any: opens tcp/99 to any source (with foo)"),
    (V4, "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", "neutral any: lets replies in"),
    (
        V4,
        "-A INPUT -p tcp -m conntrack --ctstate NEW -m tcp --dport 9 -j ACCEPT",
        "opens any: opens tcp/9 to any source",
    ),
    (V4, "-A web -p tcp --dport 8080 -j ACCEPT", "opens bounded: opens tcp/8080 to 10.0.0.0/8"),
    (
        V4,
        "-A lone -p tcp --dport 8080 -j ACCEPT",
        "neutral any: accepts tcp/8080 from any source, in a chain that nothing reaches",
    ),
    (
        V4,
        "-A FORWARD -d 10.0.0.5 -p tcp --dport 80 -j ACCEPT",
        "opens any: opens tcp/80 on 10.0.0.5 to any source, forwarded",
    ),
    // Accepts that go, drops that come.
    (V4, "-D INPUT -p tcp --dport 22 -j ACCEPT", "closes any: closes tcp/22 from any source"),
    (V4, "-A INPUT -p tcp --dport 8080 -j DROP", "closes any: closes tcp/8080 from any source"),
    (V4, "-A INPUT -s 198.51.100.4 -j REJECT", "closes bounded: closes all ports from 198.51.100.4"),
    (V4, "-D INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "closes any: no longer lets replies in"),
    // Drops that go.
    (V4, "-D INPUT -s 192.0.2.66 -j DROP", "opens bounded: opens all ports to 192.0.2.66: what dropped it is gone"),
    (OPEN, "-D INPUT -p tcp --dport 23 -j DROP", "opens any: opens tcp/23 to any source: what dropped it is gone"),
    (
        OPEN,
        "-D f2b-sshd -s 192.0.2.9 -j REJECT",
        "opens bounded fail2ban: opens tcp/22 to 192.0.2.9: what dropped it is gone",
    ),
    (OPEN, "-A f2b-sshd -s 192.0.2.10 -j REJECT", "closes bounded fail2ban: closes tcp/22 from 192.0.2.10"),
    (OPEN, "-F f2b-sshd", "opens bounded fail2ban: flushes filter/f2b-sshd: 2 rules gone, among them 1 that dropped"),
    (OPEN, "-D INPUT -p tcp --dport 22 -j f2b-sshd", "opens bounded: opens what f2b-sshd dropped: tcp/22 to 192.0.2.9"),
    // Where nothing drops, an accept opens nothing.
    (
        OPEN,
        "-A INPUT -p tcp --dport 80 -j ACCEPT",
        "neutral any: accepts tcp/80 from any source, which nothing else drops",
    ),
    (OPEN, "-A INPUT -p tcp --dport 20:30 -j ACCEPT", "opens any: opens tcp/20-30 to any source"),
    (
        OPEN,
        "-A INPUT -p udp --dport 23 -j ACCEPT",
        "neutral any: accepts udp/23 from any source, which nothing else drops",
    ),
    // Policies and flushes.
    (
        V4,
        "-P INPUT ACCEPT",
        "opens any: turns the policy of filter/INPUT to accept: opens everything that no rule drops to any source",
    ),
    (
        OPEN,
        "-P INPUT DROP",
        "closes any: turns the policy of filter/INPUT to drop: closes everything that no rule accepts from any source",
    ),
    (
        V4,
        "-P OUTPUT DROP",
        "closes local: turns the policy of filter/OUTPUT to drop: no longer lets out what no rule accepts",
    ),
    (
        V4,
        "undo -P OUTPUT DROP",
        "opens local: turns the policy of filter/OUTPUT to accept: lets out everything that no rule drops",
    ),
    (V4, "-F INPUT", "opens bounded: flushes filter/INPUT: 5 rules gone, among them 1 that dropped"),
    // Outgoing.
    (V4, "-A OUTPUT -p tcp --dport 25 -j DROP", "closes local: no longer lets out tcp/25 to any destination"),
    (
        V4,
        "-P OUTPUT DROP\n-A OUTPUT -d 192.0.2.1 -p tcp --dport 25 -j ACCEPT",
        "closes local: turns the policy of filter/OUTPUT to drop: no longer lets out what no rule accepts",
    ),
    // Jumps and returns.
    (V4, "-A INPUT -p tcp -j web", "opens any: opens what web accepts: tcp/80,443 to any source"),
    (V4, "-D INPUT -s 10.0.0.0/8 -j web", "closes bounded: closes what web accepts: tcp/80,443 from 10.0.0.0/8"),
    (V4, "-A INPUT -j lone", "neutral any: sends all ports from any source through lone"),
    (V4, "-A INPUT -j TARGETOFELSEWHERE", "unclear any: sends all ports from any source through TARGETOFELSEWHERE"),
    (V4, "-I web 1 -s 10.1.0.0/16 -j RETURN", "closes bounded: closes all ports from 10.1.0.0/16"),
    (
        OPEN,
        "-I f2b-sshd 1 -s 192.0.2.0/24 -j RETURN",
        "opens bounded fail2ban: opens tcp/22 to 192.0.2.0/24: past the rest of the chain",
    ),
    // Order.
    (
        V4,
        "-D INPUT -s 192.0.2.66 -j DROP\n-I INPUT 3 -s 192.0.2.66 -j DROP",
        "closes bounded: a rule moved: what was accepted before is dropped",
    ),
    (
        V4,
        "undo -D INPUT -s 192.0.2.66 -j DROP\n-I INPUT 3 -s 192.0.2.66 -j DROP",
        "opens bounded: a rule moved: what was dropped before is accepted",
    ),
    (
        V4,
        "-D INPUT -p tcp --dport 22 -j ACCEPT\n-I INPUT 1 -p tcp --dport 22 -j ACCEPT",
        "neutral any: changes the order of nothing that decides otherwise",
    ),
    // Without a verdict.
    (V4, "-A INPUT -j LOG --log-prefix x", "neutral any: logs all ports from any source"),
    (V4, "-A INPUT -p tcp", "neutral any: counts all tcp from any source"),
    (
        V4,
        "-A INPUT -p tcp --dport 9 -j NFQUEUE --queue-num 1",
        "unclear any: does with tcp/9 from any source what is not understood: NFQUEUE",
    ),
    // Translation.
    (
        NAT,
        "-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080",
        "opens any: forwards tcp/80 to 10.0.0.5:8080 for any source",
    ),
    (
        NAT,
        "-A PREROUTING -s 10.0.0.0/8 -p tcp --dport 80 -j REDIRECT --to-ports 8080",
        "opens bounded: forwards tcp/80 to 8080 for 10.0.0.0/8",
    ),
    (
        NAT,
        "undo -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.5:8080",
        "unclear any: no longer forwards tcp/80 from any source to 10.0.0.5:8080",
    ),
    (
        NAT,
        "-A DOCKER -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80",
        "opens any docker: forwards tcp/80 to 172.17.0.2:80 for any source",
    ),
    (
        NAT,
        "-A POSTROUTING -o eth0 -j MASQUERADE",
        "neutral any: hides the source of all ports from any source (with out interface), after routing",
    ),
    // A comment of its own is no other rule.
    (
        V4,
        "-R INPUT 3 -p tcp --dport 22 -m comment --comment ssh -j ACCEPT",
        "neutral any: is replaced by a rule that does the same",
    ),
];

const NFTABLES: &[Row] = &[
    (NFT, "add rule inet filter input tcp dport 5432 accept", "opens any: opens tcp/5432 to any source"),
    (NFT, "add rule inet filter input ip saddr 10.0.0.0/8 accept", "opens bounded: opens all ports to 10.0.0.0/8"),
    (
        NFT,
        "add rule inet filter input ip6 saddr ::/0 tcp dport 22 accept",
        "opens any: opens tcp/22 to ::/0, as good as any source",
    ),
    (
        NFT,
        "add rule inet filter input ip saddr { 0.0.0.0/2, 64.0.0.0/2 } tcp dport 22 accept",
        "opens any: opens tcp/22 to 0.0.0.0/2,64.0.0.0/2, as good as any source",
    ),
    (
        NFT,
        "add rule inet filter input ip saddr != @blocked tcp dport 22 accept",
        "opens any: opens tcp/22 to any source but @blocked",
    ),
    (
        NFT,
        "add rule inet filter input iifname eth0 tcp dport 1000-2000 accept",
        "opens any: opens tcp/1000-2000 to any source by eth0",
    ),
    (
        NFT,
        "add rule inet filter input iifname wg0 tcp dport 1000-2000 accept",
        "opens bounded: opens tcp/1000-2000 to what comes in by wg0",
    ),
    (
        NFT,
        "add rule inet filter input iifname != lo tcp dport 22 accept",
        "opens any: opens tcp/22 to any source by all but lo",
    ),
    (
        NFT,
        "add rule inet filter input ip saddr & 255.0.0.0 == 10.0.0.0 tcp dport 22 accept",
        "opens any: opens tcp/22 to some, as good as any source",
    ),
    (NFT, "add rule inet filter input ct state established accept", "neutral any: lets replies in"),
    (
        NFT,
        "add rule inet filter input tcp dport 22 log prefix \"x\" counter accept comment \"y\"",
        "opens any: opens tcp/22 to any source",
    ),
    (
        NFT,
        "add rule inet filter input tcp dport vmap { 22 : accept, 23 : drop }",
        "opens any: opens tcp/22 to any source",
    ),
    (
        NFT,
        "add rule inet filter input ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.2 . 80 } accept",
        "opens bounded: opens tcp/22,80 to 10.0.0.1,10.0.0.2",
    ),
    (
        NFT,
        "add rule inet filter input meta l4proto { tcp, udp } th dport 53 accept",
        "opens any: opens tcp,udp/53 to any source",
    ),
    (
        NFT,
        "add rule inet filter input icmpv6 type nd-neighbor-solicit accept",
        "opens any: opens icmp nd-neighbor-solicit to any source",
    ),
    (
        NFT,
        "add rule inet filter lone tcp dport 26 accept",
        "neutral any: accepts tcp/26 from any source, in a chain that nothing reaches",
    ),
    (NFT, "add rule inet filter input jump lone", "opens any: opens what lone accepts: tcp/25 to any source"),
    (
        NFT,
        "add rule inet filter input iifname eth1 goto lone",
        "opens any: opens what lone accepts: tcp/25 to any source by eth1",
    ),
    (
        NFT,
        "add rule inet filter output tcp dport 25 drop",
        "closes local: no longer lets out tcp/25 to any destination",
    ),
    (NFT, "add rule inet filter input tcp dport 23 reject with tcp reset", "closes any: closes tcp/23 from any source"),
    (
        NFT,
        "undo add rule inet filter input tcp dport 23 reject",
        "opens any: opens tcp/23 to any source: what dropped it is gone",
    ),
    (
        NFT,
        "flush chain inet filter input",
        "opens bounded: flushes inet filter/input: 7 rules gone, among them 1 that dropped",
    ),
    (
        NFT,
        "delete table inet filter",
        "opens any: takes the policy of inet filter/input away: opens everything that no rule drops to any source",
    ),
    (
        NFT,
        "undo delete table inet filter",
        "closes any: turns the policy of inet filter/input to drop: closes everything that no rule accepts from any source",
    ),
    // Sets.
    (
        NFT,
        "add element inet filter allowed { 192.0.2.5 }",
        "opens bounded: opens tcp/5432 for 192.0.2.5: 192.0.2.5 is in @allowed",
    ),
    (
        NFT,
        "add element inet filter allowed { 0.0.0.0/1 }",
        "opens any: opens tcp/5432 for 0.0.0.0/1, as good as any source: 0.0.0.0/1 is in @allowed",
    ),
    (
        NFT,
        "delete element inet filter allowed { 10.0.0.0/8 }",
        "closes bounded: closes tcp/5432 for 10.0.0.0/8: 10.0.0.0/8 is no longer in @allowed",
    ),
    (
        NFT,
        "delete element inet filter blocked { 192.0.2.9 }",
        "opens bounded: opens all ports for 192.0.2.9: 192.0.2.9 is no longer in @blocked",
    ),
    (
        NFT,
        "add element inet filter blocked { 192.0.2.10 }",
        "closes bounded: closes all ports for 192.0.2.10: 192.0.2.10 is in @blocked",
    ),
    (NFT, "add element inet filter doors { 8080 }", "opens any: opens tcp/8080 for any source: 8080 is in @doors"),
    (
        NFT,
        "add element inet filter unused { 192.0.2.1 }",
        "neutral any: 192.0.2.1 is in @unused, which no rule looked into",
    ),
    (NFT, "add element inet filter ports { 22 : accept }", "opens any: opens tcp/22 for any source: 22 is in @ports"),
    (
        NFT,
        "add element inet filter ports { 25 : jump lone }",
        "opens any: opens tcp/25 for any source: 25 is in @ports",
    ),
    (NFT, "add element inet filter ports { 23 : drop }", "closes any: closes tcp/23 for any source: 23 is in @ports"),
    (
        NFT,
        "delete element inet filter ports { 80 }",
        "closes any: closes tcp/80 for any source: 80 is no longer in @ports",
    ),
    (NFT_OPEN, "insert rule inet filter input tcp dport 23 accept", "opens any: opens tcp/23 to any source"),
    (
        NFT_OPEN,
        "insert rule inet filter input tcp dport 23 return",
        "opens any: opens tcp/23 to any source: past the rest of the chain",
    ),
    (
        NFT_OPEN,
        "delete element inet filter ports { 23 }",
        "opens any: opens tcp/23 for any source: 23 is no longer in @ports",
    ),
    (
        NFT_OPEN,
        "insert rule inet filter forward tcp dport 23 accept",
        "neutral any: accepts tcp/23 from any source, which nothing else drops, forwarded",
    ),
    // Translation.
    (
        NFT,
        "add rule ip nat prerouting tcp dport 80 dnat to 10.0.0.5:8080",
        "opens any: forwards tcp/80 to 10.0.0.5:8080 for any source",
    ),
    (
        NFT,
        "add rule ip nat postrouting oifname eth0 masquerade",
        "neutral any: hides the source of all ports from any source (with out interface), after routing",
    ),
    (NFT, "add rule inet filter input meta mark set 1", "neutral any: marks all ports from any source"),
    (
        NFT,
        "add rule inet filter input meta mark 1 accept\nadd rule inet filter input tcp dport 1 meta mark set 1",
        "opens any: opens all ports to any source (with mark)",
    ),
    (
        NFT,
        "add rule inet filter input notrack",
        "unclear any: changes tracking of connections of all ports from any source",
    ),
    (
        NFT,
        "add rule inet filter forward ip daddr 10.0.0.5 tcp dport 80 accept",
        "opens any: opens tcp/80 on 10.0.0.5 to any source, forwarded",
    ),
    (
        NFT,
        "table inet late { chain c { type filter hook input priority 10; policy drop; tcp dport 22 accept; } }",
        "closes any: turns the policy of inet late/c to drop: closes everything that no rule accepts from any source",
    ),
    (
        NFT,
        "table inet filter { flags dormant; }",
        "opens any: switches the table inet filter off: nothing that it drops is dropped",
    ),
];

fn shown(meaning: &Meaning) -> String {
    let machine = meaning.machine.as_ref().map(|machine| format!(" {machine}")).unwrap_or_default();
    format!("{} {}{machine}: {}", meaning.effect.as_str(), meaning.reach.as_str(), meaning.text)
}

/// The strongest of all meanings; of equal ones the last, which is a summary of
/// the others where there is one, and of neutral ones the first.
fn strongest(said: &[(crate::ItemKey, Meaning)]) -> String {
    let mut best: Option<&Meaning> = None;
    for (_, meaning) in said {
        let stronger = |best: &Meaning| {
            let (new, old) = ((meaning.effect, meaning.reach), (best.effect, best.reach));
            new > old || new == old && meaning.effect != Effect::Neutral
        };
        if best.is_none_or(stronger) {
            best = Some(meaning);
        }
    }
    best.map(shown).unwrap_or_default()
}

fn check(format: Format, rows: &[Row], end: &str) {
    let mut wrong = Vec::new();
    for (base, change, expected) in rows {
        let (undo, change) = change.strip_prefix("undo ").map_or((false, *change), |change| (true, change));
        let before = read(format, format!("{base}{end}").as_bytes());
        let after = read(format, format!("{base}{change}\n{end}").as_bytes());
        assert_eq!((&before.problems, &after.problems), (&vec![], &vec![]), "{change}");
        let (before, after) = if undo { (after, before) } else { (before, after) };
        let said = meanings(&before.settings, &after.settings);
        let found = strongest(&said);
        if found != *expected {
            wrong.push(format!("{change}\n   found    {found}\n   expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn changes_of_iptables_mean_what_the_table_says() {
    check(Format::IptablesSave, IPTABLES, "COMMIT\n");
}

#[test]
fn changes_of_nftables_mean_what_the_table_says() {
    check(Format::Nft, NFTABLES, "");
}

#[test]
fn the_tables_are_long_enough() {
    assert!(IPTABLES.len() + NFTABLES.len() >= 60);
}

#[test]
fn every_item_that_changed_has_a_meaning_under_its_own_key() {
    for (format, rows, end) in [(Format::IptablesSave, IPTABLES, "COMMIT\n"), (Format::Nft, NFTABLES, "")] {
        for (base, change, _) in rows {
            let before = read(format, format!("{base}{end}").as_bytes()).settings;
            let after =
                read(format, format!("{base}{}\n{end}", change.trim_start_matches("undo ")).as_bytes()).settings;
            let said = meanings(&before, &after);
            for setting in
                before.iter().filter(|one| !after.iter().any(|it| it.key == one.key && it.value == one.value))
            {
                assert!(said.iter().any(|(key, _)| *key == setting.key), "{change}: {}", setting.key);
            }
            for setting in
                after.iter().filter(|one| !before.iter().any(|it| it.key == one.key && it.value == one.value))
            {
                assert!(said.iter().any(|(key, _)| *key == setting.key), "{change}: {}", setting.key);
            }
            for (key, meaning) in said.iter().filter(|(_, meaning)| meaning.effect != Effect::Neutral) {
                let changed = before.iter().chain(&after).any(|setting| setting.key == *key);
                assert!(changed, "{change}: {key} is no item: {meaning:?}");
            }
        }
    }
}

#[test]
fn a_transaction_that_comes_to_nothing_means_nothing() {
    let reading = read(Format::IptablesSave, format!("{V4}COMMIT\n").as_bytes());
    let mut ruleset = Ruleset::of(&reading.settings);
    let rules: Vec<String> = ruleset.rules("filter/INPUT").map(str::to_owned).collect();
    for at in (0..rules.len()).rev() {
        assert!(ruleset.remove("filter/INPUT", at));
    }
    rules.iter().enumerate().for_each(|(at, rule)| ruleset.insert("filter/INPUT", at, rule));
    ruleset.set("filter/INPUT policy", Some("DROP"), Some("ACCEPT"));
    ruleset.set("filter/INPUT policy", Some("ACCEPT"), Some("DROP"));
    let said = ruleset.settle();
    assert!(said.iter().all(|(_, meaning)| meaning.effect == Effect::Neutral), "{said:?}");
}

#[test]
fn a_file_of_ufw_is_loaded_into_tables_that_reach_its_chains() {
    let base = "*filter\n:ufw-user-input - [0:0]\n:ufw-user-output - [0:0]\n:ufw-logging-deny - [0:0]\n";
    let rows = [
        ("-A ufw-user-input -p tcp --dport 22 -j ACCEPT", "opens any: opens tcp/22 to any source"),
        ("-A ufw-user-input -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT", "opens bounded: opens tcp/22 to 10.0.0.0/8"),
        ("-A ufw-user-output -p tcp --dport 25 -j REJECT", "closes local: closes tcp/25 from this host itself"),
        ("-A ufw-logging-deny -j DROP", "closes any ufw: closes all ports from any source"),
    ];
    for (change, expected) in rows {
        let before = read(Format::Ufw, format!("{base}COMMIT\n").as_bytes()).settings;
        let after = read(Format::Ufw, format!("{base}{change}\nCOMMIT\n").as_bytes()).settings;
        assert_eq!(strongest(&meanings(&before, &after)), expected, "{change}");
    }
}

#[test]
fn elements_of_ipset_mean_what_the_rules_of_iptables_do_with_them() {
    let text = format!(
        "{V4}-A INPUT -m set --match-set ok src -p tcp --dport 99 -j ACCEPT\n-A INPUT -m set --match-set bad src -j DROP\nCOMMIT\n"
    );
    let mut ruleset = Ruleset::of(&read(Format::IptablesSave, text.as_bytes()).settings);
    let mut told = |key: &str, before: Option<&str>, after: Option<&str>| {
        ruleset.set(key, before, after);
        strongest(&ruleset.settle())
    };
    let present = Some("present");
    assert_eq!(
        told("ipset/ok: 192.0.2.7", None, present),
        "opens bounded: opens tcp/99 for 192.0.2.7: 192.0.2.7 is in ok"
    );
    assert_eq!(
        told("ipset/bad: 192.0.2.8", None, present),
        "closes bounded: closes all ports for 192.0.2.8: 192.0.2.8 is in bad"
    );
    assert!(told("ipset/bad: 192.0.2.8", present, None).starts_with("opens bounded: opens all ports for 192.0.2.8"));
    assert!(told("ipset/other: 192.0.2.8", None, present).starts_with("neutral"));
    assert!(told("ipset/ok: 0.0.0.0/0", None, present).starts_with("opens any: opens tcp/99"));
    let exception = told("ipset/ok: 198.51.100.0/24", None, Some("nomatch"));
    assert_eq!(exception, "closes bounded: closes tcp/99 for 198.51.100.0/24: 198.51.100.0/24 is an exception in ok");
    assert!(told("ipset/ok: 198.51.100.0/24", Some("nomatch"), None).starts_with("opens bounded: opens tcp/99"));
}

#[test]
fn rules_of_a_live_ruleset_are_told_one_by_one() {
    let mut ruleset = Ruleset::of(&read(Format::Nft, NFT.as_bytes()).settings);
    ruleset.insert("inet filter/input", 0, "tcp dport 22 accept");
    assert_eq!(strongest(&ruleset.settle()), "opens any: opens tcp/22 to any source");
    assert_eq!(ruleset.rules("inet filter/input").next(), Some("tcp dport 22 accept"));
    ruleset.insert("inet filter/input", 0, "tcp dport 22 accept");
    let said = ruleset.settle();
    assert!(said.iter().any(|(key, _)| key.as_str() == "inet filter/input: tcp dport 22 accept #2"), "{said:?}");
    assert!(ruleset.remove("inet filter/input", 0) && ruleset.remove("inet filter/input", 0));
    assert_eq!(strongest(&ruleset.settle()), "closes any: closes tcp/22 from any source");
    assert!(!ruleset.remove("inet filter/input", 99) && !ruleset.remove("inet nothing/input", 0));
    assert!(ruleset.settle().is_empty(), "nothing was told");
}

#[test]
fn an_element_of_a_set_that_a_jump_and_a_rule_behind_it_look_into_reaches_as_far_as_it_is() {
    let text = "table inet t { set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }
 chain web { ip saddr @s accept; }
 chain input { type filter hook input priority 0; policy drop; ip saddr @s jump web; } }
";
    let before = read(Format::Nft, text.as_bytes()).settings;
    let after = read(Format::Nft, format!("{text}add element inet t s {{ 0.0.0.0/0 }}\n").as_bytes()).settings;
    let said = meanings(&before, &after);
    assert!(said.iter().any(|(_, it)| (it.effect, it.reach) == (Effect::Opens, crate::Reach::Any)), "{said:?}");
}

#[test]
fn a_set_of_which_not_all_elements_are_told_bounds_nothing() {
    let told = |set: &str, rules: &str| {
        let text = format!(
            "table inet t {{ set s {{ type ipv4_addr; {set} }}\n chain c {{ type filter hook input priority 0; policy drop; {rules} }} }}\n"
        );
        let before = read(Format::Nft, text.as_bytes()).settings;
        let after = format!("{text}add rule inet t c ip saddr @s tcp dport 5432 accept\n");
        strongest(&meanings(&before, &read(Format::Nft, after.as_bytes()).settings))
    };
    assert!(told("elements = { 10.0.0.1 };", "").starts_with("opens bounded"), "all are told");
    // An element with a timeout, be it a year, is told nowhere.
    for set in [
        "flags timeout;",
        "timeout 1h; elements = { 10.0.0.1 };",
        "flags interval, timeout; elements = { 10.0.0.1, 0.0.0.0/1 timeout 5000d };",
    ] {
        assert!(told(set, "").starts_with("opens any"), "{set}");
    }
    assert!(
        told("elements = { 10.0.0.1 };", "tcp dport 7 add @s { ip saddr }").starts_with("opens any"),
        "packets fill it"
    );
    let (before, rule) = (V4.to_owned() + "COMMIT\n", "-p tcp -m set --match-set ok src -m tcp --dport 99 -j ACCEPT");
    let mut ruleset = Ruleset::of(&read(Format::IptablesSave, before.as_bytes()).settings);
    ruleset.set("ipset/ok", None, Some("hash:ip"));
    ruleset.set("ipset/late", None, Some("hash:ip timeout 600"));
    let at = ruleset.rules("filter/INPUT").count();
    let mut with = |name: &str| {
        ruleset.insert("filter/INPUT", at, &rule.replace(" ok ", &format!(" {name} ")));
        strongest(&ruleset.settle())
    };
    assert!(with("ok").starts_with("opens bounded"));
    assert!(with("late").starts_with("opens any"), "its elements expire");
    assert!(with("nobodys").starts_with("opens any"), "nobody knows it");
}
