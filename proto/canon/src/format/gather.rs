//! Gathers what a parser of any format finds into one reading: one setting per
//! key, bounded problems, and one opaque setting over all that was not read.
//!
//! Knows no syntax. It lets no key through that looks like a piece of a
//! secret, and puts no value into a problem.

use sha2::{Digest as _, Sha256};

use super::includes::FileName;
use super::kept::{Kept, Mark};
use super::lines::too_long;
use super::{Reading, Setting};
use crate::key::is_deceptive;
use crate::limits::{ITEMS_MAX, KEY_BYTES_MAX, PROBLEMS_MAX};
use crate::{ItemKey, Place, Problem, ProblemKind, Value, secret};

/// A reading in the making.
pub(super) struct Gather {
    kept: Kept,
    problems: Vec<Problem>,
    problems_more: usize,
    unread: Option<Sha256>,
    file: Option<FileName>,
    full: bool,
}

impl Gather {
    pub(super) fn new() -> Self {
        Self { kept: Kept::default(), problems: Vec::new(), problems_more: 0, unread: None, file: None, full: false }
    }

    /// The same with room for the settings that a text of so many bytes may hold:
    /// what is not used is never touched, and nothing is copied while it grows.
    pub(super) fn with_room(bytes: usize) -> Self {
        const SETTING_BYTES_MIN: usize = 32;
        let settings = (bytes / SETTING_BYTES_MIN).min(ITEMS_MAX);
        Self { kept: Kept::with_room(settings), ..Self::new() }
    }

    /// The included file that what follows comes from; none: the source's own.
    /// Returns the one before, to be put back.
    pub(super) fn enter(&mut self, file: Option<FileName>) -> Option<FileName> {
        std::mem::replace(&mut self.file, file)
    }

    /// The included file that is being read.
    pub(super) fn file(&self) -> Option<&FileName> {
        self.file.as_ref()
    }

    /// Adds a problem at a place of the file that is being read. The excerpt is
    /// what of the line holds no value.
    pub(super) fn problem(&mut self, kind: ProblemKind, place: Place, reason: &str, excerpt: Option<String>) {
        if self.problems.len() >= PROBLEMS_MAX - 1 {
            self.problems_more += 1;
            return;
        }
        // The place is shown behind the source's own path.
        self.problems.push(match &self.file {
            None => Problem::at(kind, place, reason, excerpt),
            Some(file) => Problem::whole(kind, format!("{file}:{}:{}: {reason}", place.line, place.column)),
        });
    }

    /// Adds a problem of the whole source.
    pub(super) fn problem_whole(&mut self, kind: ProblemKind, reason: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX - 1 {
            self.problems.push(Problem::whole(kind, reason));
        } else {
            self.problems_more += 1;
        }
    }

    /// These bytes were not understood: they are watched as content, white
    /// space at the ends of lines aside.
    pub(super) fn unread(&mut self, bytes: &[u8]) {
        let hash = self.unread.get_or_insert_with(Sha256::new);
        for line in bytes.split(|&b| b == b'\n') {
            hash.update(line.trim_ascii());
            hash.update(b"\n");
        }
    }

    /// A line that no parser looks at: it is told, and watched as content.
    pub(super) fn too_long(&mut self, text: &[u8], place: Place) {
        self.problem(ProblemKind::Limit, place, &too_long(), None);
        self.unread(text);
    }

    /// Takes a setting whose name stands in the file. Of several with one key
    /// the last counts; each that is overruled in the same file is a problem.
    pub(super) fn set(&mut self, key: &[u8], value: Value, place: Place) {
        if let Some(key) = self.admit(key, &value, place) {
            self.replace(key, value, place, true);
        }
    }

    /// The same for a value that is a secret because the format says so.
    pub(super) fn set_secret(&mut self, key: &[u8], value: Value, place: Place) {
        if let Some(key) = self.admit(key, &value, place) {
            let mark = self.replace(key, value, place, true);
            if let Some(setting) = self.kept.get_mut(mark) {
                setting.secret = true;
            }
        }
    }

    /// The same, where repeating a key is how the format is used.
    pub(super) fn set_quietly(&mut self, key: &[u8], value: Value, place: Place) {
        if let Some(key) = self.admit(key, &value, place) {
            self.replace(key, value, place, false);
        }
    }

    /// Takes a rule, whose name was made by [`super::rules`] and holds no secret;
    /// whether its value does, the format knows.
    pub(super) fn set_rule(&mut self, name: &[u8], rule: &[u8], place: Place, secret: bool) {
        let key = ItemKey::from_bytes(name);
        let value = Value::shown_by(&key, rule);
        if !self.has_room(&key, name, &value, place) {
            return;
        }
        let mark = self.replace(key, value, place, false);
        if let Some(setting) = self.kept.get_mut(mark) {
            setting.secret = secret;
        }
    }

    /// Takes the order of a list of rules, which stands on no line.
    pub(super) fn set_order(&mut self, key: ItemKey, value: Value) {
        debug_assert!(key.as_str().starts_with('@'));
        self.kept.insert_beside(Setting { key, value, line: None, template: None, file: None, secret: false });
    }

    /// Whether there is room for no further key.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= ITEMS_MAX
    }

    /// The value that a key has so far.
    pub(super) fn value(&self, key: &[u8]) -> Option<&Value> {
        self.kept.get(key).map(|setting| &setting.value)
    }

    /// Takes a key back, as if it had not been set.
    pub(super) fn remove(&mut self, key: &[u8]) {
        self.kept.remove(key);
    }

    /// Takes a key, and gives what takes it back if nothing has by then.
    pub(super) fn set_marked(&mut self, key: &[u8], value: Value, place: Place) -> Option<Mark> {
        let key = self.admit(key, &value, place)?;
        Some(self.replace(key, value, place, true))
    }

    /// The key of what was set then, unless it has been replaced since.
    pub(super) fn key(&self, mark: Mark) -> Option<&ItemKey> {
        self.kept.get_marked(mark).map(|setting| &setting.key)
    }

    /// What was set then is a secret because of what stands beside it, if its
    /// value is one that can be.
    pub(super) fn mark_secret(&mut self, mark: Mark, can_be: impl FnOnce(&[u8]) -> bool) {
        if let Some(setting) = self.kept.get_mut(mark) {
            setting.secret |= can_be(setting.value.bytes());
        }
    }

    /// Takes back what was set then, unless it has been replaced since.
    pub(super) fn remove_marked(&mut self, mark: Mark) {
        self.kept.remove_marked(mark);
    }

    fn admit(&mut self, name: &[u8], value: &Value, place: Place) -> Option<ItemKey> {
        let has_value = !matches!(value.bytes(), b"" | b"null");
        if name.is_empty() || !secret::name_may_be_shown(name) || secret::name_holds_a_value(name, has_value) {
            let reason = "the name is empty or may be part of a secret; it is watched as content";
            self.problem(ProblemKind::Syntax, place, reason, None);
            self.unread(name);
            self.unread(value.bytes());
            return None;
        }
        let key = ItemKey::from_bytes(name);
        self.has_room(&key, name, value, place).then_some(key)
    }

    /// Whether a key is or will be one of the settings; one too many is watched
    /// as content.
    fn has_room(&mut self, key: &ItemKey, name: &[u8], value: &Value, place: Place) -> bool {
        if name.len() > KEY_BYTES_MAX || key.as_str().len() >= KEY_BYTES_MAX {
            self.problem(ProblemKind::Limit, place, &format!("the name has more than {KEY_BYTES_MAX} bytes"), None);
        }
        if self.is_full() && self.kept.get(name).is_none() {
            if !std::mem::replace(&mut self.full, true) {
                let reason = format!("more than {ITEMS_MAX} settings; the rest is watched as content");
                self.problem(ProblemKind::Limit, place, &reason, None);
            }
            self.unread(name);
            self.unread(value.bytes());
            return false;
        }
        self.check_encoding(value, place);
        true
    }

    fn replace(&mut self, key: ItemKey, value: Value, place: Place, tell: bool) -> Mark {
        let (file, line) = (self.file.clone(), Some(place.line));
        let (mark, earlier) = self.kept.insert(Setting { key, value, line, template: None, file, secret: false });
        let Some(earlier) = earlier.filter(|earlier| tell && earlier.file == self.file) else {
            return mark;
        };
        let before = earlier.line.unwrap_or(0);
        let reason =
            format!("`{}` is set on line {before} and again on line {}; the last one counts", earlier.key, place.line);
        self.problem(ProblemKind::DuplicateKey, place, &reason, None);
        mark
    }

    fn check_encoding(&mut self, value: &Value, place: Place) {
        let Value::Text(bytes) = value else {
            return;
        };
        if bytes.is_ascii() {
            return;
        }
        match std::str::from_utf8(bytes) {
            Err(_) => {
                let reason = "the value is not UTF-8; its bytes are compared";
                self.problem(ProblemKind::Encoding, place, reason, None);
            }
            Ok(text) if text.chars().any(is_deceptive) => {
                let reason = "the value holds characters that hide or reorder text";
                self.problem(ProblemKind::Encoding, place, reason, None);
            }
            Ok(_) => {}
        }
    }

    /// What stands for all that was not read, if that is asked for alone.
    pub(super) fn into_unread(self) -> Option<[u8; 32]> {
        self.unread.map(|hash| hash.finalize().into())
    }

    /// The reading, complete; `text` is the whole of the source's own file.
    pub(super) fn finish(mut self, text: &[u8]) -> Reading {
        let mut settings = self.kept.into_settings();
        if let Some(hash) = self.unread {
            let unread: [u8; 32] = hash.finalize().into();
            // Where nothing was read, each byte of the file counts, and what
            // files that it includes left unread counts beside it.
            let hash = if settings.is_empty() { both(Sha256::digest(text).into(), unread) } else { unread };
            settings.push(content(hash));
        }
        if self.problems_more > 0 {
            self.problems.push(Problem::not_shown(self.problems_more));
        }
        Reading { settings, problems: self.problems, dialect: None }
    }
}

/// The reading of a file that cannot be parsed at all: one opaque setting, and
/// why.
pub(super) fn opaque(bytes: &[u8], problem: Problem) -> Reading {
    Reading { settings: vec![content(Sha256::digest(bytes).into())], problems: vec![problem], dialect: None }
}

fn both(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(one).chain_update(other).finalize().into()
}

/// What stands for bytes that are watched without being parsed.
pub(super) fn content(hash: [u8; 32]) -> Setting {
    let key = ItemKey::metadata(ItemKey::CONTENT);
    Setting { key, value: Value::Content(hash), line: None, template: None, file: None, secret: false }
}

/// A text value that is wiped.
pub(super) fn text(bytes: impl Into<Vec<u8>>) -> Value {
    Value::text(bytes)
}

#[cfg(test)]
mod tests;
