//! Whether a value is a secret: by its key, or by the look of it.
//!
//! Decides, and finds the bytes to mask; it never changes or shows a value.
//! A false alarm costs an operator a glance at the host, a miss costs a
//! secret: where the two are in doubt, it is a secret.

mod connection;
mod entropy;
mod forms;
mod shared;
mod sieve;
mod swallowed;
mod words;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sieve::Kinds;

use crate::{ItemKey, Setting, Value};

/// Why a value was taken for a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretReason {
    /// The key says so (`DB_PASSWORD`).
    KeyName,
    /// A URL or connection string with a password in it.
    UrlPassword,
    /// PEM, JWT, or a well-known token prefix.
    KnownForm,
    /// High entropy for its length.
    Entropy,
    /// It holds the secret of another setting of the same file.
    Derived,
    /// The format it was read in says so (a password of Redis' `user`).
    Format,
}

/// Why this setting is a secret, if it is one, judged on its own.
#[must_use]
pub fn classify(key: &ItemKey, value: &Value) -> Option<SecretReason> {
    if key.as_str().starts_with('@') || matches!(value, Value::Content(_)) {
        return None;
    }
    let bytes = value.bytes();
    if !value.is_end_of(key) && words::names_a_secret(key.as_str(), bytes) && !shows_its_value(key, bytes) {
        return Some(SecretReason::KeyName);
    }
    looks(bytes).filter(|&reason| reason != SecretReason::Entropy || !words::names_a_checksum(key.as_str()))
}

/// Whether a key says all of its value, as the key of a rule does: its words
/// are then about what the rule matches, and name nothing.
fn shows_its_value(key: &ItemKey, value: &[u8]) -> bool {
    const CUT_BYTES_MIN: usize = 200;
    let Some((_, rule)) = key.as_str().split_once(": ") else {
        return false;
    };
    let value = crate::key::escape(value);
    match rule.split_once('…') {
        None => rule.strip_prefix(value.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(" #")),
        Some((beginning, _)) => beginning.len() >= CUT_BYTES_MIN && value.starts_with(beginning),
    }
}

/// Why each of these settings is a secret, judged together: besides what
/// [`classify`] says, a setting of which the format says so is a secret, and so
/// is one that holds the secret of another, through a template or by a copy.
#[must_use]
pub fn classify_all(settings: &[Setting]) -> Vec<Option<SecretReason>> {
    let mut reasons: Vec<_> = settings.iter().map(of_setting).collect();
    shared::spread(settings, &mut reasons);
    reasons
}

fn of_setting(setting: &Setting) -> Option<SecretReason> {
    if setting.secret {
        return Some(SecretReason::Format);
    }
    classify(&setting.key, &setting.value)
}

/// What the bytes themselves say, whatever their key.
#[must_use]
pub(crate) fn looks(bytes: &[u8]) -> Option<SecretReason> {
    let kinds = Kinds::of(bytes);
    let spans = connection::spans_of(bytes, kinds);
    if spans.is_empty() {
        return looks_alone(bytes, kinds);
    }
    let rest = without(bytes, &spans);
    looks_alone(&rest, Kinds::of(&rest)).or(Some(SecretReason::UrlPassword))
}

/// The same for bytes without a URL's or connection string's secrets.
fn looks_alone(bytes: &[u8], kinds: Kinds) -> Option<SecretReason> {
    if forms::is_known(bytes, kinds) {
        Some(SecretReason::KnownForm)
    } else {
        entropy::is_high(bytes, kinds).then_some(SecretReason::Entropy)
    }
}

/// The bytes to mask in a URL or connection string, in order and apart from
/// each other; `None` when masking them would leave another secret standing.
#[must_use]
pub(crate) fn spans_that_suffice(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    (looks(bytes) == Some(SecretReason::UrlPassword)).then(|| connection::secret_spans(bytes))
}

/// Whether a key is about where to connect to, so that its value may be shown
/// around a password.
#[must_use]
pub(crate) fn names_a_connection(key: &str) -> bool {
    words::names_a_connection(key)
}

/// Whether a name says that a value is a secret, wherever the name stands.
#[must_use]
pub(crate) fn names_a_secret(name: &[u8], value: &[u8]) -> bool {
    words::names_a_secret(&String::from_utf8_lossy(name), value)
}

/// Whether the flag or parameter of that name takes a secret.
#[must_use]
pub(crate) fn is_secret_parameter(name: &str) -> bool {
    words::is_secret_parameter(name)
}

/// Whether a template refers to a name that is a secret's by its words.
#[must_use]
pub(crate) fn refers_to_a_secret(template: &[u8]) -> bool {
    shared::references(template)
        .any(|name| std::str::from_utf8(name).is_ok_and(|name| words::names_a_secret(name, b"?")))
}

/// Whether a name as it stands in a file may be shown: a line of a broken key
/// or token can end up where a name is expected.
#[must_use]
pub(crate) fn name_may_be_shown(name: &[u8]) -> bool {
    let kinds = Kinds::of(name);
    !forms::is_known(name, kinds) && !entropy::is_high(name, kinds) && connection::spans_of(name, kinds).is_empty()
}

/// Whether a name may hold the value that was to stand behind it: as
/// [`name_may_be_shown`], for names whose words say that it would be a secret.
#[must_use]
pub(crate) fn name_holds_a_value(name: &[u8], has_value: bool) -> bool {
    swallowed::holds_a_value(name, has_value)
}

/// The bytes outside the spans, a blank in the place of each.
pub(crate) fn without(bytes: &[u8], spans: &[Range<usize>]) -> zeroize::Zeroizing<Vec<u8>> {
    let mut rest = zeroize::Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut at = 0;
    for span in spans {
        rest.extend_from_slice(&bytes[at..span.start]);
        rest.push(b' ');
        at = span.end;
    }
    rest.extend_from_slice(&bytes[at..]);
    rest
}

#[cfg(test)]
mod tests;
