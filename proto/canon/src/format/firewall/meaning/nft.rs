//! What a rule of nftables does, from its canonical text.
//!
//! Goes over the words that the reader of rules makes of it. What it does not
//! know stays a condition; what stands behind a verdict makes the rule odd.

use std::borrow::Cow;

use super::act::{Act, Branch, Field, Leaves, Match, Verdict, Wanted, verdict_of};
use super::keys;
use crate::format::firewall::nft::rule;
use crate::format::firewall::nft::token::{Lexer, Token};
use crate::format::firewall::nft::value::{self, Field as Names};

/// Protocols whose fields are asked for by name, and their names as protocols.
const CARRIED: [(&str, &str); 7] = [
    ("tcp", "tcp"),
    ("udp", "udp"),
    ("sctp", "sctp"),
    ("dccp", "dccp"),
    ("udplite", "udplite"),
    ("icmp", "icmp"),
    ("icmpv6", "ipv6-icmp"),
];

/// Statements behind which the packet goes on unchanged.
const LOG_OPTIONS: [&str; 6] = ["prefix ", "group ", "snaplen ", "queue-threshold ", "level ", "flags "];

/// What may be written without any rule that could tell the difference.
const UNSEEN: [&str; 6] = ["nftrace", "priority", "maxseg", "secmark", "helper", "timeout"];

/// Words between a field and what it is compared with.
const COMPUTING: [&str; 5] = ["&", "|", "^", "<<", ">>"];

/// Reads a rule of a table, named as keys name it (`inet filter`).
pub(super) fn read(table: &str, text: &str) -> Act {
    if text.starts_with("json ") {
        return Act::odd("a rule that is not understood");
    }
    let family = table.split(' ').next().unwrap_or_default();
    let tokens: Vec<Token<'_>> = Lexer::new(text).filter(|token| *token != Token::End).collect();
    let words = rule::read(family, &tokens).words;
    let mut walk = Walk { table, words: &words, at: 0, act: Act::default() };
    while walk.at < words.len() {
        walk.statement();
    }
    walk.act
}

struct Walk<'a> {
    table: &'a str,
    words: &'a [Cow<'a, str>],
    at: usize,
    act: Act,
}

impl<'a> Walk<'a> {
    fn word(&self, ahead: usize) -> &'a str {
        self.words.get(self.at + ahead).map_or("", |word| word)
    }

    fn statement(&mut self) {
        // What follows an end of the way is not reached, or not understood.
        if self.act.branches.iter().any(|branch| branch.matches.is_empty()) {
            self.at = self.words.len();
            return self.act.end(Verdict::Odd("words behind a verdict".into()));
        }
        match self.word(0) {
            "accept" => self.end(Verdict::Accept, 1),
            "drop" => self.end(Verdict::Drop, 1),
            "reject" => {
                let more = usize::from(self.word(1).starts_with("with "));
                self.end(Verdict::Drop, 1 + more);
            }
            "return" => self.end(Verdict::Return, 1),
            "continue" => self.at += 1,
            "jump" => self.end(Verdict::Jump(keys::chain_of(self.table, self.word(1))), 2),
            "goto" => self.end(Verdict::Goto(keys::chain_of(self.table, self.word(1))), 2),
            "masquerade" | "snat" => self.translation(Verdict::Hide),
            "dnat" | "redirect" | "tproxy" => {
                let to: Vec<&str> =
                    self.words[self.at + 1..].iter().map(|word| &**word).filter(|word| *word != "to").collect();
                self.translation(Verdict::Forward(to.join(" ").into()));
            }
            "queue" | "fwd" | "dup" | "synproxy" => {
                let name = self.word(0).into();
                self.end(Verdict::Odd(name), self.words.len());
            }
            "counter" => self.at += if self.word(1) == "name" { 3 } else { 1 },
            "log" => {
                self.act.logs = true;
                self.skip(1, |word| LOG_OPTIONS.iter().any(|option| word.starts_with(option)));
            }
            "limit" | "quota" if self.word(1) == "name" => self.condition(3),
            "limit rate" => {
                self.condition(1);
                self.skip(0, |word| word == "over" || word.contains('/') || is_amount(word));
            }
            "quota" => {
                self.condition(1);
                self.skip(0, |word| matches!(word, "over" | "until") || is_amount(word) || word.ends_with("bytes"));
            }
            "notrack" => {
                self.act.leaves.push(Leaves::Other("tracking of connections".into()));
                self.at += 1;
            }
            "add" | "update" | "delete" if self.word(1).starts_with('@') => {
                let set = keys::set_of(self.table, &self.word(1)[1..]);
                self.act.leaves.push(Leaves::Element(set));
                // What is behind the element's limit is asked of fewer packets.
                self.condition(3);
            }
            "flow" => self.at += 3,
            _ => self.expression(),
        }
    }

    fn end(&mut self, verdict: Verdict, used: usize) {
        self.act.end(verdict);
        self.at += used;
    }

    fn condition(&mut self, used: usize) {
        let name = self.word(0);
        self.act.matches.push(Match::condition(name.strip_suffix(" rate").unwrap_or(name)));
        self.at += used;
    }

    fn skip(&mut self, first: usize, belongs: impl Fn(&str) -> bool) {
        self.at += first;
        while self.at < self.words.len() && belongs(self.word(0)) {
            self.at += 1;
        }
    }

    fn translation(&mut self, verdict: Verdict) {
        let words = &self.words[self.at..];
        let sets = words.iter().filter_map(|word| word.strip_prefix('@'));
        self.act.reads.extend(sets.map(|set| keys::set_of(self.table, set)));
        self.end(verdict, self.words.len());
    }

    /// A field or several side by side, and what is asked of or done to them.
    fn expression(&mut self) {
        let mut fields = vec![self.field()];
        while self.word(0) == "." {
            self.at += 1;
            fields.push(self.field());
        }
        match self.word(0) {
            "set" => self.write(&fields),
            "vmap" => self.map(fields),
            word if COMPUTING.contains(&word) => {
                self.skip(1, |word| !matches!(word, "==" | "!=" | "<" | ">" | "<=" | ">=" | "set" | "vmap"));
                match self.word(0) {
                    "set" => self.write(&fields),
                    "vmap" => self.map(vec![Field::Other("what is computed".into())]),
                    _ => {
                        self.at += 2;
                        self.push(fields, false, Wanted::Computed);
                    }
                }
            }
            "<" | ">" | "<=" | ">=" | "!" => {
                self.at += 2;
                self.push(fields, false, Wanted::Computed);
            }
            "!=" => {
                self.at += 1;
                self.compare(fields, true);
            }
            "==" => {
                self.at += 1;
                self.compare(fields, false);
            }
            _ => self.compare(fields, false),
        }
    }

    /// The next field, and how many words name it.
    fn field(&mut self) -> Field {
        let (first, second) = (self.word(0), self.word(1));
        if let Some((_, protocol)) = CARRIED.iter().find(|(name, _)| *name == first) {
            let protocol = Match::of(Field::Protocol, false, vec![(*protocol).into()]);
            if !self.act.matches.contains(&protocol) {
                self.act.matches.push(protocol);
            }
        }
        let (field, used) = match (first, second) {
            ("ip" | "ip6", "saddr") => (Field::Source, 2),
            ("ip" | "ip6", "daddr") => (Field::Destination, 2),
            ("ip", "protocol") | ("ip6", "nexthdr") | ("meta", "l4proto") => (Field::Protocol, 2),
            ("ether", "saddr") => (Field::Mac, 2),
            ("tcp" | "udp" | "sctp" | "dccp" | "udplite" | "th", "dport") => (Field::Port, 2),
            ("tcp" | "udp" | "sctp" | "dccp" | "udplite" | "th", "sport") => (Field::SourcePort, 2),
            ("icmp" | "icmpv6", "type" | "code") => (Field::Icmp, 2),
            ("iif" | "iifname" | "iifgroup", _) => (Field::In, 1),
            ("oif" | "oifname" | "oifgroup", _) => (Field::Out, 1),
            ("ct", "state") => (Field::State, 2),
            ("meta" | "ct", "mark" | "label" | "secmark") => (Field::Left("mark"), 2),
            ("ip", "dscp") | ("ip6", "dscp") => (Field::Left("dscp"), 2),
            ("ip", "ttl") | ("ip6", "hoplimit") => (Field::Left("ttl"), 2),
            ("ct", "count") => (Field::Other("ct count".into()), 2 + usize::from(self.word(2) == "over")),
            ("ct", "original" | "reply") => {
                let family = usize::from(matches!(self.word(2), "ip" | "ip6"));
                (Field::Other("ct".into()), 3 + family)
            }
            ("fib", _) => {
                let end = (1..8).find(|&ahead| matches!(self.word(ahead), "type" | "oif" | "oifname"));
                (Field::Other("fib".into()), end.map_or(1, |end| end + 1))
            }
            ("tcp", "option") => (Field::Other("tcp".into()), 4),
            ("numgen", _) => (Field::Other("numgen".into()), 4 + if self.word(4) == "offset" { 2 } else { 0 }),
            ("osf", _) => (Field::Other("osf".into()), 2),
            ("ip" | "ip6" | "meta" | "ct" | "ether" | "socket" | "rt" | "vlan" | "arp" | "igmp", key) => {
                (Field::Other(key.into()), 2)
            }
            (name, key) if CARRIED.iter().any(|(known, _)| *known == name) => (Field::Other(key.into()), 2),
            (name, _) => (Field::Other(name.into()), 1),
        };
        self.at = (self.at + used).min(self.words.len());
        field
    }

    /// `meta mark set 1`: the value may be an expression; it ends where a
    /// statement begins.
    fn write(&mut self, fields: &[Field]) {
        self.skip(1, |word| !begins_statement(word));
        for field in fields {
            match field {
                Field::Left(left) => self.act.leaves.push(Leaves::Mark(left)),
                Field::Other(name) if UNSEEN.contains(&&**name) || &**name == "tcp" => {}
                field => self.act.leaves.push(Leaves::Other(name_of(field).into())),
            }
        }
    }

    fn compare(&mut self, fields: Vec<Field>, negated: bool) {
        let word = self.word(0);
        // A field that is known has a value, whatever that looks like.
        let known = !matches!(fields.last(), Some(Field::Other(_)));
        if word.is_empty() || !known && begins_statement(word) {
            return self.push(fields, negated, Wanted::Computed);
        }
        self.at += 1;
        if let Some(set) = word.strip_prefix('@') {
            return self.push(fields, negated, Wanted::Set(keys::set_of(self.table, set)));
        }
        // `tcp flags syn / fin,syn`
        if self.word(0) == "/" {
            self.at += 2;
            return self.push(fields, negated, Wanted::Computed);
        }
        let values = values(word);
        if let [field] = fields.as_slice() {
            return self.act.matches.push(Match::of(field.clone(), negated, values));
        }
        if negated {
            return self.push(fields, true, Wanted::Computed);
        }
        self.act.matches.extend(side_by_side(&fields, &values));
    }

    fn push(&mut self, fields: Vec<Field>, negated: bool, wanted: Wanted) {
        self.act.matches.push(Match { fields, negated, wanted });
    }

    /// `tcp dport vmap { 22 : accept, 23 : drop }`
    fn map(&mut self, fields: Vec<Field>) {
        let word = self.word(1);
        self.at += 2;
        if let Some(name) = word.strip_prefix('@') {
            let name = keys::set_of(self.table, name);
            let matches = vec![Match { fields, negated: false, wanted: Wanted::Set(name.clone()) }];
            return self.act.branches.push(Branch { matches, verdict: Verdict::Map(name) });
        }
        let table = self.table;
        for (key, data) in elements(word) {
            let data = data.unwrap_or_default();
            let Some(verdict) = verdict_of(&data, |name| keys::chain_of(table, name)) else { continue };
            // `*` stands for all that is not in the map.
            let matches = if &*key == "*" { vec![Match::condition("the rest")] } else { side_by_side(&fields, &[key]) };
            self.act.branches.push(Branch { matches, verdict });
        }
    }
}

fn is_amount(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) || word.starts_with("burst ")
}

fn begins_statement(word: &str) -> bool {
    matches!(
        word,
        "accept"
            | "drop"
            | "reject"
            | "return"
            | "continue"
            | "jump"
            | "goto"
            | "counter"
            | "log"
            | "limit rate"
            | "limit"
            | "masquerade"
            | "snat"
            | "dnat"
            | "redirect"
            | "queue"
            | "notrack"
    )
}

/// The values of a word: one, a list of flags or the elements of a group.
fn values(word: &str) -> Vec<Box<str>> {
    if word.starts_with('{') {
        return elements(word).into_iter().map(|(key, _)| key).collect();
    }
    word.split(',').map(Into::into).collect()
}

/// The elements of a group, as they are looked up, and what they map to.
fn elements(group: &str) -> Vec<(Box<str>, Option<String>)> {
    let tokens: Vec<Token<'_>> = Lexer::new(group).collect();
    let inner = match tokens.as_slice() {
        [Token::Open, inner @ .., Token::Close] => inner,
        all => all,
    };
    let element = |tokens| {
        let element = value::element(tokens, Names::Other);
        (element.key.into(), element.data)
    };
    value::elements(inner).map(element).collect()
}

/// Each field with its values out of elements of several fields.
pub(super) fn side_by_side(fields: &[Field], elements: &[Box<str>]) -> Vec<Match> {
    let mut columns: Vec<Vec<Box<str>>> = vec![Vec::new(); fields.len()];
    for element in elements {
        let mut parts = element.split(" . ");
        for column in &mut columns {
            let part: Box<str> = parts.next().unwrap_or("*").into();
            if !column.contains(&part) || column.len() > VALUES_LOOKED_AT {
                column.push(part);
            }
        }
    }
    fields.iter().zip(columns).map(|(field, values)| Match::of(field.clone(), false, values)).collect()
}

/// Values up to which the same one is not kept twice: looking costs the square.
const VALUES_LOOKED_AT: usize = 32;

fn name_of(field: &Field) -> &str {
    match field {
        Field::Source | Field::Destination => "an address",
        Field::Port | Field::SourcePort => "a port",
        Field::Other(name) => name,
        _ => "a field",
    }
}

#[cfg(test)]
mod tests;
