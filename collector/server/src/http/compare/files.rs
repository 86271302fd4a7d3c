//! Hosts held against what files of a repository say, before anything is
//! declared.
//!
//! Nothing of what is sent is kept. It asks for the role that may push: whoever
//! has the fleet key could try values otherwise.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::{Extension, Json};
use driftline_api::compare::{CompareRequest, Comparison};
use driftline_compare::Selector;
use driftline_compare::compare::Listing;

use super::sides::{About, Asked, Files, against_files};
use super::{meant, told};
use crate::desired;
use crate::grant::OperatorRole;
use crate::http::Shared;
use crate::http::auth::Operator;
use crate::http::desired::refused_body;
use crate::http::error::Problem;

pub(in crate::http) async fn compare(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<CompareRequest>, JsonRejection>,
) -> Result<Json<Comparison>, Problem> {
    operator.may_deploy()?;
    let Json(CompareRequest { left, name, declared, all }) = request.map_err(|error| refused_body(&error))?;
    let selector: Selector = left.parse().map_err(|error| Problem::bad(format!("`left`: {error}")))?;
    operator.may(OperatorRole::Deployer, selector.environment.as_ref())?;
    let name = desired::checked::label("name", name)?;
    let making = (declared.fleet_key_epoch, declared.canonical_form);
    let pepper = http.core.pepper.clone();
    let peppered = tokio::task::spawn_blocking(move || desired::checked::sources(declared, &pepper)).await;
    let sources = peppered.map_err(|_| Problem::stopping())??;
    let listing = if all == Some(true) { Listing::Everything } else { Listing::Differences };
    let hosts = Asked::parse(&left, None)?;
    let (names, now_ms) = ((left, name.clone()), http.core.clock.now_ms());
    let (sides, standing) = http
        .read(move |reader| {
            let sides = against_files(reader, &selector, Files { name, making, sources })?;
            // One side for both: no expectation is about two environments.
            let about = About::of(reader, (&hosts, &hosts))?;
            Ok((sides, meant::Standing::read(reader, about, now_ms)?))
        })
        .await?;
    told(&http, names, sides?, standing, listing).await
}
