//! The whole at a glance.

use driftline_api::host::SeverityCount;

use super::*;
use crate::printer::{Style, layout};

fn status(unwell: u32) -> Status {
    let changes_24h = SeverityCount { critical: 0, warning: 2, info: 0 };
    let environment = "production".to_owned();
    Status {
        schema_version: 1,
        collector_version: "0.1.0".to_owned(),
        now: String::new(),
        started_at: "2026-11-22T11:00:00.000Z".to_owned(),
        engine: "redb".to_owned(),
        history_entries: 1,
        alerts_pending: 3,
        environments: vec![EnvironmentSummary {
            environment,
            hosts: 3,
            connected: 3,
            unwell,
            changes_24h,
            problems: 0,
        }],
    }
}

#[test]
fn status_in_80_columns() {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let found = layout::render(&document(&status(0), "https://c:7443", now), Style { width: 80, colour: false });
    let expected = "\
collector       https://c:7443
version         0.1.0 (redb, started 1h ago)
history         1 entry
alerts waiting  3

ENVIRONMENT  HOSTS  CONNECTED  UNWELL  CHANGES IN 24 H  PROBLEMS
production   3      3          0       2 warning        0
";
    assert_eq!(found, expected);
}

#[test]
fn p10_a_silent_host_is_not_green() {
    assert_eq!(exit(&status(0)), Exit::Clean);
    assert_eq!(exit(&status(1)), Exit::Inconclusive);
}
