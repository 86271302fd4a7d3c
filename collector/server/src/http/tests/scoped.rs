//! Operators of one environment, two people at once, limits, and what of all
//! that the history keeps.

use driftline_api::baseline::BaselineList;
use driftline_api::change::{ChangePage, EventPage};
use driftline_api::drift::{AcceptanceList, DriftDetail, DriftList};
use driftline_api::explain::Explanation;
use driftline_api::policy::{PolicyDetail, PolicyList, PolicyOutcome};
use driftline_api::window::WindowList;
use driftline_canon::CANONICAL_FORM;
use serde_json::{Value, json};

use super::*;

const LATER: &str = "2027-02-01T00:00:00Z";
const SCOPED: [&str; 4] = ["viewer:staging", "deployer:staging", "operator:production", "admin:staging"];

/// Both environments with a host, something declared and something else there,
/// an acceptance, a baseline and a window; operators are named as their role.
async fn room() -> Room {
    let room = Room::new().await;
    room.fill().await;
    for role in SCOPED {
        room.operator(role, role, false).await;
    }
    same_form(&room).await;
    for (environment, value) in [("production", 77), ("staging", 88)] {
        told(&room, "ada", "POST", "desired", &push(environment, value), 200).await;
        let window = json!({"selector": environment, "ticket": format!("CHG-{environment}"), "seconds": 600});
        told(&room, "ada", "POST", "windows", &window, 200).await;
        let baseline = json!({"selector": environment, "reason": format!("audit of {environment}")});
        told(&room, "ada", "POST", "baselines", &baseline, 200).await;
        let covers = format!("env={environment},source=app,key=LOG_*");
        told(&room, "ada", "POST", "acceptances", &acceptance(&covers), 200).await;
    }
    room
}

/// The hosts' digests are made as those that are declared.
async fn same_form(room: &Room) {
    let step = |draft: &mut crate::record::Draft<'_>| {
        for name in ["web-1", "web-2"] {
            let mut host = draft.host(&name.parse().unwrap())?.unwrap();
            host.canonical_form = CANONICAL_FORM;
            draft.put_host(host);
        }
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
}

fn push(environment: &str, value: u8) -> Value {
    let items = json!([{"key": "DB_HOST", "digest": format!("{value:02x}").repeat(32), "secret": false,
        "display": format!("declared-{value}")}]);
    json!({"selector": environment, "revision": format!("rev-{environment}-{value}"),
        "declared": {"fleet_key_epoch": 1, "canonical_form": CANONICAL_FORM,
            "sources": [{"source": "app", "kind": "env_file", "items": items}]}})
}

fn acceptance(covers: &str) -> Value {
    json!({"covers": covers, "reason": "the old region", "owner": "team-db", "expires_at": LATER})
}

/// What an answer says, whose status must be this.
async fn told(room: &Room, who: &str, method: &str, path: &str, body: &Value, status: u16) -> String {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = room.call(method, &format!("/api/v1/{path}"), Some(who), &body).await;
    let found = answer.status().as_u16();
    let text = String::from_utf8(bytes(answer).await.to_vec()).unwrap();
    assert_eq!(found, status, "{who}: {method} {path}: {text}");
    text
}

async fn read<T: DeserializeOwned>(room: &Room, who: &str, path: &str) -> T {
    serde_json::from_str(&told(room, who, "GET", path, &Value::Null, 200).await).unwrap()
}

async fn messages(room: &Room) -> Vec<String> {
    let page: EventPage = read(room, "ada", "events?limit=1000").await;
    page.events.into_iter().map(|event| event.message).collect()
}

/// The message of a refusal.
async fn refused(room: &Room, who: &str, method: &str, path: &str, body: &Value, status: u16) -> String {
    let problem: problem::ApiError = serde_json::from_str(&told(room, who, method, path, body, status).await).unwrap();
    problem.message
}

#[tokio::test]
async fn lists_of_one_environment_hold_nothing_of_another() {
    let room = room().await;
    for (who, own, other, host) in [
        ("viewer:staging", "staging", "production", "web-1"),
        ("operator:production", "production", "staging", "web-2"),
    ] {
        for path in [
            format!("drift?env={own}&all=true"),
            format!("baselines?env={own}"),
            format!("desired?env={own}"),
            format!("desired/show?env={own}"),
            format!("windows?env={own}&all=true"),
            "windows?all=true".to_owned(),
            "changes".to_owned(),
            "events".to_owned(),
            "status".to_owned(),
            format!("compare?left={own}&right=desired:{own}"),
            format!("compare?left={own}&right=baseline:{own}&all=true"),
            format!("snapshot?selector={own}"),
        ] {
            let text = told(&room, who, "GET", &path, &Value::Null, 200).await;
            assert!(!text.contains(other) && !text.contains(host), "{who} {path}: {text}");
        }
    }
    let all: DriftList = read(&room, "ada", "drift?all=true").await;
    let staging: DriftList = read(&room, "viewer:staging", "drift?env=staging&all=true").await;
    let production: DriftList = read(&room, "operator:production", "drift?env=production&all=true").await;
    assert!(!staging.drifts.is_empty() && !production.drifts.is_empty());
    assert_eq!(staging.drifts.len() + production.drifts.len(), all.drifts.len());
    assert_eq!((staging.more, production.more), (0, 0), "nothing is counted that is not shown");
    let windows: WindowList = read(&room, "deployer:staging", "windows").await;
    assert_eq!(windows.windows.iter().map(|one| one.ticket.as_str()).collect::<Vec<_>>(), ["CHG-staging"]);
    let baselines: BaselineList = read(&room, "viewer:staging", "baselines?env=staging").await;
    assert_eq!(baselines.baselines[0].hosts, ["web-2"]);
    let changes: ChangePage = read(&room, "viewer:staging", "changes").await;
    assert!(changes.changes.is_empty() && changes.next.is_none());
}

#[tokio::test]
async fn what_is_of_another_environment_is_refused_with_the_role_that_is_missing() {
    let room = room().await;
    let found: DriftList = read(&room, "ada", "drift?env=production").await;
    let change: ChangePage = read(&room, "ada", "changes?env=production&limit=1").await;
    for path in [
        "drift?env=production".to_owned(),
        "baselines?env=production".to_owned(),
        "desired?env=production".to_owned(),
        "desired/show?env=production".to_owned(),
        "windows?env=production".to_owned(),
        "changes?env=production".to_owned(),
        "changes?host=web-1".to_owned(),
        "events?env=production".to_owned(),
        "explain?host=web-1&key=DB_HOST".to_owned(),
        format!("explain/{}", change.changes[0].id),
        "compare?left=production&right=staging".to_owned(),
        "compare?left=staging&right=production".to_owned(),
        "compare?left=staging&right=desired:production".to_owned(),
        "compare?left=staging&right=baseline:production".to_owned(),
        "snapshot?selector=production".to_owned(),
    ] {
        for who in ["viewer:staging", "deployer:staging", "admin:staging"] {
            let said = refused(&room, who, "GET", &path, &Value::Null, 403).await;
            assert_eq!(said, format!("{who} has {who}; this needs the role `viewer` in production"), "{path}");
        }
    }
    for side in ["host=web-1", "role=web", "revision:rev-production-77", "desired:role=web", "baseline:role=web"] {
        let path = format!("compare?left=staging&right={side}");
        let said = refused(&room, "admin:staging", "GET", &path, &Value::Null, 403).await;
        assert!(said.ends_with("this needs the role `viewer` everywhere"), "{side}: {said}");
    }
    for path in ["drift", "desired", "desired/show"] {
        let text = told(&room, "viewer:staging", "GET", path, &Value::Null, 403).await;
        assert!(text.contains("name one with `--env`: staging") && !text.contains("production"), "{path}: {text}");
    }
    // Whatever the answer: of a drift and a baseline of another environment
    // nothing is told.
    for path in [format!("drift/{}", found.drifts[0].id), "baselines/1".to_owned(), "acceptances/a-1".to_owned()] {
        for query in ["", "?env=staging", "?env="] {
            let answer = room.call("GET", &format!("/api/v1/{path}{query}"), Some("viewer:staging"), "").await;
            assert!(answer.status().is_client_error(), "{path}{query}");
            let text = String::from_utf8(bytes(answer).await.to_vec()).unwrap();
            assert!(!text.contains("DB_HOST") && !text.contains("web-1"), "{path}{query}: {text}");
        }
    }
    let story: DriftDetail = read(&room, "ada", &format!("drift/{}", found.drifts[0].id)).await;
    assert_eq!(story.drift.environment, "production");
}

#[tokio::test]
async fn what_would_change_another_environment_is_refused_and_nothing_is_written() {
    let room = room().await;
    let before = messages(&room).await;
    let window = |selector: &str| json!({"selector": selector, "ticket": "CHG-9", "seconds": 600});
    let baseline = |selector: &str| json!({"selector": selector, "reason": "mine"});
    let (staging, production) = ("deployer:staging", "operator:production");
    for (who, method, path, body, lacks) in [
        (staging, "POST", "windows", window("production"), "`deployer` in production"),
        (staging, "POST", "desired", push("production", 5), "`deployer` in production"),
        (staging, "POST", "baselines", baseline("staging"), "`operator`"),
        (staging, "POST", "acceptances", acceptance("env=staging,key=A"), "`operator`"),
        (staging, "DELETE", "windows/1", Value::Null, "`deployer` in production"),
        (staging, "DELETE", "acceptances/a-2", Value::Null, "`operator`"),
        (production, "POST", "windows", window("staging"), "`deployer` in staging"),
        (production, "POST", "desired", push("staging", 5), "`deployer` in staging"),
        (production, "POST", "baselines", baseline("staging"), "`operator` in staging"),
        (production, "POST", "baselines", baseline("role=web"), "`operator` everywhere"),
        (production, "POST", "baselines", baseline("host=web-1"), "`operator` everywhere"),
        (production, "DELETE", "windows/2", Value::Null, "`deployer` in staging"),
        (production, "POST", "acceptances", acceptance("key=A"), "`operator` everywhere"),
        (production, "POST", "acceptances?env=production", acceptance("env=staging,key=A"), "`operator` in staging"),
        (production, "DELETE", "acceptances/a-2?env=production", Value::Null, "`operator` in staging"),
        ("viewer:staging", "POST", "windows", window("staging"), "`deployer`"),
        ("admin:staging", "DELETE", "windows/1?env=staging", Value::Null, "`deployer` in production"),
        ("admin:staging", "POST", "hosts/web-1/forget?env=production", Value::Null, "`admin` in production"),
    ] {
        let said = refused(&room, who, method, path, &body, 403).await;
        assert!(said.ends_with(&format!("this needs the role {lacks}")), "{who} {method} {path} {body}: {said}");
    }
    assert_eq!(messages(&room).await, before, "no refusal is an action");
    let list: AcceptanceList = read(&room, "ada", "acceptances").await;
    assert_eq!(list.acceptances.len(), 2);
}

#[tokio::test]
async fn an_environment_in_the_query_opens_nothing_that_is_for_all_of_them() {
    let room = room().await;
    let operator = json!({"name": "eve", "roles": ["admin"], "token_sha256": "ab".repeat(32)});
    for (method, path, body) in [
        ("PUT", "policy?env=staging", json!({"text": "[settle]\nseconds = 1\n"})),
        ("POST", "operators?env=staging", operator),
        ("GET", "operators?env=staging", Value::Null),
        ("DELETE", "operators/vic?env=staging", Value::Null),
        ("GET", "export?env=staging", Value::Null),
    ] {
        let said = refused(&room, "admin:staging", method, path, &body, 403).await;
        assert!(said.ends_with(" everywhere"), "{method} {path}: {said}");
    }
    assert_eq!(room.call("GET", "/metrics?env=staging", Some("viewer:staging"), "").await.status(), 403);
    let policy: PolicyDetail = read(&room, "ada", "policy").await;
    assert_eq!(policy.policy, None);
    assert!(!told(&room, "ada", "GET", "operators", &Value::Null, 200).await.contains("eve"));
}

#[tokio::test]
async fn a_baseline_of_all_environments_names_no_host_of_another() {
    let room = room().await;
    told(&room, "ada", "POST", "baselines", &json!({"selector": "role=web", "reason": "all"}), 200).await;
    let own = told(&room, "viewer:staging", "GET", "baselines?env=staging", &Value::Null, 200).await;
    assert!(own.contains("web-2") && !own.contains("web-1"), "{own}");
    let list: BaselineList = serde_json::from_str(&own).unwrap();
    assert_eq!((list.baselines[0].number, list.baselines[0].items), (3, 2), "its items are counted alone");
    let all: BaselineList = read(&room, "ada", "baselines").await;
    assert_eq!((all.baselines[0].hosts.len(), all.baselines[0].items), (2, 4));
}

#[tokio::test]
async fn a_host_that_moved_is_explained_by_what_it_is_now_only_to_those_who_saw_it_before() {
    let room = room().await;
    let moved = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&"web-1".parse().unwrap())?.unwrap();
        host.environment = "staging".parse().unwrap();
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(moved).await.unwrap();
    let answer = room.call("GET", "/api/v1/explain?host=web-1&key=DB_HOST", Some("viewer:staging"), "").await;
    let text = String::from_utf8(bytes(answer).await.to_vec()).unwrap();
    assert!(!text.contains("\"environment\":\"production\""), "{text}");
    let page: ChangePage = read(&room, "viewer:staging", "changes?host=web-1").await;
    assert!(page.changes.is_empty(), "what it did in production is of production");
}

#[tokio::test]
async fn a_host_that_moved_tells_what_it_is_now_to_nobody_of_where_it_was() {
    let room = room().await;
    let page: ChangePage = read(&room, "ada", "changes?env=production&limit=1").await;
    let moved = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&"web-1".parse().unwrap())?.unwrap();
        host.environment = "staging".parse().unwrap();
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(moved).await.unwrap();
    let path = format!("explain/{}", page.changes[0].id);
    let story: Explanation = read(&room, "operator:production", &path).await;
    assert_eq!((story.now.state.as_str(), story.now.item, story.now.verified_at), ("elsewhere", None, None));
    assert!(story.change.is_some() && story.persisted.is_empty());
    let story: Explanation = read(&room, "ada", &path).await;
    assert!(story.now.item.is_some(), "who sees both is told");
    told(&room, "viewer:staging", "GET", &path, &Value::Null, 403).await;
}

#[tokio::test]
async fn a_drift_of_one_environment_was_begun_by_nobody_of_another() {
    let room = room().await;
    // What web-2 did while it was of production.
    let earlier = |draft: &mut crate::record::Draft<'_>| {
        let EntryBody::Change(mut change) = change(1, "DB_HOST") else { unreachable!() };
        change.host = "web-2".parse().unwrap();
        draft.append(vec![EntryBody::Change(change)]);
        Ok(())
    };
    room.http.core.recorder.decide(earlier).await.unwrap();
    let list: DriftList = read(&room, "viewer:staging", "drift?env=staging").await;
    let one = list.drifts.iter().find(|one| one.key == "DB_HOST").unwrap();
    let story: DriftDetail = read(&room, "viewer:staging", &format!("drift/{}", one.id)).await;
    assert!(story.opening.is_none() && story.drift.opened_by.is_none(), "{:?}", story.drift.opened_by);
    assert!(!story.missing.is_empty());
}

#[tokio::test]
async fn a_host_that_moved_is_held_against_nothing_that_was_approved_of_it_elsewhere() {
    let room = room().await;
    let moved = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&"web-1".parse().unwrap())?.unwrap();
        host.environment = "staging".parse().unwrap();
        let item = item("DB_HOST", 33);
        draft.put_items(&host.host, &"app".parse().unwrap(), [(item.key.clone(), Some(item))]);
        draft.put_host(host);
        Ok(())
    };
    let path = |environment: &str| format!("compare?left={environment}&right=baseline:{environment}&all=true");
    let text = told(&room, "ada", "GET", &path("production"), &Value::Null, 200).await;
    assert!(text.contains("\"value 1\""), "it is told while it is of production: {text}");
    room.http.core.recorder.decide(moved).await.unwrap();
    let text = told(&room, "viewer:staging", "GET", &path("staging"), &Value::Null, 200).await;
    assert!(!text.contains("\"value 1\""), "what production's web-1 had: {text}");
}

#[tokio::test]
async fn a_trial_of_one_environment_counts_the_changes_of_that_one() {
    let room = room().await;
    let trial = json!({"text": "[[freeze]]\nselector = 'production'\nreason = 'peak'\n", "days": 90});
    for (who, changes) in [("viewer:staging", 0), ("operator:production", 5), ("ada", 5)] {
        let text = told(&room, who, "POST", "policy/test", &trial, 200).await;
        let outcome: PolicyOutcome = serde_json::from_str(&text).unwrap();
        assert_eq!((outcome.changes, outcome.judged_otherwise), (changes, changes), "{who}");
        assert_eq!(text.contains("web-1"), changes > 0, "{who}: {text}");
    }
}

#[tokio::test]
async fn of_two_people_at_once_one_wins_and_the_other_is_told_who() {
    let room = room().await;
    room.operator("bob", "admin", false).await;
    let policy = |seconds: u8| json!({"text": format!("[settle]\nseconds = {seconds}\n")}).to_string();
    let (one, two) = (policy(1), policy(2));
    let (a, b) = tokio::join!(
        room.call("PUT", "/api/v1/policy", Some("ada"), &one),
        room.call("PUT", "/api/v1/policy", Some("bob"), &two)
    );
    let (lost, winner) = if a.status() == 200 { (b, "ada") } else { (a, "bob") };
    let (status, problem) = refusal(lost).await;
    assert_eq!(status, 409);
    assert!(problem.message.starts_with(&format!("policy 1 is in force, applied by {winner} at ")), "{problem:?}");
    let list: PolicyList = read(&room, "ada", "policy/history").await;
    assert_eq!((list.versions.len(), list.versions[0].applied_by.as_str()), (1, winner));
    let body = acceptance("env=production,source=app,key=DB_*").to_string();
    let (a, b) = tokio::join!(
        room.call("POST", "/api/v1/acceptances", Some("ada"), &body),
        room.call("POST", "/api/v1/acceptances", Some("bob"), &body)
    );
    let (lost, winner) = if a.status() == 200 { (b, "ada") } else { (a, "bob") };
    let (status, problem) = refusal(lost).await;
    assert_eq!(status, 409);
    assert!(problem.message.starts_with(&format!("{winner} accepted this already")), "{problem:?}");
    assert_eq!(messages(&room).await.iter().filter(|one| one.contains("DB_*")).count(), 1);
}

#[tokio::test]
async fn limits_are_refused_by_name_and_leave_everything_as_it_was() {
    let room = room().await;
    let before = messages(&room).await;
    let with = |mut body: Value, key: &str, value: Value| {
        body[key] = value;
        body
    };
    let window = json!({"selector": "staging", "ticket": "CHG-9", "seconds": 600});
    let accept = || acceptance("env=staging,key=A");
    let owner_gone = json!({"covers": "key=A", "reason": "r", "expires_at": LATER});
    let a_policy = |text: String| json!({ "text": text });
    for (method, path, body, status, part) in [
        ("POST", "windows", with(window.clone(), "seconds", json!(25 * 3_600)), 400, "1 minute to 24 hours"),
        ("POST", "windows", with(window.clone(), "seconds", json!(u64::MAX)), 400, "1 minute to 24 hours"),
        ("POST", "windows", with(window, "until", json!("tomorrow")), 400, "unknown field `until`"),
        ("POST", "acceptances", owner_gone, 400, "missing field `owner`"),
        ("POST", "acceptances", with(accept(), "owner", json!("")), 400, "an owner"),
        ("POST", "acceptances", with(accept(), "reason", json!("  ")), 400, "a reason"),
        ("POST", "acceptances", with(accept(), "reason", json!("a\u{202e}b")), 400, "no control characters"),
        ("POST", "acceptances", with(accept(), "owner", json!("x".repeat(5_000))), 400, "at most"),
        ("POST", "acceptances", with(accept(), "expires_at", json!("2027-01-15T07:59:59Z")), 400, "in the future"),
        ("POST", "acceptances", with(accept(), "expires_at", json!("2027-01-15T08:00:00Z")), 400, "in the future"),
        ("POST", "acceptances", with(accept(), "expires_at", json!("2028-02-01T00:00:00Z")), 400, "a year at most"),
        ("POST", "acceptances", with(accept(), "forever", json!(true)), 400, "unknown field `forever`"),
        ("POST", "baselines", json!({"selector": "staging", "reason": "x".repeat(1_001)}), 400, "`reason`"),
        ("POST", "baselines", json!({"selector": "staging", "reason": "x", "by": "eve"}), 400, "unknown field `by`"),
        ("PUT", "policy", a_policy("#".repeat(256 * 1024 + 1)), 422, "mistake"),
        ("PUT", "policy", with(a_policy(String::new()), "force", json!(true)), 400, "unknown field `force`"),
    ] {
        let said = refused(&room, "ada", method, path, &body, status).await;
        assert!(said.contains(part), "{method} {path}: {part}: {said}");
    }
    for path in ["windows", "acceptances", "baselines"] {
        let body = json!({"reason": "x".repeat(2 * BODY_BYTES_MAX)}).to_string();
        let answer = room.call("POST", &format!("/api/v1/{path}"), Some("ada"), &body).await;
        let (status, problem) = refusal(answer).await;
        assert!((400..500).contains(&status) && problem.message.contains("length limit"), "{path}: {problem:?}");
    }
    assert_eq!(messages(&room).await, before);
    let widest = json!({"selector": "staging", "ticket": "CHG-9", "seconds": 24 * 3_600});
    told(&room, "ada", "POST", "windows", &widest, 200).await;
}

#[tokio::test]
async fn what_operators_do_is_told_with_who_and_what_and_never_a_value() {
    let room = room().await;
    let done = told(&room, "deployer:staging", "POST", "desired", &push("staging", 99), 200).await;
    assert!(done.contains("deployer:staging"));
    let mine = json!({"selector": "staging", "ticket": "CHG-7", "seconds": 60});
    let opened: Value =
        serde_json::from_str(&told(&room, "deployer:staging", "POST", "windows", &mine, 200).await).unwrap();
    told(&room, "deployer:staging", "DELETE", &format!("windows/{}", opened["id"]), &Value::Null, 204).await;
    let again = json!({"selector": "production", "reason": "approved again"});
    told(&room, "operator:production", "POST", "baselines", &again, 200).await;
    told(&room, "ada", "DELETE", "acceptances/a-1", &Value::Null, 204).await;
    told(&room, "ada", "DELETE", "acceptances/a-1", &Value::Null, 204).await;
    told(&room, "ada", "PUT", "policy", &json!({"text": "[settle]\nseconds = 9\n"}), 200).await;
    let messages = messages(&room).await;
    for (who, parts) in [
        ("deployer:staging", &["declared", "rev-staging-99", "staging"][..]),
        ("deployer:staging", &["opened window", "CHG-7"]),
        ("deployer:staging", &["closed window", "CHG-7"]),
        ("operator:production", &["approved", "production"]),
        ("ada", &["accepted", "env=staging,source=app,key=LOG_*", "team-db"]),
        ("ada", &["revoked acceptance a-1"]),
        ("ada", &["applied policy 1"]),
    ] {
        let of = |one: &&String| one.contains(who) && parts.iter().all(|part| one.contains(part));
        assert_eq!(messages.iter().filter(of).count(), 1, "{who} {parts:?}: {messages:#?}");
    }
    let all = messages.join("\n");
    for value in ["declared-", "value 1", "value 2", "value 9", &"63".repeat(8), &"4d".repeat(8), "seconds = 9"] {
        assert!(!all.contains(value), "{value}: {all}");
    }
    // Those of an environment see what was done in it, and no more.
    let own: EventPage = read(&room, "viewer:staging", "events").await;
    let own: Vec<_> = own.events.iter().map(|event| event.message.as_str()).collect();
    assert!(own.iter().any(|one| one.contains("CHG-7")) && own.iter().any(|one| one.contains("(a-2)")), "{own:?}");
    assert!(own.iter().all(|one| !one.contains("a-1") && !one.contains("policy")), "{own:?}");
}

#[tokio::test]
async fn who_operates_one_environment_accepts_its_drift_and_no_other() {
    let room = room().await;
    let who = "operator:production";
    let own: DriftList = read(&room, who, "drift?env=production").await;
    let other: DriftList = read(&room, "ada", "drift?env=staging").await;
    let (own, other) = (&own.drifts[0].id, &other.drifts[0].id);
    let story: DriftDetail = read(&room, who, &format!("drift/{own}")).await;
    assert_eq!(story.drift.environment, "production");
    let said = refused(&room, who, "GET", &format!("drift/{other}"), &Value::Null, 403).await;
    assert!(said.ends_with("this needs the role `viewer` in staging"), "{said}");
    let given = told(&room, who, "POST", "acceptances", &acceptance(own), 200).await;
    assert!(given.contains("a-3") && given.contains(who), "{given}");
    let said = refused(&room, who, "POST", "acceptances", &acceptance(other), 403).await;
    assert!(said.ends_with("this needs the role `operator` in staging"), "{said}");
    let said = refused(&room, "viewer:staging", "POST", "acceptances", &acceptance(other), 403).await;
    assert!(said.ends_with("this needs the role `operator`"), "{said}");
    let ids = |list: AcceptanceList| list.acceptances.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(read(&room, who, "acceptances?all=true").await), ["a-3", "a-1"]);
    assert_eq!(ids(read(&room, "viewer:staging", "acceptances").await), ["a-2"]);
    let said = refused(&room, who, "DELETE", "acceptances/a-2", &Value::Null, 403).await;
    assert!(said.ends_with("this needs the role `operator` in staging"), "{said}");
    // One that is for every environment is for those who see all of them.
    told(&room, "ada", "POST", "acceptances", &acceptance("source=app,key=EVERYWHERE"), 200).await;
    assert_eq!(ids(read(&room, who, "acceptances").await), ["a-3", "a-1"]);
    let said = refused(&room, who, "DELETE", "acceptances/a-4", &Value::Null, 403).await;
    assert!(said.ends_with("this needs the role `operator` everywhere"), "{said}");
    told(&room, who, "DELETE", "acceptances/a-3", &Value::Null, 204).await;
    assert_eq!(ids(read(&room, who, "acceptances").await), ["a-1"]);
}

/// Appends changes as an agent's record would, judged.
async fn judged(room: &Room, host: &'static str, keys: impl Iterator<Item = String> + Send + 'static) {
    let step = move |draft: &mut crate::record::Draft<'_>| {
        let host = draft.host(&host.parse().unwrap())?.unwrap();
        let made = |key: String| {
            let change = crate::testing::change(&host, &key);
            EntryBody::Change(Change { observed_ms: draft.now_ms, ..change })
        };
        let entries = keys.map(made).collect();
        draft.append_judged(&host, entries);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
}

/// Every page of a query, with what each had.
async fn pages(room: &Room, who: &str, query: &str) -> Vec<Vec<(String, String)>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: ChangePage = read(room, who, &format!("changes?{query}{cursor}")).await;
        pages.push(page.changes.into_iter().map(|one| (one.key, one.verdict)).collect());
        let Some(next) = page.next else { return pages };
        cursor = format!("&cursor={next}");
        assert!(pages.len() < 50, "the pages end");
    }
}

#[tokio::test]
async fn a_verdict_is_asked_for_page_by_page() {
    let room = Room::new().await;
    room.fill().await;
    same_form(&room).await;
    room.operator("viewer:staging", "viewer:staging", false).await;
    for environment in ["production", "staging"] {
        told(&room, "ada", "POST", "desired", &push(environment, 77), 200).await;
    }
    judged(&room, "web-1", (0..7).map(|n| format!("OUT_{n}"))).await;
    judged(&room, "web-2", (0..3).map(|n| format!("STAGE_{n}"))).await;
    let all = pages(&room, "ada", "verdict=out_of_band&limit=3").await;
    let found: Vec<_> = all.iter().flatten().map(|(key, _)| key.clone()).collect();
    let mut once: Vec<_> = found.clone();
    once.sort();
    once.dedup();
    let content = pages(&room, "ada", "verdict=content_mismatch&limit=3").await;
    assert_eq!(once.len(), found.len(), "each once");
    assert_eq!(found.len() + content.iter().flatten().count(), 10, "{found:?} {content:?}");
    assert!(all.iter().flatten().all(|(_, verdict)| verdict == "out_of_band"));
    let undetermined = pages(&room, "ada", "verdict=undetermined&limit=2").await;
    assert_eq!(undetermined.iter().flatten().count(), 5, "those that were recorded without a judgement");
    let own = [
        pages(&room, "viewer:staging", "verdict=out_of_band&limit=2").await,
        pages(&room, "viewer:staging", "verdict=content_mismatch&limit=2").await,
    ];
    let own: Vec<_> = own.iter().flatten().flatten().map(|(key, _)| key.as_str()).collect();
    assert_eq!(own, ["STAGE_2", "STAGE_1", "STAGE_0"]);
    let said = refused(&room, "ada", "GET", "changes?verdict=green", &Value::Null, 400).await;
    assert!(said.contains("`out_of_band`") && said.contains("`window_only`"), "{said}");
}

#[tokio::test]
async fn a_window_alone_gives_window_only_and_in_a_freeze_nothing_does() {
    let room = Room::new().await;
    room.fill().await;
    let window = json!({"selector": "production", "ticket": "CHG-1", "seconds": 600});
    told(&room, "dan", "POST", "windows", &window, 200).await;
    judged(&room, "web-1", std::iter::once("INSIDE".to_owned())).await;
    judged(&room, "web-2", std::iter::once("ELSEWHERE".to_owned())).await;
    let inside: ChangePage = read(&room, "vic", "changes?verdict=window_only").await;
    assert_eq!(inside.changes.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["INSIDE"]);
    assert!(inside.changes[0].evidence.iter().any(|one| one.text.contains("CHG-1")), "{inside:?}");
    told(&room, "dan", "DELETE", "windows/1", &Value::Null, 204).await;
    room.clock.advance_ms(60_000);
    judged(&room, "web-1", std::iter::once("AFTER".to_owned())).await;
    let after: ChangePage = read(&room, "vic", "changes?verdict=out_of_band").await;
    assert_eq!(after.changes[0].key, "AFTER");
    told(&room, "dan", "POST", "windows", &window, 200).await;
    let freeze = json!({"text": "[[freeze]]\nselector = 'production'\nreason = 'peak week'\n"});
    told(&room, "ada", "PUT", "policy", &freeze, 200).await;
    judged(&room, "web-1", std::iter::once("FROZEN".to_owned())).await;
    let frozen: ChangePage = read(&room, "vic", "changes?env=production&key=FROZEN").await;
    let one = &frozen.changes[0];
    assert_ne!(one.verdict, "authorised");
    let said = serde_json::to_string(one).unwrap();
    assert!(said.contains("peak week"), "that it was frozen is told: {said}");
}
