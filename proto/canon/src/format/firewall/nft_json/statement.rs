//! Statements of nftables' JSON, said as the listing as text does.
//!
//! One that is not known has no text: the rule is then kept as JSON.

use serde_json::Value;

use super::expression::{self, flags, in_quotes, plain, word};
use super::only;

/// A statement of a rule.
pub(super) fn text(value: &Value) -> Option<String> {
    let (kind, inner) = only(value)?;
    let member = |name: &str| inner.get(name).and_then(expression::text);
    match kind {
        "match" => matching(inner),
        "counter" | "quota" | "limit" if inner.is_string() => {
            Some(format!("{kind} name {}", in_quotes(inner.as_str()?)?))
        }
        "counter" => Some("counter".to_owned()),
        "quota" => Some(format!("quota {}{} {}", over(inner), member("val")?, member("val_unit")?)),
        "limit" => Some(format!("limit {}", rate(inner)?)),
        "log" => log(inner),
        "reject" => reject(inner),
        "mangle" => Some(format!("{} set {}", member("key")?, member("value")?)),
        "vmap" => Some(format!("{} vmap {}", member("key")?, member("data")?)),
        "set" => in_set(inner),
        "masquerade" | "redirect" | "snat" | "dnat" => translation(kind, inner),
        "ct count" => Some(format!("ct count {}{}", over(inner), member("val")?)),
        "ct helper" | "ct timeout" | "ct expectation" => Some(format!("{kind} set {}", in_quotes(inner.as_str()?)?)),
        "flow" => Some(format!("flow {} {}", word(inner, "op")?, word(inner, "flowtable")?)),
        _ => verdict(value),
    }
}

/// What becomes of the packet.
pub(super) fn verdict(value: &Value) -> Option<String> {
    let (kind, inner) = only(value)?;
    match kind {
        "accept" | "drop" | "return" | "continue" | "notrack" if inner.is_null() => Some(kind.to_owned()),
        "jump" | "goto" => Some(format!("{kind} {}", word(inner, "target")?)),
        _ => None,
    }
}

fn over(inner: &Value) -> &'static str {
    if inner.get("inv").and_then(Value::as_bool) == Some(true) { "over " } else { "" }
}

fn matching(inner: &Value) -> Option<String> {
    let (left, right) = (expression::text(inner.get("left")?)?, expression::text(inner.get("right")?)?);
    let computed = only(inner.get("left")?).is_some_and(|(kind, _)| matches!(kind, "&" | "|" | "^"));
    match inner.get("op")?.as_str()? {
        "==" if computed => Some(format!("{left} == {right}")),
        "==" | "in" => Some(format!("{left} {right}")),
        operator if !matches!(operator, "!=" | "<" | ">" | "<=" | ">=") => None,
        operator => Some(format!("{left} {operator} {right}")),
    }
}

/// `rate [over] 5/minute burst 5 packets`
fn rate(inner: &Value) -> Option<String> {
    let rate = inner.get("rate")?.as_u64()?;
    let per = word(inner, "per")?;
    let unit = |name: &str| word(inner, name);
    let amount = match unit("rate_unit") {
        Some(unit) if unit != "packets" => format!("{rate} {unit}/{per}"),
        _ => format!("{rate}/{per}"),
    };
    let burst = match inner.get("burst").and_then(Value::as_u64) {
        Some(burst) => format!(" burst {burst} {}", unit("burst_unit").unwrap_or("packets")),
        None => String::new(),
    };
    Some(format!("rate {}{amount}{burst}", over(inner)))
}

fn log(inner: &Value) -> Option<String> {
    let mut text = "log".to_owned();
    if let Some(prefix) = inner.get("prefix").and_then(Value::as_str) {
        text += &format!(" prefix {}", in_quotes(prefix)?);
    }
    for name in ["group", "snaplen", "queue-threshold", "level"] {
        if let Some(value) = inner.get(name).and_then(expression::text) {
            text += &format!(" {name} {value}");
        }
    }
    if let Some(flags) = inner.get("flags").and_then(flags) {
        text += &format!(" flags {flags}");
    }
    Some(text)
}

fn reject(inner: &Value) -> Option<String> {
    match inner.get("type").and_then(Value::as_str) {
        None => Some("reject".to_owned()),
        Some("tcp reset") => Some("reject with tcp reset".to_owned()),
        Some(kind) => Some(format!("reject with {} {}", plain(kind)?, expression::text(inner.get("expr")?)?)),
    }
}

/// `update @set { ip saddr limit rate 3/minute }`
fn in_set(inner: &Value) -> Option<String> {
    let mut text_of = expression::element(inner.get("elem")?)?;
    for one in inner.get("stmt").and_then(Value::as_array).into_iter().flatten() {
        text_of += &format!(" {}", text(one)?);
    }
    Some(format!("{} {} {{ {text_of} }}", word(inner, "op")?, word(inner, "set")?))
}

/// `dnat ip to 10.0.0.1:8080 random`
fn translation(kind: &str, inner: &Value) -> Option<String> {
    let mut text = kind.to_owned();
    let family = word(inner, "family").map(|family| format!(" {family}")).unwrap_or_default();
    let addr = inner.get("addr").map(expression::text);
    let port = inner.get("port").map(expression::text);
    match (addr, port) {
        (Some(addr), Some(port)) => {
            let addr = addr?;
            let addr = if addr.contains(':') { format!("[{addr}]") } else { addr };
            text += &format!("{family} to {addr}:{}", port?);
        }
        (Some(addr), None) => text += &format!("{family} to {}", addr?),
        (None, Some(port)) => text += &format!(" to :{}", port?),
        (None, None) => {}
    }
    if let Some(flags) = inner.get("flags").and_then(flags) {
        text += &format!(" {flags}");
    }
    Some(text)
}

/// The definition of a named object, in parts.
pub(super) fn object(kind: &str, inner: &Value) -> Vec<String> {
    let mut parts = Vec::new();
    match kind {
        "limit" => parts.extend(rate(inner)),
        "quota" => parts.extend(quota(inner)),
        "counter" => {}
        _ => {
            for (name, value) in inner.as_object().into_iter().flatten() {
                let known = matches!(name.as_str(), "family" | "name" | "table" | "handle" | "comment");
                if !known && plain(name).is_some() {
                    parts.extend(expression::text(value).map(|value| format!("{name} {value}")));
                }
            }
        }
    }
    parts
}

/// A comment as a statement.
pub(super) fn comment(text: &str) -> Option<String> {
    Some(format!("comment {}", in_quotes(text)?))
}

/// The listing as text says a quota in the largest unit.
fn quota(inner: &Value) -> Option<String> {
    const UNITS: [(&str, u64); 3] = [("mbytes", 1024 * 1024), ("kbytes", 1024), ("bytes", 1)];
    let bytes = inner.get("bytes")?.as_u64()?;
    let (unit, size) = UNITS.into_iter().find(|(_, size)| bytes % size == 0)?;
    let over = if over(inner).is_empty() { "until" } else { "over" };
    Some(format!("{over} {} {unit}", bytes / size))
}

/// The types of a set: one, or several joined.
pub(super) fn types(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => plain(name).map(str::to_owned),
        Value::Array(list) => Some(list.iter().map(|it| plain(it.as_str()?)).collect::<Option<Vec<_>>>()?.join(" . ")),
        _ => None,
    }
}

/// Statements as JSON, without what counts.
pub(super) fn without_counts(statements: &[Value]) -> String {
    let kept = statements.iter().map(|one| match only(one) {
        Some(("counter", inner)) if inner.is_object() => "{\"counter\":null}".to_owned(),
        _ => one.to_string(),
    });
    format!("[{}]", kept.collect::<Vec<_>>().join(","))
}
