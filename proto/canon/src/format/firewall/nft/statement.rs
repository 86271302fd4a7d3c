//! What a statement of a ruleset does to it.
//!
//! Rules are handed to the reader of rules; commands about one rule by its
//! handle cannot be followed without a kernel, and say so.

use std::borrow::Cow;
use std::collections::HashSet;

use super::block::Context;
use super::sets::definition;
use super::tables::Tables;
use super::token::Token;
use super::value::{self, Field, element, elements};
use super::{Ruleset, rule};
use crate::ProblemKind;
use crate::format::firewall::comment::without_dates;
use crate::format::firewall::model::{Refused, RuleText, name_in_key};
use crate::limits::LINE_BYTES_MAX;

/// Bytes of a name. The kernel takes 255 (`NFT_NAME_MAXLEN`); a longer one
/// would stand in every key of its table.
const NAME_BYTES_MAX: usize = 255;

const TOO_LONG: &str = "a name is longer than the kernel takes";

const FAMILIES: [&str; 6] = ["ip", "ip6", "inet", "arp", "bridge", "netdev"];

/// Priorities by name, and their numbers (`linux/netfilter_ipv4.h`); those of
/// bridges differ.
const PRIORITIES: [(&str, i64, i64); 7] = [
    ("raw", -300, -300),
    ("mangle", -150, -150),
    ("dstnat", -100, -300),
    ("filter", 0, -200),
    ("security", 50, 50),
    ("srcnat", 100, 300),
    ("out", 100, 100),
];

type Result<T> = std::result::Result<T, (ProblemKind, &'static str)>;

fn syntax<T>(reason: &'static str) -> Result<T> {
    Err((ProblemKind::Syntax, reason))
}

/// What a listing as JSON says, object by object.
impl Ruleset<'_> {
    /// Everything is gone.
    pub(crate) fn flush(&mut self) {
        self.chains.remove_all();
        self.sets.remove_all();
        self.tables = Tables::default();
    }

    /// The flags of a table.
    pub(crate) fn table_flags(&mut self, table: &str, flags: &str) {
        self.tables.flags(table, flags);
    }

    /// Something about a chain.
    pub(crate) fn chain_fact(&mut self, chain: &str, fact: &'static str, value: &str) {
        self.chains.chain(chain).fact(fact, value, 1);
    }

    /// A set or object is there.
    pub(crate) fn object(&mut self, name: &str) {
        self.sets.set(name, 1);
    }

    /// Whether a set is a map.
    pub(crate) fn set_kind(&mut self, name: &str, kind: &str) {
        self.sets.set(name, 1).define(kind);
    }

    /// A statement of a set or object.
    pub(crate) fn set_part(&mut self, name: &str, tokens: &[Token<'_>], line: u32) {
        if !tokens.is_empty() {
            self.in_set(name, tokens, line);
        }
    }

    /// A rule that is kept as it is.
    pub(crate) fn raw_rule(&mut self, chain: &str, text: &str) {
        self.chains.chain(chain).rules.push_back(RuleText { text: text.into(), line: 1, file: None });
    }
}

impl Ruleset<'_> {
    /// A block begins.
    pub(crate) fn open(
        &mut self,
        context: &Context,
        tokens: &[Token<'_>],
        line: u32,
    ) -> std::result::Result<Context, &'static str> {
        let adding = matches!(tokens.first().map_or("", Token::word), "add" | "create");
        let tokens = &tokens[usize::from(adding)..];
        let kind = tokens.first().map_or("", Token::word);
        if kind == "table" {
            let (family, rest) = family(&tokens[1..]);
            let [name] = rest else { return Err("a table has one name") };
            let key = format!("{family} {}", key_of(name)?);
            self.table(&key, line);
            return Ok(Context::Table(family.to_owned(), key));
        }
        let (family, table, rest) = match context {
            Context::Table(family, table) => (family.clone(), table.clone(), &tokens[1..]),
            _ => {
                let (family, rest) = family(&tokens[1..]);
                let Some((table, rest)) = rest.split_first() else { return Err("the name of the table is missing") };
                (family.to_owned(), format!("{family} {}", key_of(table)?), rest)
            }
        };
        if rest.is_empty() {
            return Err("a name is missing");
        }
        self.named(kind, &family, &table, rest, line)
    }

    /// A chain, set or object in a table.
    fn named(
        &mut self,
        kind: &str,
        family: &str,
        table: &str,
        rest: &[Token<'_>],
        line: u32,
    ) -> std::result::Result<Context, &'static str> {
        let name = rest.iter().map(key_of).collect::<std::result::Result<Vec<_>, _>>()?.join(" ");
        if name.len() > NAME_BYTES_MAX {
            return Err(TOO_LONG);
        }
        match kind {
            "chain" => {
                let key = format!("{table}/{name}");
                let chain = self.chains.chain(&key);
                if chain.facts.is_empty() {
                    chain.fact("chain", "present", line);
                }
                Ok(Context::Chain(family.to_owned(), key))
            }
            "set" | "map" => {
                let key = format!("{table}/@{name}");
                self.sets.set(&key, line).define(kind);
                Ok(Context::Set(key))
            }
            _ => {
                let key = format!("{table}/{kind} {name}");
                self.sets.set(&key, line);
                Ok(Context::Set(key))
            }
        }
    }

    /// A statement in its place.
    pub(crate) fn statement(&mut self, context: &Context, tokens: &[Token<'_>], line: u32) -> Result<()> {
        match context {
            Context::Top => self.command(tokens, line),
            Context::Table(family, table) => self.in_table(family, table, tokens, line),
            Context::Chain(family, chain) => self.in_chain(family, chain, tokens, line),
            Context::Set(set) => {
                self.in_set(set, tokens, line);
                Ok(())
            }
        }
    }

    fn in_table(&mut self, family: &str, table: &str, tokens: &[Token<'_>], line: u32) -> Result<()> {
        match tokens[0].word() {
            "flags" => {
                let flags = words(&tokens[1..]).join("");
                self.tables.flags(table, &flags);
                Ok(())
            }
            "comment" => Ok(()),
            // Objects without a block: `counter c1`, `chain x`.
            kind if tokens.len() > 1 => {
                self.named(kind, family, table, &tokens[1..], line).map_err(|reason| (ProblemKind::Syntax, reason))?;
                Ok(())
            }
            _ => syntax("no statement of a table"),
        }
    }

    fn in_chain(&mut self, family: &str, chain: &str, tokens: &[Token<'_>], line: u32) -> Result<()> {
        match tokens[0].word() {
            "type" if tokens.get(2).is_some_and(|token| token.word() == "hook") => {
                let hook = hook(family, tokens).ok_or((ProblemKind::Syntax, "no hook of a chain"))?;
                let chain = self.chains.chain(chain);
                chain.facts.retain(|(fact, _, _)| *fact != "chain");
                chain.fact("hook", &hook, line);
                if !chain.facts.iter().any(|(fact, _, _)| *fact == "policy") {
                    chain.fact("policy", "accept", line);
                }
            }
            "policy" if tokens.len() == 2 => self.chains.chain(chain).fact("policy", tokens[1].word(), line),
            "comment" if tokens.len() == 2 => {
                let text = without_dates(tokens[1].text());
                self.chains.chain(chain).fact("comment", &text, line);
            }
            "flags" if tokens.len() == 2 => self.chains.chain(chain).fact("flags", tokens[1].word(), line),
            "devices" | "device" => {
                let devices = words(&tokens[1..]).join(" ");
                self.chains.chain(chain).fact("devices", &devices, line);
            }
            _ => {
                let rule = self.rule(family, tokens, line)?;
                self.chains.chain(chain).rules.push_back(rule);
            }
        }
        Ok(())
    }

    /// A rule of a table of that family.
    pub(crate) fn rule(&self, family: &str, tokens: &[Token<'_>], line: u32) -> Result<RuleText> {
        let mut bytes = 0;
        for token in tokens {
            if token.word() == "xt" {
                let reason = "the rule was made by iptables-nft: read it through iptables-save";
                return Err((ProblemKind::Unresolved, reason));
            }
            bytes += token.source().len();
        }
        if bytes > LINE_BYTES_MAX {
            return Err((ProblemKind::Limit, "the rule is longer than a line may be"));
        }
        let text = rule::read(family, tokens).text().into();
        Ok(RuleText { text, line, file: self.gather.file().cloned() })
    }

    fn in_set(&mut self, set: &str, tokens: &[Token<'_>], line: u32) {
        if set.is_empty() {
            return self.watch(tokens);
        }
        let file = self.gather.file().cloned();
        let set = self.sets.set(set, line);
        let field = set.field();
        if tokens[0].word() == "elements" {
            for tokens in elements(group(&tokens[1..])) {
                set.element(element(tokens, field), line, file.clone());
            }
            return;
        }
        if tokens[0].word() == "comment" {
            let text = without_dates(tokens.get(1).map_or("", Token::text));
            if !text.is_empty() {
                set.define(&format!("comment {}", value::quoted(&text)));
            }
            return;
        }
        for part in object_parts(tokens) {
            if let Some(text) = definition(&part) {
                set.define(&text);
            }
        }
    }

    /// A statement outside of any table.
    fn command(&mut self, tokens: &[Token<'_>], line: u32) -> Result<()> {
        let (verb, rest) = match tokens[0].word() {
            "table" => ("add", tokens),
            verb => (verb, &tokens[1..]),
        };
        let kind = rest.first().map_or("", Token::word);
        match (verb, kind) {
            ("flush", "ruleset") => {
                self.flush();
                Ok(())
            }
            ("list" | "reset", _) => Ok(()),
            ("add" | "create", "table") => {
                let (family, rest) = family(&rest[1..]);
                let Some(name) = rest.first() else { return syntax("the name of the table is missing") };
                self.table(&format!("{family} {}", key_of(name).map_err(limit)?), line);
                Ok(())
            }
            ("delete" | "destroy" | "flush", "table") => self.end_table(verb, &rest[1..]),
            ("add" | "insert", "rule") => self.add_rule(verb, &rest[1..], line),
            ("add" | "create" | "delete" | "destroy", "element") => self.change_elements(verb, &rest[1..], line),
            ("flush" | "delete" | "destroy", "chain") => {
                let (key, _) = named_in_table(&rest[1..], "/")?;
                self.chains.chain(&key).rules.clear();
                if verb != "flush" {
                    self.chains.chain(&key).facts.clear();
                }
                Ok(())
            }
            ("flush" | "delete" | "destroy", "set" | "map") => {
                let (key, _) = named_in_table(&rest[1..], "/@")?;
                if verb == "flush" {
                    self.sets.set(&key, line).flush();
                } else {
                    self.sets.remove(&key);
                }
                Ok(())
            }
            ("add" | "create", "chain") if rest.len() > 2 => {
                let (key, _) = named_in_table(&rest[1..], "/")?;
                self.chains.chain(&key).fact("chain", "present", line);
                Ok(())
            }
            ("delete" | "replace" | "destroy", "rule") => {
                Err((ProblemKind::Unresolved, "a rule named by its handle is known to the kernel alone"))
            }
            _ => syntax("no command of a ruleset"),
        }
    }

    fn end_table(&mut self, verb: &str, rest: &[Token<'_>]) -> Result<()> {
        let (family, rest) = family(rest);
        let Some(name) = rest.first() else { return syntax("the name of the table is missing") };
        let table = format!("{family} {}", key_of(name).map_err(limit)?);
        if verb == "flush" {
            return self.chains.flush_table(&table).map_err(moved);
        }
        self.chains.remove_table(&table);
        self.sets.remove_table(&table);
        self.tables.remove(&table);
        Ok(())
    }

    fn add_rule(&mut self, verb: &str, rest: &[Token<'_>], line: u32) -> Result<()> {
        let family = family(rest).0.to_owned();
        let (chain, rest) = named_in_table(rest, "/")?;
        if matches!(rest.first().map_or("", Token::word), "position" | "handle" | "index") {
            return Err((ProblemKind::Unresolved, "a rule named by its handle is known to the kernel alone"));
        }
        let rule = self.rule(&family, rest, line)?;
        if verb == "insert" {
            return self.chains.insert(&chain, 0, rule).map_err(moved);
        }
        self.chains.chain(&chain).rules.push_back(rule);
        Ok(())
    }

    fn change_elements(&mut self, verb: &str, rest: &[Token<'_>], line: u32) -> Result<()> {
        let (key, rest) = named_in_table(rest, "/@")?;
        let file = self.gather.file().cloned();
        let set = self.sets.set(&key, line);
        let field = set.field();
        let found: Vec<_> = elements(group(rest)).map(|tokens| element(tokens, field)).collect();
        if matches!(verb, "delete" | "destroy") {
            let keys: HashSet<String> = found.into_iter().map(|element| element.key).collect();
            self.sets.remove_elements(&key, line, &keys).map_err(moved)?;
        } else {
            for element in found {
                set.element(element, line, file.clone());
            }
        }
        Ok(())
    }
}

/// A name as keys have it.
fn key_of<'t>(name: &'t Token<'_>) -> std::result::Result<Cow<'t, str>, &'static str> {
    let name = name.text();
    if name.len() > NAME_BYTES_MAX { Err(TOO_LONG) } else { Ok(name_in_key(name)) }
}

fn limit(reason: &'static str) -> (ProblemKind, &'static str) {
    (ProblemKind::Limit, reason)
}

fn moved(refused: Refused) -> (ProblemKind, &'static str) {
    match refused {
        Refused::Limit => (ProblemKind::Limit, "too many rules or elements are moved"),
        Refused::Missing => (ProblemKind::Syntax, "there is no such position"),
    }
}

/// The family, `ip` where none is said, and what follows.
fn family<'s, 't>(tokens: &'s [Token<'t>]) -> (&'static str, &'s [Token<'t>]) {
    let known = tokens.first().and_then(|token| FAMILIES.iter().find(|family| **family == token.word()));
    match known {
        Some(family) if tokens.len() > 1 => (family, &tokens[1..]),
        _ => ("ip", tokens),
    }
}

/// The key of something in a table, and what follows.
fn named_in_table<'s, 't>(tokens: &'s [Token<'t>], mark: &str) -> Result<(String, &'s [Token<'t>])> {
    let (family, rest) = family(tokens);
    let [table, name, rest @ ..] = rest else { return syntax("a table and a name are missing") };
    let (table, name) = (key_of(table).map_err(limit)?, key_of(name).map_err(limit)?);
    Ok((format!("{family} {table}{mark}{name}"), rest))
}

/// What stands in the braces of `= { … }`.
fn group<'s, 't>(tokens: &'s [Token<'t>]) -> &'s [Token<'t>] {
    let begin = tokens.iter().position(|token| *token == Token::Open).map_or(tokens.len(), |at| at + 1);
    let end = tokens.iter().rposition(|token| *token == Token::Close).unwrap_or(tokens.len());
    tokens.get(begin..end).unwrap_or_default()
}

fn words(tokens: &[Token<'_>]) -> Vec<String> {
    tokens.iter().map(|token| value::word(token, Field::Other).into_owned()).collect()
}

/// The parts of an object's statement: counts that run are left out.
fn object_parts(tokens: &[Token<'_>]) -> Vec<Vec<String>> {
    let words = words(tokens);
    match words[0].as_str() {
        "packets" => Vec::new(),
        "counter" => vec![vec!["counter".to_owned()]],
        "over" | "until" => vec![words.into_iter().take(3).collect()],
        "rate" => {
            let burst = words.iter().position(|word| word == "burst");
            let default = burst.is_some_and(|at| words.get(at + 1).is_some_and(|count| count == "5" || count == "0"));
            let end = if default { burst.unwrap_or(words.len()) } else { words.len() };
            vec![words[..end].to_vec()]
        }
        "type" | "typeof" => vec![words],
        _ if words.len() == 2 && words[0].parse::<u64>().is_ok() => {
            vec![vec!["until".to_owned(), words[0].clone(), words[1].clone()]]
        }
        _ => vec![words],
    }
}

/// `type filter hook input priority filter + 10` with the priority as a
/// number.
fn hook(family: &str, tokens: &[Token<'_>]) -> Option<String> {
    let words = words(tokens);
    let at = words.iter().position(|word| word == "priority")?;
    let mut text = words[at + 1..].concat();
    let mut number: i64 = 0;
    for &(name, common, bridge) in &PRIORITIES {
        if let Some(rest) = text.strip_prefix(name) {
            number = if family == "bridge" { bridge } else { common };
            text = rest.to_owned();
            break;
        }
    }
    if !text.is_empty() {
        number = number.checked_add(text.parse::<i64>().ok()?)?;
    }
    Some(format!("{} priority {number}", words[..at].join(" ")))
}
