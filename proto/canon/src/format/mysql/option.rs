//! An option as the server means it: one name for its several spellings, one
//! value for what the server reads as one.
//!
//! Refuses to guess: the value of an option of unknown kind changes only where
//! it can hardly be anything but a number.

use super::number;
use super::table::{self, Kind};
use crate::{ItemKey, Value, secret};

/// What a name without `=` has where it does not mean "on".
const NO_ARGUMENT: &str = "(no argument)";

/// An option in its canonical form.
pub(super) struct Canonical {
    /// Lower case, with underscores, without the prefixes that say something
    /// about the value.
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// Why the server will not take the value as it is.
    pub(super) doubt: Option<&'static str>,
}

/// Whether a name without `=` is an option beyond doubt, and not a value that
/// was pasted on a line of its own: letters alone, or known.
pub(super) fn may_stand_alone(name: &[u8]) -> bool {
    name.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_')) || {
        let mut name = canonical_name(name);
        strip_prefixes(&mut name);
        table::kind(&name).is_some()
    }
}

/// What a prefix makes of an option.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    None,
    Off,
    On,
}

/// The canonical form of a name as written and its value.
pub(super) fn canonical(name: &[u8], value: Option<&[u8]>) -> Canonical {
    let mut name = canonical_name(name);
    let prefix = strip_prefixes(&mut name);
    // A double negation is none: `skip-X=0` turns X on. Nothing else that
    // follows the prefix counts.
    let switched = match (prefix, value == Some(b"0")) {
        (Prefix::None, _) => None,
        (Prefix::Off, zero) => Some(zero),
        (Prefix::On, zero) => Some(!zero),
    };
    let kind = table::kind(name.strip_prefix("maximum_").unwrap_or(&name));
    let found = match (switched, value) {
        (Some(on), _) => Ok(by_switch(kind, on)),
        (None, None) => Ok(without_argument(kind)),
        (None, Some(value)) => given(&name, kind, value),
    };
    match found {
        Ok(value) => Canonical { name, value: value.into_bytes(), doubt: None },
        Err(doubt) => Canonical { name, value: value.unwrap_or_default().to_vec(), doubt },
    }
}

/// In lower case, with underscores.
fn canonical_name(name: &[u8]) -> String {
    let mut name = String::from_utf8_lossy(name).into_owned();
    name.make_ascii_lowercase();
    if name.contains('-') { name.replace('-', "_") } else { name }
}

/// Takes `loose_`, `skip_`, `disable_` and `enable_` off; a name that the
/// server knows with its prefix (`skip_networking`) keeps it.
fn strip_prefixes(name: &mut String) -> Prefix {
    while table::kind(name).is_none() {
        if let Some(rest) = name.strip_prefix("loose_").filter(|rest| !rest.is_empty()) {
            name.drain(..name.len() - rest.len());
            continue;
        }
        for (word, prefix) in [("skip_", Prefix::Off), ("disable_", Prefix::Off), ("enable_", Prefix::On)] {
            if let Some(rest) = name.strip_prefix(word).filter(|rest| !rest.is_empty()) {
                name.drain(..name.len() - rest.len());
                return prefix;
            }
        }
        break;
    }
    Prefix::None
}

fn by_switch(kind: Option<&Kind>, on: bool) -> String {
    match kind {
        Some(Kind::Int | Kind::Real) => if on { "1" } else { "0" }.to_owned(),
        Some(Kind::Enum(words)) => words.get(usize::from(on)).map_or_else(String::new, |word| (*word).to_owned()),
        _ => if on { "ON" } else { "OFF" }.to_owned(),
    }
}

fn without_argument(kind: Option<&Kind>) -> String {
    match kind {
        None | Some(Kind::Bool) => "ON",
        Some(Kind::Enum(words)) if words.contains(&"ON") => "ON",
        Some(_) => NO_ARGUMENT,
    }
    .to_owned()
}

/// The canonical value; an error says that it stays as written, and what to
/// tell of it.
fn given(name: &str, kind: Option<&Kind>, value: &[u8]) -> Result<String, Option<&'static str>> {
    let text = std::str::from_utf8(value).map_err(|_| None)?;
    match kind {
        None => by_its_look(name, value).ok_or(None),
        Some(Kind::Text) => Err(None),
        Some(Kind::Bool) => boolean(text).ok_or(Some("not a boolean: the server takes it for off or ignores it")),
        Some(Kind::Int) => number::whole(value).ok_or(Some("not a whole number with one of the suffixes K M G T P E")),
        Some(Kind::Real) => number::real(value).ok_or(Some("not a number")),
        Some(Kind::Enum(words)) => word(words, text).map(str::to_owned).ok_or(None),
        Some(Kind::Set(words)) => Ok(set(words, text)),
        Some(Kind::Flags) => flags(text).ok_or(None),
    }
}

fn by_its_look(name: &str, value: &[u8]) -> Option<String> {
    let number = number::by_its_look(value)?;
    // A password is what its bytes are.
    let secret = secret::classify(&ItemKey::from_bytes(name.as_bytes()), &Value::text(value)).is_some();
    (!secret).then_some(number)
}

fn boolean(text: &str) -> Option<String> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["on", "true", "1"]) { Some("ON".to_owned()) } else { is(&["off", "false", "0"]).then(|| "OFF".to_owned()) }
}

/// The word that the server takes this for: by its number, in any case, or by
/// a beginning that no other has (`find_type` in `mysys/typelib.c`).
fn word<'a>(words: &[&'a str], text: &str) -> Option<&'a str> {
    if let Some(found) = words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Some(found);
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return words.get(text.parse::<usize>().ok()?).copied();
    }
    let begins = |word: &&&str| word.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    let mut found = words.iter().filter(begins);
    match (found.next(), found.next()) {
        (Some(only), None) if !text.is_empty() => Some(only),
        _ => None,
    }
}

/// Words in order, each once. A number of bits stays a number.
fn set(words: &[&str], text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return text.to_owned();
    }
    let not_a_number = |part: &&str| !part.bytes().all(|b| b.is_ascii_digit());
    let canonical = |part| Some(part).filter(not_a_number).and_then(|part| word(words, part)).unwrap_or(part);
    let mut parts: Vec<&str> = text.split(',').map(canonical).collect();
    parts.sort_unstable();
    parts.dedup();
    parts.join(",")
}

/// Switches by name, the last of each; `default` depends on what stands before
/// it and leaves all as written.
fn flags(text: &str) -> Option<String> {
    let mut found = std::collections::BTreeMap::new();
    for part in text.split(',') {
        let (name, state) = part.split_once('=')?;
        let state = Some(state.to_ascii_lowercase()).filter(|state| matches!(state.as_str(), "on" | "off"))?;
        found.insert(name.to_ascii_lowercase(), state);
    }
    let parts: Vec<String> = found.into_iter().map(|(name, state)| format!("{name}={state}")).collect();
    Some(parts.join(","))
}

#[cfg(test)]
mod tests;
