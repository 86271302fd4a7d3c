//! Lists in one value: `"$user", public`, `/run/postgresql, /tmp`.
//!
//! Splits, trims and unquotes as the server does and keeps the order. It does
//! not look whether the elements exist.

use super::settings::Kind;

/// A list with one blank after each comma and quotes where they are needed;
/// none if the server would refuse it.
pub(super) fn canonical(text: &[u8], kind: Kind) -> Option<Vec<u8>> {
    let mut list = Vec::with_capacity(text.len());
    let mut rest = text.trim_ascii_start();
    if rest.is_empty() {
        return Some(list);
    }
    loop {
        let (element, after) = if rest.first() == Some(&b'"') { quoted(rest)? } else { unquoted(rest, kind)? };
        push(&mut list, &element);
        rest = after.trim_ascii_start();
        match rest.split_first() {
            None => return Some(list),
            Some((b',', after)) => rest = after.trim_ascii_start(),
            Some(_) => return None,
        }
        list.extend_from_slice(b", ");
    }
}

/// An element in quotes, `""` standing for one, and what follows.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut element = Vec::new();
    let mut at = 1;
    loop {
        match (text.get(at)?, text.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return Some((element, &text[at + 1..])),
            _ => at += 1,
        }
        element.push(text[at - 1]);
    }
}

fn unquoted(text: &[u8], kind: Kind) -> Option<(Vec<u8>, &[u8])> {
    let ends = |b: &u8| *b == b',' || kind != Kind::Paths && is_space(*b);
    let end = text.iter().position(ends).unwrap_or(text.len());
    let element = text[..end].trim_ascii_end();
    let element = if kind == Kind::Names { element.to_ascii_lowercase() } else { element.to_vec() };
    (!element.is_empty()).then_some((element, &text[end..]))
}

/// Appends an element, in quotes where it would not be read back without.
fn push(list: &mut Vec<u8>, element: &[u8]) {
    let odd = |b: &u8| matches!(b, b',' | b'"') || is_space(*b) || b.is_ascii_uppercase();
    if !element.is_empty() && element[0] != b'$' && !element.iter().any(odd) {
        list.extend_from_slice(element);
        return;
    }
    list.push(b'"');
    for &b in element {
        if b == b'"' {
            list.push(b'"');
        }
        list.push(b);
    }
    list.push(b'"');
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests;
