//! How values are spelled: in env files, for a shell, in YAML.
//!
//! A value that not every reader of a format takes alike is not spelled at all:
//! the caller says that a person must write it.

use driftline_canon::key::is_deceptive;

/// Whether all readers of env files take the name for a variable's.
pub(super) fn is_variable(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// What stands behind `NAME=` in an env file; none where dialects disagree on
/// how to write it.
pub(super) fn env(value: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&byte);
    if value.bytes().all(plain) {
        return Some(value.to_owned());
    }
    if value.chars().any(char::is_control) {
        return None;
    }
    if !value.contains(['\'', '\\']) {
        return Some(format!("'{value}'"));
    }
    (!value.contains(['"', '$', '`', '\\'])).then(|| format!("\"{value}\""))
}

/// The text as one word of a POSIX shell (XCU 2.2.2).
pub(super) fn shell(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%=,".contains(&byte);
    // A word that begins with `=` is expanded by some shells, and `-` is an
    // option's.
    let begins_well = !text.starts_with(['=', '-']);
    if !text.is_empty() && begins_well && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The text as a double-quoted scalar (YAML 1.2, 7.3.1), never a template of
/// Jinja.
pub(super) fn yaml(text: &str) -> String {
    let tag = if is_template(text) { "!unsafe " } else { "" };
    format!("{tag}\"{}\"", yaml_escaped(text))
}

/// Whether Ansible would take the text for a template.
pub(super) fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|begin| text.contains(begin))
}

/// What stands between the quotes of a double-quoted scalar.
pub(super) fn yaml_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\U{:08x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// A comment behind `#` that stays one line whatever the text.
pub(super) fn comment(text: &str) -> String {
    let line: String = text.chars().map(|c| if moves(c) { ' ' } else { c }).collect();
    format!("# {line}")
}

/// Whether a text is one line that shows what it is: nothing in it ends a line,
/// moves a cursor or turns text around.
pub(super) fn is_one_line(text: &str) -> bool {
    !text.chars().any(moves)
}

/// The text as such a line, the rest escaped.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            c if moves(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn moves(c: char) -> bool {
    c.is_control() || is_deceptive(c) || matches!(c, '\u{2028}' | '\u{2029}')
}
