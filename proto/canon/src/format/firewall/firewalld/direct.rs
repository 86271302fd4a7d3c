//! What is handed to iptables as it is: a rule, a chain or a whole command,
//! with its words split as a shell does and joined in one way.
//!
//! Does not know what the words mean: only in which table they may be.

use super::Element;
use super::values;

const TABLES: [&str; 5] = ["security", "raw", "mangle", "nat", "filter"];

/// The tables of bridges.
const BRIDGE_TABLES: [&str; 3] = ["broute", "nat", "filter"];

/// The rule in its one form; `None` where firewalld refuses it.
pub(super) fn canonical(element: &Element) -> Option<String> {
    let family = element.get("ipv")?;
    if !matches!(family, "ipv4" | "ipv6" | "eb") {
        return None;
    }
    let mut parts = vec![element.name.clone(), family.to_owned()];
    if let Some(table) = element.get("table") {
        let tables: &[&str] = if family == "eb" { &BRIDGE_TABLES } else { &TABLES };
        parts.extend(tables.iter().find(|known| **known == table).map(|known| (*known).to_owned()));
        if parts.len() < 3 {
            return None;
        }
    }
    parts.extend(element.get("chain").map(str::to_owned));
    if let Some(priority) = element.get("priority") {
        parts.push(values::integer(priority)?.to_string());
    }
    if element.name != "chain" {
        let words = words(&element.text)?;
        if element.text.is_empty() {
            return None;
        }
        parts.extend(words.iter().map(|word| quoted(word)));
    }
    Some(parts.join(" "))
}

/// Words as a shell splits them; `None` where a quote or a backslash is last.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if matches!(letter, ' ' | '\t' | '\n' | '\r') {
            words.extend(word.take());
            continue;
        }
        let word = word.get_or_insert_default();
        match letter {
            '\'' => until_quote(&mut letters, '\'', word)?,
            '"' => until_quote(&mut letters, '"', word)?,
            '\\' => word.push(letters.next()?),
            _ => word.push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

/// Inside of double quotes a backslash is one, but before a quote or itself.
fn until_quote(letters: &mut std::str::Chars<'_>, quote: char, word: &mut String) -> Option<()> {
    loop {
        match letters.next()? {
            letter if letter == quote => return Some(()),
            '\\' if quote == '"' => match letters.next()? {
                next @ ('"' | '\\') => word.push(next),
                next => word.extend(['\\', next]),
            },
            letter => word.push(letter),
        }
    }
}

/// A word as a shell reads it again.
fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}
