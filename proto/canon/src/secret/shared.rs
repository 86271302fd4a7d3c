//! Secrets that reach further settings of the same file: through a template
//! (`URL=http://x/${TOKEN}`) or by a copy.
//!
//! Works on one file's settings at a time and keeps nothing of them.

use std::collections::{HashMap, HashSet};

use super::SecretReason;
use crate::{Setting, Value};

/// Bytes a secret needs before copies of it are looked for: shorter ones are
/// found in innocent words.
const COPY_BYTES_MIN: usize = 8;

/// Bytes of a secret that are compared: so many in a row are no accident, and
/// a value of many near copies of a long secret stays cheap to search.
const COPY_BYTES_COMPARED_MAX: usize = 64;

/// Secrets with the same first bytes that are compared at one place, so that
/// a hostile file cannot make this slow.
const SAME_START_MAX: usize = 8;

/// Marks settings that hold another one's secret.
pub(super) fn spread(settings: &[Setting], reasons: &mut [Option<SecretReason>]) {
    through_templates(settings, reasons);
    let copies = Copies::of(settings, reasons);
    if copies.starts.is_empty() {
        return;
    }
    for (setting, reason) in settings.iter().zip(reasons.iter_mut()) {
        let found = match reason {
            None => !is_metadata(setting) && copies.stand_in(setting.value.bytes()),
            // Its own password will be masked; a copy beside it would not be.
            Some(SecretReason::UrlPassword) => {
                let bytes = setting.value.bytes();
                copies.stand_in(&super::without(bytes, &super::connection::secret_spans(bytes)))
            }
            Some(_) => false,
        };
        if found {
            *reason = Some(SecretReason::Derived);
        }
    }
}

/// References point backwards, so one pass in file order is enough.
fn through_templates(settings: &[Setting], reasons: &mut [Option<SecretReason>]) {
    let mut secret: HashSet<&[u8]> = HashSet::new();
    for (setting, reason) in settings.iter().zip(reasons.iter_mut()) {
        let text = setting.template.as_ref().map_or(b"".as_slice(), |template| template.as_slice());
        if reason.is_none() && references(text).any(|name| secret.contains(name)) {
            *reason = Some(SecretReason::Derived);
        }
        if reason.is_some() {
            secret.insert(setting.key.as_str().as_bytes());
        }
    }
}

/// The names that a template refers to, `$NAME` and `${NAME…`.
pub(super) fn references(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'$').skip(1).map(|rest| {
        let rest = rest.strip_prefix(b"{").unwrap_or(rest);
        let end = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')))
            .unwrap_or(rest.len());
        let name = &rest[..end];
        // `${A-word}` has an operator where python-dotenv has a letter.
        name.split(|&b| b == b'-').next().unwrap_or(name)
    })
}

fn is_metadata(setting: &Setting) -> bool {
    setting.key.as_str().starts_with('@') || matches!(setting.value, Value::Content(_))
}

/// The secrets of a file by their first bytes.
struct Copies<'a> {
    starts: HashMap<&'a [u8], Vec<&'a [u8]>>,
    /// The first two bytes of all of them: a bit each. Nearly every place of
    /// nearly every value is passed over by these alone.
    pairs: Box<[u64; 1024]>,
}

impl<'a> Copies<'a> {
    fn of(settings: &'a [Setting], reasons: &[Option<SecretReason>]) -> Self {
        let mut starts: HashMap<&[u8], Vec<&[u8]>> = HashMap::new();
        let mut pairs = Box::new([0; 1024]);
        for (setting, reason) in settings.iter().zip(reasons) {
            for secret in reason.iter().flat_map(|&reason| secrets_of(setting, reason)) {
                let secret = &secret[..secret.len().min(COPY_BYTES_COMPARED_MAX)];
                let pair = pair(secret[0], secret[1]);
                pairs[pair / 64] |= 1 << (pair % 64);
                let same = starts.entry(&secret[..COPY_BYTES_MIN]).or_default();
                if same.len() < SAME_START_MAX && !same.contains(&secret) {
                    same.push(secret);
                }
            }
        }
        Self { starts, pairs }
    }

    fn stand_in(&self, value: &[u8]) -> bool {
        value.windows(COPY_BYTES_MIN).enumerate().any(|(at, start)| {
            let pair = pair(start[0], start[1]);
            self.pairs[pair / 64] & 1 << (pair % 64) != 0
                && self.starts.get(start).is_some_and(|same| same.iter().any(|secret| value[at..].starts_with(secret)))
        })
    }
}

fn pair(a: u8, b: u8) -> usize {
    usize::from(a) << 8 | usize::from(b)
}

/// The secret parts of a secret setting: the password of a URL, else all.
fn secrets_of(setting: &Setting, reason: SecretReason) -> Vec<&[u8]> {
    let bytes = setting.value.bytes();
    let spans = match reason {
        SecretReason::UrlPassword => super::connection::secret_spans(bytes),
        _ => std::iter::once(0..bytes.len()).collect(),
    };
    spans
        .into_iter()
        .map(|span| &bytes[span])
        .filter(|secret| secret.len() >= COPY_BYTES_MIN && !is_plain(secret))
        .collect()
}

/// Numbers and switches are everywhere; a copy of one proves nothing.
fn is_plain(secret: &[u8]) -> bool {
    secret.iter().all(u8::is_ascii_digit)
}
