//! What bytes a text is made of, found out in one pass: most texts lack those
//! that every form of a secret needs, and need not be searched for it.
//!
//! It rules out and never finds: who knows a form decides about it.

/// `@`: a URL or address with a user in it.
pub(super) const AT: u64 = 1;
/// `=`: a parameter.
pub(super) const EQUALS: u64 = 1 << 1;
/// `-`: a flag, the frame of an armoured key.
pub(super) const DASH: u64 = 1 << 2;
/// `:`: a label, a header, a scheme.
pub(super) const COLON: u64 = 1 << 3;
/// `/`: an address with a path.
pub(super) const SLASH: u64 = 1 << 4;
/// Symbols that password managers use and names do not.
pub(super) const SYMBOL: u64 = 1 << 5;
/// Lower-case letters.
pub(super) const LOWER: u64 = 1 << 6;
/// Upper-case letters.
pub(super) const UPPER: u64 = 1 << 7;
/// Digits.
pub(super) const DIGIT: u64 = 1 << 8;
/// What a run of base64 (both alphabets) and joined words is made of.
pub(super) const RUN: u64 = 1 << 9;
/// What an issuer's token is made of.
pub(super) const TOKEN: u64 = 1 << 10;
/// What parts the words of a header or label.
pub(super) const BLANK: u64 = 1 << 11;
/// What no name has between its own words, whatever stands behind it.
pub(super) const NEVER_IN_NAME: u64 = 1 << 12;
/// What else may part a name from a value that it has swallowed.
pub(super) const PARTS_NAME: u64 = 1 << 13;

/// Letters that have a bit of their own, from this bit on: all small ones, and
/// the capitals of what stands in the frames of keys.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzBGPY";
const LETTERS_FROM: usize = 16;

const TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    add(&mut table, b"@", AT);
    add(&mut table, b"=", EQUALS);
    add(&mut table, b"-", DASH);
    add(&mut table, b":", COLON);
    add(&mut table, b"/", SLASH);
    add(&mut table, b"!#$%^&*?<>~|+@", SYMBOL);
    add(&mut table, b"abcdefghijklmnopqrstuvwxyz", LOWER | RUN | TOKEN);
    add(&mut table, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", UPPER | RUN | TOKEN);
    add(&mut table, b"0123456789", DIGIT | RUN | TOKEN);
    add(&mut table, b"+/=_-.~", RUN);
    add(&mut table, b"_-.~+", TOKEN);
    add(&mut table, b" \t\n\r\x0c\"':", BLANK);
    add(&mut table, b"=<>\"'`", NEVER_IN_NAME);
    add(&mut table, b" \t:,;@|(){}*!&", PARTS_NAME);
    let mut at = 0;
    while at < LETTERS.len() {
        table[LETTERS[at] as usize] |= 1 << (LETTERS_FROM + at);
        at += 1;
    }
    table
}

/// The letters of a word, as far as they have bits: a text that has not all of
/// them does not hold the word.
pub(super) const fn letters_of(word: &[u8]) -> u64 {
    let (mut letters, mut at) = (0, 0);
    while at < word.len() {
        letters |= TABLE[word[at] as usize] >> LETTERS_FROM << LETTERS_FROM;
        at += 1;
    }
    letters
}

const fn add(table: &mut [u64; 256], bytes: &[u8], kind: u64) {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] |= kind;
        at += 1;
    }
}

/// The kinds of bytes that a text has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds(u64);

impl Kinds {
    /// Of all bytes of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        Self(text.iter().fold(0, |seen, &byte| seen | of(byte)))
    }

    /// Whether any byte is of any of these kinds.
    pub(super) fn any(self, kinds: u64) -> bool {
        self.0 & kinds != 0
    }

    /// Whether each of these kinds has a byte.
    pub(super) fn all(self, kinds: u64) -> bool {
        self.0 & kinds == kinds
    }

    /// How many of these kinds have a byte.
    pub(super) fn count(self, kinds: u64) -> u32 {
        (self.0 & kinds).count_ones()
    }
}

/// The kinds of one byte.
pub(super) fn of(byte: u8) -> u64 {
    TABLE[usize::from(byte)]
}

/// The longest pieces of a kind, those of at least so many bytes. Where they are
/// rare, most bytes are never looked at: a gap rules out all that is before it.
pub(super) fn runs(text: &[u8], kind: u64, bytes_min: usize) -> impl Iterator<Item = &[u8]> {
    let is_gap = move |&byte: &u8| of(byte) & kind == 0;
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            match rest.get(..bytes_min)?.iter().rposition(is_gap) {
                Some(gap) => rest = &rest[gap + 1..],
                None => {
                    let end = rest[bytes_min..].iter().position(is_gap).map_or(rest.len(), |more| bytes_min + more);
                    let (run, after) = rest.split_at(end);
                    rest = after;
                    return Some(run);
                }
            }
        }
    })
}

#[cfg(test)]
mod tests;
