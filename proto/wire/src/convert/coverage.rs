//! What an agent found on its host and does not watch, in a heartbeat.

use super::{WireError, field};
use crate::limits::{TEXT_BYTES_MAX, UNWATCHED_MAX};
use crate::v1;

/// How much of what was found is watched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Files that were found.
    pub found: u32,
    /// Of those, files that a source watches.
    pub watched: u32,
    /// The others, in the order of their paths: the first
    /// [`UNWATCHED_MAX`] travel.
    pub unwatched: Vec<Unwatched>,
}

/// A file that no source watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwatched {
    /// Where it is, escaped for display.
    pub path: String,
    /// Who reads it.
    pub reason: String,
}

pub(super) fn encode(coverage: &Coverage) -> v1::Coverage {
    let text = |text: &str| field::printable(text, TEXT_BYTES_MAX);
    let one = |one: &Unwatched| v1::Unwatched { path: text(&one.path), reason: text(&one.reason) };
    let unwatched = coverage.unwatched.iter().take(UNWATCHED_MAX).map(one).collect();
    v1::Coverage { found: coverage.found, watched: coverage.watched, unwatched }
}

pub(super) fn decode(coverage: v1::Coverage) -> Result<Coverage, WireError> {
    field::count("heartbeat.coverage.unwatched", coverage.unwatched.len(), UNWATCHED_MAX)?;
    if coverage.watched > coverage.found {
        return Err(WireError::of("heartbeat.coverage.watched", "more than were found"));
    }
    let one = |one: v1::Unwatched| {
        Ok(Unwatched {
            path: field::text("heartbeat.coverage.path", one.path, TEXT_BYTES_MAX)?,
            reason: field::text("heartbeat.coverage.reason", one.reason, TEXT_BYTES_MAX)?,
        })
    };
    let unwatched = coverage.unwatched.into_iter().map(one).collect::<Result<_, WireError>>()?;
    Ok(Coverage { found: coverage.found, watched: coverage.watched, unwatched })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwatched(path: &str) -> Unwatched {
        Unwatched { path: path.to_owned(), reason: "environment of web.service".to_owned() }
    }

    #[test]
    fn what_is_said_is_read_back_as_far_as_it_travels() {
        let mut coverage = Coverage { found: 300, watched: 0, unwatched: vec![unwatched("/etc/a"); 300] };
        let read = decode(encode(&coverage)).unwrap();
        coverage.unwatched.truncate(UNWATCHED_MAX);
        assert_eq!(read, coverage);
    }

    #[test]
    fn what_breaks_a_limit_is_refused() {
        let more = v1::Coverage { found: 1, watched: 2, unwatched: Vec::new() };
        assert_eq!(decode(more).unwrap_err().to_string(), "heartbeat.coverage.watched: more than were found");
        let one = encode(&Coverage { found: 1, watched: 0, unwatched: vec![unwatched("/etc/a")] });
        let many = v1::Coverage { unwatched: vec![one.unwatched[0].clone(); UNWATCHED_MAX + 1], ..one.clone() };
        assert!(decode(many).is_err());
        let raw = v1::Unwatched { path: "\u{1b}[2J".to_owned(), reason: String::new() };
        assert!(decode(v1::Coverage { unwatched: vec![raw], ..one }).is_err());
    }
}
