//! Desired state through the router.

use driftline_api::desired::{PushDetail, RevisionDetail, RevisionList};
use driftline_canon::CANONICAL_FORM;
use serde_json::{Value, json};

use super::*;

fn push(revision: &str, items: &[(&str, u8)]) -> Value {
    let item = |(key, value): &(&str, u8)| json!({"key": key, "digest": format!("{value:02x}").repeat(32), "secret": false, "display": "shown"});
    let items: Vec<Value> = items.iter().map(item).collect();
    json!({
        "selector": "production", "revision": revision,
        "declared": {"fleet_key_epoch": 1, "canonical_form": CANONICAL_FORM,
            "sources": [{"source": "app", "kind": "env_file", "items": items}]},
    })
}

async fn pushed(room: &Room, who: &str, body: &Value) -> Result<PushDetail, (u16, problem::ApiError)> {
    let answer = room.call("POST", "/api/v1/desired", Some(who), &body.to_string()).await;
    if answer.status() == StatusCode::OK {
        return Ok(serde_json::from_slice(&bytes(answer).await).unwrap());
    }
    Err(refusal(answer).await)
}

#[tokio::test]
async fn what_a_deployer_declares_is_listed_and_shown_without_a_digest() {
    let room = Room::new().await;
    room.fill().await;
    let done = pushed(&room, "dan", &push("4f2a91cde", &[("DB_HOST", 1), ("LOG_LEVEL", 9)])).await.unwrap();
    assert_eq!((done.revision.number, done.changed, done.hosts), (1, true, 1));
    let again = pushed(&room, "dan", &push("4f2a91cde", &[("DB_HOST", 1), ("LOG_LEVEL", 9)])).await.unwrap();
    assert_eq!((again.revision.number, again.changed), (1, false));
    let list: RevisionList = room.json("/api/v1/desired?env=production").await;
    assert_eq!(list.revisions.len(), 1);
    let revision = &list.revisions[0];
    assert_eq!(
        (revision.status.as_str(), revision.pushed_by.as_str(), revision.sources[0].items),
        ("current", "dan", 2)
    );
    let none: RevisionList = room.json("/api/v1/desired?env=staging").await;
    assert!(none.revisions.is_empty());
    for wanted in ["", "&revision=4f2a91c", "&revision=4f2a91cde", "&revision=1"] {
        let shown: RevisionDetail = room.json(&format!("/api/v1/desired/show?env=production{wanted}")).await;
        let keys: Vec<_> = shown.items.iter().map(|item| item.key.as_str()).collect();
        assert_eq!(keys, ["DB_HOST", "LOG_LEVEL"], "{wanted}");
    }
    let all = bytes(room.get("/api/v1/desired/show").await).await;
    assert!(!String::from_utf8_lossy(&all).contains(&"01".repeat(32)));
    for (path, part) in [
        ("desired?env=nope", "no environment"),
        ("desired/show?revision=4f2", "no revision `4f2`"),
        ("desired/show?env=staging", "nothing was ever declared for staging"),
    ] {
        let (status, problem) = room.problem(&format!("/api/v1/{path}")).await;
        assert_eq!(status, 404, "{path}");
        assert!(problem.message.contains(part), "{path}: {problem:?}");
    }
}

#[tokio::test]
async fn a_push_that_is_not_in_order_leaves_everything_as_it_was() {
    let room = Room::new().await;
    room.fill().await;
    pushed(&room, "dan", &push("r1", &[("A", 1)])).await.unwrap();
    let mut nowhere = push("r1", &[("A", 1)]);
    nowhere["selector"] = json!("nope");
    let mut unknown = push("r2", &[("A", 1)]);
    unknown["declared"]["value"] = json!("hunter2");
    for (who, body, status, part) in [
        ("vic", push("r2", &[("A", 2)]), 403, ""),
        ("dan", push("r1", &[("A", 2)]), 409, "revision r1 was declared for production on"),
        ("dan", nowhere, 404, "no environment `nope`"),
        ("dan", unknown, 400, "unknown field `value`"),
        ("dan", json!({}), 400, "missing field"),
        ("dan", push("r2", &[("@mode", 2)]), 400, "is metadata"),
    ] {
        let (got, problem) = pushed(&room, who, &body).await.unwrap_err();
        assert_eq!(got, status, "{problem:?}");
        assert!(problem.message.contains(part), "{part}: {problem:?}");
        assert!(!problem.message.contains("hunter2"));
    }
    let list: RevisionList = room.json("/api/v1/desired").await;
    assert_eq!(list.revisions.len(), 1);
    let mut replacing = push("r1", &[("A", 2)]);
    replacing["replace"] = json!(true);
    assert_eq!(pushed(&room, "ada", &replacing).await.unwrap().revision.number, 2);
}

#[tokio::test]
async fn a_push_may_be_larger_than_other_requests_and_not_larger_than_its_limit() {
    let room = Room::new().await;
    room.fill().await;
    let keys: Vec<String> = (0..5_000).map(|number| format!("KEY_{number}")).collect();
    let items: Vec<(&str, u8)> = keys.iter().map(|key| (key.as_str(), 1)).collect();
    let large = push("large", &items);
    assert!(large.to_string().len() > BODY_BYTES_MAX);
    assert_eq!(pushed(&room, "dan", &large).await.unwrap().revision.sources[0].items, 5_000);
    let mut over = push("over", &[]);
    over["revision"] = json!("x".repeat(crate::http::desired::PUSH_BYTES_MAX));
    let (status, problem) = pushed(&room, "dan", &over).await.unwrap_err();
    assert_eq!(status, 413);
    assert!(problem.message.contains("16777216 bytes"), "{problem:?}");
}
