//! Shows a line of TOML without its values.
//!
//! When in doubt it masks: a line that is not `key = value`, a table head or a
//! comment may be the inside of a secret.

/// What stands for a value.
const MASK: &str = "****";

/// Whether a key's value is never shown in any form.
pub(super) fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["pass", "secret", "token", "key", "credential", "auth"].iter().any(|word| key.contains(word))
}

/// The line with values masked, and how many characters of it stand before the
/// given column (from 0) of the original.
pub(super) fn mask_line(line: &str, column: usize, inside_string: bool) -> (String, usize) {
    let mut masked = Masked { text: String::new(), seen: 0, column, caret: None };
    let trimmed = line.trim_start();
    let equals = line.find('=').map(|at| line[..at].chars().count());
    match equals {
        _ if inside_string => masked.hide(line.chars().count()),
        _ if trimmed.starts_with('#') => masked.hide(line.chars().count()),
        Some(at) if is_key(&line[..line.find('=').unwrap_or(0)]) => masked.key_and_value(line, at),
        _ if trimmed.starts_with('[') && !trimmed.contains(['"', '\'']) => masked.show(line.chars()),
        _ => masked.hide(line.chars().count()),
    }
    let caret = masked.caret.unwrap_or_else(|| masked.text.chars().count());
    (masked.text, caret)
}

fn is_key(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | ' '))
}

/// Builds the masked line while following where the column went.
struct Masked {
    text: String,
    seen: usize,
    column: usize,
    caret: Option<usize>,
}

impl Masked {
    fn show(&mut self, characters: impl Iterator<Item = char>) {
        for c in characters {
            if self.seen == self.column {
                self.caret = Some(self.text.chars().count());
            }
            self.text.push(if c.is_control() && c != '\t' { '?' } else { c });
            self.seen += 1;
        }
    }

    fn hide(&mut self, characters: usize) {
        if characters == 0 {
            return;
        }
        if (self.seen..self.seen + characters).contains(&self.column) {
            self.caret = Some(self.text.chars().count());
        }
        self.text.push_str(MASK);
        self.seen += characters;
    }

    fn key_and_value(&mut self, line: &str, equals: usize) {
        let key: String = line.chars().take(equals).collect();
        let value: Vec<char> = line.chars().skip(equals + 1).collect();
        self.show(key.chars().chain(['=']));
        let spaces = value.iter().take_while(|c| c.is_whitespace()).count();
        self.show(value[..spaces].iter().copied());
        if looks_secret(&key) {
            self.hide(value.len() - spaces);
        } else {
            self.value(&value[spaces..]);
        }
    }

    /// Strings and bare words are masked; punctuation, numbers and the names of
    /// an inline table stay, so that the caret still makes sense.
    fn value(&mut self, value: &[char]) {
        let mut at = 0;
        while let Some(&c) = value.get(at) {
            let rest = &value[at..];
            let length = match c {
                '"' | '\'' => string_length(rest),
                '#' => rest.len(),
                _ if is_word(c) => rest.iter().take_while(|&&c| is_word(c)).count(),
                _ => 1,
            };
            let token = &rest[..length];
            let stays = length == 1 && !is_word(c) && !matches!(c, '"' | '\'') || is_harmless(token, &rest[length..]);
            if stays {
                self.show(token.iter().copied());
            } else {
                self.hide(length);
            }
            at += length;
        }
    }
}

fn is_word(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '"' | '\'' | '[' | ']' | '{' | '}' | ',' | '=' | '#')
}

fn string_length(text: &[char]) -> usize {
    let quote = text[0];
    let mut escaped = false;
    for (at, &c) in text.iter().enumerate().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A truth value, a short number, or a key of an inline table whose value is
/// masked on its own.
fn is_harmless(token: &[char], rest: &[char]) -> bool {
    const NUMBER_CHARS_MAX: usize = 12;
    let text: String = token.iter().collect();
    let number =
        token.len() <= NUMBER_CHARS_MAX && token.iter().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_'));
    let bare = token.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let names_a_value = bare && !looks_secret(&text) && rest.iter().find(|c| !c.is_whitespace()) == Some(&'=');
    text == "true" || text == "false" || number || names_a_value
}
