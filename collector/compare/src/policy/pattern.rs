//! Patterns of a policy: a name, a glob (`*`, `?`), or `re:` and a regular
//! expression.
//!
//! A glob is what people mean by a pattern of names. A regular expression must
//! match the whole name, takes time linear in it, and is refused when what it
//! compiles to is large: no pattern makes judging slow.

use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};

/// Bytes of a pattern. Longer than any name that people write by hand, and
/// together with the length of a key a bound on what matching costs.
pub const PATTERN_BYTES_MAX: usize = 256;

/// Bytes that a regular expression may compile to, and that its matcher may
/// remember. An expression over names needs some thousand.
const REGEX_BYTES_MAX: usize = 256 * 1024;

/// Groups within groups. People write two or three.
const REGEX_NEST_MAX: u32 = 32;

/// What begins a regular expression.
const REGEX_PREFIX: &str = "re:";

/// Which names are meant.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    matcher: Matcher,
}

#[derive(Debug, Clone)]
enum Matcher {
    Any,
    Exact,
    Glob,
    Regex(Box<Regex>),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing would match.
    #[error("a pattern cannot be empty: `*` matches everything")]
    Empty,
    /// Longer than [`PATTERN_BYTES_MAX`].
    #[error("a pattern has at most {PATTERN_BYTES_MAX} bytes, this one has {length}")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// No regular expression.
    #[error("not a regular expression: {reason}")]
    Regex {
        /// Why not, in one line.
        reason: String,
    },
    /// Compiles to more than [`REGEX_BYTES_MAX`].
    #[error("this regular expression is too large once compiled: count less, or use a glob")]
    RegexTooLarge,
}

impl Pattern {
    /// Matches everything.
    #[must_use]
    pub fn any() -> Self {
        Self { text: "*".to_owned(), matcher: Matcher::Any }
    }

    /// Whether a whole name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match &self.matcher {
            Matcher::Any => true,
            Matcher::Exact => self.text == name,
            Matcher::Glob => glob(&self.text, name),
            Matcher::Regex(regex) => regex.is_match(name),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches everything.
    #[must_use]
    pub fn is_any(&self) -> bool {
        matches!(self.matcher, Matcher::Any)
    }

    /// Whether it is a regular expression.
    #[must_use]
    pub fn is_regex(&self) -> bool {
        matches!(self.matcher, Matcher::Regex(_))
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong { length: text.len() });
        }
        let matcher = match text.strip_prefix(REGEX_PREFIX) {
            Some("") => return Err(PatternError::Empty),
            Some(expression) => Matcher::Regex(Box::new(compiled(expression)?)),
            None if text.is_empty() => return Err(PatternError::Empty),
            None if text.bytes().all(|byte| byte == b'*') => Matcher::Any,
            None if text.contains(['*', '?']) => Matcher::Glob,
            None => Matcher::Exact,
        };
        Ok(Self { text: text.to_owned(), matcher })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Two patterns are the same if they are written the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

fn compiled(expression: &str) -> Result<Regex, PatternError> {
    // By itself first: with a group around it, `a)(b` would be an expression.
    build(expression)?;
    build(&format!(r"\A(?:{expression})\z"))
}

fn build(expression: &str) -> Result<Regex, PatternError> {
    let mut builder = RegexBuilder::new(expression);
    builder.size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX).nest_limit(REGEX_NEST_MAX);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::RegexTooLarge,
        other => {
            // The last line says why; those above draw the expression.
            let said = other.to_string();
            let last = said.lines().last().unwrap_or_default();
            PatternError::Regex { reason: last.trim_start_matches("error: ").to_owned() }
        }
    })
}

/// Whether a name matches a glob: `*` stands for any characters, `?` for one.
/// Goes back to the last star only, so at most pattern times name steps.
fn glob(pattern: &str, name: &str) -> bool {
    let (mut rest, mut at) = (pattern.chars(), name.chars());
    let mut star: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut ahead = rest.clone();
        match ahead.next() {
            Some('*') => {
                star = Some((ahead.clone(), at.clone()));
                rest = ahead;
                continue;
            }
            Some(wanted) => {
                let mut next = at.clone();
                if next.next().is_some_and(|found| wanted == '?' || wanted == found) {
                    (rest, at) = (ahead, next);
                    continue;
                }
            }
            None if at.as_str().is_empty() => return true,
            None => {}
        }
        let Some((after, from)) = &mut star else { return false };
        // The star takes one character more.
        if from.next().is_none() {
            return false;
        }
        (rest, at) = (after.clone(), from.clone());
    }
}

#[cfg(test)]
mod tests;
