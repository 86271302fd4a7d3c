//! What `ipset save` prints and `ipset restore` takes.
//!
//! A set is an item, and so is each of its elements that stays. What runs is
//! left out: elements that expire, packets and bytes, the seed of a hash and
//! its size, which grows with the elements. The order of elements means
//! nothing.

mod element;

use std::collections::HashMap;

use super::comment::without_dates;
use super::iptables::words::{self, Word, push_word};
use super::names;
use super::nft::sets::unwatched;
use crate::format::gather::{Gather, text};
use crate::format::lines::{Line, lines, too_long};
use crate::limits::ITEMS_MAX;
use crate::{Place, ProblemKind};
use element::{EXPANDED_MAX, Kind, TooMany, bounds};

/// What an element may say of itself that runs, with one word behind it.
const RUNNING: [&str; 2] = ["packets", "bytes"];

/// Flags without a word behind them.
const FLAGS: [&str; 4] = ["counters", "comment", "skbinfo", "forceadd"];

/// What a set has where nothing is said.
const DEFAULTS: [(&str, &str); 6] = [
    ("family", "inet"),
    ("maxelem", "65536"),
    ("bucketsize", "12"),
    ("size", "8"),
    ("netmask", "32"),
    ("markmask", "0xffffffff"),
];

/// What a set says that depends on the machine, not on who wrote it.
const OWN: [&str; 2] = ["initval", "hashsize"];

/// What an element has where nothing more is said of it.
const PRESENT: &str = "present";

/// One element, as the lines say it one after the other.
#[derive(Debug)]
struct Element {
    /// The element, and behind it what is said of it.
    text: Box<str>,
    /// Where in the text that begins; none: it was taken out again.
    said: Option<u32>,
    line: u32,
}

impl Element {
    fn new(element: &str, said: Option<&str>, line: u32) -> Self {
        let text = [element, said.unwrap_or_default()].concat().into_boxed_str();
        // An element is part of a line, and lines have a limit far below.
        Self { text, said: said.map(|_| u32::try_from(element.len()).unwrap_or(u32::MAX)), line }
    }

    /// The element alone, and its value unless it was taken out again.
    fn parts(&self) -> (&str, Option<String>) {
        let Some((element, said)) = self.said.and_then(|at| self.text.split_at_checked(at as usize)) else {
            return (&self.text, None);
        };
        let value = if said.is_empty() { PRESENT.to_owned() } else { [PRESENT, " ", said].concat() };
        (element, Some(value))
    }
}

#[derive(Debug, Default)]
struct Set {
    name: String,
    definition: String,
    kind: Kind,
    /// Elements expire where nothing else is said.
    expires: bool,
    /// Elements may expire.
    has_timeouts: bool,
    line: u32,
    destroyed: bool,
    elements: Vec<Element>,
}

/// Reads a dump.
pub(super) fn read(bytes: &[u8], gather: &mut Gather) {
    let mut reader = Reader {
        sets: Vec::new(),
        index: HashMap::new(),
        last: 0,
        filled: Vec::new(),
        held: 0,
        expanded: 0,
        full: false,
        words: Vec::new(),
        gather,
    };
    for line in lines(bytes) {
        reader.line(line);
    }
    let Reader { sets, gather, .. } = reader;
    let mut key = Vec::new();
    for set in sets.into_iter().filter(|set| !set.destroyed) {
        let mut name = "ipset/".to_owned();
        push_word(&mut name, &set.name);
        if set.has_timeouts {
            let reason = unwatched(&name);
            gather.problem(ProblemKind::Unresolved, Place { line: set.line, column: 1 }, &reason, None);
        }
        gather.set_quietly(name.as_bytes(), text(set.definition), Place { line: set.line, column: 1 });
        for element in set.elements {
            key.clear();
            key.extend_from_slice(name.as_bytes());
            key.extend_from_slice(b": ");
            let (written, value) = element.parts();
            key.extend_from_slice(written.as_bytes());
            match value {
                Some(value) => gather.set_quietly(&key, text(value), Place { line: element.line, column: 1 }),
                None => gather.remove(&key),
            }
        }
    }
}

struct Reader<'a, 't> {
    sets: Vec<Set>,
    index: HashMap<String, usize>,
    /// The set that was asked for last: elements come one after the other.
    last: usize,
    /// Sets with elements, so that emptying all of them looks at no others.
    filled: Vec<usize>,
    /// Elements in all sets.
    held: usize,
    /// Elements that ranges stood for beyond the first.
    expanded: usize,
    /// Whether it was told that there are too many elements.
    full: bool,
    /// The words of a line, line after line in the same memory.
    words: Vec<Word<'t>>,
    gather: &'a mut Gather,
}

/// Why a line is no command: its kind, the byte, and the reason.
type Refused = (ProblemKind, usize, String);

fn syntax(at: usize, reason: &str) -> Refused {
    (ProblemKind::Syntax, at, reason.to_owned())
}

impl<'t> Reader<'_, 't> {
    fn line(&mut self, line: Line<'t>) {
        let bytes = line.text.trim_ascii();
        if bytes.is_empty() || bytes[0] == b'#' || bytes == b"COMMIT" {
            return;
        }
        let refused = if line.is_too_long() {
            Some((ProblemKind::Limit, 0, too_long()))
        } else if let Ok(text) = std::str::from_utf8(line.text) {
            self.command(text, line.number).err()
        } else {
            Some((ProblemKind::Encoding, 0, "the line is not UTF-8; it is watched as content".to_owned()))
        };
        if let Some((kind, at, reason)) = refused {
            self.gather.problem(kind, line.place(at), &reason, None);
            self.gather.unread(line.text);
        }
    }

    fn command(&mut self, text: &'t str, number: u32) -> Result<(), Refused> {
        let mut words = std::mem::take(&mut self.words);
        let done = match words::split_into(text, &mut words) {
            Ok(()) => self.command_of(text, &mut words, number),
            Err(at) => Err(syntax(at, "a quote is opened and never closed")),
        };
        self.words = words;
        done
    }

    fn command_of(&mut self, text: &str, words: &mut Vec<Word<'_>>, number: u32) -> Result<(), Refused> {
        let exist = |word: &Word<'_>| matches!(&*word.text, "-exist" | "-!") && !word.quoted;
        let again = words.iter().any(exist);
        words.retain(|word| !exist(word));
        let word = |at: usize| words.get(at).map_or("", |word| &*word.text);
        let rest = words.get(3..).unwrap_or_default();
        match word(0) {
            "create" | "-N" | "n" if words.len() > 2 => self.create(word(1), word(2), rest, (number, again)),
            "add" | "-A" | "a" | "del" | "-D" | "d" if words.len() > 2 && self.held >= ITEMS_MAX => {
                self.over(text, number);
                Ok(())
            }
            "add" | "-A" | "a" if words.len() > 2 => {
                let set = self.set(word(1))?;
                let expires = self.sets[set].expires;
                // An element that expires comes and goes. Only with `-exist` may
                // it stand in the place of one that stayed.
                let said = said(rest, expires);
                if said.is_none() && !again {
                    return Ok(());
                }
                self.add(word(1), word(2), said.as_deref(), number)
            }
            "del" | "-D" | "d" if words.len() > 2 => self.add(word(1), word(2), None, number),
            "flush" | "-F" if words.len() <= 2 => self.flush(words.get(1).map(|word| &*word.text)),
            "destroy" | "-X" | "x" if words.len() == 2 => self.destroy(word(1)),
            _ => Err(syntax(words.first().map_or(0, |word| word.at), "no command of a set dump")),
        }
    }

    fn create(&mut self, name: &str, kind: &str, rest: &[Word<'_>], at: (u32, bool)) -> Result<(), Refused> {
        let (line, again) = at;
        let set = definition(name, kind, rest, line);
        if let Some(&known) = self.index.get(name) {
            if again && self.sets[known].definition == set.definition {
                return Ok(());
            }
            return Err(syntax(0, "the set is created already"));
        }
        self.index.insert(name.to_owned(), self.sets.len());
        self.sets.push(set);
        Ok(())
    }

    /// Takes an element with what is said of it; with nothing, it is taken out.
    fn add(&mut self, name: &str, written: &str, said: Option<&str>, line: u32) -> Result<(), Refused> {
        let at = self.set(name)?;
        let set = &mut self.sets[at];
        if set.elements.is_empty() {
            self.filled.push(at);
        }
        let elements = &mut set.elements;
        let give = |element: &str| elements.push(Element::new(element, said, line));
        let left = EXPANDED_MAX.saturating_sub(self.expanded);
        let count = set.kind.each(written, left, give).map_err(|TooMany| {
            let reason = format!("ranges stand for more than {EXPANDED_MAX} elements; they are watched as content");
            (ProblemKind::Limit, 0, reason)
        })?;
        self.held += count;
        self.expanded += count.saturating_sub(1);
        Ok(())
    }

    /// More elements than items are shown.
    fn over(&mut self, text: &str, line: u32) {
        if !std::mem::replace(&mut self.full, true) {
            let reason = format!("more than {ITEMS_MAX} elements; the rest is watched as content");
            self.gather.problem(ProblemKind::Limit, Place { line, column: 1 }, &reason, None);
        }
        self.gather.unread(text.as_bytes());
    }

    fn set(&mut self, name: &str) -> Result<usize, Refused> {
        if self.sets.get(self.last).is_none_or(|set| set.destroyed || set.name != name) {
            self.last = self.index.get(name).copied().ok_or_else(|| syntax(0, "the set is not created here"))?;
        }
        Ok(self.last)
    }

    fn flush(&mut self, name: Option<&str>) -> Result<(), Refused> {
        if let Some(name) = name {
            let at = self.set(name)?;
            self.empty(at);
            return Ok(());
        }
        for at in std::mem::take(&mut self.filled) {
            self.empty(at);
        }
        Ok(())
    }

    fn destroy(&mut self, name: &str) -> Result<(), Refused> {
        let at = self.set(name)?;
        self.empty(at);
        self.sets[at].destroyed = true;
        self.index.remove(name);
        Ok(())
    }

    fn empty(&mut self, at: usize) {
        let set = &mut self.sets[at];
        self.held -= set.elements.len();
        set.elements = Vec::new();
    }
}

/// A set's type and options, what is the default left out.
fn definition(name: &str, kind: &str, rest: &[Word<'_>], line: u32) -> Set {
    let mut set = Set { name: name.to_owned(), kind: Kind::of(kind), line, ..Set::default() };
    let mut options: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(word) = rest.get(at) {
        let name = &*word.text;
        if FLAGS.contains(&name) {
            options.push(name.to_owned());
            at += 1;
            continue;
        }
        let value = rest.get(at + 1).map_or("", |word| &*word.text);
        match name {
            "family" => set.kind.v6 = value == "inet6",
            "netmask" => set.kind.netmask = value.parse().ok(),
            "timeout" => (set.expires, set.has_timeouts) = (value != "0", true),
            _ => {}
        }
        let value = if name == "range" { bounds(value) } else { value.to_owned() };
        if !OWN.contains(&name) && !DEFAULTS.contains(&(name, &*value)) {
            options.push(format!("{name} {value}"));
        }
        at += 2;
    }
    options.sort_unstable();
    options.dedup();
    options.insert(0, kind.to_owned());
    set.definition = options.join(" ");
    set
}

/// What is said of an element, without what runs: most often nothing. None of
/// one that expires.
fn said(rest: &[Word<'_>], expires: bool) -> Option<String> {
    let mut said: Vec<String> = Vec::new();
    let mut expires = expires;
    let mut at = 0;
    while let Some(word) = rest.get(at) {
        let value = rest.get(at + 1).map_or("", |word| &*word.text);
        at += 2;
        match &*word.text {
            name if RUNNING.contains(&name) => {}
            // The order of a list of sets means nothing.
            "before" | "after" => {}
            "timeout" => expires = value != "0",
            "comment" => {
                let comment = without_dates(value);
                if !comment.is_empty() {
                    let mut text = String::with_capacity("comment ".len() + comment.len() + 2);
                    text.push_str("comment ");
                    push_word(&mut text, &comment);
                    said.push(text);
                }
            }
            name if name.starts_with("skb") => said.push(format!("{name} {}", skb(value))),
            name => {
                said.push(name.to_owned());
                at -= 1;
            }
        }
    }
    if expires {
        return None;
    }
    said.sort_unstable();
    Some(if said.len() > 1 { said.join(" ") } else { said.pop().unwrap_or_default() })
}

/// A mark with its mask where it has one, in one notation.
fn skb(value: &str) -> String {
    let one = |part: &str| match names::integer(part) {
        Some(number) if part.starts_with("0x") => format!("{number:#x}"),
        _ => part.to_owned(),
    };
    let value = value.split('/').map(one).collect::<Vec<_>>().join("/");
    value.strip_suffix("/0xffffffff").map_or(value.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests;
