//! Our reading of iptables rules against that of iptables itself, in network
//! namespaces: what is restored and saved again must be what we read before.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail so, and say how much they compared")]

#[path = "support/namespace.rs"]
mod namespace;

use driftline_canon::{Format, Reading, Setting, format};
use namespace::{Dice, may_run, run};

const BACKENDS: [(&str, bool); 4] =
    [("iptables-nft", false), ("iptables-legacy", false), ("ip6tables-nft", true), ("ip6tables-legacy", true)];

const RULES: usize = 600;

fn read(text: &str) -> Reading {
    format::read(Format::IptablesSave, text.as_bytes())
}

/// The rules of a chain in order, with their keys.
fn rules(reading: &Reading, chain: &str) -> Vec<String> {
    let begin = format!("{chain}: ");
    let rules = reading.settings.iter().filter(|setting| setting.key.as_str().starts_with(&begin));
    rules.map(|setting: &Setting| String::from_utf8_lossy(setting.value.bytes()).into_owned()).collect()
}

fn address(dice: &mut Dice, v6: bool) -> &'static str {
    if v6 {
        dice.one(&["2001:db8::1", "2001:DB8:0:0::2/128", "fe80::1/10", "::/0", "2001:db8::/ffff:ffff::", "::1"])
    } else {
        dice.one(&[
            "10.0.0.1",
            "10.1.2.3/8",
            "192.168.1.7/255.255.0.0",
            "0.0.0.0/0",
            "127.0.0.1/32",
            "10.0.0.3/255.0.255.0",
        ])
    }
}

/// A protocol with options of its match.
fn protocol(dice: &mut Dice, v6: bool) -> String {
    const PORTS: &[&str] = &["22", "ssh", "http", "1024:65535", ":1023", "1024:", "80:80", "https", "domain"];
    let protocol = dice.one(&["tcp", "6", "udp", "17", "TCP", "icmp", "sctp", "gre", "esp", "all", ""]);
    let not = dice.maybe(4, &["! "]);
    let port = dice.one(PORTS);
    let dports = dice.maybe(3, &[" --dport 22", " --destination-port domain", " ! --dport 80:90"]);
    match protocol {
        "" => String::new(),
        "tcp" | "6" | "TCP" => match dice.roll(4) {
            0 => format!("-p {protocol} --syn{dports}"),
            1 => format!(
                "-p {protocol} -m tcp {not}--tcp-flags {}",
                dice.one(&["ALL NONE", "SYN,FIN SYN,FIN", "ACK,RST,SYN,FIN SYN", "ALL ACK,URG"])
            ),
            2 => format!("-p {protocol}{dports}"),
            _ => format!("-p {protocol} {not}--sport {port}{dports}"),
        },
        "udp" | "17" => format!("-p {protocol} {not}--sport {port}{dports}"),
        "sctp" => format!("-p {protocol}{}", dports.replace("domain", "53")),
        "icmp" if v6 => format!(
            "-p {} {not}--icmpv6-type {}",
            dice.one(&["icmpv6", "58", "ipv6-icmp"]),
            dice.one(&["echo-request", "134", "no-route", "packet-too-big", "4/1", "neighbour-solicitation"])
        ),
        "icmp" => format!(
            "-p {} {not}--icmp-type {}",
            dice.one(&["icmp", "1"]),
            dice.one(&[
                "echo-request",
                "8",
                "ping",
                "3/4",
                "host-unreachable",
                "fragmentation-needed",
                "11",
                "router-advertisement"
            ])
        ),
        "all" => "-p all".to_owned(),
        other => format!("{not}-p {other}"),
    }
}

fn module(dice: &mut Dice, v6: bool) -> String {
    let not = dice.maybe(4, &["! "]);
    let rate = dice.one(&[
        "5/second",
        "5/s",
        "60/minute",
        "3/hour",
        "1/day",
        "7/min",
        "120/min",
        "1000/sec",
        "90/minute",
        "10",
        "25/hour",
    ]);
    let kind = dice.roll(21);
    match kind {
        0 => format!(
            "-m conntrack {not}--ctstate {}",
            dice.one(&["NEW", "RELATED,ESTABLISHED", "established,related", "INVALID", "NEW,UNTRACKED", "SNAT,DNAT"])
        ),
        1 => format!("-m state {not}--state {}", dice.one(&["NEW", "RELATED,ESTABLISHED", "ESTABLISHED,RELATED,NEW"])),
        2 => format!("-m limit --limit {rate}{}", dice.maybe(2, &[" --limit-burst 5", " --limit-burst 10"])),
        3 => format!("-m mark {not}--mark {}", dice.one(&["1", "0x10/0xff", "16/255", "0x1/0xffffffff"])),
        4 => format!("-m connmark {not}--mark {}", dice.one(&["1", "0x10/0xff"])),
        5 => format!(
            "-m recent {} --name {}",
            dice.one(&["--set", "--rcheck --seconds 60", "--update --seconds 30 --hitcount 4", "--remove"]),
            dice.one(&["DEFAULT", "ssh"])
        ),
        6 => format!(
            "-m addrtype {not}--dst-type {}",
            if v6 { "LOCAL" } else { dice.one(&["LOCAL", "BROADCAST,LOCAL", "local"]) }
        ),
        7 => format!(
            "-m connlimit --connlimit-above {}{}",
            dice.roll(50),
            dice.maybe(2, &[" --connlimit-mask 24", " --connlimit-daddr", " --connlimit-saddr"])
        ),
        8 if !v6 => format!("-m iprange {not}--src-range 10.0.0.1-10.0.0.9"),
        9 => format!(
            "-m string {not}--string \"{}\" --algo bm{}",
            dice.one(&["abc", "GET /x", "a\\\"b"]),
            dice.maybe(2, &[" --to 100", " --icase", " --from 0"])
        ),
        10 => format!("-m statistic --mode random --probability 0.{}00000000", 1 + dice.roll(4) * 2),
        11 => format!("-m statistic --mode nth --every {} --packet {}", 2 + dice.roll(5), dice.roll(2)),
        12 => {
            format!("-m dscp {not}{}", dice.one(&["--dscp-class EF", "--dscp-class AF41", "--dscp 0x0a", "--dscp 10"]))
        }
        13 if !v6 => format!("-m ttl {not}--ttl-eq {}", dice.roll(255)),
        _ => other_module(dice, kind),
    }
}

/// The less common ones.
fn other_module(dice: &mut Dice, kind: usize) -> String {
    let not = dice.maybe(4, &["! "]);
    match kind {
        14 => format!("-m mac {not}--mac-source {}", dice.one(&["00:11:22:AA:BB:CC", "00:11:22:aa:bb:cc"])),
        15 => format!("-m pkttype {not}--pkt-type {}", dice.one(&["broadcast", "multicast", "unicast"])),
        16 => format!("-m length {not}--length {}", dice.one(&["100", "100:200", ":50", "60:"])),
        17 => format!(
            "-m comment --comment {}",
            dice.one(&["plain", "\"two words\"", "\"a \\\"quoted\\\" one\"", "\"web 2026-11-22 08:00\"", "\"-x\""])
        ),
        18 => format!(
            "-m hashlimit --hashlimit-{} {} --hashlimit-name n{}{}",
            dice.one(&["upto", "above"]),
            dice.one(&["5/second", "5/s", "60/minute", "120/min", "1000/sec", "10", "90/min"]),
            dice.roll(9),
            dice.maybe(
                2,
                &[
                    " --hashlimit-burst 5",
                    " --hashlimit-mode srcip",
                    " --hashlimit-burst 9 --hashlimit-mode srcip,dstport",
                    " --hashlimit-htable-expire 30000"
                ]
            )
        ),
        19 => "-m policy --dir in --pol ipsec --reqid 3".to_owned(),
        20 => format!("-m helper {not}--helper ftp"),
        _ => String::new(),
    }
}

fn target(dice: &mut Dice, v6: bool) -> String {
    match dice.roll(9) {
        0 => "-j ACCEPT".to_owned(),
        1 => "-j DROP".to_owned(),
        2 if v6 => format!(
            "-j REJECT{}",
            dice.maybe(
                2,
                &[
                    " --reject-with icmp6-port-unreachable",
                    " --reject-with no-route",
                    " --reject-with adm-prohibited",
                    " --reject-with addr-unreach",
                    " --reject-with icmp6-addr-unreachable"
                ]
            )
        ),
        2 => format!(
            "-j REJECT{}",
            dice.maybe(
                2,
                &[
                    " --reject-with icmp-port-unreachable",
                    " --reject-with host-prohib",
                    " --reject-with admin-prohib",
                    " --reject-with icmp-net-unreachable",
                    " --reject-with port-unreach"
                ]
            )
        ),
        3 => format!(
            "-j LOG{}{}",
            dice.maybe(2, &[" --log-prefix \"in: \"", " --log-prefix x", " --log-prefix \"[UFW BLOCK] \""]),
            dice.maybe(
                2,
                &[" --log-level 4", " --log-level debug", " --log-level warning", " --log-level 7 --log-uid"]
            )
        ),
        4 => format!(
            "-j NFLOG{}",
            dice.maybe(2, &[" --nflog-group 3", " --nflog-prefix \"a b\"", " --nflog-group 0 --nflog-threshold 1"])
        ),
        5 => format!(
            "-j NFQUEUE{}",
            dice.maybe(2, &[" --queue-num 3", " --queue-balance 1:3", " --queue-num 0 --queue-bypass"])
        ),
        6 => "-j web".to_owned(),
        7 => "-g web".to_owned(),
        _ => "-j RETURN".to_owned(),
    }
}

fn rule(dice: &mut Dice, v6: bool) -> String {
    let mut parts = vec![protocol(dice, v6)];
    for name in ["-s", "-d"] {
        if dice.roll(4) == 0 {
            let address = address(dice, v6);
            let not = if address.ends_with("/0") { "" } else { dice.maybe(4, &["! "]) };
            parts.push(format!("{not}{name} {address}"));
        }
    }
    parts.push(dice.maybe(4, &["-i eth0", "! -i lo", "--in-interface eth+", "-i +"]).to_owned());
    for _ in 0..dice.roll(3) {
        parts.push(module(dice, v6));
    }
    if parts[0].contains("tcp") && dice.roll(6) == 0 {
        parts.push(format!(
            "-m multiport {}",
            dice.one(&["--dports 80,22,443", "--sports 1:5,http", "--ports ssh", "! --dports 22,1000:2000"])
        ));
    }
    parts.push(target(dice, v6));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

fn table(lines: &[String]) -> String {
    format!("*filter\n:INPUT DROP [0:0]\n:web - [0:0]\n{}COMMIT\n", lines.concat())
}

/// The rules that the kernel takes: some that are well written ask for more
/// than it can do.
fn accepted(backend: &str, lines: &[String]) -> Vec<String> {
    if run(&format!("{backend}-restore"), &table(lines)).is_ok() {
        return lines.to_vec();
    }
    if let [one] = lines {
        eprintln!("{backend} does not take {}", one.trim());
        return Vec::new();
    }
    let (before, behind) = lines.split_at(lines.len() / 2);
    [accepted(backend, before), accepted(backend, behind)].concat()
}

#[test]
fn what_iptables_saves_is_what_we_read_before() {
    if !may_run(&["iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"]) {
        return;
    }
    let mut compared = 0;
    let mut wrong = String::new();
    for (at, (backend, v6)) in BACKENDS.into_iter().enumerate() {
        let mut dice = Dice::new(0x9e37_79b9_7f4a_7c15 + u64::try_from(at).unwrap());
        let lines: Vec<String> = (0..RULES).map(|_| format!("-A INPUT {}\n", rule(&mut dice, v6))).collect();
        let lines = accepted(backend, &lines);
        assert!(lines.len() > RULES * 9 / 10, "{backend} accepts {}", lines.len());
        let written = table(&lines);
        let saved = run(&format!("{backend}-restore && {backend}-save -t filter"), &written).unwrap();
        let (ours, theirs) = (read(&written), read(&saved));
        assert_eq!((&ours.problems, &theirs.problems), (&vec![], &vec![]), "{backend}");
        let (ours, theirs) = (rules(&ours, "filter/INPUT"), rules(&theirs, "filter/INPUT"));
        assert_eq!((ours.len(), theirs.len()), (lines.len(), lines.len()), "{backend}");
        for (line, (ours, theirs)) in lines.iter().zip(ours.iter().zip(&theirs)) {
            compared += 1;
            if ours != theirs {
                wrong += &format!("{backend}\n  written {line}  ours    {ours}\n  theirs  {theirs}\n");
            }
        }
    }
    eprintln!("compared {compared} rules with iptables-save");
    assert!(wrong.is_empty(), "{} differ\n{wrong}", wrong.matches("written").count());
}

/// Rules for the tables other than `filter`, and what lists of addresses
/// become.
#[test]
fn other_tables_and_lists_of_addresses() {
    if !may_run(&["iptables-nft", "iptables-legacy"]) {
        return;
    }
    let written = "*nat\n-A PREROUTING -p tcp --dport http -j DNAT --to-destination 10.0.0.1:8080\n-A POSTROUTING -o eth0 -j MASQUERADE --random\n\
         -A POSTROUTING -s 10.0.0.0/255.0.0.0 -j SNAT --to-source 192.0.2.1\n-A PREROUTING -p tcp --dport 81 -j REDIRECT --to-ports 82\nCOMMIT\n\
         *mangle\n-A PREROUTING -j MARK --set-mark 1\n-A PREROUTING -j MARK --set-mark 0x10/0x0f\n-A PREROUTING -j MARK --or-mark 4\n\
         -A PREROUTING -j MARK --and-mark 0xff\n-A PREROUTING -j MARK --xor-mark 3\n-A PREROUTING -j CONNMARK --save-mark\n\
         -A PREROUTING -j CONNMARK --restore-mark --mask 0xff\n-A PREROUTING -j CONNMARK --set-mark 1/0xf\n\
         -A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu\n-A PREROUTING -j DSCP --set-dscp-class EF\n-A PREROUTING -j TTL --ttl-set 64\nCOMMIT\n\
         *raw\n-A PREROUTING -j NOTRACK\n-A OUTPUT -j CT --notrack\nCOMMIT\n\
         *filter\n-A INPUT -s 10.0.0.1,10.0.0.2 -d 10.0.0.3,10.0.0.4 -j DROP\n-I INPUT -s 10.0.0.5,10.0.0.6 -j ACCEPT\n-I INPUT 2 -j RETURN\n\
         -A FORWARD -j ACCEPT\n-A FORWARD -j DROP\n-D FORWARD -j ACCEPT\n-P FORWARD DROP\nCOMMIT\n";
    for backend in ["iptables-nft", "iptables-legacy"] {
        let saved = run(&format!("{backend}-restore && {backend}-save"), written).unwrap();
        let (ours, theirs) = (read(written), read(&saved));
        assert_eq!((&ours.problems, &theirs.problems), (&vec![], &vec![]), "{backend}: {saved}");
        for chain in [
            "nat/PREROUTING",
            "nat/POSTROUTING",
            "mangle/PREROUTING",
            "mangle/FORWARD",
            "raw/PREROUTING",
            "raw/OUTPUT",
            "filter/INPUT",
            "filter/FORWARD",
        ] {
            assert_eq!(rules(&ours, chain), rules(&theirs, chain), "{backend} {chain}");
        }
    }
}

/// What we call no rule is none to iptables either.
#[test]
fn what_we_refuse_they_refuse() {
    if !may_run(&["iptables-nft"]) {
        return;
    }
    let mut dice = Dice::new(77);
    let (mut refused, mut allowed) = (0, 0);
    for _ in 0..300 {
        let rule = rule(&mut dice, false);
        let words: Vec<&str> = rule.split(' ').collect();
        let without = dice.roll(words.len());
        let kept: Vec<&str> =
            words.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, word)| *word).collect();
        // A quote that is never closed swallows the rest of the line; they take
        // that for a rule, and we do not.
        if kept.concat().matches('"').count() % 2 == 1 {
            continue;
        }
        let written = format!("*filter\n:INPUT DROP [0:0]\n:web - [0:0]\n-A INPUT {}\nCOMMIT\n", kept.join(" "));
        let theirs = run("iptables-nft-restore --test", &written);
        if read(&written).problems.is_empty() {
            allowed += 1;
        } else {
            refused += 1;
            assert!(theirs.is_err(), "we refuse {written}");
        }
    }
    eprintln!("{refused} rules refused by both, {allowed} left to iptables");
    assert!(refused > 20 && allowed > 10);
}
