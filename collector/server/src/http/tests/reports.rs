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

    /// Another value of a setting of a host of production, which may be new.
    async fn set(&self, host: &'static str, key: &'static str, value: u8) {
        let step = move |draft: &mut crate::record::Draft<'_>| {
            let mut host = host_record(host);
            host.status = HostStatus::Connected;
            let source = SourceName::new("app").unwrap();
            draft.put_items(&host.host, &source, [item(key, value)].map(|item| (item.key.clone(), Some(item))));
            draft.put_source(source_record(&host.host, source));
            draft.put_host(host);
            Ok(())
        };
        self.http.core.recorder.decide(step).await.unwrap();
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

/// What is approved is what it is held against, and nothing is approved by it.
#[tokio::test]
async fn a_nightly_baseline_holds_hosts_against_what_a_person_approved_and_approves_nothing() {
    let room = Room::new().await;
    room.fill().await;
    let text = "[[schedule]]\nname = \"nightly\"\nkind = \"baseline\"\nof = \"production\"\nat = \"02:30\"\n";
    room.policy(text).await;
    let mut known = Known::default();
    let mut night = async |percent: Result<&str, &str>, unchecked: u64| {
        room.clock.advance_ms(DAY_MS);
        look(&room.http.core, &mut known).await.unwrap();
        let newest = room.reports("?limit=1").await.reports.remove(0);
        assert_eq!((newest.left.as_str(), newest.right.as_str()), ("baseline:production", "production"));
        match (&newest.found, percent) {
            (Some(found), Ok(percent)) => assert_eq!((found.percent.as_str(), found.unchecked), (percent, unchecked)),
            (None, Err(failed)) => assert_eq!(newest.failed.as_deref(), Some(failed)),
            other => panic!("{other:?}"),
        }
    };
    night(Err("nothing of `production` was approved"), 0).await;
    let body = r#"{"selector": "production", "reason": "audited"}"#;
    assert_eq!(room.call("POST", "/api/v1/baselines", Some("ada"), body).await.status(), StatusCode::OK);
    night(Ok("0.0"), 0).await;
    room.set("web-1", "DB_HOST", 9).await;
    night(Ok("50.0"), 0).await;
    night(Ok("50.0"), 0).await;
    let baselines: driftline_api::baseline::BaselineList = room.json("/api/v1/baselines").await;
    assert_eq!(baselines.baselines.len(), 1, "a scan approves nothing, however often it runs");
    room.set("web-7", "DB_HOST", 9).await;
    night(Ok("50.0"), 1).await;
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
