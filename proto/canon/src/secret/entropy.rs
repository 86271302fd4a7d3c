//! Whether a text holds a run that no person would have typed.
//!
//! Words, numbers, dates, versions, host names, paths and UUIDs are made of
//! pieces that stay within one class of characters for a while; generated
//! secrets change class all the time and spread over their alphabet. Texts
//! that random generators make of lower-case letters alone are not found.

use super::sieve::{self, Kinds};

/// Characters of a run before it is looked at: a random one of 20 from 62 has
/// 119 bits, and shorter ones are hard to tell from identifiers.
const RUN_BYTES_MIN: usize = 20;

/// Hexadecimal digits that are taken for a key: 128 bits. Shorter ones are
/// mostly ids of cloud resources and abbreviated commits.
const HEX_BYTES_MIN: usize = 32;

/// Characters of a password with symbols, when it is the whole value.
const SYMBOLS_BYTES_MIN: usize = 10;

/// Whether any run of a text of these kinds of bytes looks generated.
pub(super) fn is_high(text: &[u8], kinds: Kinds) -> bool {
    sieve::runs(text, sieve::RUN, RUN_BYTES_MIN).any(is_random) || kinds.all(PASSWORD) && is_password(text.trim_ascii())
}

/// The kinds of bytes that a password with symbols has.
const PASSWORD: u64 = sieve::SYMBOL | sieve::LOWER | sieve::UPPER | sieve::DIGIT;

/// Whether a run of base64 characters (both alphabets) and what joins words
/// looks generated.
fn is_random(run: &[u8]) -> bool {
    // Letters of one case or digits alone are neither hexadecimal nor mixed.
    if Kinds::of(run).count(sieve::LOWER | sieve::UPPER | sieve::DIGIT) < 2 || is_checksum_free(run) {
        return false;
    }
    let pieces = run.split(|b| matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~'));
    let mut all = 0;
    let mut odd: Vec<&[u8]> = Vec::new();
    for piece in pieces {
        if is_hex_key(piece) {
            return true;
        }
        all += piece.len();
        if is_mixed(piece) {
            odd.push(piece);
        }
    }
    let length: usize = odd.iter().map(|piece| piece.len()).sum();
    length >= RUN_BYTES_MIN.min(16) && length * 2 > all && spread(&odd, length)
}

/// UUIDs are made to be unique, not to be secret.
fn is_checksum_free(run: &[u8]) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    if run.len() != GROUPS.iter().sum::<usize>() + GROUPS.len() - 1 {
        return false;
    }
    let mut pieces = run.split(|&b| b == b'-');
    let fits =
        GROUPS.iter().all(|&len| pieces.next().is_some_and(|p| p.len() == len && p.iter().all(u8::is_ascii_hexdigit)));
    fits && pieces.next().is_none()
}

fn is_hex_key(piece: &[u8]) -> bool {
    piece.len() >= HEX_BYTES_MIN
        && piece.iter().all(u8::is_ascii_hexdigit)
        && piece.iter().any(u8::is_ascii_digit)
        && piece.iter().any(u8::is_ascii_alphabetic)
}

/// Whether a piece changes between lower case, upper case and digits more
/// often than words do. A capital before a small letter is no change: words
/// begin so.
fn is_mixed(piece: &[u8]) -> bool {
    const MIXED_BYTES_MIN: usize = 6;
    if piece.len() < MIXED_BYTES_MIN || piece.len() < HEX_BYTES_MIN && piece.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let changes = piece.windows(2).filter(|pair| changes_class(pair[0], pair[1])).count();
    changes * 9 >= piece.len() * 2 || is_half_upper(piece)
}

/// Long, and of both cases to about the same part: camel case has few humps.
fn is_half_upper(piece: &[u8]) -> bool {
    const LONG_BYTES_MIN: usize = 24;
    let of = |wanted: u8| piece.iter().filter(|&&b| class(b) == wanted).count();
    piece.len() >= LONG_BYTES_MIN && of(0) * 10 >= piece.len() * 3 && of(1) * 10 >= piece.len() * 3
}

fn changes_class(a: u8, b: u8) -> bool {
    class(a) != class(b) && !(a.is_ascii_uppercase() && b.is_ascii_lowercase())
}

fn class(b: u8) -> u8 {
    match b {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

/// Whether the Shannon entropy reaches what random text of that length has:
/// an alphabet of 32 is asked for, less what a short sample cannot show.
fn spread(pieces: &[&[u8]], length: usize) -> bool {
    let mut counts = [0_u32; 256];
    for b in pieces.iter().copied().flatten() {
        counts[usize::from(*b)] += 1;
    }
    let total = length as f64;
    let entropy: f64 = counts.iter().filter(|&&n| n > 0).map(|&n| f64::from(n) / total).map(|p| -p * p.log2()).sum();
    entropy >= (0.8 * total.log2()).min(3.9)
}

/// One word of letters in both cases, digits and symbols that no address, path
/// or list has: what password managers make.
fn is_password(text: &[u8]) -> bool {
    const BYTES_MAX: usize = 128;
    let odd = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b':' | b'=' | b',' | b'{' | b'(' | b'[');
    (SYMBOLS_BYTES_MIN..=BYTES_MAX).contains(&text.len())
        && Kinds::of(text).all(PASSWORD)
        && !text.iter().any(odd)
        && text.windows(2).filter(|pair| changes_class(pair[0], pair[1])).count() * 5 >= text.len() * 2
}
