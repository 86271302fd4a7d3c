//! The rules of a user: what a sequence of them comes to.
//!
//! Asks no server which commands there are, so that `+get` after `+@read` stays
//! as it stands. Passwords leave this file only as hashes, apart from the
//! rules, and marked as secrets.

use std::borrow::Cow;
use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::split;
use crate::format::gather::{Gather, text};
use crate::{Place, ProblemKind};

/// Bytes of the key of a user and of its rules, as people write them.
const KEY_BYTES_USUAL: usize = 64;
const RULES_BYTES_USUAL: usize = 128;

/// Takes a user with its rules: one setting for these, another for passwords.
pub(super) fn user(name: &[u8], rules: &[&[u8]], place: Place, out: &mut Gather) {
    let mut key = Vec::with_capacity(KEY_BYTES_USUAL);
    key.extend_from_slice(b"user ");
    split::push_joined(&mut key, [name]);
    if matches!(name.first(), Some(b'>' | b'<' | b'#' | b'!')) {
        out.problem(ProblemKind::Syntax, place, "a password stands where the name of the user is missing", None);
        out.unread(name);
        return out.unread(&split::joined(rules.iter().copied()));
    }
    let mut user = User::default();
    if let Err(reason) = user.apply_all(rules) {
        out.problem(ProblemKind::Syntax, place, reason, None);
        out.unread(&key);
        out.unread(&split::joined(rules.iter().copied()));
        return;
    }
    out.set(&key, text(user.shown()), place);
    if !user.passwords.is_empty() {
        key.extend_from_slice(b" passwords");
        let hashes: Vec<&str> = user.passwords.iter().map(|hash| hash.as_str()).collect();
        out.set_secret(&key, text(hashes.join(" ")), place);
    }
}

/// What rules have come to so far; a new user may do nothing.
#[derive(Default)]
struct User<'a> {
    on: bool,
    nopass: bool,
    skips_check: bool,
    passwords: BTreeSet<String>,
    rights: Rights<'a>,
    selectors: Vec<Vec<u8>>,
}

/// Keys, channels and commands, of the user itself or of a selector.
#[derive(Default)]
struct Rights<'a> {
    /// In any order, some perhaps twice.
    keys: Vec<Cow<'a, [u8]>>,
    channels: Vec<Cow<'a, [u8]>>,
    commands: Vec<Cow<'a, [u8]>>,
}

impl<'a> User<'a> {
    fn apply_all(&mut self, rules: &[&'a [u8]]) -> Result<(), &'static str> {
        let mut rules = rules.iter().copied().filter(|rule| !rule.is_empty());
        while let Some(rule) = rules.next() {
            if rule.starts_with(b"(") {
                self.selector(rule, &mut rules)?;
            } else {
                self.apply(rule)?;
            }
        }
        Ok(())
    }

    /// A selector stands in one word or in several, up to the one that closes.
    fn selector(&mut self, first: &'a [u8], rest: &mut impl Iterator<Item = &'a [u8]>) -> Result<(), &'static str> {
        let mut rights = Rights::default();
        let mut word = &first[1..];
        loop {
            let inner = word.strip_suffix(b")");
            for rule in inner.unwrap_or(word).split(|&b| b == b' ').filter(|rule| !rule.is_empty()) {
                if !rights.apply(rule)? {
                    return Err("a selector has keys, channels and commands only");
                }
            }
            if inner.is_some() {
                break;
            }
            word = rest.next().ok_or("a selector has no `)`")?;
        }
        let mut shown = b"(".to_vec();
        rights.push_shown(&mut shown);
        shown.push(b')');
        self.selectors.push(shown);
        Ok(())
    }

    fn apply(&mut self, rule: &'a [u8]) -> Result<(), &'static str> {
        match rule {
            [b'>', password @ ..] => self.add(hash(password)),
            [b'<', password @ ..] => self.remove(&hash(password))?,
            [b'#', digits @ ..] => self.add(hash_as_written(digits)?),
            [b'!', digits @ ..] => self.remove(&hash_as_written(digits)?)?,
            _ if self.rights.apply(rule)? => {}
            _ => self.apply_word(&lower(rule))?,
        }
        Ok(())
    }

    fn apply_word(&mut self, word: &[u8]) -> Result<(), &'static str> {
        match word {
            b"on" => self.on = true,
            b"off" => self.on = false,
            b"nopass" => {
                self.nopass = true;
                self.passwords.clear();
            }
            b"resetpass" => {
                self.nopass = false;
                self.passwords.clear();
            }
            b"skip-sanitize-payload" => self.skips_check = true,
            b"sanitize-payload" => self.skips_check = false,
            b"clearselectors" => self.selectors.clear(),
            b"reset" => *self = Self::default(),
            _ => return Err("a rule of this user is none that is known"),
        }
        Ok(())
    }

    fn add(&mut self, hash: String) {
        self.nopass = false;
        self.passwords.insert(hash);
    }

    fn remove(&mut self, hash: &str) -> Result<(), &'static str> {
        self.passwords.remove(hash).then_some(()).ok_or("a password is taken away that was not given")
    }

    fn shown(&mut self) -> Vec<u8> {
        let mut text = Vec::with_capacity(RULES_BYTES_USUAL);
        text.extend_from_slice(if self.on { b"on" } else { b"off" });
        if self.nopass {
            text.extend_from_slice(b" nopass");
        }
        if self.skips_check {
            text.extend_from_slice(b" skip-sanitize-payload");
        }
        text.push(b' ');
        self.rights.push_shown(&mut text);
        for selector in &self.selectors {
            text.push(b' ');
            text.extend_from_slice(selector);
        }
        text.shrink_to_fit();
        text
    }
}

impl<'a> Rights<'a> {
    /// Applies a rule about keys, channels or commands; whether it is one.
    fn apply(&mut self, rule: &'a [u8]) -> Result<bool, &'static str> {
        match rule {
            [b'~', ..] => self.keys.push(rule.into()),
            [b'%', ..] => self.keys_with_permissions(rule)?,
            [b'&', ..] => self.channels.push(rule.into()),
            [b'+' | b'-', name @ ..] if !name.is_empty() => self.commands.push(lower(rule)),
            _ => return Ok(self.apply_word(&lower(rule))),
        }
        Ok(true)
    }

    fn apply_word(&mut self, word: &[u8]) -> bool {
        match word {
            b"allkeys" => self.keys.push(Cow::Borrowed(b"~*")),
            b"resetkeys" => self.keys.clear(),
            b"allchannels" => self.channels.push(Cow::Borrowed(b"&*")),
            b"resetchannels" => self.channels.clear(),
            b"allcommands" => self.commands.push(Cow::Borrowed(b"+@all")),
            b"nocommands" => self.commands.push(Cow::Borrowed(b"-@all")),
            _ => return false,
        }
        true
    }

    /// `%RW~pattern` is `~pattern`.
    fn keys_with_permissions(&mut self, rule: &[u8]) -> Result<(), &'static str> {
        const WRONG: &str = "key permissions are `%R~`, `%W~` or `%RW~`";
        let tilde = rule.iter().position(|&b| b == b'~').ok_or(WRONG)?;
        let has = |letter: u8| rule[1..tilde].iter().any(|b| b.eq_ignore_ascii_case(&letter));
        let known = rule[1..tilde].iter().all(|b| matches!(b.to_ascii_lowercase(), b'r' | b'w'));
        let permissions = match (known, has(b'r'), has(b'w')) {
            (true, true, true) => "",
            (true, true, false) => "%R",
            (true, false, true) => "%W",
            _ => return Err(WRONG),
        };
        self.keys.push([permissions.as_bytes(), &rule[tilde..]].concat().into());
        Ok(())
    }

    /// The commands in order: `@all` forgets what was before it, of two rules
    /// about one command the later stays, and what allows nothing new or takes
    /// nothing away is left out as far as that can be told without knowing
    /// what a category holds.
    fn effective(&self) -> Vec<&[u8]> {
        let all = |rule: &&Cow<'_, [u8]>| rule[1..] == *b"@all";
        let start = self.commands.iter().rposition(|rule| all(&rule));
        let base: &[u8] = start.map_or(b"-@all", |at| &self.commands[at]);
        let rules = &self.commands[start.map_or(0, |at| at + 1)..];
        // In order of names, and of one name in the order of the rules.
        let mut names: Vec<(&[u8], usize)> = rules.iter().enumerate().map(|(at, rule)| (&rule[1..], at)).collect();
        names.sort_unstable();
        let last = |name: &[u8]| {
            let behind = names.partition_point(|(one, _)| *one <= name);
            names[..behind].last().filter(|(one, _)| *one == name).map(|(_, at)| *at)
        };
        let counts = |(at, rule): &(usize, &Cow<'_, [u8]>)| {
            let parent = rule[1..].split(|&b| b == b'|').next().unwrap_or_default();
            last(&rule[1..]) == Some(*at) && last(parent).is_none_or(|parent| parent <= *at)
        };
        let counting = rules.iter().enumerate().filter(counts).map(|(_, rule)| &**rule);
        let mut effective: Vec<&[u8]> = Vec::with_capacity(rules.len() + 1);
        effective.push(base);
        effective.extend(counting.skip_while(|rule| rule[0] == base[0]));
        let behind = &mut effective[1..];
        if behind.iter().all(|rule| rule[0] != base[0]) {
            behind.sort_unstable();
        }
        effective
    }

    /// Appends what these rights come to.
    fn push_shown(&mut self, text: &mut Vec<u8>) {
        for set in [&mut self.keys, &mut self.channels] {
            set.sort_unstable();
            set.dedup();
        }
        let patterns = self.keys.iter().chain(&self.channels).map(|pattern| &**pattern);
        split::push_joined(text, patterns.chain(self.effective()));
    }
}

fn lower(word: &[u8]) -> Cow<'_, [u8]> {
    if word.iter().any(u8::is_ascii_uppercase) { word.to_ascii_lowercase().into() } else { Cow::Borrowed(word) }
}

fn hash(password: &[u8]) -> String {
    let hash = Sha256::digest(password);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The server takes 64 digits in lower case, nothing else.
fn hash_as_written(digits: &[u8]) -> Result<String, &'static str> {
    let hexadecimal = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() == 64 && digits.iter().all(hexadecimal) {
        return Ok(String::from_utf8_lossy(digits).into_owned());
    }
    Err("the hash of a password has 64 hexadecimal digits in lower case")
}

#[cfg(test)]
mod tests;
