//! A side of a comparison as it is typed: hosts, what is declared or approved
//! of them, a revision, a point in time, or a snapshot in a file.
//!
//! It asks nobody: what is no selector is refused before anything is sent.

use std::path::PathBuf;

use driftline_compare::Selector;
use jiff::Timestamp;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::time_text::{When, rfc3339};

/// What is to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// What the collector knows, as its API takes it.
    Asked(String),
    /// A snapshot.
    File(PathBuf),
}

/// Reads one side. `file:PATH`, what has a `/` and what ends in `.json` is a
/// file; a time behind `@` may be one of a person (`7d`, a date).
///
/// # Errors
/// [`Failure`] with code 64 when it is none.
pub fn typed(text: &str, now: Timestamp) -> Outcome<Typed> {
    let usage = |reason: String| Failure::new(Exit::Usage, reason);
    if let Some(path) = text.strip_prefix("file:") {
        return Ok(Typed::File(PathBuf::from(path)));
    }
    if let Some(name) = text.strip_prefix("revision:") {
        if name.is_empty() {
            return Err(usage("`revision:` names no revision".to_owned()));
        }
        return Ok(Typed::Asked(text.to_owned()));
    }
    // Neither stands in a selector.
    if text.contains('/') || text.ends_with(".json") {
        return Ok(Typed::File(PathBuf::from(text)));
    }
    let (kind, rest) = match text.split_once(':') {
        Some((kind @ ("desired" | "baseline"), rest)) => (Some(kind), rest),
        _ => (None, text),
    };
    let (selector, time) = match rest.split_once('@') {
        Some((selector, time)) => (selector, Some(time)),
        None => (rest, None),
    };
    selector.parse::<Selector>().map_err(|error| usage(format!("`{text}`: {error}")))?;
    let mut asked = kind.map_or_else(String::new, |kind| format!("{kind}:"));
    asked.push_str(selector);
    if let Some(time) = time {
        let when = When::parse(time).map_err(usage)?;
        asked.push('@');
        asked.push_str(&rfc3339(when.at(now)));
    }
    Ok(Typed::Asked(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> String {
        match typed(text, "2026-11-22T08:00:00Z".parse().unwrap()).unwrap() {
            Typed::Asked(asked) => asked,
            Typed::File(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn what_is_typed_becomes_what_the_api_takes() {
        for same in ["production", "env=a,role=b", "desired:production", "baseline:host=web-1", "revision:v1/2"] {
            assert_eq!(asked(same), same);
        }
        assert_eq!(asked("production@7d"), "production@2026-11-15T08:00:00.000Z");
        assert_eq!(asked("desired:env=a@2026-11-01"), "desired:env=a@2026-11-01T00:00:00.000Z");
    }

    #[test]
    fn files_are_told_from_selectors_by_their_looks() {
        for path in ["./production", "a/b", "web.json", "file:production"] {
            let path_of = PathBuf::from(path.strip_prefix("file:").unwrap_or(path));
            assert_eq!(typed(path, Timestamp::UNIX_EPOCH).unwrap(), Typed::File(path_of), "{path}");
        }
    }

    #[test]
    fn what_is_no_side_is_refused_before_anything_is_asked() {
        for bad in ["", "desired:", "colour=red", "production@", "production@soon", "revision:", "a b", "wanted:a"] {
            assert_eq!(typed(bad, Timestamp::UNIX_EPOCH).unwrap_err().exit(), Exit::Usage, "{bad}");
        }
    }
}
