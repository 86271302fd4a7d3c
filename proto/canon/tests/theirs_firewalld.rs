//! Our reading of firewalld's files against that of firewalld itself: its own
//! parsers, from its package, without its daemon.
//!
//! A file that it refuses, and a rule that it ignores, must be a problem here;
//! of all others every setting must be the same. Names of services, sets and
//! zones that it looks up elsewhere are taken from what it ships.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail so, and say how much they compared")]

#[path = "support/namespace.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod namespace;
#[path = "support/readable.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod readable;
#[path = "support/unpacked.rs"]
mod unpacked;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use driftline_canon::{Format, Reading, format};
use namespace::Dice;
use readable::bytes_of;
use serde_json::Value as Json;
use unpacked::{files_below, unpacked};

/// Files for each kind of root.
const ROUNDS: usize = 400;

/// Debian's own, for which the package is made; another one may come first in
/// PATH.
const PYTHON: &str = "/usr/bin/python3";

/// What is asked: a kind of file and its text.
type Asked = (&'static str, String);

/// What firewalld says of each; none where it cannot be had.
fn theirs(asked: &[Asked]) -> Option<Vec<Json>> {
    let (library, shipped) = (unpacked("python3-firewall")?, unpacked("firewalld")?);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/theirs/read_firewalld.py");
    let mut child = Command::new(PYTHON)
        .args(["-B".as_ref(), script.as_os_str(), library.as_os_str(), shipped.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = asked.iter().map(|one| format!("{}\n", serde_json::json!([one.0, one.1]))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{PYTHON} cannot load firewalld's parsers");
    let told = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Json> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), asked.len());
    Some(answers)
}

/// What we read, as the script calls it, and the rules in their order.
fn ours(reading: &Reading) -> (BTreeSet<String>, Vec<String>) {
    let mut facts = BTreeSet::new();
    let mut rules = Vec::new();
    for setting in &reading.settings {
        let (key, value) = (setting.key.as_str(), String::from_utf8_lossy(setting.value.bytes()).into_owned());
        if key.starts_with("rule: ") {
            rules.push((setting.line, format!("rule: {value}")));
        } else if value == "present" {
            facts.insert(key.to_owned());
        } else if !key.starts_with('@') {
            facts.insert(format!("{key} = {value}"));
        }
    }
    rules.sort();
    (facts, rules.into_iter().map(|(_, rule)| rule).collect())
}

/// What is wrong with our reading of one file, if something is.
fn difference((kind, text): &Asked, told: &Json) -> Option<String> {
    let reading = format::read(Format::Firewalld, text.as_bytes());
    let doubted = !reading.problems.is_empty();
    let say = |what: String| Some(format!("{what}\n{text}\nthey: {told}\nwe: {:?}\n", reading.problems));
    let Some(facts) = told["facts"].as_array() else {
        return if doubted { None } else { say("they refuse what we take".to_owned()) };
    };
    let ignored = !told["ignored"].as_array().unwrap().is_empty();
    if ignored != doubted {
        return say(format!("they ignore a part: {ignored}, we have a problem: {doubted}"));
    }
    let facts: Vec<String> = facts.iter().map(|fact| fact.as_str().unwrap().to_owned()).collect();
    let (mut their_rules, rest): (Vec<_>, Vec<_>) = facts.into_iter().partition(|fact| fact.starts_with("rule: "));
    let (our_rest, mut our_rules) = ours(&reading);
    if *kind == "direct" {
        // They keep chains, rules and what is passed through apart.
        their_rules.sort();
        our_rules.sort();
    }
    let rest: BTreeSet<String> = rest.into_iter().collect();
    if rest == our_rest && their_rules == our_rules {
        return None;
    }
    let (only_they, only_we): (Vec<_>, Vec<_>) =
        (rest.difference(&our_rest).collect(), our_rest.difference(&rest).collect());
    say(format!("only they: {only_they:?}, only we: {only_we:?}, rules {their_rules:?} against {our_rules:?}"))
}

/// Holds all against each other; how many they took whole, in part, and not at
/// all.
fn compare(asked: &[Asked]) -> Option<[usize; 3]> {
    let answers = theirs(asked)?;
    let wrong: Vec<String> = asked.iter().zip(&answers).filter_map(|(one, told)| difference(one, told)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), asked.len(), wrong[..wrong.len().min(12)].join("\n"));
    let mut counts = [0; 3];
    for told in &answers {
        let class = match told["ignored"].as_array() {
            None => 2,
            Some(ignored) => usize::from(!ignored.is_empty()),
        };
        counts[class] += 1;
    }
    Some(counts)
}

#[test]
fn what_the_package_ships_is_read_as_firewalld_does() {
    let Some(shipped) = unpacked("firewalld") else { return };
    let mut asked = Vec::new();
    for (folder, kind) in [
        ("zones", "zone"),
        ("services", "service"),
        ("policies", "policy"),
        ("icmptypes", "icmptype"),
        ("helpers", "helper"),
        ("ipsets", "ipset"),
    ] {
        let folder = shipped.join("usr/lib/firewalld").join(folder);
        if folder.is_dir() {
            let texts =
                files_below(&folder, ".xml").into_iter().map(|path| String::from_utf8(bytes_of(&path)).unwrap());
            asked.extend(texts.map(|text| (kind, text)));
        }
    }
    let whitelist = shipped.join("etc/firewalld/lockdown-whitelist.xml");
    asked.push(("whitelist", String::from_utf8(bytes_of(&whitelist)).unwrap()));
    assert!(asked.len() > 200, "{}", asked.len());
    let Some(counts) = compare(&asked) else { return };
    eprintln!("{} shipped files; taken whole, in part, refused: {counts:?}", asked.len());
    assert_eq!(counts, [asked.len(), 0, 0]);
}

#[test]
fn generated_files_are_read_as_firewalld_does() {
    let mut dice = Dice::new(0x00f1_2e11);
    let mut asked = Vec::new();
    for kind in ["zone", "policy", "service", "ipset", "helper", "icmptype", "direct", "whitelist"] {
        asked.extend((0..ROUNDS).map(|_| (kind, generate::file(&mut dice, kind))));
    }
    let Some(counts) = compare(&asked) else { return };
    eprintln!("{} generated files; taken whole, in part, refused: {counts:?}", asked.len());
    assert!(counts.iter().all(|count| *count > asked.len() / 20), "all three are tried: {counts:?}");
}

/// Files as a person may write them, some of them wrong.
mod generate {
    use super::Dice;

    const PORTS: &[&str] = &["80", "443", "8000-8010", "8005-8020", "ssh", "http", "53", "20-10", "1-65535", "7-7"];
    const ODD_PORTS: &[&str] = &["70000", "", "1,2", "0x50", "-1", "80-", "80-70000", "1-2-3", " 80 "];
    const PROTOCOLS: &[&str] = &["tcp", "udp", "sctp", "dccp"];
    const ODD_PROTOCOLS: &[&str] = &["icmp", "TCP", "", "6"];
    const ALL_PROTOCOLS: &[&str] = &["gre", "esp", "47", "icmp", "0", "255", "igmp", "ipv6-icmp"];
    const SERVICES: &[&str] = &["ssh", "http", "https", "dns", "mdns", "samba-client"];
    const TYPES: &[&str] = &["echo-request", "redirect", "timestamp-request"];
    const V4: &[&str] = &["10.0.0.1", "10.1.2.3/8", "10.0.0.0/255.0.0.0", "192.0.2.7/32", "0.0.0.0/0"];
    const V6: &[&str] = &["2001:db8::1", "2001:DB8:0::/32", "fe80::1/64", "::/0", "::1/128"];
    const ODD_ADDRESSES: &[&str] = &["10.0.0", "10.0.0.0/33", "x", "10.0.0.1/", "::1/129", "1.2.3.4.5", "010.0.0.1"];
    const MACS: &[&str] = &["aa:bb:cc:dd:ee:ff", "AA:bb:CC:11:22:33"];
    const ZONES: &[&str] = &["public", "internal", "dmz", "ANY", "HOST"];

    /// One of these, or in one of eight cases one of those.
    fn pick<'a>(dice: &mut Dice, usual: &[&'a str], odd: &[&'a str]) -> &'a str {
        if !odd.is_empty() && dice.roll(12) == 0 { dice.one(odd) } else { dice.one(usual) }
    }

    fn attribute(dice: &mut Dice, name: &str, usual: &[&str], odd: &[&str]) -> String {
        let value = pick(dice, usual, odd);
        let (space, quote) = (dice.one(&[" ", " ", "  ", "\n   "]), dice.one(&["\"", "\"", "'"]));
        let sign = dice.one(&["=", "=", " = "]);
        // A whole attribute may be missing, but seldom.
        if dice.roll(60) == 0 { String::new() } else { format!("{space}{name}{sign}{quote}{value}{quote}") }
    }

    fn maybe(dice: &mut Dice, cases: usize, name: &str, usual: &[&str], odd: &[&str]) -> String {
        if dice.roll(cases) == 0 { attribute(dice, name, usual, odd) } else { String::new() }
    }

    fn empty(dice: &mut Dice, name: &str, attributes: &str) -> String {
        match dice.roll(4) {
            0 => format!("<{name}{attributes}></{name}>"),
            1 => format!("<{name}{attributes} />"),
            _ => format!("<{name}{attributes}/>"),
        }
    }

    fn ports(dice: &mut Dice) -> String {
        attribute(dice, "port", PORTS, ODD_PORTS) + &attribute(dice, "protocol", PROTOCOLS, ODD_PROTOCOLS)
    }

    fn forward_port(dice: &mut Dice) -> String {
        let attributes = ports(dice)
            + &maybe(dice, 2, "to-port", PORTS, ODD_PORTS)
            + &maybe(dice, 2, "to-addr", &["10.0.0.1", "10.9.9.9", "2001:db8::5"], ODD_ADDRESSES);
        empty(dice, "forward-port", &attributes)
    }

    /// What zones and policies may both have.
    fn common(dice: &mut Dice, what: usize) -> String {
        let (name, attributes) = match what {
            0 => ("service", attribute(dice, "name", SERVICES, &[])),
            1 => ("port", ports(dice)),
            2 => ("source-port", ports(dice)),
            3 => ("protocol", attribute(dice, "value", ALL_PROTOCOLS, &["256", "-1", ""])),
            4 => ("icmp-block", attribute(dice, "name", TYPES, &[])),
            5 => ("masquerade", maybe(dice, 9, "enabled", &["yes", "no"], &[])),
            _ => return forward_port(dice),
        };
        empty(dice, name, &attributes)
    }

    fn limit(dice: &mut Dice) -> String {
        let limits = &["3/m", "3/minute", "10/s", "1/hour", "2/d", "1/second", "5/day"];
        let odd = &["1/d", "0/s", "x/s", "3", "3/x", "3/min", "-1/m", "1/day"];
        let attributes = attribute(dice, "value", limits, odd);
        empty(dice, "limit", &attributes)
    }

    /// An element that may be limited.
    fn limited(dice: &mut Dice, name: &str, attributes: &str) -> String {
        if dice.roll(3) == 0 {
            format!("<{name}{attributes}>{}</{name}>", limit(dice))
        } else {
            empty(dice, name, attributes)
        }
    }

    fn end(dice: &mut Dice, name: &str, family: &str) -> String {
        let addresses = if family == "ipv6" { V6 } else { V4 };
        let mut attributes = match dice.roll(8) {
            0 => attribute(dice, "ipset", &["trusted", "a-b"], &[]),
            1 if name == "source" => attribute(dice, "mac", MACS, &["aa:bb", "xx:bb:cc:dd:ee:ff"]),
            2 => attribute(dice, "address", if family == "ipv6" { V4 } else { V6 }, ODD_ADDRESSES),
            _ => attribute(dice, "address", addresses, ODD_ADDRESSES),
        };
        attributes += &maybe(dice, 4, "invert", &["yes", "no", "True", "true", "1"], &[]);
        attributes += &maybe(dice, 30, "ipset", &["x"], &[]);
        empty(dice, name, &attributes)
    }

    fn element(dice: &mut Dice) -> String {
        match dice.roll(10) {
            what @ 0..=6 => common(dice, what),
            7 => {
                let attributes = attribute(dice, "name", TYPES, &[]);
                empty(dice, "icmp-type", &attributes)
            }
            8 => {
                let attributes = maybe(dice, 2, "value", &["pmtu", "1400", "None"], &["100", "x", ""]);
                empty(dice, "tcp-mss-clamp", &attributes)
            }
            _ => String::new(),
        }
    }

    fn log(dice: &mut Dice) -> String {
        let prefix = maybe(dice, 2, "prefix", &["in", "a b", "x:"], &[""]);
        if dice.roll(3) == 0 {
            let attributes = prefix
                + &maybe(dice, 2, "group", &["0", "5", "65535", "0x10"], &["70000", "x", "-1"])
                + &maybe(dice, 3, "queue-size", &["1", "16"], &["x"]);
            return limited(dice, "nflog", &attributes);
        }
        let attributes = prefix + &maybe(dice, 2, "level", &["info", "emerg", "error"], &["loud", "err"]);
        limited(dice, "log", &attributes)
    }

    fn action(dice: &mut Dice) -> String {
        match dice.roll(6) {
            0 | 1 => limited(dice, "accept", ""),
            2 => limited(dice, "drop", ""),
            3 => {
                let types = &["icmp-host-prohibited", "tcp-reset", "icmp6-no-route", "port-unreach"];
                let attributes = maybe(dice, 2, "type", types, &["x", ""]);
                limited(dice, "reject", &attributes)
            }
            4 => {
                let attributes = attribute(dice, "set", &["1", "0x1/0xff", "0xffffffff"], &["x", "1/2/3", "", "010"]);
                limited(dice, "mark", &attributes)
            }
            _ => String::new(),
        }
    }

    fn rule(dice: &mut Dice) -> String {
        let family = pick(dice, &["ipv4", "ipv4", "ipv6", ""], &["ip", "IPv4"]);
        let mut attributes = if family.is_empty() { String::new() } else { format!(" family='{family}'") };
        attributes += &maybe(dice, 3, "priority", &["0", "5", "-32768", "+7", "010"], &["x", "40000", ""]);
        let mut parts = Vec::new();
        for (cases, name) in [(2, "source"), (3, "destination")] {
            if dice.roll(cases) == 0 {
                parts.push(end(dice, name, family));
            }
        }
        parts.push(element(dice));
        for cases in [3, 6] {
            if dice.roll(cases) == 0 {
                parts.push(if cases == 3 { log(dice) } else { limited(dice, "audit", "") });
            }
        }
        parts.push(action(dice));
        if dice.roll(25) == 0 {
            parts.push(dice.one(&["<accept/>", "<service name='ssh'/>", "<log/>"]).to_owned());
        }
        // In whatever order: they are told apart by name.
        let turn = dice.roll(parts.len());
        parts.rotate_left(turn);
        format!("<rule{attributes}>{}</rule>", parts.join(dice.one(&["", "\n    "])))
    }

    fn of_zone(dice: &mut Dice) -> String {
        let addresses: Vec<&str> = [V4, V6, MACS].concat();
        match dice.roll(14) {
            0..=4 => rule(dice),
            5 => {
                let attributes = attribute(dice, "name", &["eth0", "wg+", "br-1"], &["a b", "x/y", "", "*", "eth!"]);
                empty(dice, "interface", &attributes)
            }
            6 => {
                let attributes = attribute(dice, "address", &addresses, ODD_ADDRESSES)
                    + &maybe(dice, 12, "family", &["ipv4"], &[])
                    + &maybe(dice, 20, "invert", &["yes", "no"], &[]);
                empty(dice, "source", &attributes)
            }
            7 => {
                let attributes = format!(" ipset=\"set-{}\"", dice.roll(100_000)) + &maybe(dice, 15, "mac", MACS, &[]);
                empty(dice, "source", &attributes)
            }
            8 => dice.one(&["<forward/>", "<icmp-block-inversion/>"]).to_owned(),
            _ => {
                let what = dice.roll(7);
                common(dice, what)
            }
        }
    }

    fn of_policy(dice: &mut Dice) -> String {
        match dice.roll(9) {
            0..=2 => rule(dice),
            3 => {
                let attributes = attribute(dice, "name", ZONES, &[]);
                let name = dice.one(&["ingress-zone", "egress-zone"]);
                empty(dice, name, &attributes)
            }
            _ => {
                let what = dice.roll(7);
                common(dice, what)
            }
        }
    }

    fn of_service(dice: &mut Dice) -> String {
        let (name, attributes) = match dice.roll(8) {
            0 => {
                ("module", attribute(dice, "name", &["nf_conntrack_ftp", "nf_conntrack_netbios_ns", "ftp"], &["x", ""]))
            }
            1 => ("helper", attribute(dice, "name", &["ftp", "tftp"], &[])),
            2 => ("include", attribute(dice, "service", SERVICES, &[])),
            3 => {
                let both = maybe(dice, 2, "ipv4", V4, &["::1", "x"]) + &maybe(dice, 2, "ipv6", V6, &["10.0.0.1", "x"]);
                ("destination", both)
            }
            4 => ("source-port", ports(dice)),
            5 => ("protocol", attribute(dice, "value", ALL_PROTOCOLS, &["256", "-7"])),
            6 => {
                ("port", attribute(dice, "port", &[""], &["5"]) + &attribute(dice, "protocol", ALL_PROTOCOLS, &["999"]))
            }
            _ => ("port", ports(dice)),
        };
        empty(dice, name, &attributes)
    }

    fn of_ipset(dice: &mut Dice) -> String {
        if dice.roll(3) > 0 {
            return format!(
                "<entry>{}</entry>",
                dice.one(&["10.0.0.1", "10.0.0.0/8", "10.1.2.3,tcp:80", "2001:db8::1"])
            );
        }
        let name = pick(dice, &["family", "timeout", "maxelem", "hashsize"], &["comment", "x"]);
        let values: &[&str] = if name == "family" { &["inet", "inet6"] } else { &["0", "600", "65536"] };
        let attributes =
            format!(" name=\"{name}\"") + &attribute(dice, "value", values, &["", "x", "-1", "inet7", "1.5"]);
        empty(dice, "option", &attributes)
    }

    fn of_direct(dice: &mut Dice) -> String {
        let family = attribute(dice, "ipv", &["ipv4", "ipv6", "eb"], &["ip", ""]);
        let table = attribute(dice, "table", &["filter", "nat"], &["x", ""]);
        let chain = attribute(dice, "chain", &["INPUT", "mine"], &[]);
        let words = dice.one(&[
            "-p tcp --dport 22 -j ACCEPT",
            "-j mine",
            "-j LOG --log-prefix \"a  \\q\"",
            "--comment 'it is' x\\ y",
            "--comment 'it",
            " -s 10.0.0.1  -j DROP ",
            "-j LOG",
        ]);
        match dice.roll(3) {
            0 => {
                let all = family + &table + &chain;
                empty(dice, "chain", &all)
            }
            1 => {
                let priority = attribute(dice, "priority", &["0", "1", "-5", "10"], &["x", ""]);
                let words = pick(dice, &[words], &[""]);
                format!("<rule{family}{table}{chain}{priority}>{words}</rule>")
            }
            _ => {
                let words = pick(dice, &[words], &[""]);
                format!("<passthrough{family}>-t filter -A INPUT {words}</passthrough>")
            }
        }
    }

    fn of_whitelist(dice: &mut Dice) -> String {
        let (name, attributes) = match dice.roll(4) {
            0 => {
                let paths = ["/usr/bin/python3 -s /usr/bin/firewall-config", "/bin/a", "/bin/a*", "/opt/b &amp; c"];
                ("command", attribute(dice, "name", &paths, &["bin/a", "", "/bin/a | b"]))
            }
            1 => {
                let contexts = ["root:system_r:x_t:s0", "a_u:b_r:c_t:s0:c0", "_u:_r:_t:s0", "a_u:b_r:c_t:s0-s1"];
                let odd = ["a:b_r:c_t:s0", "a_u:b_r:c_t", "a_u:b:c_t:s0", "a_u:b_r:c_t:", "a_u:b_r:c_t:s0:c0:c1", ""];
                ("selinux", attribute(dice, "context", &contexts, &odd))
            }
            2 => (
                "user",
                attribute_always(dice, "id", &["0", "1000", "+7", " 5 ", "007"], &["x", "-1", "2147483648", ""]),
            ),
            _ => ("user", attribute_always(dice, "name", &["ann", "a.b-c_d$", "0"], &["a b", "\u{fc}x", ""])),
        };
        empty(dice, name, &attributes)
    }

    /// One that is never missing: firewalld passes over a user of neither name
    /// nor number without a word, which is worth one to whoever wrote it.
    fn attribute_always(dice: &mut Dice, name: &str, usual: &[&str], odd: &[&str]) -> String {
        format!(" {name}='{}'", pick(dice, usual, odd))
    }

    /// One file.
    pub(super) fn file(dice: &mut Dice, kind: &str) -> String {
        let attributes = match kind {
            "zone" => maybe(dice, 2, "target", &["ACCEPT", "DROP", "%%REJECT%%", "default"], &["REJECT", "x", ""]),
            "policy" => {
                let odd = &["0", "x", "40000", "-40000", ""];
                attribute(dice, "target", &["ACCEPT", "DROP", "REJECT", "CONTINUE"], &["default", ""])
                    + &maybe(dice, 2, "priority", &["-1", "5", "-10", "+3", " 4 "], odd)
            }
            "ipset" => attribute(
                dice,
                "type",
                &["hash:ip", "hash:net", "hash:ip,port", "hash:mac"],
                &["bitmap:ip", "list:set", "hash:x", ""],
            ),
            "helper" => {
                let modules = &["nf_conntrack_ftp", "nf_conntrack_sip"];
                attribute(dice, "module", modules, &["ftp", "nf_conntrack_", ""])
                    + &maybe(dice, 3, "family", &["ipv4", "ipv6"], &["ip", ""])
            }
            _ => String::new(),
        };
        let is_bare = matches!(kind, "direct" | "whitelist");
        let version = if is_bare { String::new() } else { maybe(dice, 6, "version", &["1.0"], &[]) };
        let mut lines = vec![
            dice.one(&["<?xml version=\"1.0\" encoding=\"utf-8\"?>", "", "<!-- <zone> -->"]).to_owned(),
            format!("<{kind}{attributes}{version}>"),
        ];
        if !is_bare {
            lines.push(dice.maybe(2, &["<short>A &amp; B</short>", "<description>x</description>"]).to_owned());
        }
        for _ in 0..dice.roll(6) {
            lines.push(format!("  {}", child(dice, kind)));
        }
        lines.push(format!("</{kind}>"));
        lines.join("\n")
    }

    fn child(dice: &mut Dice, kind: &str) -> String {
        match dice.roll(50) {
            0 => dice.one(&["<foo/>", "<accept/>", "<source/>", "<entry>x</entry>"]).to_owned(),
            1 => "<!-- nothing -->".to_owned(),
            _ => match kind {
                "zone" => of_zone(dice),
                "policy" => of_policy(dice),
                "service" => of_service(dice),
                "ipset" => of_ipset(dice),
                "direct" => of_direct(dice),
                "whitelist" => of_whitelist(dice),
                "helper" => {
                    let attributes = ports(dice);
                    empty(dice, "port", &attributes)
                }
                _ => {
                    let odd = &["1", ""];
                    let attributes = maybe(dice, 2, "ipv4", &["yes", "Yes", "no", "true"], odd)
                        + &maybe(dice, 2, "ipv6", &["yes"], odd);
                    empty(dice, "destination", &attributes)
                }
            },
        }
    }
}
