//! `redis.conf` and the users file of Redis, as the server reads them.
//!
//! Fills in no default and asks no server. Sentinel's own notes in its file
//! (epochs, who it has seen) are no configuration and are left out.

mod acl;
mod directive;
mod live;
mod memory;
mod repeated;
mod split;

pub(super) use live::read as live;

use super::Reading;
use super::gather::{Gather, text};
use super::includes::{FileName, Files, Include, IncludeKind, Includes};
use super::lines::{Line, lines, unreadable, unreadable_part};
use crate::{Place, ProblemKind};
use repeated::Repeated;

type Arguments = Vec<zeroize::Zeroizing<Vec<u8>>>;

/// Reads a configuration file and what it includes.
pub(super) fn read(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut reader = Reader { out: Gather::with_room(bytes.len()), repeated: Repeated::default() };
    reader.file(bytes, name, &mut Includes::new(files));
    reader.repeated.hand_over(&mut reader.out);
    reader.out.finish(bytes)
}

/// Reads a file of users (`aclfile`): one `user` line each, no comments.
pub(super) fn read_users(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut out = Gather::with_room(bytes.len());
    let mut rules = Vec::new();
    for line in lines(bytes) {
        let trimmed = line.text.trim_ascii();
        if trimmed.is_empty() {
            continue;
        }
        let mut words = trimmed.split(|&b| b == b' ').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty());
        match (line.is_too_long(), words.next(), words.next()) {
            (false, Some(b"user"), Some(user)) => {
                rules.clear();
                rules.extend(words);
                acl::user(user, &rules, line.place(0), &mut out);
            }
            (true, ..) => refuse(ProblemKind::Limit, &line, "the line is too long to be read", &mut out),
            _ => refuse(ProblemKind::Syntax, &line, "a line of this file is `user NAME RULES`", &mut out),
        }
    }
    out.finish(bytes)
}

/// The line is watched as content.
fn refuse(kind: ProblemKind, line: &Line<'_>, reason: &str, out: &mut Gather) {
    out.problem(kind, line.place(0), reason, None);
    out.unread(line.text);
}

struct Reader {
    out: Gather,
    repeated: Repeated,
}

impl Reader {
    fn file(&mut self, text: &[u8], name: Option<&FileName>, includes: &mut Includes<'_>) {
        for line in lines(text) {
            let trimmed = line.text.trim_ascii();
            if trimmed.is_empty() || trimmed.starts_with(b"#") {
                continue;
            }
            if line.is_too_long() {
                refuse(ProblemKind::Limit, &line, "the line is too long to be read", &mut self.out);
                continue;
            }
            let Some(mut arguments) = split::arguments(trimmed) else {
                let reason = "quotes that are not closed, or not followed by a space";
                refuse(ProblemKind::Syntax, &line, reason, &mut self.out);
                continue;
            };
            if arguments.is_empty() {
                continue;
            }
            let written = arguments.remove(0);
            if !written.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
                refuse(ProblemKind::Syntax, &line, "this is no name of a directive", &mut self.out);
                continue;
            }
            let directive = directive::name(&String::from_utf8_lossy(&written));
            match (directive.as_str(), arguments.as_slice()) {
                ("include", [path]) => self.include(path, &line, name, includes),
                ("sentinel", _) if directive::is_sentinels_own(&arguments) => {}
                (_, []) => refuse(ProblemKind::Syntax, &line, "a directive has a value", &mut self.out),
                _ => self.directive(&directive, arguments, line.place(0)),
            }
        }
    }

    fn directive(&mut self, name: &str, arguments: Arguments, place: Place) {
        let arguments = directive::split_again(name, arguments);
        match name {
            "user" => {
                let rules: Vec<&[u8]> = arguments[1..].iter().map(|rule| rule.as_slice()).collect();
                acl::user(&arguments[0], &rules, place, &mut self.out);
            }
            "save" | "client-output-buffer-limit" | "rename-command" | "loadmodule" | "sentinel" => {
                self.repeated.take(name, &arguments, place, &mut self.out);
            }
            _ => {
                let value = directive::value(name, &arguments);
                let set = if directive::is_secret(name) { Gather::set_secret } else { Gather::set };
                set(&mut self.out, name.as_bytes(), text(value), place);
            }
        }
    }

    fn include(&mut self, path: &[u8], line: &Line<'_>, name: Option<&FileName>, includes: &mut Includes<'_>) {
        let pattern = path.iter().any(|b| matches!(b, b'*' | b'?' | b'['));
        let what = if pattern { IncludeKind::Glob } else { IncludeKind::File };
        let followed = includes.follow(&Include { path, from: name, what }, |file, deeper| {
            let before = self.out.enter(Some(file.name.clone()));
            if !unreadable_part(&file.bytes, &mut self.out) {
                self.file(&file.bytes, Some(&file.name), deeper);
            }
            self.out.enter(before);
        });
        if let Err(problem) = followed {
            refuse(problem.kind, line, &problem.reason, &mut self.out);
        }
    }
}

#[cfg(test)]
mod tests;
