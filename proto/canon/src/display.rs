//! What may be shown of a value: by policy, masked on the host.
//!
//! Shows nothing that `secret` calls a secret, and nothing raw: what could
//! move a terminal's cursor or turn text around is escaped.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::format::Setting;
use crate::key::{is_deceptive, plain};
use crate::limits::DISPLAY_BYTES_MAX;
use crate::secret::{self, SecretReason};
use crate::{ItemKey, Value};

/// What stands in the place of a secret. Its length tells nothing.
pub const MASK: &str = "****";

/// What is shown of a value that comes from the environment.
const INHERITED: &str = "(inherited)";

/// What a source lets its operators see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisplayPolicy {
    /// Never a value, only digests.
    Digest,
    /// Values in clear, secrets masked.
    #[default]
    Clear,
}

/// A display text that holds no secret: made only by [`masked`], or received
/// from an agent that made it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked(String);

impl Masked {
    /// A text received from an agent or a store.
    #[must_use]
    pub fn from_wire(text: String) -> Self {
        Self(text)
    }

    /// The text to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What to show of a setting under a policy: nothing under `digest` and for
/// content that is not parsed, else a printable text of at most
/// [`DISPLAY_BYTES_MAX`] bytes in which every secret is masked. A reason from
/// [`secret::classify_all`] covers secrets of other settings too. What the
/// format says is a secret is masked whatever the reason.
#[must_use]
pub fn masked(setting: &Setting, secret: Option<SecretReason>, policy: DisplayPolicy) -> Option<Masked> {
    if policy == DisplayPolicy::Digest {
        return None;
    }
    let text = match &setting.value {
        Value::Content(_) => return None,
        _ if setting.secret => MASK.to_owned(),
        Value::Inherited => INHERITED.to_owned(),
        Value::Text(value) => shown(setting, value, secret),
        Value::Template(value) => shown(setting, value, secret),
    };
    Some(Masked(text))
}

fn shown(setting: &Setting, value: &[u8], secret: Option<SecretReason>) -> String {
    let template = setting.template.as_ref().map(|template| template.as_slice());
    let Some(reason) = secret else {
        return match template {
            Some(template) if template_is_clear(template) => {
                let (left, right) = (
                    printable(template, &[], DISPLAY_BYTES_MAX / 2 - 2),
                    printable(value, &[], DISPLAY_BYTES_MAX / 2 - 2),
                );
                format!("{left} -> {right}")
            }
            Some(_) => MASK.to_owned(),
            None => printable(value, &[], DISPLAY_BYTES_MAX),
        };
    };
    match spans(&setting.key, value, reason) {
        // The template of a masked value is not shown: a default in it may be
        // the password.
        Some(spans) if template.is_none_or(template_is_clear_around_passwords) => {
            printable(value, &spans, DISPLAY_BYTES_MAX)
        }
        _ => MASK.to_owned(),
    }
}

/// The parts to mask when the rest may be shown.
fn spans(key: &ItemKey, value: &[u8], reason: SecretReason) -> Option<Vec<Range<usize>>> {
    match reason {
        SecretReason::UrlPassword => secret::spans_that_suffice(value),
        SecretReason::KeyName if secret::names_a_connection(key.as_str()) && value.windows(3).any(|w| w == b"://") => {
            secret::spans_that_suffice(value)
        }
        _ => None,
    }
}

fn template_is_clear(template: &[u8]) -> bool {
    secret::looks(template).is_none() && !secret::refers_to_a_secret(template)
}

/// A template that puts a secret into a URL's password is what URLs are masked
/// for; anywhere else the value may hold it unmasked.
fn template_is_clear_around_passwords(template: &[u8]) -> bool {
    let all = secret::refers_to_a_secret(template);
    !all || secret::spans_that_suffice(template)
        .is_some_and(|spans| !secret::refers_to_a_secret(&secret::without(template, &spans)))
}

/// Bytes as one printable line of at most `limit` bytes, the spans masked. The
/// mark of a cut tells the length of the whole value.
fn printable(bytes: &[u8], spans: &[Range<usize>], limit: usize) -> String {
    if spans.is_empty()
        && bytes.len() <= limit
        && let Some(text) = plain(bytes)
    {
        return text.to_owned();
    }
    let mark = format!("… ({} bytes)", bytes.len());
    let mut text = Line { text: String::new(), limit, room: limit.saturating_sub(mark.len()), keep: 0 };
    let mut at = 0;
    for span in spans {
        if !text.escape(&bytes[at..span.start]) {
            break;
        }
        text.push(MASK);
        at = span.end;
    }
    text.escape(&bytes[at..]);
    text.finish(&mark)
}

/// A line that grows until it is full and remembers where it would be cut.
struct Line {
    text: String,
    limit: usize,
    room: usize,
    keep: usize,
}

impl Line {
    /// Adds one unit that is never cut in two; whether there is room for more.
    fn push(&mut self, unit: &str) -> bool {
        if self.text.len() <= self.limit {
            self.text.push_str(unit);
        }
        if self.text.len() <= self.room {
            self.keep = self.text.len();
        }
        self.text.len() <= self.limit
    }

    fn escape(&mut self, bytes: &[u8]) -> bool {
        let mut buffer = [0; 4];
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let more = match c {
                    '\n' => self.push("\\n"),
                    '\r' => self.push("\\r"),
                    '\t' => self.push("\\t"),
                    '\\' => self.push("\\\\"),
                    c if c.is_control() || is_deceptive(c) => self.push(&format!("\\u{{{:x}}}", u32::from(c))),
                    c => self.push(c.encode_utf8(&mut buffer)),
                };
                if !more {
                    return false;
                }
            }
            for byte in chunk.invalid() {
                if !self.push(&format!("\\x{byte:02x}")) {
                    return false;
                }
            }
        }
        true
    }

    fn finish(mut self, mark: &str) -> String {
        if self.text.len() > self.limit {
            self.text.truncate(self.keep);
            self.text.push_str(mark);
        }
        self.text
    }
}

#[cfg(test)]
mod tests;
