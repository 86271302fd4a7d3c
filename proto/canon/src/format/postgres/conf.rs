//! `postgresql.conf` and what it includes: `name = value` lines, the last of a
//! name counts, `postgresql.auto.conf` comes after everything.
//!
//! Follows the server's own lexer, so a line is a problem where the server
//! would refuse it. It resolves no path.

mod token;

use self::token::Token;
use super::settings;
use super::{is_text, tell_mark, value};
use crate::display::MASK;
use crate::format::Reading;
use crate::format::gather::{Gather, text};
use crate::format::includes::{FileName, Files, Include, IncludeKind, Includes};
use crate::format::lines::{Line, lines, unreadable};
use crate::{Place, ProblemKind, Value};

/// What `ALTER SYSTEM` writes, in the data directory.
const AUTO_CONF: &str = "postgresql.auto.conf";

/// The names that an included directory is searched for.
const CONF: &[&str] = &[".conf"];

/// Reads the bytes of the file of that name.
pub(in crate::format) fn read(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    let mut includes = Includes::new(files);
    read_lines(&mut gather, bytes, name, &mut includes);
    if !name.is_some_and(|name| name.ends_with(AUTO_CONF)) {
        read_auto_conf(&mut gather, name, &mut includes);
    }
    gather.finish(bytes)
}

/// What the server reads last, from the data directory that the file names or
/// else from the directory that the file is in.
fn read_auto_conf(gather: &mut Gather, name: Option<&FileName>, includes: &mut Includes<'_>) {
    let mut path = gather.value(b"data_directory").map(Value::bytes).unwrap_or_default().to_vec();
    if path.last().is_some_and(|&b| b != b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(AUTO_CONF.as_bytes());
    let include = Include { path: &path, from: name, what: IncludeKind::AutoConf };
    if let Err(problem) = follow(gather, &include, includes) {
        gather.problem_whole(problem.kind, format!("{AUTO_CONF}: {}", problem.reason));
    }
}

fn follow(gather: &mut Gather, include: &Include<'_>, includes: &mut Includes<'_>) -> Result<(), crate::Problem> {
    includes.follow(include, |file, deeper| {
        if is_text(gather, file) {
            let before = gather.enter(Some(file.name.clone()));
            read_lines(gather, &file.bytes, Some(&file.name), deeper);
            gather.enter(before);
        }
    })
}

fn read_lines(gather: &mut Gather, bytes: &[u8], name: Option<&FileName>, includes: &mut Includes<'_>) {
    tell_mark(gather, bytes);
    for line in lines(bytes) {
        if line.is_too_long() {
            gather.too_long(line.text, line.place(0));
            continue;
        }
        match token::assignment(line.text) {
            Ok(None) => {}
            Ok(Some(assignment)) => apply(gather, &line, &assignment, name, includes),
            Err(at) => {
                let reason = "not of the form `name = value`; the server would refuse the file";
                gather.problem(ProblemKind::Syntax, line.place(at), reason, excerpt(&line));
                gather.unread(line.text);
            }
        }
    }
}

/// One `name = value`: an include, or a setting.
fn apply(
    gather: &mut Gather,
    line: &Line<'_>,
    assignment: &token::Assignment<'_>,
    from: Option<&FileName>,
    includes: &mut Includes<'_>,
) {
    let value = assignment.value.bytes();
    let what = match assignment.name {
        name if name.eq_ignore_ascii_case(b"include") => IncludeKind::File,
        name if name.eq_ignore_ascii_case(b"include_if_exists") => IncludeKind::FileIfExists,
        name if name.eq_ignore_ascii_case(b"include_dir") => IncludeKind::Directory(CONF),
        name => return set(gather, line, name, &assignment.value, assignment.value_at),
    };
    let result = if value.trim_ascii().is_empty() {
        Err(crate::Problem::whole(ProblemKind::Syntax, "the include names no path"))
    } else {
        follow(gather, &Include { path: &value, from, what }, includes)
    };
    if let Err(problem) = result {
        gather.problem(problem.kind, line.place(assignment.value_at), &problem.reason, None);
        gather.unread(line.text);
    }
}

fn set(gather: &mut Gather, line: &Line<'_>, name: &[u8], value: &Token<'_>, at: usize) {
    let written = value.bytes();
    let place = Place { line: line.number, column: 1 };
    let rows = settings::find(name);
    if rows.is_empty() {
        gather.set(&name.to_ascii_lowercase(), text(written.into_owned()), place);
        return;
    }
    let key = settings::name_of(rows);
    match value::canonical(rows, &written) {
        Ok(canonical) => gather.set(key.as_bytes(), text(canonical), place),
        Err(reason) => {
            let reason = format!("`{key}`: {reason}; it is compared as written");
            gather.problem(ProblemKind::Syntax, line.place(at), &reason, excerpt(line));
            gather.set(key.as_bytes(), text(written.into_owned()), place);
        }
    }
}

/// The line up to its value, when its name is one of the server's own.
fn excerpt(line: &Line<'_>) -> Option<String> {
    let (name, rest) = token::name(line.text)?;
    if settings::find(name).is_empty() {
        return None;
    }
    let equals = line.text[rest..].trim_ascii_start().starts_with(b"=");
    let name = String::from_utf8_lossy(name);
    Some(if equals { format!("{name} = {MASK}") } else { format!("{name} {MASK}") })
}

#[cfg(test)]
mod tests;
