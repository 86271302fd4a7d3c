//! Which dialect a text is most likely written in.
//!
//! A guess from the text alone, for files whose consumer is not configured.
//! It never fails; where nothing speaks for another dialect, it is dotenv,
//! which most files are written for and which reads plain ones as all do.

use super::EnvDialect;

/// Bytes that are looked at: enough for every hand-written file.
const SAMPLE_BYTES_MAX: usize = 256 * 1024;

/// Words that only a shell knows at the beginning of a line.
const SHELL_WORDS: &[&[u8]] = &[
    b"if",
    b"fi",
    b"then",
    b"else",
    b"for",
    b"while",
    b"do",
    b"done",
    b"case",
    b"esac",
    b"source",
    b".",
    b"set",
    b"unset",
    b"readonly",
    b"eval",
    b"trap",
    b"local",
    b"return",
    b"exit",
];

/// The likeliest dialect, by signs that the others would not understand, in
/// this order: commands and command substitution are the shell's; comments
/// with `;` and lines that a backslash continues are systemd's; `${A:?}`,
/// `${A:+}`, `$$` and `$A` are compose's; a name alone in a file without
/// quotes, `$` and `export` is docker's.
#[must_use]
pub fn detect(text: &[u8]) -> EnvDialect {
    let text = &text[..text.len().min(SAMPLE_BYTES_MAX)];
    let mut signs = Signs::default();
    if text.starts_with(b"#!") {
        return EnvDialect::Shell;
    }
    for line in text.split(|&b| b == b'\n') {
        signs.line(line.trim_ascii());
    }
    signs.verdict()
}

#[derive(Default)]
struct Signs {
    shell: bool,
    systemd: bool,
    compose: bool,
    bare_name: bool,
    more_than_raw: bool,
}

impl Signs {
    fn line(&mut self, line: &[u8]) {
        if line.is_empty() || line.starts_with(b"#") {
            return;
        }
        if line.starts_with(b";") {
            self.systemd = true;
            return;
        }
        let word = line.split(|b| b.is_ascii_whitespace() || *b == b';').next().unwrap_or_default();
        self.shell |= SHELL_WORDS.contains(&word);
        self.more_than_raw |= word == b"export" || line.iter().any(|b| matches!(b, b'"' | b'\'' | b'$' | b'`'));
        let Some(equals) = line.iter().position(|&b| b == b'=') else {
            self.bare_name |= is_name(line);
            return;
        };
        if is_name(line[..equals].strip_prefix(b"export ").unwrap_or(&line[..equals]).trim_ascii()) {
            self.value(line[equals + 1..].trim_ascii());
        }
    }

    fn value(&mut self, value: &[u8]) {
        let contains = |needle: &[u8]| value.windows(needle.len()).any(|window| window == needle);
        if value.starts_with(b"'") || value.starts_with(b"`") {
            return;
        }
        self.shell |= contains(b"$(") || contains(b"`");
        self.systemd |= value.ends_with(b"\\") && !value.starts_with(b"\"");
        self.compose |= contains(b"$$") || contains(b":?") && contains(b"${") || contains(b":+") && contains(b"${");
        self.compose |= value.windows(2).any(|pair| pair[0] == b'$' && is_name(&pair[1..]));
    }

    fn verdict(&self) -> EnvDialect {
        if self.shell {
            EnvDialect::Shell
        } else if self.systemd {
            EnvDialect::Systemd
        } else if self.compose {
            EnvDialect::Compose
        } else if self.bare_name && !self.more_than_raw {
            EnvDialect::DockerRun
        } else {
            EnvDialect::Dotenv
        }
    }
}

fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|b| !b.is_ascii_digit()) && text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

#[cfg(test)]
mod tests;
