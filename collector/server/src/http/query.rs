//! What a query says: known keys only, each once, and checked values.

use std::str::FromStr;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_api::{PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX};
use driftline_canon::SourceKind;
use driftline_compare::{Severity, Verdict};
use driftline_daemon::clock;
use driftline_store::{ActorPattern, EntryQuery, Opens};

use super::error::Problem;

/// The pairs of a query as they came.
pub(super) type Pairs = Query<Vec<(String, String)>>;

/// The one part of a path that is a name, as it came.
pub(super) type Named = Result<Path<String>, PathRejection>;

/// The name in a path; what is not UTF-8 is none.
pub(super) fn name_in_path(named: Named) -> Result<String, Problem> {
    let Path(name) = named.map_err(|error| Problem::bad(error.body_text()))?;
    Ok(name)
}

/// Pairs whose keys are known.
#[derive(Debug)]
pub(super) struct Known(Vec<(String, String)>);

impl Known {
    /// Refuses keys that are not in the list, and keys given twice.
    pub(super) fn of(Query(pairs): Pairs, known: &[&str]) -> Result<Self, Problem> {
        for (index, (key, _)) in pairs.iter().enumerate() {
            if !known.contains(&key.as_str()) {
                let problem = Problem::bad(format!("unknown query key `{key}`"));
                return Err(match nearest(key, known) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem.hint(format!("known are {}", known.join(", "))),
                });
            }
            if pairs.iter().take(index).any(|(other, _)| other == key) {
                return Err(Problem::bad(format!("`{key}` is given twice")));
            }
        }
        Ok(Self(pairs))
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(name, _)| name == key);
        pair.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, key: &str) -> Result<Option<T>, Problem> {
        let parsed = self.text(key).map(str::parse).transpose();
        parsed.map_err(|error| Problem::bad(format!("`{key}`: {error}")))
    }

    pub(super) fn limit(&self) -> Result<usize, Problem> {
        self.limit_or(PAGE_ROWS_DEFAULT)
    }

    pub(super) fn limit_or(&self, usual: u32) -> Result<usize, Problem> {
        let limit = self.parsed::<u32>("limit")?.unwrap_or(usual);
        if !(1..=PAGE_ROWS_MAX).contains(&limit) {
            return Err(Problem::bad(format!("`limit` is between 1 and {PAGE_ROWS_MAX}")));
        }
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    pub(super) fn time(&self, key: &str) -> Result<Option<i64>, Problem> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let time = clock::parse_ms(text);
        time.map(Some)
            .ok_or_else(|| Problem::bad(format!("`{key}` is not an RFC 3339 time such as 2026-11-22T04:30:00Z")))
    }

    /// The question to the history, newest first.
    pub(super) fn entries(&self) -> Result<EntryQuery, Problem> {
        let kind = self.text("source").and_then(SourceKind::from_name);
        let severity = self.text("severity").map(|text| {
            Severity::from_name(text).ok_or_else(|| Problem::bad("`severity` is `info`, `warning` or `critical`"))
        });
        let opens = self.text("opens").map(|text| {
            Opens::from_name(text).ok_or_else(|| Problem::bad("`opens` is `any`, `bounded`, `local` or `anything`"))
        });
        let verdict = self.text("verdict").map(|text| {
            let names = Verdict::ALL.map(|verdict| format!("`{verdict}`"));
            Verdict::from_name(text).ok_or_else(|| Problem::bad(format!("`verdict` is one of {}", names.join(", "))))
        });
        Ok(EntryQuery {
            verdict: verdict.transpose()?,
            opens: opens.transpose()?,
            actor: self.text("actor").map(ActorPattern::new),
            environment: self.parsed("env")?,
            host: self.parsed("host")?,
            source: if kind.is_none() { self.parsed("source")? } else { None },
            source_kind: kind,
            key_pattern: self.text("key").map(str::to_owned),
            min_severity: severity.transpose()?,
            since_ms: self.time("since")?,
            // The store's bound is exclusive, the API's is not.
            until_ms: self.time("until")?.map(|until| until.saturating_add(1)),
            before_id: self.text("cursor").map(read_cursor).transpose()?,
            limit: self.limit()?,
            newest_first: true,
            ..EntryQuery::default()
        })
    }
}

/// A position in the history as a cursor.
pub(super) fn cursor(id: u64) -> String {
    URL_SAFE_NO_PAD.encode([&[1_u8][..], &id.to_be_bytes()].concat())
}

fn read_cursor(text: &str) -> Result<u64, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let id = bytes.as_deref().and_then(|bytes| match bytes {
        [1, id @ ..] => Some(u64::from_be_bytes(id.try_into().ok()?)),
        _ => None,
    });
    id.ok_or_else(|| Problem::bad("`cursor` is not one of this collector"))
}

/// The known word that takes the fewest edits, if it takes few.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    const EDITS_MAX: usize = 2;
    let ranked = known.iter().map(|name| (distance(word, name), *name));
    ranked.filter(|(edits, _)| *edits <= EDITS_MAX).min().map(|(_, name)| name)
}

/// Edits between two words (Levenshtein), two rows at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    // A query key that is longer than any known one needs no exact distance.
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(pairs: &[(&str, &str)]) -> Result<Known, Problem> {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Known::of(Query(pairs), &["env", "severity", "limit", "cursor", "since", "source"])
    }

    fn message(problem: Problem) -> String {
        format!("{problem:?}")
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        assert!(message(known(&[("sevrity", "info")]).unwrap_err()).contains("did you mean `severity`?"));
        assert!(message(known(&[("whatever", "x")]).unwrap_err()).contains("known are env"));
        assert!(message(known(&[("env", "a"), ("env", "b")]).unwrap_err()).contains("given twice"));
    }

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is_one() {
        for id in [0, 1, u64::MAX] {
            assert_eq!(read_cursor(&cursor(id)).unwrap(), id);
        }
        for text in ["", "1", "AAAA", "!!", &cursor(7)[1..]] {
            assert!(read_cursor(text).is_err(), "{text}");
        }
    }

    #[test]
    fn values_are_checked() {
        for (key, value) in
            [("limit", "0"), ("limit", "1001"), ("severity", "bad"), ("since", "yesterday"), ("env", "a b")]
        {
            assert!(known(&[(key, value)]).unwrap().entries().is_err(), "{key}={value}");
        }
        let query = known(&[("source", "env_file"), ("limit", "5")]).unwrap().entries().unwrap();
        assert_eq!((query.source_kind, query.source, query.limit), (Some(SourceKind::EnvFile), None, 5));
    }

    #[test]
    fn distances() {
        assert_eq!(distance("host", "host"), 0);
        assert_eq!(distance("hots", "host"), 2);
        assert_eq!(distance("", "env"), 3);
    }
}
