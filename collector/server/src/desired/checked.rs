//! What was pushed, checked against every limit and peppered.
//!
//! It believes nothing of what came: names, keys and displays are checked as
//! those of an agent are. It reads no store.

use driftline_api::desired::{Declared, DeclaredItem, DeclaredSource, DesiredPush};
use driftline_canon::key::is_deceptive;
use driftline_canon::limits::{DISPLAY_BYTES_MAX, ITEMS_MAX};
use driftline_canon::{CANONICAL_FORM, Digest, ItemKey, Masked, SourceKind, SourceName};
use driftline_compare::Selector;
use driftline_compare::desired::SheetItem;

use crate::hex;
use crate::pepper::Pepper;

/// Sources of one push: a repository that configures more pushes in parts.
const SOURCES_MAX: usize = 10_000;

/// Bytes of a revision's name or a ticket: a hash of 64 characters with what
/// people put around it.
const LABEL_BYTES_MAX: usize = 200;

/// Seconds that a revision may be valid at least: a push takes some.
const VALID_S_MIN: u64 = 60;

/// Seconds at most: two years.
const VALID_S_MAX: u64 = 2 * 366 * 86_400;

/// Why a push is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// A push whose every part is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Hosts it is for; it has an environment.
    pub selector: Selector,
    /// Its name.
    pub revision: String,
    /// Ticket.
    pub ticket: Option<String>,
    /// Seconds until it expires.
    pub expires_s: Option<u64>,
    /// Whether it may replace another content of its name.
    pub replace: bool,
    /// Epoch of the key that made its digests.
    pub fleet_key_epoch: u32,
    /// Version of the canonical form.
    pub canonical_form: u32,
    /// By name.
    pub sources: Vec<PushedSource>,
}

/// One source, peppered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedSource {
    /// Name.
    pub source: SourceName,
    /// Kind.
    pub kind: SourceKind,
    /// By key.
    pub items: Vec<SheetItem>,
}

/// Checks a push and peppers its digests.
///
/// # Errors
/// [`Refused`] with what is wrong.
pub fn pushed(push: DesiredPush, pepper: &Pepper) -> Result<Pushed, Refused> {
    let selector: Selector = push.selector.parse().map_err(|error| refuse(format!("`selector`: {error}")))?;
    if selector.environment.is_none() {
        return Err(refuse("`selector` names no environment: what is declared is declared for one"));
    }
    if push.expires_s.is_some_and(|seconds| !(VALID_S_MIN..=VALID_S_MAX).contains(&seconds)) {
        return Err(refuse(format!("`expires_s` is between {VALID_S_MIN} and {VALID_S_MAX}")));
    }
    Ok(Pushed {
        selector,
        revision: label("revision", push.revision)?,
        ticket: push.ticket.map(|ticket| label("ticket", ticket)).transpose()?,
        expires_s: push.expires_s,
        replace: push.replace.unwrap_or(false),
        fleet_key_epoch: push.declared.fleet_key_epoch,
        canonical_form: push.declared.canonical_form,
        sources: sources(push.declared, pepper)?,
    })
}

/// Checks declared sources and peppers their digests; gives them by name.
///
/// # Errors
/// [`Refused`] with what is wrong.
pub fn sources(declared: Declared, pepper: &Pepper) -> Result<Vec<PushedSource>, Refused> {
    if declared.canonical_form != CANONICAL_FORM {
        return Err(Refused {
            reason: format!(
                "the digests are of canonical form {}, this collector holds form {CANONICAL_FORM}",
                declared.canonical_form
            ),
            hint: Some("use the `driftline` of the collector's version"),
        });
    }
    if declared.sources.is_empty() {
        return Err(refuse("nothing is declared: `sources` is empty"));
    }
    if declared.sources.len() > SOURCES_MAX {
        return Err(refuse(format!("at most {SOURCES_MAX} sources are declared at once")));
    }
    let made: Result<Vec<PushedSource>, Refused> =
        declared.sources.into_iter().map(|one| source(one, pepper)).collect();
    let mut made = made?;
    made.sort_by(|a, b| a.source.cmp(&b.source));
    if let Some(twice) = made.windows(2).find(|pair| pair[0].source == pair[1].source) {
        return Err(refuse(format!("source `{}` is declared twice", twice[0].source)));
    }
    Ok(made)
}

fn source(one: DeclaredSource, pepper: &Pepper) -> Result<PushedSource, Refused> {
    let name = SourceName::new(one.source).map_err(|error| refuse(error.to_string()))?;
    let kind = SourceKind::from_name(&one.kind)
        .ok_or_else(|| refuse(format!("source `{name}`: this version knows no such kind")))?;
    if one.items.len() > ITEMS_MAX {
        return Err(refuse(format!("source `{name}` has more than {ITEMS_MAX} items")));
    }
    let items: Result<Vec<SheetItem>, Refused> = one.items.into_iter().map(|one| item(&name, one, pepper)).collect();
    let mut items = items?;
    items.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some(twice) = items.windows(2).find(|pair| pair[0].key == pair[1].key) {
        return Err(refuse(format!("source `{name}`: `{}` is declared twice", twice[0].key)));
    }
    Ok(PushedSource { source: name, kind, items })
}

fn item(source: &SourceName, one: DeclaredItem, pepper: &Pepper) -> Result<SheetItem, Refused> {
    let key = ItemKey::from_canonical(one.key).map_err(|error| refuse(format!("source `{source}`: {error}")))?;
    if key.is_metadata() {
        return Err(refuse(format!("source `{source}`: `{key}` is metadata, which is not declared")));
    }
    let digest = hex::decode::<32>(&one.digest)
        .ok_or_else(|| refuse(format!("source `{source}`, `{key}`: the digest is not 64 hexadecimal characters")))?;
    // What it says is not repeated: it may be what it must not be.
    if one.display.as_ref().is_some_and(|text| text.len() > DISPLAY_BYTES_MAX || !is_printable(text)) {
        return Err(refuse(format!("source `{source}`, `{key}`: the display is too long or cannot be printed")));
    }
    let display = one.display.map(Masked::from_wire);
    Ok(SheetItem { key, digest: pepper.digest(&Digest(digest)).0, secret: one.secret, display })
}

pub(crate) fn label(what: &str, text: String) -> Result<String, Refused> {
    if text.is_empty() || text.len() > LABEL_BYTES_MAX || !is_printable(&text) {
        return Err(refuse(format!("`{what}` has between 1 and {LABEL_BYTES_MAX} printable bytes")));
    }
    Ok(text)
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_deceptive(c))
}

fn refuse(reason: impl Into<String>) -> Refused {
    Refused { reason: reason.into(), hint: None }
}

#[cfg(test)]
mod tests;
