//! Expressions of nftables' JSON, said as the listing as text does.
//!
//! One that is not known has no text: the rule is then kept as JSON.

use serde_json::Value;

use super::{only, statement};

/// Words that begin a statement where they stand alone: what is one of them in
/// a string is said in quotes.
const KEYWORDS: [&str; 14] =
    ["comment", "counter", "eq", "expires", "flags", "ge", "gt", "le", "limit", "log", "lt", "ne", "reject", "timeout"];

/// A string that is one word, whatever stands around it.
pub(super) fn plain(text: &str) -> Option<&str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/' | b'*' | b'+' | b'@');
    (!text.is_empty() && text.bytes().all(fits)).then_some(text)
}

/// The member of that name, where it is one word.
pub(super) fn word<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str).and_then(plain)
}

/// A string in quotes. One that would end them cannot be said: nft takes no
/// such thing in a text.
pub(super) fn in_quotes(text: &str) -> Option<String> {
    (!text.contains(['"', '\n'])).then(|| format!("\"{text}\""))
}

/// A string as a value: a word where it stays one.
fn string(text: &str) -> Option<String> {
    let alone = matches!(text, "-" | ":") || KEYWORDS.contains(&text) || text.starts_with('@') || text.ends_with(':');
    let set = text.strip_prefix('@').is_some_and(is_identifier);
    if set || !alone && plain(text).is_some() { Some(text.to_owned()) } else { in_quotes(text) }
}

fn is_identifier(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.bytes().all(fits)
}

/// An expression.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => string(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(there) => Some(if *there { "exists" } else { "missing" }.to_owned()),
        Value::Array(list) => joined(list, ","),
        Value::Object(_) => object(value),
        Value::Null => None,
    }
}

/// Expressions with something between them.
fn joined(list: &[Value], between: &str) -> Option<String> {
    Some(list.iter().map(text).collect::<Option<Vec<_>>>()?.join(between))
}

/// One word or a list of them.
pub(super) fn flags(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => plain(text).map(str::to_owned),
        Value::Array(list) => Some(list.iter().map(|it| plain(it.as_str()?)).collect::<Option<Vec<_>>>()?.join(",")),
        _ => None,
    }
}

fn object(value: &Value) -> Option<String> {
    let (kind, inner) = only(value)?;
    let member = |name: &str| word(inner, name);
    let number = |name: &str| inner.get(name).and_then(Value::as_u64);
    match kind {
        "payload" => match member("protocol") {
            Some(protocol) => Some(format!("{protocol} {}", member("field")?)),
            None => Some(format!("@{},{},{}", member("base")?, number("offset")?, number("len")?)),
        },
        "meta" | "rt" | "socket" => Some(format!("{kind} {}", member("key")?)),
        "ct" => {
            // The key has two words where it says the family.
            let words = ["dir", "family", "key"].into_iter().filter_map(|name| inner.get(name)?.as_str());
            let words: Vec<&str> = words.flat_map(|words| words.split(' ')).collect();
            let words = words.into_iter().map(plain).collect::<Option<Vec<_>>>()?;
            Some(format!("ct {}", words.join(" ")))
        }
        "tcp option" => Some(format!("tcp option {} {}", member("name")?, member("field").unwrap_or_default())),
        "exthdr" => Some(format!("{} {}", member("name")?, member("field").unwrap_or_default())),
        "fib" => Some(format!("fib {} {}", flags(inner.get("flags")?)?.replace(',', " . "), member("result")?)),
        "concat" => joined(inner.as_array()?, " . "),
        "set" => set(inner),
        "map" => Some(format!("{} map {}", text(inner.get("key")?)?, text(inner.get("data")?)?)),
        "prefix" => Some(format!("{}/{}", member("addr")?, number("len")?)),
        "range" => joined(inner.as_array()?, "-"),
        "elem" => element(value),
        "numgen" => Some(format!("numgen {} mod {}{}", member("mode")?, number("mod")?, offset(inner))),
        "&" | "|" | "^" | "<<" | ">>" => computed(kind, inner.as_array()?),
        _ => statement::verdict(value),
    }
}

fn offset(inner: &Value) -> String {
    match inner.get("offset").and_then(Value::as_u64) {
        Some(offset) if offset > 0 => format!(" offset {offset}"),
        _ => String::new(),
    }
}

fn computed(operator: &str, sides: &[Value]) -> Option<String> {
    let mut parts = Vec::with_capacity(sides.len());
    for side in sides {
        parts.push(match side {
            Value::Array(flags) => format!("( {} )", joined(flags, " | ")?),
            side => text(side)?,
        });
    }
    Some(parts.join(&format!(" {operator} ")))
}

/// A set that stands in a rule; it may also be a name.
fn set(inner: &Value) -> Option<String> {
    let list = match inner {
        Value::Array(list) => list.iter().map(element).collect::<Option<Vec<_>>>()?,
        Value::String(name) => return string(name),
        one => vec![element(one)?],
    };
    Some(format!("{{ {} }}", list.join(", ")))
}

/// An element of a set or map, with what is said of it.
pub(super) fn element(value: &Value) -> Option<String> {
    if let Some([key, data]) = value.as_array().map(Vec::as_slice) {
        return Some(format!("{} : {}", element(key)?, text(data)?));
    }
    let Some(("elem", inner)) = only(value) else { return text(value) };
    let mut said = text(inner.get("val")?)?;
    for name in ["timeout", "expires"] {
        if let Some(seconds) = inner.get(name).and_then(Value::as_u64) {
            said += &format!(" {name} {seconds}s");
        }
    }
    if inner.get("counter").is_some() {
        said += " counter packets 0 bytes 0";
    }
    if let Some(comment) = inner.get("comment").and_then(Value::as_str) {
        said += &format!(" comment {}", in_quotes(comment)?);
    }
    Some(said)
}
