//! One rule of nftables in its one form: statements as `nft list` writes them,
//! numbers in decimal digits, sets in order.
//!
//! Works on tokens: what it does not know stays as it is. The order of
//! statements is kept, because it is the order in which they run.

use std::borrow::Cow;

use super::token::Token;
use super::value::{self, Field, duration, element, flags};
use crate::format::firewall::comment;

/// Words of a comparison, and the operators they stand for.
const COMPARISONS: [(&str, &str); 6] =
    [("eq", "=="), ("ne", "!="), ("lt", "<"), ("gt", ">"), ("le", "<="), ("ge", ">=")];

/// Keys of `meta` that are written without it.
const BARE: [&str; 8] = ["iif", "iifname", "iiftype", "iifgroup", "oif", "oifname", "oiftype", "oifgroup"];

/// Keys of `meta` that some write without it.
const WITH_META: [&str; 8] = ["mark", "skuid", "skgid", "pkttype", "cpu", "rtclassid", "nftrace", "l4proto"];

/// Options of `log` in the order of the listing.
const LOG: [&str; 6] = ["prefix", "group", "snaplen", "queue-threshold", "level", "flags"];

/// A rule's canonical text, its statements apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule<'a> {
    /// The words, operators and sets, each in its one form.
    pub(crate) words: Vec<Cow<'a, str>>,
    /// The comment without dates.
    pub(crate) comment: Option<Cow<'a, str>>,
}

/// Reads the tokens of a rule of a table of that family.
pub(crate) fn read<'a>(family: &'a str, tokens: &'a [Token<'a>]) -> Rule<'a> {
    read_at(0, family, tokens)
}

fn read_at<'a>(depth: usize, family: &'a str, tokens: &'a [Token<'a>]) -> Rule<'a> {
    let (out, searched) = (Vec::with_capacity(tokens.len()), (0, false, false));
    let mut reader = Reader { depth, family, tokens, at: 0, out, comment: None, ranged: 0, searched };
    while reader.at < tokens.len() {
        reader.step();
    }
    let Reader { mut out, comment, .. } = reader;
    drop_dependencies(family, &mut out);
    Rule { words: out, comment }
}

impl Rule<'_> {
    /// The canonical text.
    pub(crate) fn text(&self) -> String {
        let comment = self.comment.as_deref().map(value::quoted);
        let comment = comment.as_deref().map(|comment| ["comment", comment]);
        let words = self.words.iter().map(|word| &**word).chain(comment.into_iter().flatten());
        let mut text = String::with_capacity(words.clone().map(|word| word.len() + 1).sum::<usize>().saturating_sub(1));
        for (at, word) in words.enumerate() {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }
}

/// How deep what is done with the elements of sets may nest. `nft` takes no
/// such thing in another; what is deeper is read as a plain set.
const GROUP_DEPTH_MAX: usize = 4;

/// Words that [`Reader::field`] looks back over: an operator, the field, and
/// what the field is of.
const FIELD_WORDS: usize = 3;

struct Reader<'a> {
    depth: usize,
    family: &'a str,
    tokens: &'a [Token<'a>],
    at: usize,
    out: Vec<Cow<'a, str>>,
    comment: Option<Cow<'a, str>>,
    /// How many words there were when a range was last put together.
    ranged: usize,
    /// How many words were searched for protocols, and whether IPv4 and IPv6
    /// were among them.
    searched: (usize, bool, bool),
}

impl<'a> Reader<'a> {
    fn word(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", Token::word)
    }

    fn text(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", Token::text)
    }

    fn before(&self) -> &str {
        self.out.last().map_or("", |word| word)
    }

    /// What the value that comes is compared with.
    fn field(&self) -> Field {
        let mut words = self.out.iter().rev().take(FIELD_WORDS).map(|word| &**word);
        let is_operator = |word: &str| matches!(word, "!=" | "<" | ">" | "<=" | ">=" | "vmap" | "map");
        let field = words.by_ref().find(|word| !is_operator(word)).unwrap_or_default();
        match (words.next().unwrap_or_default(), field) {
            (_, "dport" | "sport") => Field::Port,
            ("meta", "l4proto") | ("ip", "protocol") | ("ip6", "nexthdr") => Field::Protocol,
            ("icmp", "type") => Field::Icmp,
            ("icmpv6", "type") => Field::Icmp6,
            _ => Field::Other,
        }
    }

    fn push(&mut self, word: impl Into<Cow<'a, str>>, used: usize) {
        self.out.push(word.into());
        self.at += used;
    }

    fn step(&mut self) {
        match &self.tokens[self.at] {
            Token::Open => self.group(),
            Token::Comma => self.list(),
            Token::Close | Token::End => self.at += 1,
            Token::Quoted(_) => self.value(),
            Token::Word(_) => self.keyword(),
        }
    }

    fn keyword(&mut self) {
        let word = self.word(0);
        if let Some((_, operator)) = COMPARISONS.iter().find(|(name, _)| *name == word) {
            return self.operator(operator);
        }
        match word {
            "==" | "!=" => self.operator(if word == "==" { "==" } else { "!=" }),
            "counter" if self.word(1) == "packets" && self.word(3) == "bytes" => self.push("counter", 5),
            "comment" => {
                let text = comment::without_dates(self.text(1));
                self.comment = Some(text).filter(|text| !text.is_empty());
                self.at += 2;
            }
            "meta" if BARE.contains(&self.word(1)) => self.at += 1,
            "log" => self.log(),
            "limit" if self.word(1) == "rate" => self.limit(),
            "reject" => self.reject(),
            "timeout" | "expires" => self.timeout(),
            "flags" if self.before() == "tcp" && self.word(1) == "&" => self.tcp_flags(),
            word if WITH_META.contains(&word) && !matches!(self.before(), "ct" | "meta" | "socket" | "." | "fib") => {
                self.push("meta", 0);
                self.push(word, 1);
            }
            _ => self.value(),
        }
    }

    /// `==` is said only where something is computed before.
    fn operator(&mut self, operator: &'static str) {
        let computed =
            self.out.iter().rev().nth(1).is_some_and(|word| matches!(&**word, "&" | "|" | "^")) || self.before() == ")";
        if operator == "==" && !computed {
            self.at += 1;
        } else {
            self.push(operator, 1);
        }
    }

    fn value(&mut self) {
        let field = self.field();
        let token = &self.tokens[self.at];
        let word = value::word(token, field);
        // A range with white space around its mark is one word.
        if word == "-" && self.ranged != self.out.len() && self.tokens.len() > self.at + 1 {
            let next = value::word(&self.tokens[self.at + 1], Field::Other);
            if let Some(low) = self.out.last_mut() {
                let low = low.to_mut();
                low.push('-');
                low.push_str(&next);
            }
            self.ranged = self.out.len();
            self.at += 2;
            return;
        }
        self.push(word, 1);
    }

    /// A set, or what stands behind the name of one that is written to.
    fn group(&mut self) {
        let tokens = self.tokens;
        let (inner, used) = inside(&tokens[self.at..]);
        if self.depth < GROUP_DEPTH_MAX && self.before().starts_with('@') {
            let rule = read_at(self.depth + 1, self.family, inner);
            self.push(format!("{{ {} }}", rule.words.join(" ")), used);
            return;
        }
        let field = self.field();
        let mut elements: Vec<String> =
            value::elements(inner).map(|tokens| element(tokens, field).to_string()).collect();
        elements.sort_unstable();
        elements.dedup();
        let map = matches!(self.before(), "vmap" | "map");
        match elements.as_slice() {
            [_] if !map => self.push(elements.remove(0), used),
            _ => self.push(format!("{{ {} }}", elements.join(", ")), used),
        }
    }

    /// A list of flags: a set, whatever its order.
    fn list(&mut self) {
        let mut list = vec![self.out.pop().unwrap_or_default()];
        while self.tokens.get(self.at) == Some(&Token::Comma) && self.at + 1 < self.tokens.len() {
            list.push(value::word(&self.tokens[self.at + 1], Field::Other));
            self.at += 2;
        }
        if self.tokens.get(self.at) == Some(&Token::Comma) {
            self.at += 1;
        }
        list.sort_unstable();
        list.dedup();
        self.out.push(list.join(",").into());
    }

    /// `tcp flags & (fin|syn) == syn` is `tcp flags syn / fin,syn`.
    fn tcp_flags(&mut self) {
        let Some((mask, used)) = flags(&self.tokens[self.at + 2..]) else { return self.value() };
        let operator = self.word(2 + used);
        let wanted = self.tokens.get(self.at + 3 + used..).and_then(flags);
        match (operator, wanted) {
            ("==" | "!=", Some((wanted, more))) => {
                let not = if operator == "!=" { "!= " } else { "" };
                self.push("flags", 0);
                self.push(format!("{not}{wanted}"), 0);
                self.push("/", 0);
                self.push(mask, 3 + used + more);
            }
            _ => self.value(),
        }
    }

    fn log(&mut self) {
        self.push("log", 1);
        let mut options: Vec<(usize, String)> = Vec::new();
        while let Some(rank) = LOG.iter().position(|option| *option == self.word(0)) {
            let name = LOG[rank];
            let mut text = value::quoted(self.text(1)).into_owned();
            self.at += 2;
            while self.tokens.get(self.at) == Some(&Token::Comma) {
                text.push(',');
                text.push_str(self.text(1));
                self.at += 2;
            }
            if (name, text.as_str()) != ("level", "warn") {
                options.push((rank, format!("{name} {text}")));
            }
            self.at = self.at.min(self.tokens.len());
        }
        options.sort();
        self.out.extend(options.into_iter().map(|(_, text)| Cow::Owned(text)));
    }

    /// `limit rate [over] 10/minute [burst 5 packets]`
    fn limit(&mut self) {
        self.push("limit rate", 2);
        if self.word(0) == "over" {
            self.push("over", 1);
        }
        // The rate itself, in one word or in three.
        while !matches!(self.word(0), "" | "burst") && self.is_rate() {
            self.push(self.word(0), 1);
        }
        if self.word(0) != "burst" {
            return;
        }
        let (count, unit) = (self.word(1), self.word(2));
        self.at = (self.at + 3).min(self.tokens.len());
        if !matches!((count, unit), ("5", "packets") | ("0", _)) {
            self.out.push(format!("burst {count} {unit}").into());
        }
    }

    fn is_rate(&self) -> bool {
        let word = self.word(0);
        word.contains('/') || word.bytes().all(|b| b.is_ascii_digit())
    }

    /// The default answer is not said; the older spelling has one word more.
    fn reject(&mut self) {
        self.push("reject", 1);
        if self.word(0) != "with" {
            return;
        }
        let kind = self.word(1);
        let skip = if self.word(2) == "type" { 3 } else { 2 };
        let answer = value::word(self.tokens.get(self.at + skip).unwrap_or(&Token::End), Field::Other);
        self.at = (self.at + skip + 1).min(self.tokens.len());
        if answer != "port-unreachable" || !self.is_own_answer(kind) {
            self.out.push(format!("with {kind} {answer}").into());
        }
    }

    /// Whether packets of this rule are answered with ICMP of that kind where
    /// nothing is said.
    fn is_own_answer(&mut self, kind: &str) -> bool {
        let (searched, mut v4, mut v6) = self.searched;
        for word in self.out.iter().skip(searched) {
            v4 |= matches!(&**word, "ip" | "icmp" | "ipv4");
            v6 |= matches!(&**word, "ip6" | "icmpv6" | "ipv6");
        }
        self.searched = (self.out.len(), v4, v6);
        match (self.family, kind) {
            ("ip", kind) => kind == "icmp",
            ("ip6", kind) => kind == "icmpv6",
            (_, "icmp") => v4,
            (_, "icmpv6") => v6,
            (_, kind) => kind == "icmpx",
        }
    }

    fn timeout(&mut self) {
        let name = self.word(0);
        let text = duration(self.word(1));
        self.at = (self.at + 2).min(self.tokens.len());
        if name == "timeout" {
            self.out.push(format!("timeout {text}").into());
        }
    }
}

/// What stands between the braces at the beginning, and how many tokens the
/// group has.
fn inside<'s, 't>(tokens: &'s [Token<'t>]) -> (&'s [Token<'t>], usize) {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => {
                depth -= 1;
                if depth == 0 {
                    return (&tokens[1..at], at + 1);
                }
            }
            _ => {}
        }
    }
    (&tokens[1..], tokens.len())
}

/// A match of the protocol says nothing where the next match is of that
/// protocol.
fn drop_dependencies(family: &str, words: &mut Vec<Cow<'_, str>>) {
    if !words.iter().any(|word| matches!(&**word, "l4proto" | "protocol" | "nexthdr")) {
        return;
    }
    let mut kept: Vec<Cow<'_, str>> = Vec::with_capacity(words.len());
    let mut at = 0;
    let reset = words.iter().any(|word| word == "with tcp reset");
    while at < words.len() {
        if says_nothing(family, &words[at..], reset) {
            at += 3;
        } else {
            kept.push(std::mem::take(&mut words[at]));
            at += 1;
        }
    }
    *words = kept;
}

/// `reset`: the rule answers with a reset, which is for TCP alone.
fn says_nothing(family: &str, words: &[Cow<'_, str>], reset: bool) -> bool {
    let [a, b, protocol, next, ..] = words else { return false };
    let names_it = match (&**a, &**b) {
        ("meta", "l4proto") => true,
        ("ip", "protocol") => family == "ip",
        ("ip6", "nexthdr") => family == "ip6",
        _ => false,
    };
    let same = match (&**protocol, &**next) {
        ("ipv6-icmp", "icmpv6") => true,
        ("tcp", _) if reset && b == "l4proto" => true,
        (protocol, next) => protocol == next,
    };
    names_it && same
}

#[cfg(test)]
mod tests;
