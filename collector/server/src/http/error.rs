//! Answers that are not 2xx: one shape, stable words, and what to do about it.

use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use driftline_api::problem::ApiError;
use driftline_store::StoreError;

use crate::record::Stopped;

/// An answer that is not 2xx.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    body: ApiError,
}

impl Problem {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            body: ApiError { code: code.to_owned(), message: message.into(), hint: None, problems: Vec::new() },
        }
    }

    /// What is wrong, in words.
    pub(super) fn message(&self) -> &str {
        &self.body.message
    }

    /// What an answer, or the end of a stream, says.
    pub(super) fn body(&self) -> &ApiError {
        &self.body
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    pub(super) fn problems(mut self, problems: Vec<driftline_api::problem::Problem>) -> Self {
        self.body.problems = problems;
        self
    }

    pub(super) fn unauthorised() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorised", "this needs a valid bearer token")
            .hint("`driftline login` stores one")
    }

    /// Who was let in and is no longer.
    pub(super) fn gone(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorised", message).hint("`driftline login` stores another token")
    }

    pub(super) fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "unauthorised", "too many failed logins from this address")
            .hint("wait a minute")
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_request", message)
    }

    /// What is there cannot be held against what was asked for.
    pub(super) fn incomparable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "incomparable", message)
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_request", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(super) fn late(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the collector is stopping")
    }

    pub(super) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "too many live streams are open")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store could not be read for the API");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the store could not be read")
            .hint("the collector's log says more")
    }
}

impl From<Stopped> for Problem {
    fn from(_: Stopped) -> Self {
        Self::stopping()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

pub(super) async fn unknown_path(uri: Uri) -> Problem {
    Problem::not_found(format!("there is no `{}`", uri.path()))
}

pub(super) async fn wrong_method(uri: Uri) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "bad_request", format!("`{}` does not take this method", uri.path()))
}
