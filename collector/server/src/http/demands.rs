//! What each route demands of who asks: one table.
//!
//! A route without a row is refused to all but administrators. Where a row says
//! [`Reach::Checked`], the handler knows the environment only once it has looked
//! and asks there.

use axum::extract::Query;
use axum::http::{Method, Uri};
use driftline_canon::Environment;

use super::auth::Operator;
use super::error::Problem;
use crate::grant::{OperatorRole, Sight};

/// What an operator with roles in some environments only gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// What is of their environments; the handler leaves out the rest.
    Filtered,
    /// They must name one of their environments (`env=`).
    Named,
    /// The handler finds out which environment it is, and asks.
    Checked,
    /// Nothing: it is about all environments.
    Whole,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) role: OperatorRole,
    pub(super) reach: Reach,
}

const fn row(method: &'static str, path: &'static str, role: OperatorRole, reach: Reach) -> Demand {
    Demand { method, path, role, reach }
}

use OperatorRole::{Admin, Deployer, Operator as Op, Viewer};
use Reach::{Checked, Filtered, Named, Whole};

/// Every route.
pub(super) const DEMANDS: &[Demand] = &[
    row("GET", "/api/v1/status", Viewer, Filtered),
    row("GET", "/api/v1/whoami", Viewer, Filtered),
    row("GET", "/api/v1/hosts", Viewer, Filtered),
    row("GET", "/api/v1/hosts/{host}", Viewer, Checked),
    row("DELETE", "/api/v1/hosts/{host}", Op, Checked),
    row("POST", "/api/v1/hosts/{host}/forget", Admin, Named),
    row("GET", "/api/v1/changes", Viewer, Filtered),
    row("GET", "/api/v1/changes/stream", Viewer, Filtered),
    row("GET", "/api/v1/events", Viewer, Filtered),
    row("GET", "/api/v1/history/{key}", Viewer, Filtered),
    row("GET", "/api/v1/explain", Viewer, Checked),
    row("GET", "/api/v1/explain/{id}", Viewer, Checked),
    row("GET", "/api/v1/compare", Viewer, Checked),
    row("POST", "/api/v1/compare", Deployer, Checked),
    row("GET", "/api/v1/verify", Viewer, Filtered),
    row("GET", "/api/v1/export", Viewer, Whole),
    row("GET", "/api/v1/tokens", Viewer, Filtered),
    row("POST", "/api/v1/tokens", Op, Checked),
    row("DELETE", "/api/v1/tokens/{id}", Op, Checked),
    row("GET", "/api/v1/policy", Viewer, Filtered),
    row("PUT", "/api/v1/policy", Admin, Whole),
    row("GET", "/api/v1/policy/history", Viewer, Filtered),
    row("POST", "/api/v1/policy/test", Viewer, Filtered),
    row("GET", "/api/v1/policy/{version}", Viewer, Filtered),
    row("GET", "/api/v1/windows", Viewer, Filtered),
    row("POST", "/api/v1/windows", Deployer, Checked),
    row("DELETE", "/api/v1/windows/{id}", Deployer, Checked),
    row("GET", "/api/v1/operators", Admin, Whole),
    row("POST", "/api/v1/operators", Admin, Whole),
    row("DELETE", "/api/v1/operators/{name}", Admin, Whole),
    row("POST", "/api/v1/operators/{name}/rotate", Viewer, Checked),
    row("GET", "/api/v1/desired", Viewer, Named),
    row("POST", "/api/v1/desired", Deployer, Checked),
    row("GET", "/api/v1/desired/show", Viewer, Named),
    row("GET", "/api/v1/baselines", Viewer, Filtered),
    row("POST", "/api/v1/baselines", Op, Checked),
    row("GET", "/api/v1/baselines/{number}", Viewer, Filtered),
    row("GET", "/api/v1/snapshot", Viewer, Checked),
    row("POST", "/api/v1/snapshot", Deployer, Checked),
    row("GET", "/api/v1/drift", Viewer, Named),
    row("GET", "/api/v1/drift/{id}", Viewer, Checked),
    row("GET", "/api/v1/acceptances", Viewer, Filtered),
    row("POST", "/api/v1/acceptances", Op, Checked),
    row("DELETE", "/api/v1/acceptances/{id}", Op, Checked),
    row("GET", "/api/v1/reports", Viewer, Filtered),
    row("GET", "/metrics", Viewer, Whole),
];

/// What a route demands.
fn of(method: &Method, path: &str) -> (OperatorRole, Reach) {
    // axum answers HEAD by the routes of GET.
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let found = DEMANDS.iter().find(|demand| demand.method == method && demand.path == path);
    found.map_or((Admin, Whole), |demand| (demand.role, demand.reach))
}

/// Refuses who may not use a route at all, or not for the environment that the
/// query names.
///
/// # Errors
/// [`Problem`] 403.
pub(super) fn check(operator: &Operator, method: &Method, route: &str, uri: &Uri) -> Result<(), Problem> {
    let (role, reach) = of(method, route);
    let named = named(uri);
    // An environment in the query makes nothing smaller that is about all.
    if let Some(environment) = named.as_ref().filter(|_| reach != Reach::Whole) {
        // In a query it is what is asked for, whatever else the handler looks at.
        return operator.may(role, Some(environment));
    }
    match reach {
        Reach::Whole => operator.may(role, None),
        Reach::Filtered | Reach::Checked => operator.may_somewhere(role),
        Reach::Named => {
            operator.may_somewhere(role)?;
            let Sight::Only(own) = operator.sight() else { return Ok(()) };
            let own: Vec<&str> = own.iter().map(Environment::as_str).collect();
            let problem = Problem::forbidden(format!("{} may see this of single environments only", operator.0.name));
            Err(problem.hint(format!("name one with `--env`: {}", own.join(", "))))
        }
    }
}

/// The environment in a query, if there is one; what is none is the handler's
/// to refuse.
fn named(uri: &Uri) -> Option<Environment> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    let (_, name) = pairs.into_iter().find(|(key, _)| key == "env")?;
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The routes of the router, from its source: axum does not list them.
    fn routes() -> Vec<(String, String)> {
        let source = include_str!("../http.rs");
        let of_route = |piece: &str| {
            let path = piece.split('"').nth(1).unwrap_or_default().to_owned();
            let handlers = piece.split_once(',').map_or("", |(_, rest)| rest).split(".route(").next().unwrap_or("");
            let handlers = handlers.split(".layer(").next().unwrap_or("").to_owned();
            ["get", "post", "put", "delete", "patch"].into_iter().filter_map(move |method| {
                let called = handlers
                    .match_indices(&format!("{method}("))
                    .any(|(at, _)| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
                called.then(|| (method.to_uppercase(), path.clone()))
            })
        };
        source.split(".route(").skip(1).flat_map(of_route).filter(|(_, path)| !path.ends_with("z")).collect()
    }

    #[test]
    fn every_route_has_one_row() {
        let routes = routes();
        assert!(routes.len() > 25, "the routes were not found: {routes:?}");
        for (method, path) in routes {
            let rows = DEMANDS.iter().filter(|row| row.method == method && row.path == path).count();
            assert_eq!(rows, 1, "{method} {path}");
        }
    }

    #[test]
    fn a_route_without_a_row_is_for_administrators() {
        assert_eq!(of(&Method::GET, "/api/v1/else"), (Admin, Whole));
        assert_eq!(of(&Method::PUT, "/api/v1/status"), (Admin, Whole));
        assert_eq!(of(&Method::HEAD, "/api/v1/status"), (Viewer, Filtered));
    }
}
