//! Two sides of the fleet, held against each other.

pub(super) mod files;
pub(super) mod meant;
pub(super) mod places;
pub(super) mod sides;

use axum::extract::State;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::compare as api;
use driftline_compare::compare::{Comparison, Difference, Listing};

use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Pairs};
use super::{Http, Shared};
use sides::{Asked, Filled};

pub(super) async fn compare(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<api::Comparison>, Problem> {
    let known = Known::of(pairs, &["left", "right", "all", "at"])?;
    let listing = match known.parsed::<bool>("all")? {
        Some(true) => Listing::Everything,
        Some(false) | None => Listing::Differences,
    };
    let (at_ms, now_ms) = (known.time("at")?, http.core.clock.now_ms());
    let side = |key: &str| -> Result<Asked, Problem> {
        let text = known.text(key).ok_or_else(|| Problem::bad(format!("`{key}` is missing: a selector")))?;
        let asked = Asked::parse(text, at_ms)?;
        asked.must_be_past(now_ms)?;
        Ok(asked)
    };
    let (left, right) = (side("left")?, side("right")?);
    left.must_be_seen_by(&operator)?;
    right.must_be_seen_by(&operator)?;
    let (left_name, right_name) = (left.name.clone(), right.name.clone());
    let (sides, standing) = http
        .read(move |reader| {
            let sides = sides::both(reader, (&left, &right), now_ms)?;
            let about = sides::About::of(reader, (&left, &right))?;
            Ok((sides, meant::Standing::read(reader, about, now_ms)?))
        })
        .await?;
    told(&http, (left_name, right_name), sides?, standing, listing).await
}

/// Compares two sides, and says where what differs stands.
async fn told(
    http: &Http,
    (left_name, right_name): (String, String),
    (left, right): (Filled, Filled),
    standing: meant::Standing,
    listing: Listing,
) -> Result<Json<api::Comparison>, Problem> {
    // What is declared or was approved of a host stands on none.
    let placed = (left.covers.is_none(), right.covers.is_none());
    let uncovered = left.uncovered().chain(right.uncovered()).collect();
    let mut unchecked = left.unchecked;
    unchecked.extend(right.unchecked.into_iter().filter(|one| !unchecked.contains(one)).collect::<Vec<_>>());
    let (left, right) = (left.side, right.side);
    let compared = tokio::task::spawn_blocking(move || standing.compare(&left, &right, listing));
    let compared = compared.await.map_err(|_| Problem::stopping())?;
    sides::name_strangers(&compared, &mut unchecked);
    let answer = shown(&compared, left_name, right_name);
    let located = http.read(move |reader| {
        let mut places = places::Places::new(reader);
        let one = |mut one: Difference| {
            one.left.host = one.left.host.filter(|_| placed.0);
            one.right.host = one.right.host.filter(|_| placed.1);
            places.difference(one)
        };
        compared.differences.into_iter().map(one).collect::<Result<Vec<_>, _>>()
    });
    let differences = located.await?;
    Ok(Json(api::Comparison { unchecked, uncovered, differences, ..answer }))
}

fn shown(compared: &Comparison, left: String, right: String) -> api::Comparison {
    api::Comparison {
        schema_version: SCHEMA_VERSION,
        left,
        right,
        left_hosts: compared.left_hosts,
        right_hosts: compared.right_hosts,
        keys: compared.keys,
        differing: compared.differing,
        accepted: compared.accepted,
        expected: compared.expected,
        violations: compared.violations,
        undetermined: compared.undetermined,
        percent: compared.percent(),
        unchecked: Vec::new(),
        uncovered: Vec::new(),
        metadata_differing: compared.metadata_differing,
        differences: Vec::new(),
    }
}
