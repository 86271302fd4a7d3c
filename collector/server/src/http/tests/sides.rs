//! Sides of a comparison: hosts then, what is declared, what was approved.

use driftline_api::baseline::{BaselineDetail, BaselineList};
use driftline_api::compare::Comparison;
use driftline_canon::{CANONICAL_FORM, Digest, Environment, Role};
use serde_json::{Value, json};

use super::*;

/// A host of production with these values in `app`, as an agent would send
/// them, and the mode of the file.
async fn host(room: &Room, name: &'static str, role: &'static str, values: &'static [(&str, u8)]) {
    let pepper = room.http.core.pepper.clone();
    let step = move |draft: &mut crate::record::Draft<'_>| {
        let mut host = host_record(name);
        host.role = Role::new(role).unwrap();
        host.status = HostStatus::Connected;
        host.canonical_form = CANONICAL_FORM;
        let source = SourceName::new("app").unwrap();
        let digest = |value: &u8| pepper.digest(&Digest([*value; 32]));
        let items = values.iter().map(|(key, value)| ItemRecord { digest: digest(value), ..item(key, *value) });
        let mode = ItemRecord { key: ItemKey::metadata(ItemKey::MODE), ..item("mode", 5) };
        let items: Vec<ItemRecord> = items.chain([mode]).collect();
        draft.put_items(&host.host, &source, items.into_iter().map(|item| (item.key.clone(), Some(item))));
        draft.put_source(source_record(&host.host, source));
        draft.put_host(host);
        draft.append(vec![event::of_host(&host_record(name), EventKind::HostEnrolled, "enrolled")]);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
}

async fn push(room: &Room, selector: &str, revision: &str, source: &str, values: &[(&str, u8)]) {
    let item = |(key, value): &(&str, u8)| json!({"key": key, "digest": format!("{value:02x}").repeat(32), "secret": false, "display": "d"});
    let items: Vec<Value> = values.iter().map(item).collect();
    let body = json!({
        "selector": selector, "revision": revision,
        "declared": {"fleet_key_epoch": 1, "canonical_form": CANONICAL_FORM,
            "sources": [{"source": source, "kind": "env_file", "items": items}]},
    });
    let answer = room.call("POST", "/api/v1/desired", Some("dan"), &body.to_string()).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", bytes(answer).await);
}

async fn compared(room: &Room, left: &str, right: &str) -> Comparison {
    room.json(&format!("/api/v1/compare?left={left}&right={right}")).await
}

fn told(comparison: &Comparison) -> Vec<(&str, &str)> {
    comparison.differences.iter().map(|one| (one.key.as_str(), one.what.as_str())).collect()
}

#[tokio::test]
async fn what_is_declared_is_held_against_hosts_both_ways() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("SAME", 1), ("OTHER", 2), ("ORPHAN", 3)]).await;
    push(&room, "production", "r1", "app", &[("SAME", 1), ("OTHER", 9), ("MISSING", 4)]).await;
    let found = compared(&room, "desired:production", "production").await;
    assert_eq!(told(&found), [("MISSING", "missing_right"), ("ORPHAN", "missing_left"), ("OTHER", "differs")]);
    assert_eq!((found.keys, found.differing, found.metadata_differing), (4, 3, 0), "metadata is not declared");
    assert!(found.unchecked.is_empty(), "{:?}", found.unchecked);
    let back = compared(&room, "production", "desired:production").await;
    assert_eq!(told(&back), [("MISSING", "missing_left"), ("ORPHAN", "missing_right"), ("OTHER", "differs")]);
}

#[tokio::test]
async fn what_is_declared_for_an_environment_is_for_the_hosts_that_have_it() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("A", 1)]).await;
    host(&room, "db-1", "db", &[("A", 2)]).await;
    push(&room, "env=production,role=web", "r1", "app", &[("A", 1)]).await;
    let found = compared(&room, "desired:production", "production").await;
    assert_eq!(told(&found), [], "nothing is declared for db-1, so that it has no orphans");
    push(&room, "production", "r2", "nginx", &[("A", 1)]).await;
    let found = compared(&room, "desired:production", "production").await;
    assert_eq!(found.unchecked, ["nginx (declared, and no host watches it)"]);
    push(&room, "env=production,host=db-1", "r3", "sshd", &[("A", 1)]).await;
    let found = compared(&room, "desired:host=db-1", "host=db-1").await;
    assert!(told(&found).contains(&("A", "missing_right")), "{:?}", told(&found));
}

#[tokio::test]
async fn digests_of_another_key_are_never_different() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("A", 1)]).await;
    push(&room, "production", "r1", "app", &[("A", 1)]).await;
    let step = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&host_record("web-1").host)?.unwrap();
        host.fleet_key_epoch = 2;
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    let found = compared(&room, "desired:production", "production").await;
    assert_eq!((found.differing, found.undetermined), (0, 1));
    assert!(found.unchecked[0].contains("another fleet key"), "{:?}", found.unchecked);
    push(&room, "production", "r2", "app", &[("A", 7)]).await;
    let found = compared(&room, "revision:r1", "revision:r2").await;
    assert_eq!(told(&found), [("A", "differs")]);
    let body = json!({"selector": "production", "revision": "r3", "declared": {"fleet_key_epoch": 2,
        "canonical_form": CANONICAL_FORM, "sources": [{"source": "app", "kind": "env_file", "items": []}]}});
    room.call("POST", "/api/v1/desired", Some("dan"), &body.to_string()).await;
    let (status, problem) = room.problem("/api/v1/compare?left=revision:r1&right=revision:r3").await;
    assert_eq!((status, problem.code.as_str()), (410, "incomparable"));
}

#[tokio::test]
async fn hosts_are_held_against_what_they_were() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("A", 1), ("B", 2)]).await;
    room.clock.advance_ms(60_000);
    let step = |draft: &mut crate::record::Draft<'_>| {
        let (host, source) = (host_record("web-1").host, SourceName::new("app").unwrap());
        let now = draft.items(&host, &source)?;
        let was = now[&ItemKey::from_bytes(b"A")].clone();
        let will = ItemRecord { digest: StoredDigest([9; 32]), ..was.clone() };
        let EntryBody::Change(made) = change(1, "A") else { unreachable!() };
        let side = |item: &ItemRecord| Some(crate::classify::side(item));
        let made =
            Change { before: side(&was), after: side(&will), observed_ms: draft.now_ms, marks: Vec::new(), ..made };
        draft.append(vec![EntryBody::Change(made)]);
        draft.put_items(&host, &source, [(will.key.clone(), Some(will))]);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    let then = driftline_daemon::clock::format_ms(NOW_MS + 30_000);
    let found = compared(&room, &format!("production@{then}"), "production").await;
    assert_eq!((told(&found), found.keys), (vec![("A", "differs")], 2));
    assert_eq!(found.differences[0].left.display.as_deref(), Some("value 1"));
    let both: Comparison = room.json(&format!("/api/v1/compare?left=production&right=production&at={then}")).await;
    assert!(both.differences.is_empty());
    let shown: host::HostDetail = room.json(&format!("/api/v1/hosts/web-1?at={then}")).await;
    let values: Vec<_> = shown.sources[0].items.iter().map(|item| item.display.as_deref().unwrap()).collect();
    assert_eq!((shown.at, values), (Some(then), vec!["value 5", "value 1", "value 2"]));
    for (path, part) in [
        ("compare?left=production@2100-01-01T00:00:00Z&right=production", "in the future"),
        ("hosts/web-1?at=2100-01-01T00:00:00Z", "in the future"),
        ("compare?left=production@soon&right=production", "RFC 3339"),
        ("compare?left=baseline:production@2026-01-01T00:00:00Z&right=production", "no time of its own"),
        ("compare?left=wanted:production&right=production", "`wanted:production`"),
        ("compare?left=baseline:production&right=production", "nothing of `production` was approved"),
        ("compare?left=desired:production&right=production", "nothing is declared for `production`"),
        ("compare?left=revision:r9&right=production", "no revision `r9`"),
        ("hosts/nobody?at=2026-01-01T00:00:00Z", "no host `nobody`"),
    ] {
        let (status, problem) = room.problem(&format!("/api/v1/{path}")).await;
        assert!((400..=404).contains(&status), "{path}: {status}");
        assert!(problem.message.contains(part), "{path}: {problem:?}");
    }
}

#[tokio::test]
async fn what_was_approved_is_held_against_what_is() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("A", 1), ("B", 2)]).await;
    host(&room, "web-2", "web", &[("A", 1)]).await;
    let silent = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&host_record("web-2").host)?.unwrap();
        host.status = HostStatus::Silent;
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(silent).await.unwrap();
    let approve = |who: &'static str, body: Value| {
        let room = &room;
        async move { room.call("POST", "/api/v1/baselines", Some(who), &body.to_string()).await }
    };
    let done = approve("ada", json!({"selector": "production", "reason": "audited"})).await;
    assert_eq!(done.status(), StatusCode::OK);
    let done: BaselineDetail = serde_json::from_slice(&bytes(done).await).unwrap();
    assert_eq!((done.baseline.number, done.baseline.items, done.skipped), (1, 3, vec!["web-2 (silent)".to_owned()]));
    let found = compared(&room, "baseline:host=web-1", "host=web-1").await;
    assert_eq!((told(&found), found.keys), (vec![], 2));
    host(&room, "web-1", "web", &[("A", 7), ("B", 2), ("C", 3)]).await;
    let found = compared(&room, "baseline:host=web-1", "host=web-1").await;
    assert_eq!(told(&found), [("A", "differs"), ("C", "missing_left")]);
    let shown: BaselineDetail = room.json("/api/v1/baselines/1").await;
    assert_eq!(shown.items.iter().map(|item| item.key.as_str()).collect::<Vec<_>>(), ["@mode", "A", "B"]);
    let of_source = json!({"selector": "host=web-1", "source": "app", "reason": "again"});
    assert_eq!(approve("ada", of_source).await.status(), StatusCode::OK);
    let list: BaselineList = room.json("/api/v1/baselines?env=production").await;
    let told: Vec<_> = list.baselines.iter().map(|one| (one.number, one.in_force)).collect();
    assert_eq!(told, [(2, true), (1, false)]);
    for (who, body, status) in [
        ("vic", json!({"selector": "production", "reason": "x"}), 403),
        ("dan", json!({"selector": "production", "reason": "x"}), 403),
        ("ada", json!({"selector": "production", "reason": " "}), 400),
        ("ada", json!({"selector": "nope", "reason": "x"}), 404),
        ("ada", json!({"selector": "host=web-2", "reason": "x"}), 404),
        ("ada", json!({"selector": "host=web-1", "source": "nginx", "reason": "x"}), 404),
    ] {
        let (got, problem) = refusal(approve(who, body).await).await;
        assert_eq!(got, status, "{problem:?}");
    }
    assert_eq!(room.problem("/api/v1/baselines/9").await.0, 404);
    assert_eq!(room.problem("/api/v1/baselines/x").await.0, 404);
}

#[tokio::test]
async fn hosts_of_another_fleet_key_are_never_different_and_never_the_same() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("A", 1), ("B", 1)]).await;
    secrets_of_staging(&room, &[("A", 1), ("B", 2)]).await;
    let rotated = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&host_record("stage-1").host)?.unwrap();
        host.fleet_key_epoch = 2;
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(rotated).await.unwrap();
    for (left, right) in [("staging", "production"), ("production", "staging")] {
        let found = compared(&room, left, right).await;
        assert_eq!((found.differing, found.violations, found.metadata_differing, found.undetermined), (0, 0, 0, 2));
        assert_eq!(found.unchecked, ["web-1 of production (digested with another fleet key or form)"]);
        let advice =
            "Bring web-1 (production) to the fleet key and canonical form of the others, then compare 'A' again";
        assert_eq!(found.differences.iter().find(|one| one.key == "A").unwrap().recommendation, advice);
    }
    // Also what was declared at a revision, whoever is meant.
    push(&room, "production", "r1", "app", &[("A", 1)]).await;
    let found = compared(&room, "revision:r1", "staging").await;
    assert_eq!((found.differing, found.undetermined, found.unchecked.len()), (0, 2, 1), "{found:?}");
}

#[tokio::test]
async fn a_baseline_of_hosts_that_disagree_is_held_against_each_of_them() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("HOST", 1), ("B", 2)]).await;
    host(&room, "web-2", "web", &[("HOST", 7), ("B", 2), ("OWN", 3)]).await;
    let body = json!({"selector": "production", "reason": "audited"}).to_string();
    assert_eq!(room.call("POST", "/api/v1/baselines", Some("ada"), &body).await.status(), StatusCode::OK);
    for (left, right) in [("baseline:production", "production"), ("production", "baseline:production")] {
        let found = compared(&room, left, right).await;
        assert_eq!((told(&found), found.keys, found.differing, found.unchecked.len()), (vec![], 3, 0, 0));
    }
    // The same for a past time.
    room.clock.advance_ms(60_000);
    let then = driftline_daemon::clock::format_ms(NOW_MS + 30_000);
    assert_eq!(told(&compared(&room, &format!("production@{then}"), "production").await), []);
    // What one of them has now that another was approved with is a difference all the same.
    host(&room, "web-2", "web", &[("HOST", 1), ("B", 2), ("OWN", 3)]).await;
    let found = compared(&room, "baseline:production", "production").await;
    assert_eq!((told(&found), found.differing), (vec![("HOST", "split")], 1));
    let advice = "Sync 'HOST': on web-2 baseline:production has value 7, production has value 1";
    assert_eq!(found.differences[0].recommendation, advice);
}

/// A host of staging whose items are all secrets.
async fn secrets_of_staging(room: &Room, values: &'static [(&str, u8)]) {
    let pepper = room.http.core.pepper.clone();
    let step = move |draft: &mut crate::record::Draft<'_>| {
        let mut host = host_record("stage-1");
        host.environment = Environment::new("staging").unwrap();
        host.status = HostStatus::Connected;
        host.canonical_form = CANONICAL_FORM;
        let source = SourceName::new("app").unwrap();
        let digest = |value: &u8| pepper.digest(&Digest([*value; 32]));
        let record =
            |(key, value): &(&str, u8)| ItemRecord { digest: digest(value), secret: true, ..item(key, *value) };
        draft.put_items(&host.host, &source, values.iter().map(|one| (record(one).key, Some(record(one)))));
        draft.put_source(source_record(&host.host, source));
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
}

#[tokio::test]
async fn what_is_accepted_counts_apart_and_a_secret_of_two_environments_is_critical() {
    let room = Room::new().await;
    host(&room, "web-1", "web", &[("DB_PASSWORD", 1), ("API_KEY", 2), ("PEM", 3)]).await;
    secrets_of_staging(&room, &[("DB_PASSWORD", 1), ("API_KEY", 7), ("PEM", 8)]).await;
    let before = compared(&room, "staging", "production").await;
    assert_eq!((before.differing, before.accepted, before.violations), (2, 0, 1), "{before:?}");
    let same = before.differences.iter().find(|one| one.key == "DB_PASSWORD").unwrap();
    assert_eq!((same.what.as_str(), same.severity.as_str(), same.is_finding()), ("equal", "critical", true));

    let expires_at = driftline_daemon::clock::format_ms(room.http.core.clock.now_ms() + 86_400_000);
    let body = json!({"covers": "env=staging,source=app,key=API_KEY", "reason": "its own", "owner": "ada", "expires_at": expires_at});
    let answer = room.call("POST", "/api/v1/acceptances", Some("ada"), &body.to_string()).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", bytes(answer).await);
    let after = compared(&room, "staging", "production").await;
    assert_eq!((after.differing, after.accepted, after.percent.as_str()), (1, 1, "33.3"), "{after:?}");
    let accepted = after.differences.iter().find(|one| one.key == "API_KEY").unwrap();
    assert!(accepted.meant.as_ref().unwrap().ends_with("by ada (a-1): its own"), "{accepted:?}");
    assert_eq!(accepted.meant_kind.as_deref(), Some("accepted"));
    assert!(!accepted.is_finding());
}
