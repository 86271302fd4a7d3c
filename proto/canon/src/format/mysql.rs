//! Option files of MySQL and MariaDB (`my.cnf`), as `my_print_defaults` and
//! the servers read them.
//!
//! Keys are `group.option`. Which groups a program reads is the program's own
//! choice and is not decided here; nothing of a server's defaults is filled in.

mod line;
mod live;
mod number;
mod option;
mod options;
mod table;

pub(super) use live::{moves, read as live};

use super::Reading;
use super::gather::Gather;
use super::includes::{FileName, Files, Include, IncludeKind, Includes};
use super::lines::{Line, lines, unreadable, unreadable_part};
use crate::{Place, ProblemKind};
use line::{Directive, Shape};
use options::Options;

/// Bytes of a line with its end: the programs read lines into a buffer of this
/// size and take what is longer for several lines (`mysys/my_default.c`).
const LINE_BYTES_READ: usize = 4094;

/// Reads an option file and what it includes.
pub(super) fn read(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut reader = Reader { out: Gather::with_room(bytes.len()), options: Options::default() };
    reader.file(bytes, name, &mut Includes::new(files));
    reader.options.hand_over(&mut reader.out);
    reader.out.finish(bytes)
}

struct Reader {
    out: Gather,
    options: Options,
}

impl Reader {
    /// One file; groups do not reach from one file into another.
    fn file(&mut self, text: &[u8], name: Option<&FileName>, includes: &mut Includes<'_>) {
        let mut group: Option<Vec<u8>> = None;
        for line in lines(text) {
            if line.text.len() >= LINE_BYTES_READ {
                let reason = format!("more than {LINE_BYTES_READ} bytes: the server reads this as several lines");
                self.refuse(ProblemKind::Limit, &line, line.place(0), &reason);
                continue;
            }
            match line::shape(line.text) {
                Shape::Nothing => {}
                Shape::Group(found) => {
                    if found.contains(&b'[') {
                        self.refuse(ProblemKind::Syntax, &line, line.place(0), "no program reads a group with `[`");
                    }
                    group = Some(found.to_vec());
                }
                Shape::Option { name, value, at } => match &group {
                    Some(group) => self.option(group, name, value.as_deref().map(Vec::as_slice), &line, at),
                    None => {
                        self.refuse(ProblemKind::Syntax, &line, line.place(at), "an option before the first group");
                    }
                },
                Shape::Directive(directive) => self.directive(directive, &line, name, includes),
                Shape::Wrong { reason, at } => self.refuse(ProblemKind::Syntax, &line, line.place(at), reason),
            }
        }
    }

    fn option(&mut self, group: &[u8], name: &[u8], value: Option<&[u8]>, line: &Line<'_>, at: usize) {
        if !name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':')) {
            let reason = "an option has letters, digits, `-` and `_` only";
            return self.refuse(ProblemKind::Syntax, line, line.place(at), reason);
        }
        if value.is_none() && !option::may_stand_alone(name) {
            let reason = "a word alone that may be a value";
            return self.refuse(ProblemKind::Syntax, line, line.place(at), reason);
        }
        let option = option::canonical(name, value);
        if let Some(doubt) = option.doubt {
            self.out.problem(ProblemKind::Syntax, line.place(at), doubt, None);
        }
        self.options.take(group, option, line.place(at), &mut self.out);
    }

    fn directive(
        &mut self,
        directive: Directive<'_>,
        line: &Line<'_>,
        name: Option<&FileName>,
        includes: &mut Includes<'_>,
    ) {
        let (path, what) = match directive {
            Directive::Include(path) => (path, IncludeKind::File),
            Directive::IncludeDir(path) => (path, IncludeKind::DirectoryWithHidden(&[".cnf"])),
        };
        let include = Include { path, from: name, what };
        let followed = includes.follow(&include, |file, deeper| {
            let before = self.out.enter(Some(file.name.clone()));
            if !unreadable_part(&file.bytes, &mut self.out) {
                self.file(&file.bytes, Some(&file.name), deeper);
            }
            self.out.enter(before);
        });
        if let Err(problem) = followed {
            self.refuse(problem.kind, line, line.place(0), &problem.reason);
        }
    }

    /// The line is watched as content.
    fn refuse(&mut self, kind: ProblemKind, line: &Line<'_>, place: Place, reason: &str) {
        self.out.problem(kind, place, reason, None);
        self.out.unread(line.text);
    }
}

#[cfg(test)]
mod tests;
