//! What the collector has of a host, asked through its API.
//!
//! Cheap questions (its own counts) are asked again and again, dear ones once.

use driftline_api::host::HostDetail;
use driftline_tests::process::eventually;
use tokio::runtime::Runtime;

use crate::api::Api;

/// The count of history entries among the collector's metrics.
const ENTRIES: &str = "driftline_collector_history_entries_total";

/// Entries of the history that this process of the collector has appended.
pub(crate) fn entries(api: &Api, runtime: &Runtime) -> u64 {
    metric(&runtime.block_on(api.text("/metrics")), ENTRIES).unwrap_or_default()
}

/// Waits until the history has grown by so many entries: each new source is
/// one.
pub(crate) fn wait_for_entries(api: &Api, runtime: &Runtime, from: u64, count: usize) {
    eventually("every file is at the collector", || (entries(api, runtime) >= from + count as u64).then_some(()));
}

/// One value of the OpenMetrics text format.
pub(crate) fn metric(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    value.trim().parse::<f64>().ok().map(|value| value as u64)
}

/// Everything of a host.
pub(crate) async fn detail(api: &Api, host: &str) -> HostDetail {
    let mut all: HostDetail = api.get(&format!("/api/v1/hosts/{host}")).await;
    while let Some(next) = all.next.take() {
        let page: HostDetail = api.get(&format!("/api/v1/hosts/{host}?cursor={next}")).await;
        all.sources.extend(page.sources);
        all.next = page.next;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_whole_name() {
        let text = "# TYPE a counter\na_total 17\na_total_bytes 3\nb{x=\"1\"} 9\n# EOF\n";
        assert_eq!(metric(text, "a_total"), Some(17));
        assert_eq!(metric(text, "a"), None);
        assert_eq!(metric(text, "b"), None);
    }
}
