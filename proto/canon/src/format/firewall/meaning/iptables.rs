//! What a rule of iptables does, from its canonical text.
//!
//! Reads with the reader of dumps. Matches and targets that it does not know
//! stay conditions and odd verdicts.

use super::act::{Act, Field, Leaves, Match, Verdict, Wanted};
use crate::format::firewall::iptables::rule::{self, Opt, Part, Rule};
use crate::format::firewall::iptables::words;

/// Targets behind which the packet goes on and no rule can see a difference.
const WITHOUT_EFFECT: [&str; 13] = [
    "LOG",
    "NFLOG",
    "ULOG",
    "TRACE",
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "TCPMSS",
    "TOS",
    "ECN",
    "IDLETIMER",
    "LED",
    "RATEEST",
];

/// Targets that write what other rules match by name of the module.
const MARKS: [(&str, &str); 9] = [
    ("MARK", "mark"),
    ("CONNMARK", "mark"),
    ("CONNSECMARK", "mark"),
    ("SECMARK", "mark"),
    ("HMARK", "mark"),
    ("DSCP", "dscp"),
    ("TTL", "ttl"),
    ("HL", "ttl"),
    ("TCPOPTSTRIP", "mark"),
];

/// Matches of what such targets write.
const LOOKS: [(&str, &str); 7] = [
    ("mark", "mark"),
    ("connmark", "mark"),
    ("dscp", "dscp"),
    ("tos", "dscp"),
    ("ttl", "ttl"),
    ("hl", "ttl"),
    ("recent", "recent"),
];

/// Reads a rule of a table.
pub(super) fn read(table: &str, text: &str) -> Act {
    let Ok(words) = words::split(text) else { return Act::odd("a rule that is not understood") };
    let Ok(rule) = rule::read(&words, false) else { return Act::odd("a rule that is not understood") };
    let mut act = Act::default();
    for opt in &rule.base {
        act.matches.push(base(opt));
    }
    for part in &rule.matches {
        part_of(part, &mut act);
    }
    target(table, &rule, &mut act);
    act
}

fn values(text: &str) -> Vec<Box<str>> {
    text.split(',').map(|one| one.trim_matches('"').into()).collect()
}

fn base(opt: &Opt<'_>) -> Match {
    let field = match opt.name {
        "-s" => Field::Source,
        "-d" => Field::Destination,
        "-i" => Field::In,
        "-o" => Field::Out,
        "-p" => Field::Protocol,
        other => return Match::condition(other),
    };
    Match::of(field, opt.negated, values(&opt.value))
}

/// What one match asks for.
fn part_of(part: &Part<'_>, act: &mut Act) {
    if part.name == "comment" {
        return;
    }
    if part.options.is_empty() {
        act.matches.push(Match::condition(part.name));
    }
    for opt in &part.options {
        if part.name == "recent" && matches!(opt.name, "--set" | "--update" | "--remove") {
            act.leaves.push(Leaves::Mark("recent"));
        }
        act.matches.push(option(part.name, opt));
    }
}

fn option(part: &str, opt: &Opt<'_>) -> Match {
    if let Some((_, left)) = LOOKS.iter().find(|(name, _)| *name == part) {
        let wanted = Wanted::Values(values(&opt.value));
        return Match { fields: vec![Field::Left(left)], negated: opt.negated, wanted };
    }
    let field = match (part, opt.name) {
        ("set", "--match-set") => return in_set(opt),
        (_, "--dport" | "--dports") => Field::Port,
        (_, "--sport" | "--sports") => Field::SourcePort,
        ("conntrack", "--ctstate") => {
            let states = values(&opt.value.to_ascii_lowercase());
            return Match::of(Field::State, opt.negated, states);
        }
        ("icmp" | "icmp6", _) => Field::Icmp,
        ("iprange", "--src-range") => Field::Source,
        ("iprange", "--dst-range") => Field::Destination,
        ("mac", "--mac-source") => Field::Mac,
        ("physdev", "--physdev-in") => Field::In,
        ("physdev", "--physdev-out") => Field::Out,
        _ => return Match::condition(part),
    };
    Match::of(field, opt.negated, values(&opt.value))
}

/// `--match-set allowed src,dst`: what is looked up, in the order of the set's
/// type. Behind an address the next is a port in nearly every type.
fn in_set(opt: &Opt<'_>) -> Match {
    let (name, directions) = opt.value.rsplit_once(' ').unwrap_or((&opt.value, ""));
    let field = |(at, direction): (usize, &str)| match (at, direction) {
        (0, "src") => Field::Source,
        (0, "dst") => Field::Destination,
        (_, "src") => Field::SourcePort,
        (_, "dst") => Field::Port,
        (_, other) => Field::Other(other.into()),
    };
    let fields = directions.split(',').enumerate().map(field).collect();
    Match { fields, negated: opt.negated, wanted: Wanted::Set(format!("ipset/{}", name.trim_matches('"')).into()) }
}

fn target(table: &str, rule: &Rule<'_>, act: &mut Act) {
    let Some(target) = &rule.target else { return };
    let name = target.name;
    let options = || -> Box<str> { target.options.first().map_or("", |opt| &*opt.value).into() };
    let verdict = match name {
        "ACCEPT" => Verdict::Accept,
        "DROP" | "REJECT" | "TARPIT" => Verdict::Drop,
        "RETURN" => Verdict::Return,
        "DNAT" | "REDIRECT" | "NETMAP" | "TPROXY" => Verdict::Forward(options()),
        "SNAT" | "MASQUERADE" => Verdict::Hide,
        "QUEUE" | "NFQUEUE" | "SYNPROXY" | "TEE" => Verdict::Odd(name.into()),
        "SET" => {
            let written = target.options.iter().filter_map(|opt| opt.value.split(' ').next());
            act.leaves.extend(written.map(|set| Leaves::Element(format!("ipset/{set}").into())));
            return;
        }
        "CT" | "NOTRACK" => {
            if target.options.iter().any(|opt| opt.name == "--notrack" || opt.name == "--zone") {
                act.leaves.push(Leaves::Other("tracking of connections".into()));
            }
            return;
        }
        name if WITHOUT_EFFECT.contains(&name) => {
            act.logs = true;
            return;
        }
        name => match MARKS.iter().find(|(known, _)| *known == name) {
            Some((_, left)) => return act.leaves.push(Leaves::Mark(left)),
            None if rule.goes => Verdict::Goto(super::keys::chain_of(table, name)),
            None => Verdict::Jump(super::keys::chain_of(table, name)),
        },
    };
    act.end(verdict);
}

#[cfg(test)]
mod tests;
