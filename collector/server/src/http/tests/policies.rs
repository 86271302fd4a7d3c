//! Policies and windows through the router.

use driftline_api::policy::{PolicyDetail, PolicyList, PolicyOutcome, PolicyTurn};
use driftline_api::window::{WindowInfo, WindowList};
use serde_json::json;

use super::*;

const GOOD: &str = "[[severity]]\nkey = 'DB_*'\nseverity = 'warning'\n";

async fn put(room: &Room, text: &str, replaces: Option<u64>) -> Response {
    let mut body = json!({ "text": text });
    if let Some(replaces) = replaces {
        body["replaces"] = replaces.into();
    }
    room.call("PUT", "/api/v1/policy", Some("ada"), &body.to_string()).await
}

async fn read<T: DeserializeOwned>(answer: Response) -> T {
    let (status, bytes) = (answer.status(), bytes(answer).await);
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&bytes));
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn p7_a_bad_policy_never_replaces_a_good_one_and_all_of_it_is_told() {
    let room = Room::new().await;
    let none: PolicyDetail = room.json("/api/v1/policy").await;
    assert_eq!((none.policy, none.text.as_str()), (None, ""));
    let first: PolicyDetail = read(put(&room, GOOD, None).await).await;
    assert_eq!(first.policy.unwrap().summary, "1 severity rule added");
    let bad = "[[severity]]\nkey = 're:('\nseverty = 'warning'\n[freezes]\n";
    let (status, problem) = refusal(put(&room, bad, Some(1)).await).await;
    assert_eq!(status, 422);
    assert!(problem.message.starts_with("this policy has 4 mistakes: 1:1: `severity` is missing"), "{problem:?}");
    let places: Vec<_> = problem.problems.iter().map(|one| (one.line.unwrap(), one.column.unwrap())).collect();
    assert_eq!(places, [(1, 1), (2, 7), (3, 1), (4, 2)]);
    let huge = "#".repeat(300 * 1024);
    assert_eq!(put(&room, &huge, Some(1)).await.status().as_u16(), 422);
    let beyond = "#".repeat(600 * 1024);
    assert_eq!(put(&room, &beyond, Some(1)).await.status().as_u16() / 100, 4);
    let still: PolicyDetail = room.json("/api/v1/policy").await;
    assert_eq!((still.policy.unwrap().version, still.text.as_str()), (1, GOOD));
    let events: change::EventPage = room.json("/api/v1/events").await;
    let told: Vec<_> = events.events.iter().filter(|event| event.message.contains("applied policy")).collect();
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn two_people_who_apply_at_once_do_not_undo_each_other() {
    let room = Room::new().await;
    let texts: Vec<String> = (1..=4).map(|n| format!("[settle]\nseconds = {n}\n")).collect();
    let (a, b) = tokio::join!(put(&room, &texts[0], None), put(&room, &texts[1], None));
    let mut statuses = [a.status().as_u16(), b.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let (status, problem) = refusal(put(&room, &texts[2], Some(7)).await).await;
    assert_eq!((status, problem.code.as_str()), (409, "conflict"));
    assert!(problem.message.starts_with("policy 1 is in force, applied by ada at "), "{problem:?}");
    assert!(problem.hint.unwrap().contains("--replaces 1"));
    let second: PolicyDetail = read(put(&room, &texts[2], Some(1)).await).await;
    assert_eq!(second.policy.unwrap().version, 2);
    // The same again is no new version.
    let same: PolicyDetail = read(put(&room, &texts[2], Some(1)).await).await;
    assert_eq!(same.policy.unwrap().version, 2);
    let history: PolicyList = room.json("/api/v1/policy/history").await;
    let versions: Vec<_> = history.versions.iter().map(|one| (one.version, one.in_force)).collect();
    assert_eq!(versions, [(2, true), (1, false)]);
    let earlier: PolicyDetail = room.json("/api/v1/policy/1").await;
    assert!(texts[..2].contains(&earlier.text) && !earlier.policy.unwrap().in_force);
    assert_eq!(room.problem("/api/v1/policy/9").await.0, 404);
    assert_eq!(room.problem("/api/v1/policy/x").await.0, 400);
}

#[tokio::test]
async fn a_policy_is_followed_from_the_commit_on() {
    let room = Room::new().await;
    let said = |room: &Room| {
        let (environment, source) = ("production".parse().unwrap(), "app".parse().unwrap());
        room.http.core.classes.by_policy(&environment, &source, SourceKind::EnvFile, "DB_HOST")
    };
    assert_eq!(said(&room), None);
    assert_eq!(put(&room, GOOD, None).await.status(), StatusCode::OK);
    assert_eq!(said(&room), Some((Severity::Warning, None)));
    assert_eq!(put(&room, "", Some(1)).await.status(), StatusCode::OK);
    assert_eq!(said(&room), None);
}

#[tokio::test]
async fn a_trial_tells_what_would_be_different_and_changes_nothing() {
    let room = Room::new().await;
    room.fill().await;
    let text = format!("{GOOD}[[freeze]]\nselector = 'production'\nreason = 'always'\n");
    let body = json!({"text": text, "days": 90}).to_string();
    let outcome: PolicyOutcome = read(room.call("POST", "/api/v1/policy/test", Some("vic"), &body).await).await;
    assert_eq!((outcome.changes, outcome.weighed_otherwise, outcome.judged_otherwise), (5, 5, 5));
    let one = &outcome.examples[0];
    assert_eq!((one.severity_before.as_str(), one.severity_after.as_str()), ("critical", "warning"));
    let verdict = |one: &Option<String>| one.clone().unwrap();
    assert_eq!(
        (verdict(&one.verdict_before), verdict(&one.verdict_after)),
        ("undetermined".into(), "out_of_band".into())
    );
    assert_eq!(one.notes[0], "the environment is frozen: always");
    let turn = |one: &PolicyTurn| (one.before.clone(), one.after.clone(), one.changes);
    assert_eq!(
        outcome.verdicts.iter().map(turn).collect::<Vec<_>>(),
        [("undetermined".into(), "out_of_band".into(), 5)]
    );
    assert_eq!(outcome.severities.iter().map(|one| one.changes).sum::<u64>(), 5);
    let none: PolicyDetail = room.json("/api/v1/policy").await;
    assert_eq!(none.policy, None);
    // The same rules as now: nothing would be different.
    let body = json!({"text": "", "days": 90}).to_string();
    let same: PolicyOutcome = read(room.call("POST", "/api/v1/policy/test", Some("vic"), &body).await).await;
    assert_eq!((same.changes, same.weighed_otherwise, same.judged_otherwise), (5, 0, 0));
    for (text, days, status) in [("x", 7, 422), ("", 0, 400), ("", 91, 400)] {
        let body = json!({"text": text, "days": days}).to_string();
        let answer = room.call("POST", "/api/v1/policy/test", Some("vic"), &body).await;
        assert_eq!(answer.status().as_u16(), status, "{text} {days}");
    }
}

async fn open(room: &Room, who: &str, change: impl FnOnce(&mut serde_json::Value)) -> Response {
    let mut body = json!({"selector": "production", "ticket": "CHG-1", "seconds": 600});
    change(&mut body);
    room.call("POST", "/api/v1/windows", Some(who), &body.to_string()).await
}

#[tokio::test]
async fn a_window_ends_by_itself_or_by_hand_and_is_told() {
    let room = Room::new().await;
    room.fill().await;
    let first: WindowInfo = read(open(&room, "dan", |_| {}).await).await;
    assert_eq!((first.id, first.status.as_str(), first.opened_by.as_str()), (1, "open", "dan"));
    let narrow = |body: &mut serde_json::Value| {
        body["selector"] = "env=staging,role=web".into();
        (body["source"], body["actor"], body["seconds"]) = ("app".into(), "deploy".into(), 86_400.into());
    };
    let second: WindowInfo = read(open(&room, "dan", narrow).await).await;
    assert_eq!((second.id, second.selector.as_str()), (2, "env=staging,role=web"));
    let ids = |list: WindowList| list.windows.iter().map(|window| window.id).collect::<Vec<_>>();
    assert_eq!(ids(room.json("/api/v1/windows").await), [2, 1]);
    assert_eq!(ids(room.json("/api/v1/windows?env=production").await), [1]);
    room.clock.advance_ms(600_000);
    assert_eq!(ids(room.json("/api/v1/windows").await), [2], "over");
    for (path, status) in [("2", 204), ("2", 204), ("1", 204), ("3", 404), ("x", 404)] {
        let answer = room.call("DELETE", &format!("/api/v1/windows/{path}"), Some("dan"), "").await;
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
    let all: WindowList = room.json("/api/v1/windows?all=true").await;
    let status: Vec<_> = all.windows.iter().map(|window| window.status.as_str()).collect();
    assert_eq!(status, ["closed", "over"]);
    assert_eq!(all.windows[0].closed_by.as_deref(), Some("dan"));
    let events: change::EventPage = room.json("/api/v1/events?env=staging").await;
    let told: Vec<_> = events.events.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(told[0], "dan closed window 2 (CHG-1)");
    assert!(told[1].starts_with("dan opened window 2 (CHG-1) for env=staging,role=web, source app, by deploy until "));
}

#[tokio::test]
async fn a_window_that_is_too_long_or_for_nowhere_is_refused() {
    let room = Room::new().await;
    room.fill().await;
    type Change = fn(&mut serde_json::Value);
    let cases: [(Change, u16); 9] = [
        (|body| body["seconds"] = 86_401.into(), 400),
        (|body| body["seconds"] = 59.into(), 400),
        (|body| body["ticket"] = "".into(), 400),
        (|body| body["ticket"] = "a\nb".into(), 400),
        (|body| body["ticket"] = "x".repeat(300).into(), 400),
        (|body| body["selector"] = "role=web".into(), 400),
        (|body| body["selector"] = "colour=red".into(), 400),
        (|body| body["colour"] = "red".into(), 400),
        (|body| body["selector"] = "nowhere".into(), 404),
    ];
    for (index, (change, status)) in cases.into_iter().enumerate() {
        let answer = open(&room, "ada", change).await;
        let (found, problem) = refusal(answer).await;
        assert_eq!(found, status, "{index}: {problem:?}");
    }
    let none: WindowList = room.json("/api/v1/windows?all=true").await;
    assert!(none.windows.is_empty());
}

#[tokio::test]
async fn a_key_has_one_severity_as_a_change_and_as_a_difference() {
    let room = Room::new().await;
    room.fill().await;
    let severity = async |path: &str| {
        let found: api_compare::Comparison = room.json(path).await;
        found.differences.into_iter().find(|one| one.key == "DB_HOST").unwrap().severity
    };
    let both = "/api/v1/compare?left=production&right=staging";
    assert_eq!(severity(both).await, "critical", "as built in");
    read::<PolicyDetail>(put(&room, GOOD, None).await).await;
    for path in
        [both, "/api/v1/compare?left=staging&right=production", "/api/v1/compare?left=host=web-1&right=host=web-2"]
    {
        assert_eq!(severity(path).await, "warning", "{path}");
    }
    let of_staging = "[[severity]]\nkey = 'DB_*'\nenvironment = 'staging'\nseverity = 'info'\n";
    read::<PolicyDetail>(put(&room, of_staging, Some(1)).await).await;
    assert_eq!(severity(both).await, "critical", "in production it is");
}
