//! Items, changes and problems.

use driftline_canon::limits::{DISPLAY_BYTES_MAX, FILE_NAME_BYTES_MAX, PROBLEM_BYTES_MAX};
use driftline_canon::{Digest, Item, ItemChange, ItemKey, Masked, Meaning, Place, Problem, ProblemKind};

use super::{WireError, field, meaning};
use crate::v1;

pub(super) fn encode_item(item: &Item) -> v1::Item {
    v1::Item {
        key: item.key.as_str().to_owned(),
        digest: item.digest.0.to_vec(),
        secret: item.secret,
        display: item.display.as_ref().map(|text| field::printable(text.as_str(), DISPLAY_BYTES_MAX)),
        line: item.line.unwrap_or(0),
        file: item.file.as_ref().map(|file| field::printable(file, FILE_NAME_BYTES_MAX)).unwrap_or_default(),
    }
}

pub(super) fn decode_item(item: v1::Item) -> Result<Item, WireError> {
    let display = item.display.map(|text| field::text("item.display", text, DISPLAY_BYTES_MAX)).transpose()?;
    let file = field::text("item.file", item.file, FILE_NAME_BYTES_MAX)?;
    Ok(Item {
        key: key("item.key", item.key)?,
        digest: Digest(field::array("item.digest", &item.digest)?),
        secret: item.secret,
        display: display.map(Masked::from_wire),
        line: (item.line > 0).then_some(item.line),
        file: (!file.is_empty()).then(|| file.into()),
    })
}

pub(super) fn encode_change(change: &ItemChange, means: Option<&Meaning>) -> v1::ItemChange {
    v1::ItemChange {
        key: change.key.as_str().to_owned(),
        before: change.before.map(|digest| digest.0.to_vec()).unwrap_or_default(),
        after: change.after.as_ref().map(encode_item),
        meaning: means.map(meaning::encode),
    }
}

pub(super) fn decode_change(change: v1::ItemChange) -> Result<(ItemChange, Option<Meaning>), WireError> {
    let means = change.meaning.map(meaning::decode).transpose()?;
    let key = key("change.key", change.key)?;
    let before = match &change.before[..] {
        [] => None,
        bytes => Some(Digest(field::array("change.before", bytes)?)),
    };
    let after = change.after.map(decode_item).transpose()?;
    if after.as_ref().is_some_and(|item| item.key != key) {
        return Err(WireError::of("change.after", "the item of another key"));
    }
    if before == after.as_ref().map(|item| item.digest) {
        return Err(WireError::of("change", "the same before and after"));
    }
    Ok((ItemChange { key, before, after }, means))
}

fn key(field: &'static str, text: String) -> Result<ItemKey, WireError> {
    ItemKey::from_canonical(text).map_err(|error| WireError::of(field, error))
}

pub(super) fn encode_problem(problem: &Problem) -> v1::Problem {
    v1::Problem {
        kind: problem.kind.as_str().to_owned(),
        line: problem.place.map_or(0, |place| place.line),
        column: problem.place.map_or(0, |place| place.column),
        reason: field::printable(&problem.reason, PROBLEM_BYTES_MAX),
        excerpt: problem.excerpt.as_ref().map(|text| field::printable(text, PROBLEM_BYTES_MAX)).unwrap_or_default(),
    }
}

/// A kind that this version does not know becomes [`ProblemKind::Host`]: a
/// newer agent's problem is still a problem.
pub(super) fn decode_problem(problem: v1::Problem) -> Result<Problem, WireError> {
    let excerpt = field::text("problem.excerpt", problem.excerpt, PROBLEM_BYTES_MAX)?;
    Ok(Problem {
        kind: ProblemKind::from_name(&problem.kind).unwrap_or(ProblemKind::Host),
        place: (problem.line > 0).then_some(Place { line: problem.line, column: problem.column }),
        reason: field::text("problem.reason", problem.reason, PROBLEM_BYTES_MAX)?,
        excerpt: (!excerpt.is_empty()).then_some(excerpt),
    })
}
