//! Text in a terminal's cells: how wide it is, cutting and wrapping it, and
//! making it safe to print.
//!
//! Widths are those of Unicode (UAX #11): an ideograph takes two columns, a
//! combining mark none.

use driftline_canon::key::is_deceptive;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What stands for the rest of a text that was cut.
const CUT: char = '…';

/// Columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns, its end replaced by `…` if it must be.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut taken = 0;
    for c in text.chars() {
        let more = c.width().unwrap_or(0);
        if taken + more + 1 > columns {
            break;
        }
        taken += more;
        kept.push(c);
    }
    if columns > 0 {
        kept.push(CUT);
    }
    kept
}

/// The text in at most so many columns, its middle replaced by `…`: for keys
/// and names, whose ends tell them apart.
#[must_use]
pub fn cut_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns || columns < 8 {
        return cut(text, columns);
    }
    let tail_columns = columns / 3;
    let mut tail: Vec<char> = Vec::new();
    let mut taken = 0;
    for c in text.chars().rev() {
        let more = c.width().unwrap_or(0);
        if taken + more > tail_columns {
            break;
        }
        taken += more;
        tail.push(c);
    }
    format!("{}{}", cut(text, columns - taken), tail.iter().rev().collect::<String>())
}

/// The text in at most so many columns, around the place where it begins to
/// differ from another: two long values must not look alike.
#[must_use]
pub fn cut_around(text: &str, other: &str, columns: usize) -> String {
    let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.width().unwrap_or(0));
    let common: usize = same.sum();
    let shown = columns.saturating_sub(columns / 3);
    if width(text) <= columns || columns < 8 || common < shown {
        return cut(text, columns);
    }
    let mut skipped = 0;
    let from_start = common.saturating_sub(columns / 3);
    let from_end = (width(text) + 1).saturating_sub(columns);
    let rest: String = text
        .chars()
        .skip_while(|c| {
            let skip = skipped < from_start.min(from_end);
            skipped += c.width().unwrap_or(0);
            skip
        })
        .collect();
    format!("{CUT}{}", cut(&rest, columns - 1))
}

/// The text, followed by spaces up to so many columns.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text in lines of at most so many columns, broken between words where
/// possible.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        while line.is_empty() && width(word) > columns {
            let end = fitting(word, columns);
            lines.push(word[..end].to_owned());
            word = &word[end..];
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// The text in lines of at most so many columns, the later ones set in as far
/// as the first: nothing is left out.
#[must_use]
pub fn folded(text: &str, columns: usize) -> Vec<String> {
    let rest = text.trim_start_matches(' ');
    let indent = (text.len() - rest.len()).min(columns / 2);
    let space = " ".repeat(indent);
    wrap(rest, columns - indent).into_iter().map(|line| format!("{space}{line}")).collect()
}

/// Bytes of the longest start that fits, at least one character.
fn fitting(word: &str, columns: usize) -> usize {
    let mut taken = 0;
    for (at, c) in word.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > columns && at > 0 {
            return at;
        }
    }
    word.len()
}

/// The text with everything escaped that could move a cursor, change colours or
/// turn text around. What came from a host or a collector is not trusted to be
/// printable.
#[must_use]
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_deceptive(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// The text as one word of a POSIX shell (XCU 2.2.2): it can be pasted.
#[must_use]
pub fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
