//! Hosts against what files say: `POST /api/v1/compare`.

use driftline_api::compare::Comparison;
use driftline_canon::{CANONICAL_FORM, Digest, Environment, Role};
use serde_json::{Value, json};

use super::*;

/// A host with these values in one source.
async fn host(
    room: &Room,
    (name, environment, role): (&'static str, &'static str, &'static str),
    source: &'static str,
    values: &'static [(&str, u8)],
) {
    let pepper = room.http.core.pepper.clone();
    let step = move |draft: &mut crate::record::Draft<'_>| {
        let mut host = host_record(name);
        (host.environment, host.role) = (Environment::new(environment).unwrap(), Role::new(role).unwrap());
        (host.status, host.canonical_form) = (HostStatus::Connected, CANONICAL_FORM);
        let source = SourceName::new(source).unwrap();
        let record = |(key, value): &(&str, u8)| {
            let item = ItemRecord { digest: pepper.digest(&Digest([*value; 32])), ..item(key, *value) };
            (item.key.clone(), Some(item))
        };
        draft.put_items(&host.host, &source, values.iter().map(record));
        draft.put_source(source_record(&host.host, source));
        draft.put_host(host);
        Ok(())
    };
    room.http.core.recorder.decide(step).await.unwrap();
}

fn source(name: &str, values: &[(&str, u8)]) -> Value {
    let item = |(key, value): &(&str, u8)| json!({"key": key, "digest": format!("{value:02x}").repeat(32), "secret": false, "display": "in the file"});
    json!({"source": name, "kind": "env_file", "items": values.iter().map(item).collect::<Vec<_>>()})
}

fn body(left: &str, sources: &[Value]) -> Value {
    json!({"left": left, "name": "deploy/",
        "declared": {"fleet_key_epoch": 1, "canonical_form": CANONICAL_FORM, "sources": sources}})
}

async fn posted(room: &Room, who: &str, body: &Value) -> Response {
    room.call("POST", "/api/v1/compare", Some(who), &body.to_string()).await
}

async fn compared(room: &Room, body: &Value) -> Comparison {
    let answer = posted(room, "dan", body).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", bytes(answer).await);
    serde_json::from_slice(&bytes(answer).await).unwrap()
}

fn told(comparison: &Comparison) -> Vec<(&str, &str)> {
    comparison.differences.iter().map(|one| (one.key.as_str(), one.what.as_str())).collect()
}

async fn room() -> Room {
    let room = Room::new().await;
    host(&room, ("web-1", "staging", "web"), "app", &[("SAME", 1), ("OTHER", 2), ("ORPHAN", 3)]).await;
    host(&room, ("web-2", "staging", "web"), "app", &[("SAME", 1), ("OTHER", 9), ("ORPHAN", 3)]).await;
    host(&room, ("db-1", "staging", "db"), "pg", &[("port", 1)]).await;
    room
}

#[tokio::test]
async fn files_are_held_against_the_hosts_that_have_their_sources() {
    let room = room().await;
    let app = source("app", &[("SAME", 1), ("OTHER", 9), ("MISSING", 4)]);
    let found = compared(&room, &body("staging", std::slice::from_ref(&app))).await;
    let expected = [("MISSING", "missing_left"), ("ORPHAN", "missing_right"), ("OTHER", "split")];
    assert_eq!(told(&found), expected);
    assert_eq!((found.left.as_str(), found.right.as_str(), found.keys), ("staging", "deploy/", 4));
    assert_eq!(found.uncovered, ["pg"], "what the files say nothing of");
    assert!(found.unchecked.is_empty(), "{:?}", found.unchecked);
    let missing = &found.differences[0];
    assert_eq!(missing.left.at.as_ref().unwrap().host, "web-1");
    assert!(missing.right.at.is_none(), "a file of a repository is on no host");
    let narrowed = compared(&room, &body("env=staging,host=web-2", &[app])).await;
    assert_eq!(told(&narrowed), expected[..2]);
    let all = json!({"all": true, "left": "staging", "name": "x", "declared": body("x", &[source("pg", &[("port", 1)])])["declared"]});
    assert_eq!(told(&compared(&room, &all).await), [("port", "equal")]);
}

#[tokio::test]
async fn j9_what_nobody_watches_and_other_keys_are_unchecked() {
    let room = room().await;
    let found = compared(&room, &body("staging", &[source("nginx", &[("A", 1)])])).await;
    assert_eq!(found.keys, 0);
    assert!(found.unchecked.contains(&"nginx (declared, and no host watches it)".to_owned()), "{:?}", found.unchecked);
    // Watched, but by no host that was asked about.
    let found = compared(&room, &body("env=staging,role=web", &[source("pg", &[("port", 1)])])).await;
    assert_eq!((found.keys, found.unchecked.len()), (0, 1), "{:?}", found.unchecked);
    let mut other = body("env=staging,host=web-1", &[source("app", &[("SAME", 7)])]);
    other["declared"]["fleet_key_epoch"] = json!(2);
    let found = compared(&room, &other).await;
    assert_eq!(found.differing, 0, "digests of another key are never different");
    assert!(found.unchecked[0].contains("another fleet key"), "{:?}", found.unchecked);
}

#[tokio::test]
async fn nothing_is_kept_and_who_may_not_push_may_not_try_values() {
    let room = room().await;
    room.operator("deployer:production", "deployer:production", false).await;
    let before = room.http.read(|reader| reader.documents::<driftline_compare::desired::Revision>("")).await.unwrap();
    let good = body("staging", &[source("app", &[("SAME", 1)])]);
    compared(&room, &good).await;
    let after = room.http.read(|reader| reader.documents::<driftline_compare::desired::Revision>("")).await.unwrap();
    assert_eq!((before.len(), after.len()), (0, 0));
    for (who, body, status, part) in [
        ("vic", good.clone(), 403, "`deployer`"),
        ("deployer:production", good.clone(), 403, "`deployer` in staging"),
        ("deployer:production", body("host=web-1", &[source("app", &[])]), 403, "`deployer` everywhere"),
        ("dan", body("qa", &[source("app", &[])]), 404, "no host matches `qa`"),
        ("dan", body("colour=red", &[source("app", &[])]), 400, "`left`"),
        ("dan", body("staging", &[]), 400, "`sources` is empty"),
        ("dan", body("staging", &[source("app", &[("@mode", 1)])]), 400, "metadata"),
        ("dan", json!({"left": "staging", "name": "a\u{1b}[2J", "declared": good["declared"]}), 400, "`name`"),
        (
            "dan",
            json!({"left": "staging", "name": "a", "declared": good["declared"], "keep": true}),
            400,
            "unknown field `keep`",
        ),
    ] {
        let (got, problem) = refusal(posted(&room, who, &body).await).await;
        assert!(got == status && problem.message.contains(part), "{who}: {got} {problem:?}");
    }
}
