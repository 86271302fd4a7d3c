//! What the collector has of a host, asked through its API.
//!
//! Cheap questions are asked again and again, dear ones once.

use driftline_api::host::{HostDetail, HostPage};

use crate::api::Api;

/// Whether the collector has that many sources of a host.
pub(crate) async fn known(api: &Api, host: &str, sources: usize) -> bool {
    let page: HostPage = api.get("/api/v1/hosts?limit=1000").await;
    page.hosts
        .iter()
        .any(|found| found.host == host && found.sources as usize >= sources && found.verified_at.is_some())
}

/// Everything of a host.
pub(crate) async fn detail(api: &Api, host: &str) -> HostDetail {
    api.get(&format!("/api/v1/hosts/{host}")).await
}
