//! Forms that are secrets by agreement: armoured keys, web tokens, issuers'
//! prefixes, authorisation headers, password hashes.
//!
//! Recognises forms only; what merely looks random is `entropy`'s business.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use memchr::memmem::Finder;

use super::sieve::{self, Kinds};

/// Characters of the shortest token: a prefix and what must follow it.
const TOKEN_BYTES_MIN: usize = 12;

/// Prefixes that issuers give their tokens, and how many characters must
/// follow before one is believed.
const PREFIXES: &[(&str, usize)] = &[
    ("AKIA", 12),
    ("ASIA", 12),
    ("AIza", 20),
    ("ya29.", 10),
    ("GOCSPX-", 10),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 10),
    ("glpat-", 8),
    ("gldt-", 8),
    ("glrt-", 8),
    ("glcbt-", 8),
    ("glsa_", 8),
    ("gloas-", 8),
    ("xoxb-", 8),
    ("xoxa-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("xoxe-", 8),
    ("xoxe.", 8),
    ("xapp-", 8),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("rk_live_", 8),
    ("rk_test_", 8),
    ("whsec_", 8),
    ("sk-", 16),
    ("npm_", 16),
    ("pypi-", 16),
    ("dop_v1_", 8),
    ("doo_v1_", 8),
    ("dor_v1_", 8),
    ("SG.", 20),
    ("hf_", 16),
    ("shpat_", 8),
    ("shpss_", 8),
    ("shpca_", 8),
    ("shppa_", 8),
    ("sq0atp-", 8),
    ("sq0csp-", 8),
    ("hvs.", 8),
    ("hvb.", 8),
    ("hvr.", 8),
    ("dckr_pat_", 8),
    ("lin_api_", 8),
    ("figd_", 8),
    ("ATATT3", 16),
    ("ATCTT3", 16),
    ("NRAK-", 8),
    ("sntrys_", 8),
    ("sntryu_", 8),
    ("sbp_", 16),
    ("pscale_tkn_", 8),
    ("pscale_pw_", 8),
    ("tskey-", 8),
    ("xkeysib-", 8),
    ("PMAK-", 8),
    ("nvapi-", 8),
    ("r8_", 16),
    ("gsk_", 16),
    ("xai-", 16),
    ("pplx-", 16),
    ("key-", 24),
    ("AGE-SECRET-KEY-1", 8),
    ("dapi", 32),
    ("dl1.", 16),
    ("rubygems_", 16),
    ("cio", 28),
    ("EZAK", 20),
];

/// Prefixes that names of hosts and packages begin with too.
const WORDLIKE: &[&str] = &["sk-", "key-", "hf_", "r8_", "xai-", "cio", "npm_", "SG.", "dapi"];

/// Beginnings of stored password hashes (crypt(5), PHC strings, LDAP, SCRAM).
const HASHES: &[&str] = &[
    "$1$",
    "$2a$",
    "$2b$",
    "$2y$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$gy$",
    "$apr1$",
    "$argon2",
    "$scrypt$",
    "$pbkdf2",
    "{SSHA",
    "{SHA",
    "{CRYPT}",
    "SCRAM-SHA-",
    "pbkdf2_sha",
    "bcrypt_sha",
];

/// Whether any part of a value of these kinds of bytes has a form that only
/// secrets have.
pub(super) fn is_known(value: &[u8], kinds: Kinds) -> bool {
    kinds.any(sieve::DASH) && is_armoured(value, kinds)
        || is_hash(value, kinds)
        || kinds.any(sieve::SLASH) && is_webhook(value, kinds)
        || kinds.any(sieve::BLANK) && is_authorization(value, kinds)
        || kinds.any(sieve::COLON) && is_labelled(value)
        || sieve::runs(value, sieve::TOKEN, TOKEN_BYTES_MIN).any(is_token)
}

/// PEM and its relatives (RFC 7468), with real line ends or escaped ones.
fn is_armoured(value: &[u8], kinds: Kinds) -> bool {
    const OF_BEGIN: u64 = sieve::letters_of(b"BEGIN ");
    const OF_PUTTY: u64 = sieve::letters_of(b"PuTTY-User-Key-File");
    static BEGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"BEGIN "));
    static PUTTY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"PuTTY-User-Key-File"));
    let framed = |at: usize| value[..at].ends_with(b"---- ") || value[..at].ends_with(b"-----");
    kinds.all(OF_BEGIN) && BEGIN.find_iter(value).any(framed) || kinds.all(OF_PUTTY) && PUTTY.find(value).is_some()
}

fn is_hash(value: &[u8], kinds: Kinds) -> bool {
    const HASH_BYTES_MIN: usize = 12;
    let trimmed = value.trim_ascii();
    let at_start = |text: &[u8]| {
        let begins = text.first().is_some_and(|first| matches!(first, b'$' | b'{' | b'S' | b'p' | b'b'));
        begins && text.len() >= HASH_BYTES_MIN && HASHES.iter().any(|prefix| text.starts_with(prefix.as_bytes()))
    };
    let named = || memchr::memchr(b':', trimmed).is_some_and(|at| at_start(&trimmed[at + 1..]));
    at_start(trimmed) || kinds.any(sieve::COLON) && named() || is_postgres_md5(trimmed)
}

fn is_postgres_md5(value: &[u8]) -> bool {
    value.len() == 35 && value.starts_with(b"md5") && value[3..].iter().all(u8::is_ascii_hexdigit)
}

/// Addresses whose path is the secret.
fn is_webhook(value: &[u8], kinds: Kinds) -> bool {
    const OF_HOOK: u64 = sieve::letters_of(b"hook");
    const OF_TELEGRAM: u64 = sieve::letters_of(b"api.telegram.org/bot");
    const PLACES: &[&[u8]] =
        &[b"hooks.slack.com/", b"/api/webhooks/", b".webhook.office.com/", b"hooks.zapier.com/", b"hooks.chime.aws/"];
    static HOOK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"hook"));
    static TELEGRAM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"api.telegram.org/bot"));
    kinds.all(OF_TELEGRAM) && TELEGRAM.find(value).is_some()
        || kinds.all(OF_HOOK) && HOOK.find(value).is_some() && PLACES.iter().any(|place| contains(value, place))
}

/// `Bearer …` and `Basic …` (RFC 6750, RFC 7617), and any `Authorization:`.
fn is_authorization(value: &[u8], kinds: Kinds) -> bool {
    const B: u64 = sieve::letters_of(b"bB");
    const HEADER: &[u8] = b"authorization";
    const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];
    let is_header = |colon: usize| {
        colon.checked_sub(HEADER.len()).is_some_and(|start| value[start..colon].eq_ignore_ascii_case(HEADER))
    };
    if kinds.any(sieve::COLON) && memchr::memchr_iter(b':', value).any(is_header) {
        return true;
    }
    let is_scheme = |at: usize| {
        SCHEMES.iter().any(|name| value[at..].get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name)))
    };
    if !kinds.any(B) || !memchr::memchr2_iter(b'b', b'B', value).any(is_scheme) {
        return false;
    }
    let mut words = value
        .split(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b':'))
        .filter(|word| !word.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        let Some(next) = words.peek() else { break };
        if word.eq_ignore_ascii_case(b"bearer") && is_bearer(next)
            || word.eq_ignore_ascii_case(b"basic") && is_basic(next)
        {
            return true;
        }
    }
    false
}

fn is_bearer(word: &[u8]) -> bool {
    const BEARER_BYTES_MIN: usize = 8;
    word.len() >= BEARER_BYTES_MIN && !word.iter().all(u8::is_ascii_alphabetic) || word.len() >= 2 * BEARER_BYTES_MIN
}

fn is_basic(word: &[u8]) -> bool {
    STANDARD.decode(word).is_ok_and(|clear| zeroize::Zeroizing::new(clear).contains(&b':'))
}

/// A name of a secret, a colon and something after it: JSON, YAML, headers.
fn is_labelled(value: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b':', &value[from..]).map(|at| at + from) {
        from = at + 1;
        if value[from..].starts_with(b"//") {
            continue;
        }
        let after = value[from..].trim_ascii_start();
        let quoted = matches!(at.checked_sub(1).map(|last| value[last]), Some(b'"' | b'\''));
        let spaced = after.len() < value.len() - from;
        if (quoted || spaced) && !after.is_empty() && super::words::is_secret_parameter(&label_before(value, at)) {
            return true;
        }
    }
    false
}

/// The word before a position, quotes left out; short by construction.
fn label_before(value: &[u8], end: usize) -> Cow<'_, str> {
    const LABEL_BYTES_MAX: usize = 64;
    let start = end.saturating_sub(LABEL_BYTES_MAX);
    let head = value[start..end].trim_ascii_end();
    let head = head.strip_suffix(b"\"").or_else(|| head.strip_suffix(b"'")).unwrap_or(head);
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let from = head.iter().rposition(|b| !name(b)).map_or(0, |at| at + 1);
    String::from_utf8_lossy(&head[from..])
}

fn is_token(token: &[u8]) -> bool {
    let issued = |&(prefix, min): &(&str, usize)| {
        let body = token.strip_prefix(prefix.as_bytes()).filter(|body| body.len() >= min);
        body.is_some_and(|body| !WORDLIKE.contains(&prefix) || is_body(body))
    };
    is_prefix_start(token) && PREFIXES.iter().any(issued) || is_web_token(token)
}

/// Whether any prefix begins with the first three bytes, or looks as if.
fn is_prefix_start(token: &[u8]) -> bool {
    let [a, b, c, ..] = *token else { return false };
    let bit = start_bit(a, b, c);
    STARTS[bit / 64] & 1 << (bit % 64) != 0
}

/// The first three bytes of all prefixes, five bits of each.
const STARTS: [u64; 512] = {
    let mut starts = [0; 512];
    let mut at = 0;
    while at < PREFIXES.len() {
        let prefix = PREFIXES[at].0.as_bytes();
        let bit = start_bit(prefix[0], prefix[1], prefix[2]);
        starts[bit / 64] |= 1 << (bit % 64);
        at += 1;
    }
    starts
};

const fn start_bit(a: u8, b: u8, c: u8) -> usize {
    ((a & 31) as usize) << 10 | ((b & 31) as usize) << 5 | (c & 31) as usize
}

/// What follows a prefix is no plain words: `sk-` also begins a host name.
fn is_body(body: &[u8]) -> bool {
    let digits = body.iter().filter(|b| b.is_ascii_digit()).count();
    let upper = body.iter().any(u8::is_ascii_uppercase);
    digits > 0 || upper || body.len() >= 32
}

/// JWT and JWE (RFC 7519): a JSON object in base64url, a dot, and more.
fn is_web_token(token: &[u8]) -> bool {
    if !token.starts_with(b"eyJ") {
        return false;
    }
    let mut segments = token.split(|&b| b == b'.');
    let Some(head) = segments.next() else { return false };
    let json = URL_SAFE_NO_PAD.decode(head).is_ok_and(|clear| clear.first() == Some(&b'{'));
    json && segments.next().is_some_and(|claims| claims.len() >= 4) || head.len() >= 40
}

pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    find(haystack, needle).is_some()
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, _) = needle.split_first()?;
    memchr::memchr_iter(first, haystack).find(|&at| haystack[at..].starts_with(needle))
}
