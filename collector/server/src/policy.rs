//! The policy in force, and putting another one there.
//!
//! It decides what counts; what a policy means is in `compare`. A stored text
//! that this version does not understand is told, and nothing of it counts.

use driftline_compare::policy::version::summary;
use driftline_compare::policy::{Policy, PolicyVersion};
use driftline_store::{EntryBody, EventKind, Reader, StoreError};

use crate::event;
use crate::record::Draft;

/// How applying a policy ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is in force now.
    New(PolicyVersion),
    /// It was in force already.
    Same(PolicyVersion),
    /// Another version is in force than the one it was made from; none was
    /// ever applied.
    Other(Option<PolicyVersion>),
}

/// The newest version and what it means; the policy without rules where there
/// is none, or none that is understood.
///
/// # Errors
/// When the store cannot be read.
pub fn in_force(reader: &Reader) -> Result<Policy, StoreError> {
    Ok(reader.last_document::<PolicyVersion>("")?.map_or_else(Policy::default, |version| meant(&version)))
}

/// The policy that was in force at a time, if another one is by now; the policy
/// without rules where there was none.
///
/// # Errors
/// When the store cannot be read.
pub fn before_the_last(reader: &Reader, time_ms: i64) -> Result<Option<Policy>, StoreError> {
    let last = reader.last_document::<PolicyVersion>("")?;
    if last.is_none_or(|last| last.applied_ms <= time_ms) {
        return Ok(None);
    }
    let mut then = None;
    reader.newest_documents(|version: PolicyVersion| {
        let is_later = version.applied_ms > time_ms;
        then = (!is_later).then_some(version);
        is_later
    })?;
    Ok(Some(then.map_or_else(Policy::default, |version| meant(&version))))
}

/// What a stored version means.
#[must_use]
pub fn meant(version: &PolicyVersion) -> Policy {
    version.policy().unwrap_or_else(|errors| {
        tracing::error!(
            version = version.number,
            error = %errors,
            "the policy in force is not understood by this version, only the built-in rules count"
        );
        Policy::default()
    })
}

/// Puts a policy in force, if the version that it was made from still is.
///
/// # Errors
/// When the store cannot be read.
pub fn apply(
    draft: &mut Draft<'_>,
    (text, policy): (String, &Policy),
    replaces: Option<u64>,
    by: &str,
) -> Result<Applied, StoreError> {
    let current: Option<PolicyVersion> = draft.last_document()?;
    if let Some(current) = &current
        && current.text == text
    {
        return Ok(Applied::Same(current.clone()));
    }
    if current.as_ref().map(|current| current.number) != replaces {
        return Ok(Applied::Other(current));
    }
    let before = current.as_ref().map_or_else(Policy::default, meant);
    let number = current.map_or(1, |current| current.number.saturating_add(1));
    let (applied_by, summary) = (by.to_owned(), summary(&before, policy));
    let version = PolicyVersion { number, text, applied_by, applied_ms: draft.now_ms, summary };
    draft.append(vec![told(&version)]);
    draft.put_document(&version)?;
    Ok(Applied::New(version))
}

fn told(version: &PolicyVersion) -> EntryBody {
    let PolicyVersion { number, applied_by, summary, .. } = version;
    event::general(EventKind::Operator, format!("{applied_by} applied policy {number}: {summary}"))
}

#[cfg(test)]
mod tests;
