//! Whether a key has any word at all that could name a secret: most have none,
//! and their words need not be taken apart.
//!
//! It may be wrong in one direction only: a key that names a secret is never
//! ruled out.

use super::{SECRET, SECRET_END, SECRET_LAST};

/// Words beside the lists that the rules of names ask for.
const MORE: &str = "key keys seed code";

/// Words by their first and last letter: a bit for each length.
const WORDS: [u32; 1024] = words(0);

/// The same by their second and their last but one.
const WITHIN: [u32; 1024] = words(1);

/// Ends of words by their last two letters: a bit for each letter before.
const ENDS: [u32; 1024] = ends();

const fn words(inset: usize) -> [u32; 1024] {
    let mut table = [0; 1024];
    let lists = [SECRET, SECRET_LAST, MORE];
    let mut list = 0;
    while list < lists.len() {
        fill(&mut table, lists[list].as_bytes(), Some(inset));
        list += 1;
    }
    table
}

const fn ends() -> [u32; 1024] {
    let mut table = [0; 1024];
    fill(&mut table, SECRET_END.as_bytes(), None);
    table
}

/// Takes the words of a list: by two letters that stand so far inside of each
/// end, or by their last two.
const fn fill(table: &mut [u32; 1024], list: &[u8], inset: Option<usize>) {
    let (mut start, mut at) = (0, 0);
    while at <= list.len() {
        if at == list.len() || list[at] == b' ' {
            let length = at - start;
            if length > 0 {
                let (pair, bits) = match (inset, length) {
                    (Some(inset), _) => (pair(list[start + inset], list[at - 1 - inset]), 1 << (length & 31)),
                    (None, 2) => (pair(list[at - 2], list[at - 1]), u32::MAX),
                    (None, _) => (pair(list[at - 2], list[at - 1]), 1 << (list[at - 3] & 31)),
                };
                table[pair] |= bits;
            }
            start = at + 1;
        }
        at += 1;
    }
}

/// Letters of both cases have the same low five bits.
const fn pair(a: u8, b: u8) -> usize {
    ((a & 31) as usize) << 5 | (b & 31) as usize
}

/// Whether a word of the key may name a secret.
pub(super) fn may_name_a_secret(key: &str) -> bool {
    if !key.is_ascii() {
        // Letters far from ASCII have ASCII letters as their lower case.
        return true;
    }
    let bytes = key.as_bytes();
    let mut start = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii_lowercase() || byte.is_ascii_digit() {
            continue;
        }
        let hump = byte.is_ascii_uppercase() && at > start && {
            let before = bytes[at - 1];
            !before.is_ascii_uppercase() || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase)
        };
        if hump || !byte.is_ascii_alphanumeric() {
            if is_suspect(&bytes[start..at]) {
                return true;
            }
            start = at + usize::from(!hump);
        }
    }
    is_suspect(&bytes[start..])
}

/// Whether this may be a word that names a secret, a number at its end aside.
pub(super) fn is_suspect(word: &[u8]) -> bool {
    const PASSWORD: &[u8] = b"password";
    let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let word = &word[..word.len() - digits];
    let [first, .., last] = *word else { return false };
    let length = 1 << (word.len() & 31);
    WORDS[pair(first, last)] & WITHIN[pair(word[1], word[word.len() - 2])] & length != 0
        || has_end(word)
        || word.len() > PASSWORD.len() && word.windows(PASSWORD.len()).any(|part| part.eq_ignore_ascii_case(PASSWORD))
}

fn has_end(word: &[u8]) -> bool {
    let (head, last) = word.split_at(word.len() - 2);
    let bits = ENDS[pair(last[0], last[1])];
    let listed = || {
        SECRET_END.split_ascii_whitespace().any(|end| {
            word.len().checked_sub(end.len()).is_some_and(|from| word[from..].eq_ignore_ascii_case(end.as_bytes()))
        })
    };
    let before = head.last().map_or(u32::MAX, |before| 1 << (before & 31));
    bits & before != 0 && listed()
}

#[cfg(test)]
mod tests;
