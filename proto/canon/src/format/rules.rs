//! Ordered lists of rules: each rule an item by its content, and one more item
//! for the order.
//!
//! Knows no rule's syntax. A rule's position is no part of its key or value,
//! so a rule that is inserted blames no other; what looks like a secret stands
//! in no key.

use std::borrow::Cow;
use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::gather::{Gather, text};
use crate::display::MASK;
use crate::key::escape;
use crate::limits::ITEMS_MAX;
use crate::{ItemKey, Place, secret};

/// Bytes of a rule that its key shows. An operator reads no further; the hash
/// behind them keeps keys apart.
const SHOWN_BYTES_MAX: usize = 400;

/// Hexadecimal digits of the hash of a rule that was cut, and of an order: 64
/// bits keep apart what nobody chose to collide.
const HASH_DIGITS: usize = 16;

/// Rules of a list whose length nobody knows before it is read.
const RULES_USUAL: usize = 4096;

/// Which of the rules so far have a hash that may be that of another: a bit for
/// each hash. Rules seldom stand twice, and a table of all hashes would be far
/// from the processor at every look.
struct Met(Vec<u64>);

impl Met {
    /// Bits for each rule: of sixteen rules one is taken for another's at most.
    const BITS: usize = 16;

    fn with_room(rules: usize) -> Self {
        Self(vec![0; (rules.min(ITEMS_MAX) * Self::BITS / 64).next_power_of_two()])
    }

    /// Whether no rule so far had the bit of this hash, which it has from now on.
    fn is_new(&mut self, hash: &[u8; 32]) -> bool {
        let [a, b, c, bit, ..] = *hash;
        let place = u32::from_be_bytes([0, a, b, c]) as usize & (self.0.len() - 1);
        let bit = 1 << (bit & 63);
        let before = self.0[place];
        self.0[place] |= bit;
        before & bit == 0
    }
}

/// One list of rules in the making.
pub(super) struct RuleList {
    /// The key of the rule that is taken, and how much of it is the list's name.
    key: Vec<u8>,
    name: usize,
    /// Which rules stand here for the first time beyond doubt.
    met: Met,
    /// How often each other rule stands here, by half of its hash: 128 bits keep
    /// apart even what somebody chose to collide.
    times: HashMap<[u8; 16], u32>,
    order: Sha256,
    count: usize,
    ordered: bool,
}

impl RuleList {
    /// An empty list of that name: `hba`, `ip filter INPUT`.
    pub(super) fn new(name: &[u8]) -> Self {
        Self::with_room(name, RULES_USUAL)
    }

    /// The same with room for so many rules.
    pub(super) fn with_room(name: &[u8], rules: usize) -> Self {
        let (key, met, order) = (name.to_vec(), Met::with_room(rules), Sha256::new());
        Self { key, name: name.len(), met, times: HashMap::new(), order, count: 0, ordered: true }
    }

    /// The same for rules whose order and number mean nothing: one that comes
    /// again is the same item.
    pub(super) fn unordered(name: &[u8]) -> Self {
        Self { ordered: false, ..Self::new(name) }
    }

    /// Takes the next rule. `rule` is all of its canonical text, `shown` the
    /// same with the secrets masked that only the format knows.
    pub(super) fn push(&mut self, gather: &mut Gather, rule: &[u8], shown: &[u8], place: Place) {
        let shown = Shown::of(shown);
        // What its key may not say, its display may not either.
        let secret = rule != &*shown.text;
        self.key.truncate(self.name);
        shown.push_key(&mut self.key, 1);
        if self.ordered {
            let times = self.count(gather, &shown.hash);
            push_time(&mut self.key, times);
        }
        gather.set_rule(&self.key, rule, place, secret);
    }

    /// Takes a rule, whose key is that of its first time, into the order, and
    /// says how often it stands there so far.
    fn count(&mut self, gather: &Gather, hash: &[u8; 32]) -> u32 {
        self.order.update(hash);
        self.count += 1;
        let is_new = self.met.is_new(hash);
        if is_new && !gather.is_full() {
            return 1;
        }
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        let known = || u32::from(!is_new && gather.value(&self.key).is_some());
        let times = self.times.entry(half).or_insert_with(known);
        *times = times.saturating_add(1);
        *times
    }

    /// Adds the order of the rules; a list without rules or order has none.
    pub(super) fn finish(self, gather: &mut Gather) {
        if self.count == 0 || !self.ordered {
            return;
        }
        gather.set_order(
            ItemKey::order_of(&self.key[..self.name]),
            text(order_value(self.count, &self.order.finalize())),
        );
    }
}

/// What may be shown of a rule, and what stands for it.
pub(super) struct Shown<'a> {
    /// The rule with its secrets masked.
    pub(super) text: Cow<'a, [u8]>,
    /// Of that text.
    pub(super) hash: [u8; 32],
}

impl<'a> Shown<'a> {
    /// Of a rule in which what only its format knows to be secret is masked.
    pub(super) fn of(rule: &'a [u8]) -> Self {
        let text = without_secrets(rule);
        let hash = Sha256::digest(&text).into();
        Self { text, hash }
    }

    /// Its key in a list, where it stands for the `time`th time.
    pub(super) fn key(&self, list: &[u8], time: u32) -> Vec<u8> {
        let mut key = list.to_vec();
        self.push_key(&mut key, time);
        key
    }

    /// Appends what its key has behind the name of the list.
    fn push_key(&self, key: &mut Vec<u8>, time: u32) {
        key.extend_from_slice(b": ");
        push_cut(key, &self.text, &self.hash);
        push_time(key, time);
    }
}

/// Says for the how manieth time a rule stands in its list.
fn push_time(key: &mut Vec<u8>, time: u32) {
    if time > 1 {
        key.extend_from_slice(format!(" #{time}").as_bytes());
    }
}

/// What is said of the order of so many rules.
pub(super) fn order_value(count: usize, order: &[u8]) -> String {
    let rules = if count == 1 { "rule" } else { "rules" };
    format!("{count} {rules}, order {}", digits(order))
}

/// The key of a rule that stands in a list for that time, the list named as in
/// its keys: what [`RuleList::push`] gives it where no secret is known.
pub(super) fn key_of(list: &str, rule: &[u8], times: u32) -> ItemKey {
    let behind = escape(&Shown::of(rule).key(b"", times));
    ItemKey::from_canonical(format!("{list}{behind}"))
        .unwrap_or_else(|_| ItemKey::from_bytes(format!("{list}{behind}").as_bytes()))
}

/// A rule in which each word that may be a secret is masked.
fn without_secrets(rule: &[u8]) -> Cow<'_, [u8]> {
    if secret::name_may_be_shown(rule) {
        return Cow::Borrowed(rule);
    }
    let masked: Vec<&[u8]> = words(rule).map(|word| if may_be_shown(word) { word } else { MASK.as_bytes() }).collect();
    // A mask after `password=` tells that there is one, and that is meant.
    let clear: Vec<&[u8]> = masked.iter().copied().filter(|word| !word.ends_with(MASK.as_bytes())).collect();
    if secret::name_may_be_shown(&clear.join(&b' ')) {
        Cow::Owned(masked.join(&b' '))
    } else {
        Cow::Borrowed(MASK.as_bytes())
    }
}

fn words(rule: &[u8]) -> impl Iterator<Item = &[u8]> {
    rule.split(|&b| b == b' ')
}

/// Whether nothing of a word may be a secret, a mask at its end aside.
fn may_be_shown(word: &[u8]) -> bool {
    secret::name_may_be_shown(word.strip_suffix(MASK.as_bytes()).unwrap_or(word))
}

/// Appends a rule, or its beginning and its hash when it is long.
fn push_cut(key: &mut Vec<u8>, rule: &[u8], hash: &[u8; 32]) {
    if rule.len() <= SHOWN_BYTES_MAX {
        key.extend_from_slice(rule);
        return;
    }
    let mut end = SHOWN_BYTES_MAX;
    while end > 0 && rule[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    key.extend_from_slice(&rule[..end]);
    key.extend_from_slice("…".as_bytes());
    key.extend_from_slice(digits(hash).as_bytes());
}

pub(super) fn digits(hash: &[u8]) -> String {
    hash.iter().take(HASH_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
