//! Expressions of nftables' JSON, said as the listing as text does.
//!
//! One that is not known has no text: the rule is then kept as JSON.

use serde_json::Value;

use super::super::nft::value::quoted;
use super::{only, statement};

/// An expression.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.starts_with('@') => Some(text.clone()),
        Value::String(text) => Some(quoted(text)),
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
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")),
        _ => None,
    }
}

fn object(value: &Value) -> Option<String> {
    let (kind, inner) = only(value)?;
    let member = |name: &str| inner.get(name).and_then(Value::as_str);
    match kind {
        "payload" => match member("protocol") {
            Some(protocol) => Some(format!("{protocol} {}", member("field")?)),
            None => Some(format!("@{},{},{}", member("base")?, inner.get("offset")?, inner.get("len")?)),
        },
        "meta" | "rt" | "socket" => Some(format!("{kind} {}", member("key")?)),
        "ct" => {
            let words = ["dir", "family", "key"].into_iter().filter_map(member);
            Some(format!("ct {}", words.collect::<Vec<_>>().join(" ")))
        }
        "tcp option" => Some(format!("tcp option {} {}", member("name")?, member("field").unwrap_or_default())),
        "exthdr" => Some(format!("{} {}", member("name")?, member("field").unwrap_or_default())),
        "fib" => Some(format!("fib {} {}", flags(inner.get("flags")?)?.replace(',', " . "), member("result")?)),
        "concat" => joined(inner.as_array()?, " . "),
        "set" => set(inner),
        "map" => Some(format!("{} map {}", text(inner.get("key")?)?, text(inner.get("data")?)?)),
        "prefix" => Some(format!("{}/{}", member("addr")?, inner.get("len")?)),
        "range" => joined(inner.as_array()?, "-"),
        "elem" => element(value),
        "numgen" => Some(format!("numgen {} mod {}{}", member("mode")?, inner.get("mod")?, offset(inner))),
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
        Value::String(name) => return Some(name.clone()),
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
        said += &format!(" comment \"{comment}\"");
    }
    Some(said)
}
