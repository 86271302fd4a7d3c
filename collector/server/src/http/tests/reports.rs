//! Scheduled scans through the store and out of the API, driven by the clock;
//! places in comparisons.

use driftline_api::report::ReportList;
use driftline_compare::policy::PolicyVersion;

use super::*;
use crate::schedule::{Known, look};

const DAY_MS: i64 = 86_400_000;

/// 2027-01-15 is a Friday; `NOW_MS` is 08:00 of it.
const POLICY: &str = "[[schedule]]\nname = \"nightly\"\nkind = \"compare\"\nleft = \"staging\"\n\
                      right = \"production\"\nat = \"06:00\"\n\
                      [[schedule]]\nname = \"weekly\"\nkind = \"compare\"\nleft = \"staging\"\n\
                      right = \"nowhere\"\nat = \"mon 06:00\"\n";

impl Room {
    async fn policy(&self, text: &str) {
        let version = PolicyVersion {
            number: 1,
            text: text.to_owned(),
            applied_by: "ada".to_owned(),
            applied_ms: self.clock.now_ms(),
            summary: String::new(),
        };
        self.http.core.recorder.decide(move |draft| draft.put_document(&version)).await.unwrap();
    }

    async fn reports(&self, query: &str) -> ReportList {
        self.json(&format!("/api/v1/reports{query}")).await
    }
}

#[tokio::test]
async fn a_scan_runs_when_it_is_due_and_is_kept_with_its_percentage() {
    let room = Room::new().await;
    room.fill().await;
    room.policy(POLICY).await;
    let mut known = Known::default();
    look(&room.http.core, &mut known).await.unwrap();
    assert!(room.reports("").await.reports.is_empty(), "what was due before the policy was there does not run");
    room.clock.advance_ms(DAY_MS);
    look(&room.http.core, &mut known).await.unwrap();
    look(&room.http.core, &mut known).await.unwrap();
    let list = room.reports("").await;
    assert_eq!(list.reports.len(), 1, "once, however often it is looked");
    let found = list.reports[0].found.as_ref().unwrap();
    assert_eq!((found.keys, found.differing, found.percent.as_str()), (2, 1, "50.0"));
    assert_eq!(found.critical, 1);
    assert_eq!((list.reports[0].schedule.as_str(), list.reports[0].missed), ("nightly", 0));
}

#[tokio::test]
async fn after_a_downtime_it_runs_once_and_says_what_was_missed() {
    let room = Room::new().await;
    room.fill().await;
    room.policy(POLICY).await;
    room.clock.advance_ms(DAY_MS);
    look(&room.http.core, &mut Known::default()).await.unwrap();
    room.clock.advance_ms(10 * DAY_MS);
    // A collector that starts anew knows what ran before from the store.
    let mut known = Known::default();
    look(&room.http.core, &mut known).await.unwrap();
    look(&room.http.core, &mut known).await.unwrap();
    let nightly = room.reports("?schedule=nightly").await.reports;
    assert_eq!(nightly.iter().map(|one| one.missed).collect::<Vec<_>>(), [9, 0]);
    let weekly = room.reports("?schedule=weekly").await.reports;
    assert_eq!(weekly.len(), 1);
    assert_eq!(weekly[0].failed.as_deref(), Some("no host matches `nowhere`"));
    assert_eq!(weekly[0].found, None);
    let mut numbers: Vec<u64> = room.reports("").await.reports.iter().map(|one| one.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "newest first, each once: {numbers:?}");
    numbers.dedup();
    assert_eq!(numbers.len(), 3);
}

#[tokio::test]
async fn a_policy_that_is_not_understood_schedules_nothing() {
    let room = Room::new().await;
    room.policy("nonsense =").await;
    room.clock.advance_ms(30 * DAY_MS);
    look(&room.http.core, &mut Known::default()).await.unwrap();
    assert!(room.reports("").await.reports.is_empty());
}

#[tokio::test]
async fn reports_are_asked_for_by_time_and_number() {
    let room = Room::new().await;
    room.fill().await;
    room.policy(POLICY).await;
    let mut known = Known::default();
    for _ in 0..5 {
        room.clock.advance_ms(DAY_MS);
        look(&room.http.core, &mut known).await.unwrap();
    }
    assert_eq!(room.reports("?schedule=nightly&limit=2").await.reports.len(), 2);
    let since = driftline_daemon::clock::format_ms(room.clock.now_ms() - DAY_MS);
    assert_eq!(room.reports(&format!("?schedule=nightly&since={since}")).await.reports.len(), 2);
    let (status, problem) = room.problem("/api/v1/reports?scedule=x").await;
    assert_eq!((status, problem.hint.as_deref()), (400, Some("did you mean `schedule`?")));
}

#[tokio::test]
async fn a_difference_says_where_it_stands() {
    let room = Room::new().await;
    room.fill().await;
    let found: api_compare::Comparison = room.json("/api/v1/compare?left=production&right=staging").await;
    let at = |cell: &api_compare::Cell| cell.at.clone().unwrap();
    let (left, right) = (at(&found.differences[0].left), at(&found.differences[0].right));
    assert_eq!((left.host.as_str(), left.path.as_deref(), left.line), ("web-1", Some("/etc/app.env"), Some(1)));
    assert_eq!((right.host.as_str(), right.included), ("web-2", false));
}
