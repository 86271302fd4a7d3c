//! The keys of one table of a policy, read one by one with their places.
//!
//! Every mistake is noted and reading goes on: whoever corrects a policy wants
//! all of them at once.

use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Faults, quoted, unknown};
use super::pattern::Pattern;
use super::time;

/// Bytes of a name or reason. It stands in tables and messages.
pub(super) const TEXT_BYTES_MAX: usize = 300;

/// Texts in one list.
const LIST_MAX: usize = 100;

/// One table, and where its mistakes go.
pub(super) struct Fields<'a, 'i> {
    table: &'a DeTable<'i>,
    what: &'static str,
    at: Range<usize>,
    faults: &'a mut Faults,
    wrong: bool,
}

impl<'a, 'i> Fields<'a, 'i> {
    /// A table called so; keys that are not in the list are mistakes.
    pub(super) fn of(
        table: &'a DeTable<'i>,
        what: &'static str,
        at: Range<usize>,
        known: &[&str],
        faults: &'a mut Faults,
    ) -> Self {
        let mut fields = Self { table, what, at, faults, wrong: false };
        for key in table.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                fields.wrong = true;
                fields.faults.unknown(&key.span(), "key", key.get_ref(), known);
            }
        }
        fields
    }

    /// What was read, unless anything of the table was wrong.
    pub(super) fn finish<T>(self, read: Option<T>) -> Option<T> {
        read.filter(|_| !self.wrong)
    }

    /// Notes a mistake of the table as a whole.
    pub(super) fn wrong(&mut self, reason: impl Into<String>) {
        let at = self.at.clone();
        self.wrong_at(&at, reason);
    }

    /// Notes a mistake of one key, if it is there, and else of the table.
    pub(super) fn wrong_key(&mut self, key: &str, reason: impl Into<String>) {
        let at = self.table.get(key).map_or_else(|| self.at.clone(), Spanned::span);
        self.wrong_at(&at, reason);
    }

    fn wrong_at(&mut self, at: &Range<usize>, reason: impl Into<String>) {
        self.wrong = true;
        self.faults.note(at, reason);
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.get(key)
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        let value = self.value(key)?;
        match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => self.wrong_at(&value.span(), format!("`{key}` is empty")),
            Some(text) if text.len() > TEXT_BYTES_MAX => {
                self.wrong_at(&value.span(), format!("`{key}` has more than {TEXT_BYTES_MAX} bytes"));
            }
            Some(text) if text.chars().any(char::is_control) => {
                self.wrong_at(&value.span(), format!("`{key}` must be one line without control characters"));
            }
            Some(text) => return Some(text),
            None => self.kind(key, value, "a text"),
        }
        None
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, key: &str) -> Option<&'a str> {
        self.need(key);
        self.text(key)
    }

    /// Notes if a key is not there.
    pub(super) fn need(&mut self, key: &str) {
        if !self.has(key) {
            let what = self.what;
            self.wrong(format!("`{key}` is missing from this `{what}`"));
        }
    }

    /// A text that means something.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Option<T> {
        let text = self.text(key)?;
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.wrong_key(key, format!("`{key}`: {error}"));
                None
            }
        }
    }

    /// A pattern; everything if it is not there.
    pub(super) fn pattern(&mut self, key: &str) -> Option<Pattern> {
        if self.has(key) { self.parsed(key) } else { Some(Pattern::any()) }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong_key(key, unknown(&format!("`{key}`"), text, &known));
        }
        found.map(|(_, meant)| *meant)
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &str, bounds: std::ops::RangeInclusive<u32>) -> Option<u32> {
        let value = self.value(key)?;
        let Some(number) = value.get_ref().as_integer() else {
            self.kind(key, value, "a whole number");
            return None;
        };
        let read = u32::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok();
        let read = read.filter(|read| bounds.contains(read));
        if read.is_none() {
            let (least, most) = bounds.into_inner();
            self.wrong_at(&value.span(), format!("`{key}` is a whole number from {least} to {most}"));
        }
        read
    }

    /// A moment, in milliseconds since 1970.
    pub(super) fn moment(&mut self, key: &str) -> Option<i64> {
        let value = self.value(key)?;
        let written = match value.get_ref() {
            DeValue::Datetime(time) => Some(*time),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        let moment = written.as_ref().and_then(time::moment_ms);
        if moment.is_none() {
            let reason = format!("`{key}` is a time with its offset, such as 2026-12-23T18:00:00Z");
            self.wrong_at(&value.span(), reason);
        }
        moment
    }

    /// A list of texts that mean something; a text alone is a list of one.
    pub(super) fn list<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str) -> Option<Vec<T>> {
        let value = self.value(key)?;
        if value.get_ref().is_str() {
            return self.parsed(key).map(|one| vec![one]);
        }
        let Some(list) = value.get_ref().as_array() else {
            self.kind(key, value, "a text or a list of texts");
            return None;
        };
        if !(1..=LIST_MAX).contains(&list.len()) {
            self.wrong_at(&value.span(), format!("`{key}` has 1 to {LIST_MAX} entries"));
            return None;
        }
        let read: Vec<T> = list.iter().filter_map(|one| self.one(key, one)).collect();
        (read.len() == list.len()).then_some(read)
    }

    fn one<T: FromStr<Err: std::fmt::Display>>(&mut self, key: &str, value: &Spanned<DeValue<'i>>) -> Option<T> {
        let Some(text) = value.get_ref().as_str().filter(|text| text.len() <= TEXT_BYTES_MAX) else {
            self.kind(key, value, "a list of texts");
            return None;
        };
        match text.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.wrong_at(&value.span(), format!("`{key}`: {}: {error}", quoted(text)));
                None
            }
        }
    }

    fn kind(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.wrong_at(&value.span(), format!("`{key}` takes {wanted}, not {found}"));
    }
}
