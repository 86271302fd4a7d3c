//! Drift and acceptances through the router.

use driftline_api::drift::{AcceptanceDetail, AcceptanceList, DriftDetail, DriftList};
use driftline_canon::CANONICAL_FORM;
use driftline_canon::actor::ActorText;
use driftline_canon::{Actor, Confidence};
use serde_json::json;

use super::*;

async fn declared(room: &Room, key: &str, value: u8) {
    let same_form = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&"web-1".parse().unwrap())?.unwrap();
        host.canonical_form = CANONICAL_FORM;
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(same_form).await.unwrap();
    let items = json!([{"key": key, "digest": format!("{value:02x}").repeat(32), "secret": false, "display": "shown"},
        {"key": "LOG_LEVEL", "digest": "09".repeat(32), "secret": false}]);
    let body = json!({"selector": "production", "revision": format!("rev{value}"),
        "declared": {"fleet_key_epoch": 1, "canonical_form": CANONICAL_FORM,
            "sources": [{"source": "app", "kind": "env_file", "items": items}]}});
    assert_eq!(room.call("POST", "/api/v1/desired", Some("dan"), &body.to_string()).await.status(), 200);
}

async fn accept(
    room: &Room,
    who: &str,
    covers: &str,
    expires: &str,
) -> Result<AcceptanceDetail, (u16, problem::ApiError)> {
    let body = json!({"covers": covers, "reason": "the old region", "owner": "team-db", "expires_at": expires});
    let answer = room.call("POST", "/api/v1/acceptances", Some(who), &body.to_string()).await;
    if answer.status() == StatusCode::OK {
        return Ok(serde_json::from_slice(&bytes(answer).await).unwrap());
    }
    Err(refusal(answer).await)
}

const LATER: &str = "2027-02-01T00:00:00Z";

async fn listed(room: &Room, query: &str) -> DriftList {
    room.json(&format!("/api/v1/drift{query}")).await
}

#[tokio::test]
async fn a_drift_is_listed_told_accepted_and_comes_back_when_that_is_revoked() {
    let room = Room::new().await;
    room.fill().await;
    assert_eq!(listed(&room, "").await.unheld, ["production", "staging"]);
    declared(&room, "DB_HOST", 77).await;
    let list = listed(&room, "?env=production").await;
    assert!(list.unheld.is_empty());
    let one = &list.drifts[0];
    assert_eq!((one.key.as_str(), one.rule.as_str(), one.what.as_str()), ("DB_HOST", "desired", "differs"));
    assert_eq!((one.hosts.as_slice(), one.state.as_str()), (&["web-1".to_owned()][..], "open"));
    let story: DriftDetail = room.json(&format!("/api/v1/drift/{}", one.id)).await;
    assert!(story.turns[0].ends_with("it was found"), "{:?}", story.turns);
    assert!(story.opening.is_some() || !story.missing.is_empty(), "who began it, or that nobody knows");
    let toward = story.toward.unwrap();
    assert_eq!((toward.reference.as_str(), toward.values.as_str()), ("revision rev77", "in revision rev77"));
    let (left, right) = (&toward.difference.left, &toward.difference.right);
    assert_eq!((toward.difference.what.as_str(), right.display.as_deref()), ("differs", Some("shown")));
    assert_eq!(left.at.as_ref().map(|at| at.host.as_str()), Some("web-1"), "where what is there stands");
    assert!(right.at.is_none() && !toward.restart, "what is declared stands on no host");
    let given = accept(&room, "ada", &one.id, LATER).await.unwrap();
    assert_eq!((given.drifts, given.acceptance.status.as_str()), (1, "valid"));
    assert!(listed(&room, "?env=production").await.drifts.iter().all(|drift| drift.key != "DB_HOST"));
    let all = listed(&room, "?env=production&state=accepted").await;
    assert_eq!(all.drifts[0].acceptance.as_deref(), Some("a-1"));
    let revoked = room.call("DELETE", "/api/v1/acceptances/a-1", Some("ada"), "").await;
    assert_eq!(revoked.status(), 204);
    let story: DriftDetail = room.json(&format!("/api/v1/drift/{}", one.id)).await;
    assert_eq!((story.drift.state.as_str(), story.acceptances[0].status.as_str()), ("open", "revoked"));
    assert!(story.turns.iter().any(|turn| turn.contains("ada revoked its acceptance a-1")), "{:?}", story.turns);
}

#[tokio::test]
async fn of_two_who_accept_at_once_the_second_is_told() {
    let room = Room::new().await;
    room.fill().await;
    let selector = "env=production,source=app,key=DB_*";
    let (one, other) = tokio::join!(accept(&room, "ada", selector, LATER), accept(&room, "ada", selector, LATER));
    let refused = one.err().or(other.err()).unwrap();
    assert_eq!(refused.0, 409);
    assert!(refused.1.message.contains("ada accepted this already, until 2027-02-01"), "{refused:?}");
    let list: AcceptanceList = room.json("/api/v1/acceptances").await;
    assert_eq!(list.acceptances.len(), 1);
    room.clock.advance_ms(400 * 24 * 3_600 * 1_000);
    let list: AcceptanceList = room.json("/api/v1/acceptances").await;
    assert!(list.acceptances.is_empty(), "it expired");
    let list: AcceptanceList = room.json("/api/v1/acceptances?all=true").await;
    assert_eq!(list.acceptances[0].status, "expired");
}

#[tokio::test]
async fn what_cannot_be_accepted_or_asked_is_refused_by_name() {
    let room = Room::new().await;
    room.fill().await;
    for (covers, expires, part) in [
        ("d-99", LATER, "there is no drift `d-99`"),
        ("env=production", LATER, "a whole environment cannot be accepted"),
        ("key=re:(", LATER, "not a regular expression"),
        ("key=A", "tomorrow", "not an RFC 3339 time"),
        ("key=A", "2020-01-01T00:00:00Z", "ends in the future"),
        ("key=A", "2099-01-01T00:00:00Z", "a year at most"),
    ] {
        let (_, problem) = accept(&room, "ada", covers, expires).await.unwrap_err();
        assert!(problem.message.contains(part), "{covers} {expires}: {problem:?}");
    }
    assert_eq!(accept(&room, "vic", "key=A", LATER).await.unwrap_err().0, 403);
    for (path, status) in [
        ("drift?env=nope", 404),
        ("drift?rule=x", 400),
        ("drift?severity=x", 400),
        ("drift?older_than_s=x", 400),
        ("drift/17", 400),
        ("drift/d-17", 404),
    ] {
        assert_eq!(room.problem(&format!("/api/v1/{path}")).await.0, status, "{path}");
    }
    let gone = room.call("DELETE", "/api/v1/acceptances/a-9", Some("ada"), "").await;
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn a_firewall_rule_of_three_months_ago_is_explained_from_who_to_whether_it_lasts() {
    let room = Room::new().await;
    let rule = "inet filter/input: tcp dport 5432 accept";
    let step = move |draft: &mut crate::record::Draft<'_>| {
        let mut host = host_record("web-1");
        host.status = HostStatus::Connected;
        for (name, key, kind) in [
            ("firewall/nft", rule.to_owned(), SourceKind::Firewall),
            ("firewall/at-reboot", format!("nft: {rule}"), SourceKind::Firewall),
            ("saved", "inet filter/input policy".to_owned(), SourceKind::FirewallDump),
        ] {
            let source = SourceRecord {
                host: host.host.clone(),
                source: SourceName::new(name).unwrap(),
                kind,
                path: format!("/etc/{name}"),
                root: StoredDigest([1; 32]),
                items: 1,
                observed_ms: NOW_MS,
                retired: false,
                problems: Vec::new(),
            };
            let item = ItemRecord { since_ms: NOW_MS, ..item(&key, 5) };
            draft.put_items(&host.host, &source.source, [(item.key.clone(), Some(item))]);
            draft.put_source(source);
        }
        let mut change = crate::testing::change(&host, rule);
        (change.source, change.kind) = (SourceName::new("firewall/nft").unwrap(), SourceKind::Firewall);
        (change.before, change.observed_ms) = (None, NOW_MS);
        change.beside.actor = Some(Box::new(alice()));
        draft.append(vec![EntryBody::Change(change)]);
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    room.clock.advance_ms(90 * 24 * 3_600 * 1_000);
    let old = listed(&room, "?older_than_s=7776000&rule=at_reboot").await;
    assert_eq!(old.drifts.len(), 1, "{old:?}");
    let one = &old.drifts[0];
    assert_eq!(one.age_s, 90 * 24 * 3_600);
    assert!(one.opened_by.as_ref().unwrap().actor.as_deref().unwrap().contains("alice"));
    assert!(one.standing.ends_with("for 90 days"), "{}", one.standing);
    let story: DriftDetail = room.json(&format!("/api/v1/drift/{}", one.id)).await;
    let opening = story.opening.unwrap();
    assert!(opening.change.as_ref().unwrap().actor.is_some());
    assert_eq!(opening.persisted.iter().map(|one| one.holds).collect::<Vec<_>>(), [false], "it is in no file");
    let toward = story.toward.unwrap();
    let step = &toward.difference;
    assert_eq!((step.source.as_str(), step.key.as_str(), step.what.as_str()), ("firewall/nft", rule, "missing_right"));
    assert_eq!((toward.reference.as_str(), toward.open), ("what is saved", None));
    let gone = move |draft: &mut crate::record::Draft<'_>| {
        let host = "web-1".parse().unwrap();
        let key = ItemKey::from_bytes(format!("nft: {rule}").as_bytes());
        draft.put_items(&host, &SourceName::new("firewall/at-reboot").unwrap(), [(key, None)]);
        Ok(())
    };
    room.http.core.recorder.decide(gone).await.unwrap();
    assert!(listed(&room, "").await.drifts.is_empty());
    assert_eq!(listed(&room, "?all=true").await.drifts[0].state, "resolved");
    let ended: DriftDetail = room.json(&format!("/api/v1/drift/{}", one.id)).await;
    assert!(ended.toward.is_none(), "what ended needs no plan");
}

/// Hosts of one role, each with one value of `app`.
async fn role(room: &Room, values: &'static [(&str, u8)]) {
    let step = move |draft: &mut crate::record::Draft<'_>| {
        for (name, value) in values {
            let mut host = host_record(name);
            host.status = HostStatus::Connected;
            let source = SourceName::new("app").unwrap();
            let item = item("T", *value);
            draft.put_items(&host.host, &source, [(item.key.clone(), Some(item))]);
            draft.put_source(source_record(&host.host, source));
            draft.put_host(host);
        }
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    room.clock.advance_ms(60_000);
}

#[tokio::test]
async fn an_outlier_of_a_role_is_to_be_like_most_of_it_and_who_is_silent_is_named() {
    let room = Room::new().await;
    role(&room, &[("web-1", 1), ("web-2", 1), ("web-3", 2)]).await;
    let silent = |draft: &mut crate::record::Draft<'_>| {
        let mut host = draft.host(&"web-3".parse().unwrap())?.unwrap();
        host.status = HostStatus::Silent;
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(silent).await.unwrap();
    let list = listed(&room, "?rule=role").await;
    let story: DriftDetail = room.json(&format!("/api/v1/drift/{}", list.drifts[0].id)).await;
    let toward = story.toward.unwrap();
    assert_eq!((toward.reference.as_str(), toward.values.as_str()), ("most hosts of role web", "on production"));
    assert_eq!((toward.only.as_slice(), toward.difference.what.as_str()), (&["web-3".to_owned()][..], "differs"));
    let at = |cell: &api_compare::Cell| cell.at.as_ref().map(|at| at.host.clone());
    let (left, right) = (at(&toward.difference.left), at(&toward.difference.right));
    assert_eq!((left.as_deref(), right.as_deref()), (Some("web-3"), Some("web-1")));
    assert_eq!(toward.difference.right.display.as_deref(), Some("value 1"));
    assert_eq!(toward.unchecked, ["web-3 (silent)"]);
}

#[tokio::test]
async fn a_process_is_to_be_restarted_and_its_file_is_named() {
    let room = Room::new().await;
    let step = |draft: &mut crate::record::Draft<'_>| {
        let mut host = host_record("web-1");
        host.status = HostStatus::Connected;
        for (name, kind, value) in [("app", SourceKind::EnvFile, 1), ("app-live", SourceKind::ProcessEnv, 2)] {
            let mut source = source_record(&host.host, SourceName::new(name).unwrap());
            source.kind = kind;
            if kind == SourceKind::ProcessEnv {
                let said = "T is 30s in the file, 5s in the process, started 2026-11-19: restart pending";
                source.problems =
                    vec![driftline_canon::Problem::whole(driftline_canon::ProblemKind::Pending, said.to_owned())];
            }
            let item = item("T", value);
            draft.put_items(&host.host, &source.source, [(item.key.clone(), Some(item))]);
            draft.put_source(source);
        }
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
    let list = listed(&room, "?rule=process").await;
    let story: DriftDetail = room.json(&format!("/api/v1/drift/{}", list.drifts[0].id)).await;
    let toward = story.toward.unwrap();
    assert!(toward.restart && toward.reference == "its file", "{toward:?}");
    let (left, right) = (&toward.difference.left, &toward.difference.right);
    assert_eq!((left.display.as_deref(), right.display.as_deref()), (Some("value 2"), Some("value 1")));
    assert_eq!(right.at.as_ref().map(|at| at.host.as_str()), Some("web-1"));
}

fn alice() -> Actor {
    let text = |text: &str| Some(ActorText::from(text.to_owned()));
    Actor {
        confidence: Confidence::Exact,
        evidence: Vec::new(),
        login: Some(driftline_canon::actor::User { uid: 1_000, name: text("alice") }),
        user: None,
        pid: None,
        name: text("nft"),
        executable: None,
        command: None,
        parents: Vec::new(),
        session: None,
        tty: None,
        unit: None,
        container: None,
    }
}
