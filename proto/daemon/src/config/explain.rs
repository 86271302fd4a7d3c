//! From an error of the TOML reader to one that a person can act on.
//!
//! It rewords, places and masks; it never looks at what the configuration
//! means.

use std::ops::Range;
use std::path::Path;

use super::mask::{looks_secret, mask_line};
use super::{Invalid, InvalidPlace};

/// Characters of a line that are shown: the caret of a longer one would stand
/// outside every terminal.
const EXCERPT_CHARS_MAX: usize = 160;

/// Makes the error that is shown.
pub(super) fn explain(path: &Path, text: &str, message: &str, span: Option<Range<usize>>) -> Invalid {
    let at = span.map(|span| span.start);
    // A key that is missing from the file as a whole is missing nowhere.
    let nowhere =
        |at: &usize| message.starts_with("missing field") && !line_at(text, *at).1.trim_start().starts_with('[');
    let at = at.filter(|at| !nowhere(at));
    let place = at.map(|at| place_of(text, at));
    let secret = at.is_some_and(|at| looks_secret(line_at(text, at).1.split('=').next().unwrap_or("")));
    Invalid { path: path.to_owned(), place, reason: reword(message, secret) }
}

/// The line that holds a byte: where it begins, and its text.
fn line_at(text: &str, at: usize) -> (usize, &str) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
    (begin, text[begin..end].trim_end_matches('\r'))
}

pub(super) fn place_of(text: &str, at: usize) -> InvalidPlace {
    let (begin, line) = line_at(text, at);
    let before = &text[begin..];
    let column = before.char_indices().take_while(|(offset, _)| begin + offset < at).count().min(line.chars().count());
    let inside = in_multiline_string(&text[..begin]);
    let (masked, caret) = mask_line(line, column, inside);
    InvalidPlace {
        line: 1 + text[..begin].matches('\n').count(),
        column: column + 1,
        excerpt: masked.chars().take(EXCERPT_CHARS_MAX).collect(),
        caret: caret.min(EXCERPT_CHARS_MAX),
    }
}

/// Whether a text ends inside a multi-line string. Counting errs on the side of
/// masking too much.
fn in_multiline_string(before: &str) -> bool {
    ["\"\"\"", "'''"].iter().any(|quote| before.matches(quote).count() % 2 == 1)
}

fn reword(message: &str, secret: bool) -> String {
    let message = message.lines().next().unwrap_or_default();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return unknown("key", rest);
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return if secret { "this is not one of the values it may have".to_owned() } else { unknown("value", rest) };
    }
    if secret && (message.starts_with("invalid ") || message.starts_with("string values")) {
        return "the value is not what this key takes".to_owned();
    }
    without_values(&message.replace("missing field", "missing key").replace("duplicate field", "duplicate key"))
}

/// `` `found`, expected one of `a`, `b` `` as a sentence with the nearest name.
fn unknown(what: &str, rest: &str) -> String {
    let mut names = rest.split('`').skip(1).step_by(2);
    let Some(found) = names.next() else {
        return format!("unknown {what}");
    };
    let known: Vec<&str> = names.collect();
    let found: String = found.chars().map(|c| if c.is_control() { '?' } else { c }).take(EXCERPT_CHARS_MAX).collect();
    if let Some(nearest) = nearest(&found, &known) {
        return format!("unknown {what} `{found}`; did you mean `{nearest}`?");
    }
    if known.is_empty() {
        return format!("unknown {what} `{found}`; none is allowed here");
    }
    format!("unknown {what} `{found}`; known are `{}`", known.join("`, `"))
}

/// The known name within a third of its length in edits (at least two).
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let closest = known.iter().map(|name| (distance(found, name), *name)).min()?;
    let bound = (closest.1.chars().count() / 3).max(2);
    (closest.0 <= bound).then_some(closest.1)
}

/// Edits from one text to another: insert, delete, replace, or swap two
/// neighbours (optimal string alignment).
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut new = vec![i];
        for j in 1..=b.len() {
            let replaced = old[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(old[j] + 1).min(new[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(older[j - 2] + 1);
            }
            new.push(least);
        }
        older = std::mem::replace(&mut old, new);
    }
    old[b.len()]
}

/// Takes out what serde quotes of the value (`string "…"`, `` integer `5` ``).
fn without_values(message: &str) -> String {
    let Some(rest) = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: ")) else {
        return message.to_owned();
    };
    // The value may itself contain this text: the last one is serde's.
    let Some((found, expected)) = rest.rsplit_once(", expected ") else {
        return "the value is not what this key takes".to_owned();
    };
    let kind = found.split([' ', '"', '`']).next().filter(|word| !word.is_empty()).unwrap_or("something else");
    format!("expected {expected}, found {kind}")
}
