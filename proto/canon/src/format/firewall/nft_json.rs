//! Rulesets of nftables as JSON (`nft -j list ruleset`).
//!
//! Says each object as the listing as text would, and has that read: both give
//! the same items. Objects are taken one at a time, so that a large ruleset is
//! never in memory twice. Handles, counts and versions are left out.

mod expression;
mod statement;

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::model::name_in_key;
use super::nft::Ruleset;
use super::nft::token::{Lexer, Token};
use crate::format::gather::Gather;
use crate::{Place, ProblemKind};

/// Reads a listing.
pub(super) fn read(bytes: &[u8], gather: &mut Gather) {
    let mut ruleset = Ruleset::new(gather);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let done = Listing(&mut ruleset).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(e) = done {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX).max(1);
        let place = Place { line: number(e.line()), column: number(e.column()) };
        ruleset.refuse_bytes(place, "no listing of nftables as JSON from here on; it is watched as content", bytes);
    }
    ruleset.give();
}

/// `{"nftables": [ … ]}`
struct Listing<'a, 'g>(&'a mut Ruleset<'g>);

impl<'de> DeserializeSeed<'de> for Listing<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Listing<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with `nftables`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "nftables" {
                found = true;
                map.next_value_seed(Objects(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(A::Error::custom("no `nftables`")) }
    }
}

struct Objects<'a, 'g>(&'a mut Ruleset<'g>);

impl<'de> DeserializeSeed<'de> for Objects<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        while let Some(object) = objects.next_element::<Value>()? {
            take(self.0, &object);
        }
        Ok(())
    }
}

/// The one member of an object.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object()?;
    let (name, inner) = object.iter().next()?;
    (object.len() == 1).then_some((name.as_str(), inner))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A name as keys have it.
fn key<'v>(value: &'v Value, name: &str) -> Cow<'v, str> {
    name_in_key(text(value, name))
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    Lexer::new(text).filter(|token| *token != Token::End).collect()
}

/// Takes one object of the listing.
pub(super) fn take(ruleset: &mut Ruleset<'_>, object: &Value) {
    let Some((kind, inner)) = only(object) else { return refuse(ruleset, object) };
    let kind = match (kind, inner) {
        // Commands (`nft -j -f`) hold what they add.
        ("add" | "insert" | "create", inner) => return take(ruleset, inner),
        ("flush", inner) if inner.get("ruleset").is_some() => return ruleset.flush(),
        (kind, _) => kind,
    };
    let table = format!("{} {}", text(inner, "family"), key(inner, "table"));
    match kind {
        "metainfo" => {}
        "table" => {
            let name = format!("{} {}", text(inner, "family"), key(inner, "name"));
            ruleset.table(&name, 1);
            if let Some(flags) = inner.get("flags").and_then(expression::flags) {
                ruleset.table_flags(&name, &flags);
            }
        }
        "chain" => chain(ruleset, &table, inner),
        "rule" => rule(ruleset, &table, inner),
        "set" | "map" => set(ruleset, kind, &table, inner),
        "element" => {
            let name = format!("{table}/@{}", key(inner, "name"));
            elements(ruleset, &name, inner.get("elem"));
        }
        _ if !text(inner, "name").is_empty() => {
            let name = format!("{table}/{kind} {}", key(inner, "name"));
            ruleset.object(&name);
            for part in statement::object(kind, inner) {
                ruleset.set_part(&name, &tokens(&part), 1);
            }
            comment(ruleset, &name, inner);
        }
        _ => refuse(ruleset, object),
    }
}

fn refuse(ruleset: &mut Ruleset<'_>, object: &Value) {
    let place = Place { line: 1, column: 1 };
    ruleset.refuse_bytes(place, "an object that is not known; it is watched as content", object.to_string().as_bytes());
}

fn chain(ruleset: &mut Ruleset<'_>, table: &str, inner: &Value) {
    let key = format!("{table}/{}", key(inner, "name"));
    if text(inner, "hook").is_empty() {
        ruleset.chain_fact(&key, "chain", "present");
        return;
    }
    let device = inner.get("dev").and_then(expression::flags).map(|dev| format!(" device {dev}")).unwrap_or_default();
    let priority = inner.get("prio").and_then(Value::as_i64).unwrap_or_default();
    let hook = format!("type {} hook {}{device} priority {priority}", text(inner, "type"), text(inner, "hook"));
    ruleset.chain_fact(&key, "hook", &hook);
    let policy = inner.get("policy").and_then(Value::as_str).unwrap_or("accept");
    ruleset.chain_fact(&key, "policy", policy);
}

fn rule(ruleset: &mut Ruleset<'_>, table: &str, inner: &Value) {
    let key = format!("{table}/{}", key(inner, "chain"));
    match rule_text(ruleset, inner) {
        Ok(text) => ruleset.raw_rule(&key, &text),
        Err((kind, reason, text)) => ruleset.gather_problem(kind, reason, &text),
    }
}

/// The canonical text of a rule, or why it has none and what is watched by
/// content instead.
pub(super) fn rule_text(
    ruleset: &Ruleset<'_>,
    inner: &Value,
) -> Result<Box<str>, (ProblemKind, &'static str, Box<str>)> {
    let empty = Vec::new();
    let statements = inner.get("expr").and_then(Value::as_array).unwrap_or(&empty);
    let mut parts: Vec<String> = Vec::with_capacity(statements.len() + 1);
    for one in statements {
        if only(one).is_some_and(|(kind, _)| kind == "xt") {
            let reason = "the rule was made by iptables-nft: read it through iptables-save";
            return Err((ProblemKind::Unresolved, reason, statement::without_counts(statements).into()));
        }
        match statement::text(one) {
            Some(part) => parts.push(part),
            // Not known: the whole rule is its JSON, without what runs.
            None => return Ok(format!("json {}", statement::without_counts(statements)).into()),
        }
    }
    if let Some(comment) = inner.get("comment").and_then(Value::as_str) {
        match statement::comment(comment) {
            Some(part) => parts.push(part),
            None => {
                let text = format!("json {} comment {}", statement::without_counts(statements), Value::from(comment));
                return Ok(text.into());
            }
        }
    }
    let line = parts.join(" ");
    let read = ruleset.rule(text(inner, "family"), &tokens(&line), 1);
    read.map(|rule| rule.text).map_err(|(kind, reason)| (kind, reason, line.into()))
}

fn set(ruleset: &mut Ruleset<'_>, kind: &str, table: &str, inner: &Value) {
    let key = format!("{table}/@{}", key(inner, "name"));
    ruleset.object(&key);
    ruleset.set_kind(&key, kind);
    let mut parts = Vec::new();
    let types = inner.get("type").and_then(statement::types).unwrap_or_default();
    match inner.get("map").and_then(statement::types) {
        Some(data) => parts.push(format!("type {types} : {data}")),
        None => parts.push(format!("type {types}")),
    }
    for name in ["size", "timeout", "gc-interval"] {
        if let Some(number) = inner.get(name).and_then(Value::as_u64) {
            parts.push(format!("{name} {number}"));
        }
    }
    if let Some(flags) = inner.get("flags").and_then(expression::flags) {
        parts.push(format!("flags {flags}"));
    }
    if let Some(policy) = expression::word(inner, "policy") {
        parts.push(format!("policy {policy}"));
    }
    if inner.get("auto-merge").and_then(Value::as_bool) == Some(true) {
        parts.push("auto-merge".to_owned());
    }
    for part in parts {
        ruleset.set_part(&key, &tokens(&part), 1);
    }
    comment(ruleset, &key, inner);
    elements(ruleset, &key, inner.get("elem"));
}

/// The comment of a set or object.
fn comment(ruleset: &mut Ruleset<'_>, key: &str, inner: &Value) {
    let Some(comment) = inner.get("comment").and_then(Value::as_str) else { return };
    match statement::comment(comment) {
        Some(part) => ruleset.set_part(key, &tokens(&part), 1),
        None => ruleset.set_kind(key, &format!("comment {}", Value::from(comment))),
    }
}

fn elements(ruleset: &mut Ruleset<'_>, key: &str, list: Option<&Value>) {
    for one in list.and_then(Value::as_array).into_iter().flatten() {
        match expression::element(one) {
            Some(text) => ruleset.set_part(key, &tokens(&format!("elements = {{ {text} }}")), 1),
            None => ruleset.gather_problem(ProblemKind::Syntax, "an element that is not known", &one.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
