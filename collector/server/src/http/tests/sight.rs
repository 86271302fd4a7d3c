//! What operators of one environment are told of reports and of baselines over
//! several: their part, and nothing that tells of the rest.

use driftline_api::baseline::{BaselineDetail, BaselineList};
use driftline_api::report::ReportList;
use driftline_compare::report::{Found, Outcome, Report};
use serde_json::{Value, json};

use super::*;

/// Reports by number, and who sees them: of staging, of production.
const REPORTS: [(&str, &str, bool, bool); 11] = [
    ("staging", "staging@2026-01-01T00:00:00Z", true, false),
    ("staging", "desired:staging", true, false),
    ("env=staging,role=web", "baseline:env=staging,role=web", true, false),
    ("production", "baseline:production", false, true),
    ("staging", "production", false, false),
    ("production", "staging", false, false),
    ("role=web", "staging", false, false),
    ("staging", "host=web-1", false, false),
    ("staging", "revision:rev-production-1", false, false),
    ("staging", "no such: side", false, false),
    ("desired:production", "baseline:staging", false, false),
];

const STAGING: &str = "viewer:staging";
const PRODUCTION: &str = "operator:production";

async fn room() -> Room {
    let room = Room::new().await;
    room.fill().await;
    for role in [STAGING, PRODUCTION, "admin:staging"] {
        room.operator(role, role, false).await;
    }
    room.two_roles("both", [STAGING, "viewer:production"]).await;
    let step = |draft: &mut crate::record::Draft<'_>| {
        for (number, (left, right, ..)) in (1..).zip(REPORTS) {
            let found = Found { keys: 80, differing: 12, ..Found::default() };
            let (left, right) = (left.to_owned(), right.to_owned());
            let schedule = format!("s{number}");
            let outcome = Outcome::Found(found);
            draft.put_document(&Report {
                number,
                schedule,
                left,
                right,
                due_ms: NOW_MS,
                ran_ms: NOW_MS,
                missed: 0,
                outcome,
            })?;
        }
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    for selector in ["production", "staging", "role=web"] {
        let body = json!({"selector": selector, "reason": "audited"}).to_string();
        assert_eq!(room.call("POST", "/api/v1/baselines", Some("ada"), &body).await.status(), 200, "{selector}");
    }
    room
}

async fn told(room: &Room, who: &str, path: &str) -> (u16, String) {
    let answer = room.call("GET", &format!("/api/v1/{path}"), Some(who), "").await;
    (answer.status().as_u16(), String::from_utf8(bytes(answer).await.to_vec()).unwrap())
}

async fn read<T: DeserializeOwned>(room: &Room, who: &str, path: &str) -> T {
    let (status, text) = told(room, who, path).await;
    assert_eq!(status, 200, "{who} {path}: {text}");
    serde_json::from_str(&text).unwrap()
}

async fn numbers(room: &Room, who: &str, path: &str) -> Vec<u64> {
    read::<ReportList>(room, who, path).await.reports.iter().map(|one| one.number).collect()
}

fn seen(by: impl Fn(&(&str, &str, bool, bool)) -> bool) -> Vec<u64> {
    let all = (1..).zip(REPORTS).filter(|(_, one)| by(one)).map(|(number, _)| number);
    all.collect::<Vec<u64>>().into_iter().rev().collect()
}

#[tokio::test]
async fn a_report_is_seen_by_who_sees_both_of_its_sides() {
    let room = room().await;
    assert_eq!(numbers(&room, STAGING, "reports").await, seen(|one| one.2));
    assert_eq!(numbers(&room, PRODUCTION, "reports").await, seen(|one| one.3));
    assert_eq!(numbers(&room, "ada", "reports").await, seen(|_| true));
    // Both environments are not all of them: a role may be of a third.
    assert_eq!(numbers(&room, "both", "reports").await, [11, 6, 5, 4, 3, 2, 1]);
    assert_eq!(numbers(&room, "ada", "reports?env=production").await, [11, 6, 5, 4]);
}

#[tokio::test]
async fn no_query_makes_more_reports_seen_and_none_tells_how_many_there_are() {
    let room = room().await;
    for who in [STAGING, "admin:staging"] {
        for query in ["", "?env=staging", "?limit=3", "?env=staging&limit=1000", "?env="] {
            let (status, text) = told(&room, who, &format!("reports{query}")).await;
            assert_eq!(status, 200, "{query}");
            assert!(!text.contains("production") && !text.contains("web-1"), "{query}: {text}");
            let list: ReportList = serde_json::from_str(&text).unwrap();
            assert_eq!(list.reports.len(), 3, "{query}: a limit counts what is seen");
        }
        assert_eq!(told(&room, who, "reports?env=production").await.0, 403);
        assert_eq!(told(&room, who, "reports?env=staging&env=production").await.0, 400);
        for hidden in ["s5", "s6", "s7", "nothing"] {
            let (_, text) = told(&room, who, &format!("reports?schedule={hidden}")).await;
            assert_eq!(text, told(&room, who, "reports?schedule=never").await.1, "{hidden}");
        }
    }
}

#[tokio::test]
async fn of_a_baseline_over_several_environments_each_sees_the_own_part() {
    let room = room().await;
    for (who, own, host, other) in [(STAGING, 2, "web-2", "web-1"), (PRODUCTION, 1, "web-1", "web-2")] {
        let list: BaselineList = read(&room, who, "baselines").await;
        assert_eq!(list.baselines.iter().map(|one| one.number).collect::<Vec<_>>(), [3, own], "{who}");
        for number in [3, own] {
            let (status, text) = told(&room, who, &format!("baselines/{number}")).await;
            assert_eq!(status, 200, "{who} {number}: {text}");
            assert!(!text.contains(other), "{text}");
            let detail: BaselineDetail = serde_json::from_str(&text).unwrap();
            assert_eq!(detail.baseline.hosts, [host]);
            assert!(!detail.items.is_empty() && detail.items.iter().all(|item| item.host == host));
            assert_eq!(detail.baseline.items, detail.items.len() as u64, "nothing is counted that is not shown");
        }
    }
    let whole: BaselineDetail = read(&room, "ada", "baselines/3").await;
    assert_eq!(whole.baseline.hosts, ["web-1", "web-2"]);
    let narrowed: BaselineDetail = read(&room, "ada", "baselines/3?env=staging").await;
    assert_eq!(narrowed.baseline.hosts, ["web-2"]);
}

#[tokio::test]
async fn a_baseline_of_another_environment_is_answered_as_one_that_is_not_there() {
    let room = room().await;
    for who in [STAGING, "admin:staging"] {
        for query in ["", "?env=staging"] {
            let (status, hidden) = told(&room, who, &format!("baselines/1{query}")).await;
            let (absent_status, absent) = told(&room, who, &format!("baselines/9{query}")).await;
            assert_eq!((status, absent_status), (404, 404), "{hidden}");
            assert_eq!(hidden.replace("`1`", "`9`"), absent);
        }
        assert_eq!(told(&room, who, "baselines/1?env=production").await, {
            let (status, text) = told(&room, who, "baselines/9?env=production").await;
            assert_eq!(status, 403);
            (status, text)
        });
    }
    let list: Value = read(&room, STAGING, "baselines").await;
    assert!(!list.to_string().contains("production"), "{list}");
}
