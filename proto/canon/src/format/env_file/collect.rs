//! Gathers what a dialect's parser finds into one reading: one setting per
//! key, bounded problems, and one opaque setting over all that was not read.
//!
//! Knows no syntax. It never lets a name through that looks like a piece of a
//! secret, whatever the dialect says about names.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::cursor::{Cursor, Spot};
use super::excerpt;
use super::interpolate::{self, Failure, Part};
use crate::format::kept::Kept;
use crate::format::lines::too_long;
use crate::format::{Reading, Setting};
use crate::key::is_deceptive;
use crate::limits::{ITEMS_MAX, KEY_BYTES_MAX, LINE_BYTES_MAX, PROBLEMS_MAX, RESOLVED_TOTAL_BYTES_MAX};
use crate::{EnvDialect, ItemKey, Problem, ProblemKind, Value, secret};

/// What a parser found at a name.
pub(super) enum Raw {
    /// The name alone.
    Inherited,
    /// A value, in parts.
    Parts(Vec<Part>),
}

impl Raw {
    /// A value without references.
    pub(super) fn text(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Parts(vec![Part::Literal(Zeroizing::new(bytes.into()))])
    }
}

/// A reading in the making.
pub(super) struct Collector<'a> {
    text: &'a [u8],
    kept: Kept,
    problems: Vec<Problem>,
    problems_more: usize,
    unread: Option<Sha256>,
    budget: usize,
    in_armour: bool,
    armour_told: bool,
    /// The line that [`Self::skips_line`] has looked at.
    line_seen: u32,
    /// The line of a quote that was never closed, until a setting follows.
    in_doubt: Option<u32>,
    /// Whether the last setting is a secret without a value: a line after it
    /// without `=` may be the value, pasted in the wrong place.
    awaits_secret: bool,
    full: bool,
}

impl<'a> Collector<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            kept: Kept::default(),
            problems: Vec::new(),
            problems_more: 0,
            unread: None,
            budget: RESOLVED_TOTAL_BYTES_MAX,
            in_armour: false,
            armour_told: false,
            line_seen: 0,
            in_doubt: None,
            awaits_secret: false,
            full: false,
        }
    }

    /// Adds a problem at a spot, with its line masked.
    pub(super) fn problem(&mut self, kind: ProblemKind, spot: Spot, reason: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX - 1 {
            let excerpt = excerpt::masked(spot.line_of(self.text));
            self.problems.push(Problem::at(kind, spot.place(self.text), reason, Some(excerpt)));
        } else {
            self.problems_more += 1;
        }
    }

    /// A quote that is never closed: lines that follow may be what it quotes.
    pub(super) fn never_closed(&mut self, spot: Spot) {
        self.in_doubt = Some(spot.line);
        self.problem(ProblemKind::Syntax, spot, "the quote is never closed");
    }

    /// What lies between here and `end` was not understood: it is watched as
    /// content.
    pub(super) fn unread(&mut self, start: usize, end: usize) {
        let bytes = &self.text[start..end];
        self.note_armour(bytes);
        let hash = self.unread.get_or_insert_with(Sha256::new);
        for line in bytes.split(|&b| b == b'\n') {
            hash.update(line.trim_ascii());
            hash.update(b"\n");
        }
    }

    /// Moves over a line that no dialect should look at: one over the limit,
    /// or the inside of an armoured key that is not quoted. Whether it did.
    /// Looks at a line once, however many statements are on it.
    pub(super) fn skips_line(&mut self, cursor: &mut Cursor<'_>) -> bool {
        let spot = cursor.spot();
        if std::mem::replace(&mut self.line_seen, spot.line) == spot.line {
            return false;
        }
        if self.in_armour {
            let line = cursor.rest_of_line();
            if is_inside_armour(line) {
                if !std::mem::replace(&mut self.armour_told, true) {
                    self.problem(
                        ProblemKind::Syntax,
                        spot,
                        "lines of a key or certificate without quotes; they are watched as content",
                    );
                }
                cursor.take_line();
                self.unread(spot.at, cursor.at());
                return true;
            }
            self.in_armour = false;
            self.armour_told = false;
        }
        if cursor.rest().len() > LINE_BYTES_MAX && cursor.rest_of_line().len() > LINE_BYTES_MAX {
            cursor.take_line();
            self.problem(ProblemKind::Limit, spot, too_long());
            self.unread(spot.at, cursor.at());
            return true;
        }
        false
    }

    /// Takes a setting: `spot` is where its name is, `end` where it ends.
    pub(super) fn set(&mut self, name: &[u8], raw: Raw, spot: Spot, end: usize) {
        if !self.accepts(name, &raw, spot, end) {
            self.unread(spot.at, end);
            return;
        }
        self.note_armour(&self.text[spot.at..end]);
        let key = ItemKey::from_bytes(name);
        if name.len() > KEY_BYTES_MAX || key.as_str().len() >= KEY_BYTES_MAX {
            self.problem(ProblemKind::Limit, spot, format!("the name has more than {KEY_BYTES_MAX} bytes"));
        }
        let (value, template) = self.value_of(raw, spot);
        self.check_encoding(name, &value, spot);
        // Docker takes quotes for a part of the value; who wrote them did not.
        let empty = matches!(&value, Value::Text(text) if text.iter().all(|b| matches!(b, b'"' | b'\'')));
        self.awaits_secret = empty && secret::classify(&key, &value).is_some();
        self.replace(Setting { key, value, line: Some(spot.line), template, file: None, secret: false });
    }

    /// Whether a name may become an item.
    fn accepts(&mut self, name: &[u8], raw: &Raw, spot: Spot, end: usize) -> bool {
        let bare = matches!(raw, Raw::Inherited);
        let withheld = if bare {
            self.in_doubt.is_some() || self.awaits_secret || !excerpt::is_bare_name(name)
        } else {
            !secret::name_may_be_shown(name) || excerpt::is_base64_line(&self.text[spot.at..end])
        };
        if withheld {
            let what = if bare { "no `=` and no certain name" } else { "the name may be part of a secret" };
            self.problem(ProblemKind::Syntax, spot, format!("{what}; the line is watched as content"));
            return false;
        }
        self.in_doubt = self.in_doubt.filter(|&line| bare || spot.line <= line);
        if self.kept.len() >= ITEMS_MAX && self.kept.get(name).is_none() {
            if !self.full {
                self.problem(
                    ProblemKind::Limit,
                    spot,
                    format!("more than {ITEMS_MAX} settings; the rest is watched as content"),
                );
            }
            self.full = true;
            return false;
        }
        true
    }

    fn value_of(&mut self, raw: Raw, spot: Spot) -> (Value, Option<Box<Zeroizing<Vec<u8>>>>) {
        let Raw::Parts(parts) = raw else {
            return (Value::Inherited, None);
        };
        if !interpolate::is_template(&parts) {
            return (Value::Text(interpolate::as_written(&parts).into()), None);
        }
        let lookup = |name: &[u8]| self.kept.get(name).map(|setting| &setting.value);
        let written = interpolate::as_written(&parts);
        match interpolate::resolve(&parts, &lookup, self.budget) {
            Ok(resolved) => {
                self.budget = self.budget.saturating_sub(resolved.value.bytes().len());
                self.report(resolved.failure, spot);
                let template = (resolved.value.bytes() != &**written).then_some(Box::new(written));
                (resolved.value, template)
            }
            Err(interpolate::TooLong) => {
                self.problem(
                    ProblemKind::Limit,
                    spot,
                    "the template grows over the limit when it is resolved; it is kept as written",
                );
                (Value::Template(written), None)
            }
        }
    }

    fn report(&mut self, failure: Option<Failure>, spot: Spot) {
        let reason = match failure {
            None => return,
            Some(Failure::Required(name)) => {
                format!("{} must have a value, and is empty in this file", excerpt::named(&name))
            }
            Some(Failure::Assigns(name)) => {
                format!("the template changes {}, which is not followed", excerpt::named(&name))
            }
        };
        self.problem(ProblemKind::Unresolved, spot, reason);
    }

    fn check_encoding(&mut self, name: &[u8], value: &Value, spot: Spot) {
        let bytes = match value {
            Value::Content(_) => b"",
            value => value.bytes(),
        };
        for (what, bytes) in [("name", name), ("value", bytes)] {
            match std::str::from_utf8(bytes) {
                Err(_) => self.problem(
                    ProblemKind::Encoding,
                    spot,
                    format!("the {what} is not UTF-8; its bytes are compared"),
                ),
                Ok(text) if !text.is_ascii() && text.chars().any(is_deceptive) => {
                    let reason = format!("the {what} holds characters that hide or reorder text");
                    self.problem(ProblemKind::Encoding, spot, reason);
                }
                Ok(_) => {}
            }
        }
    }

    /// The last of several settings counts, as in every dialect.
    fn replace(&mut self, setting: Setting) {
        let later = setting.line.unwrap_or(0);
        let (_, earlier) = self.kept.insert(setting);
        if let Some(earlier) = earlier {
            let key = earlier.key.as_str();
            let before = earlier.line.unwrap_or(0);
            let reason = format!("`{key}` is set on line {before} and again on line {later}; the last one counts");
            self.duplicate(later, reason, key);
        }
    }

    fn duplicate(&mut self, line: u32, reason: String, name: &str) {
        if self.problems.len() < PROBLEMS_MAX - 1 {
            let excerpt = excerpt::masked(format!("{name}=").as_bytes());
            let place = crate::Place { line, column: 1 };
            self.problems.push(Problem::at(ProblemKind::DuplicateKey, place, reason, Some(excerpt)));
        } else {
            self.problems_more += 1;
        }
    }

    fn note_armour(&mut self, bytes: &[u8]) {
        if !bytes.contains(&b'-') {
            return;
        }
        let last = |mark: &[u8]| bytes.windows(mark.len()).rposition(|window| window == mark);
        match (last(b"-----BEGIN "), last(b"-----END ")) {
            (Some(begin), end) => self.in_armour = end.is_none_or(|end| end < begin),
            (None, Some(_)) => self.in_armour = false,
            (None, None) => {}
        }
    }

    /// The reading, complete.
    pub(super) fn finish(mut self, dialect: EnvDialect) -> Reading {
        let nothing_read = self.kept.is_empty();
        let mut settings = self.kept.into_settings();
        if let Some(hash) = self.unread {
            let hash = if nothing_read { Sha256::digest(self.text) } else { hash.finalize() };
            settings.push(content(hash.into()));
        }
        if self.problems_more > 0 {
            self.problems.push(Problem::not_shown(self.problems_more));
        }
        Reading { settings, problems: self.problems, dialect: Some(dialect) }
    }
}

/// What stands for bytes that are watched without being parsed.
pub(super) fn content(hash: [u8; 32]) -> Setting {
    Setting {
        key: ItemKey::metadata(ItemKey::CONTENT),
        value: Value::Content(hash),
        line: None,
        template: None,
        file: None,
        secret: false,
    }
}

/// Base64, armour headers, and the lines that begin and end it.
fn is_inside_armour(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let marked = line.windows(5).any(|window| window == b"-----");
    let body = line.strip_suffix(b"==").or_else(|| line.strip_suffix(b"=")).unwrap_or(line);
    let base64 = body.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    marked || base64 && !line.is_empty() || line.starts_with(b"Proc-Type:") || line.starts_with(b"DEK-Info:")
}
