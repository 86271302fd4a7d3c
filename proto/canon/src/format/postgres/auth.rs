//! The lines of `pg_hba.conf` and `pg_ident.conf` as fields of words: quotes,
//! comma lists, comments, continued lines, `@file` and includes.
//!
//! Knows no field's meaning. The server of before 16 knows no includes and the
//! one of before 14 no continued lines; who writes them means them.

pub(super) mod word;

use std::borrow::Cow;

use self::word::{Field, Word, fields};
use super::{is_text, tell_mark};
use crate::format::gather::Gather;
use crate::format::includes::{FileName, Include, IncludeKind, Includes};
use crate::format::lines::{Line, lines};
use crate::{Problem, ProblemKind};

/// The names that an included directory is searched for.
const CONF: &[&str] = &[".conf"];

/// The fields of one line; each has at least one word.
pub(super) struct Record<'a> {
    /// The line it begins on, with those that continue it.
    pub(super) line: Line<'a>,
    pub(super) fields: Vec<Field<'a>>,
}

/// What makes items of records.
pub(super) trait Records {
    /// Takes one line.
    ///
    /// # Errors
    /// Why the server would refuse it.
    fn take(&mut self, gather: &mut Gather, record: &Record<'_>) -> Result<(), String>;
}

/// Reads lines, following what they include.
pub(super) fn read(
    gather: &mut Gather,
    bytes: &[u8],
    name: Option<&FileName>,
    includes: &mut Includes<'_>,
    records: &mut dyn Records,
) {
    tell_mark(gather, bytes);
    let mut lines = lines(bytes);
    while let Some(first) = lines.next() {
        let text = continued(&first, &mut lines);
        let line = Line { number: first.number, text: &text };
        if line.is_too_long() {
            gather.too_long(line.text, line.place(0));
            continue;
        }
        let fields = fields(&text);
        if !fields.is_empty() {
            one(gather, Record { line, fields }, name, includes, records);
        }
    }
}

/// A line with those that a backslash at its end joins to it, comments too.
fn continued<'a>(first: &Line<'a>, lines: &mut impl Iterator<Item = Line<'a>>) -> Cow<'a, [u8]> {
    let Some(head) = first.text.strip_suffix(b"\\") else {
        return Cow::Borrowed(first.text);
    };
    let mut text = head.to_vec();
    for next in lines {
        // Each line is asked by itself: a backslash before the one at its end
        // does not join a further line.
        match next.text.strip_suffix(b"\\") {
            Some(more) => text.extend_from_slice(more),
            None => {
                text.extend_from_slice(next.text);
                break;
            }
        }
    }
    Cow::Owned(text)
}

fn one(
    gather: &mut Gather,
    mut record: Record<'_>,
    name: Option<&FileName>,
    includes: &mut Includes<'_>,
    records: &mut dyn Records,
) {
    let place = record.line.place(0);
    let result = match include(&record.fields) {
        Some((what, path)) => {
            let include = Include { path, from: name, what };
            includes.follow(&include, |file, deeper| {
                if is_text(gather, file) {
                    let before = gather.enter(Some(file.name.clone()));
                    read(gather, &file.bytes, Some(&file.name), deeper, records);
                    gather.enter(before);
                }
            })
        }
        None => {
            if let Err(problem) = expand(gather, &mut record.fields, name, includes) {
                gather.problem(problem.kind, place, &problem.reason, None);
            }
            records.take(gather, &record).map_err(|reason| Problem::whole(ProblemKind::Syntax, reason))
        }
    };
    if let Err(problem) = result {
        gather.problem(problem.kind, place, &problem.reason, None);
        gather.unread(record.line.text);
    }
}

/// What a line includes, if that is what it is for.
fn include<'f>(fields: &'f [Field<'_>]) -> Option<(IncludeKind, &'f [u8])> {
    let [directive, path] = fields else { return None };
    let ([directive], [path]) = (&**directive, &**path) else { return None };
    let what = match &*directive.text {
        b"include" => IncludeKind::File,
        b"include_if_exists" => IncludeKind::FileIfExists,
        b"include_dir" => IncludeKind::Directory(CONF),
        _ => return None,
    };
    Some((what, &path.text))
}

/// Puts the words of each `@file` in its place. A file that cannot be had
/// leaves its name there.
fn expand(
    gather: &mut Gather,
    fields: &mut [Field<'_>],
    name: Option<&FileName>,
    includes: &mut Includes<'_>,
) -> Result<(), Problem> {
    let mut result = Ok(());
    for field in fields {
        if !field.iter().any(Word::is_file) {
            continue;
        }
        let mut words = Vec::with_capacity(field.len());
        for word in field.iter() {
            if word.is_file() {
                result = result.and(words_of(gather, word, name, includes, &mut words));
            } else {
                words.push(word.clone());
            }
        }
        *field = Field::Several(words);
    }
    result
}

/// Appends the words of all lines of a file.
fn words_of<'a>(
    gather: &mut Gather,
    word: &Word<'a>,
    name: Option<&FileName>,
    includes: &mut Includes<'_>,
    words: &mut Vec<Word<'a>>,
) -> Result<(), Problem> {
    let include = Include { path: &word.text[1..], from: name, what: IncludeKind::File };
    let mut result = Ok(());
    let opened = includes.follow(&include, |file, deeper| {
        if !is_text(gather, file) {
            return;
        }
        let mut lines = lines(&file.bytes);
        while let Some(first) = lines.next() {
            let text = continued(&first, &mut lines);
            for word in fields(&text).iter().flat_map(|field| field.iter()) {
                let word = word.clone().into_owned();
                if word.is_file() {
                    let inner = words_of(gather, &word, Some(&file.name), deeper, words);
                    result = std::mem::replace(&mut result, Ok(())).and(inner);
                } else {
                    words.push(word);
                }
            }
        }
    });
    if opened.is_err() {
        words.push(word.clone());
    }
    opened.and(result)
}

#[cfg(test)]
mod tests;
