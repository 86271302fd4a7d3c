//! A comparison without anybody asking: the same sides and the same judgement
//! as `GET /api/v1/compare`.

use std::sync::Arc;

use driftline_compare::compare::{Comparison, Listing};
use driftline_store::StoreError;

use super::compare::meant::Standing;
use super::compare::sides::{self, About, Asked, Covers};
use super::error::Problem;
use crate::app::Core;

/// Two sides, compared, and how many of their hosts were not connected or have
/// nothing to be held against.
///
/// # Errors
/// Why not, in words.
pub(crate) async fn compared(core: &Arc<Core>, left: &str, right: &str) -> Result<(Comparison, u64), String> {
    let (core, left, right) = (Arc::clone(core), left.to_owned(), right.to_owned());
    let done = tokio::task::spawn_blocking(move || now(&core, &left, &right));
    let done = done.await.map_err(|_| "the comparison broke off".to_owned())?;
    done.map_err(|error| error.to_string())?.map_err(|problem| problem.message().to_owned())
}

type Done = Result<(Comparison, u64), Problem>;

fn now(core: &Core, left: &str, right: &str) -> Result<Done, StoreError> {
    let (reader, now_ms) = (core.store.reader()?, core.clock.now_ms());
    let (left, right) = match (Asked::parse(left, None), Asked::parse(right, None)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(problem), _) | (_, Err(problem)) => return Ok(Err(problem)),
    };
    let about = About::of(&reader, (&left, &right))?;
    let (left, right) = match sides::both(&reader, (&left, &right), now_ms)? {
        Ok(sides) => sides,
        Err(problem) => return Ok(Err(problem)),
    };
    let lacking = [&left, &right].map(|side| side.covers.as_ref().map_or(0, Covers::lacking));
    let unchecked = left.unchecked.len() + right.unchecked.len() + lacking.iter().sum::<usize>();
    let standing = Standing::read(&reader, about, now_ms)?;
    let compared = standing.compare(&left.side, &right.side, Listing::Differences);
    let unchecked = unchecked + compared.strangers.len();
    Ok(Ok((compared, u64::try_from(unchecked).unwrap_or(u64::MAX))))
}
