//! A history without its beginning, as the API tells it: proven, exported, and
//! said plainly where a question reaches further back.

use driftline_api::change::ChainStart;
use driftline_compare::policy::PolicyVersion;

use super::*;

const DAY_MS: i64 = 86_400_000;

impl Room {
    async fn keeps(&self, days: u32) {
        let text = format!("[retention]\ndays = {days}\n");
        let (applied_by, applied_ms) = ("ada".to_owned(), self.clock.now_ms());
        let version = PolicyVersion { number: 7, text, applied_by, applied_ms, summary: String::new() };
        self.http.core.recorder.decide(move |draft| draft.put_document(&version)).await.unwrap();
    }

    async fn retention(&self) {
        crate::keep::look(&self.http.core, &mut None, &CancellationToken::new()).await.unwrap();
    }
}

/// A room with six entries of a hundred days ago and one of today; what is old
/// is removed.
async fn cut() -> Room {
    let room = Room::new().await;
    room.fill().await;
    room.clock.advance_ms(100 * DAY_MS);
    room.append(vec![change(9, "LOG_LEVEL")]).await;
    room.keeps(90).await;
    room.retention().await;
    let verified: change::Verification = room.json("/api/v1/verify").await;
    assert_eq!((verified.entries, verified.begins), (7, None), "not in the first hour of a policy");
    room.clock.advance_ms(DAY_MS);
    room.retention().await;
    room
}

#[tokio::test]
async fn p8_the_rest_of_a_cut_history_is_proven_here_and_from_an_export() {
    let room = cut().await;
    let verified: change::Verification = room.json("/api/v1/verify").await;
    assert!(verified.intact, "{verified:?}");
    let begins = verified.begins.unwrap();
    assert_eq!((begins.first, begins.removed, begins.beside, begins.policy, begins.days), (7, 1, 5, 7, 90));
    assert_eq!((begins.announced, begins.announced_by, verified.entries), (6, 8, 2));
    let text = String::from_utf8(bytes(room.get("/api/v1/export").await).await.to_vec()).unwrap();
    let mut lines = text.lines();
    let start: ChainStart = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(start.begins, begins);
    let ids: Vec<u64> = lines.map(|line| serde_json::from_str::<change::ChainEntry>(line).unwrap().id).collect();
    assert_eq!(ids, [7, 8]);
    let later = String::from_utf8(bytes(room.get("/api/v1/export?from=8").await).await.to_vec()).unwrap();
    assert_eq!(later.lines().count(), 1, "a piece from the middle begins with no beginning");
    let events: change::EventPage = room.json("/api/v1/events").await;
    assert_eq!(events.events[0].what, "retention");
    room.retention().await;
    let again: change::Verification = room.json("/api/v1/verify").await;
    assert_eq!(again.entries, 2, "nothing is announced or removed twice");
}

#[tokio::test]
async fn who_asks_for_what_was_removed_is_told_since_when_there_is_a_history() {
    let room = cut().await;
    let begins_at = driftline_daemon::clock::format_ms(NOW_MS + 100 * DAY_MS);
    let ago = |days: i64| driftline_daemon::clock::format_ms(room.clock.now_ms() - days * DAY_MS);
    for path in [
        "/api/v1/changes".to_owned(),
        format!("/api/v1/changes?since={}", ago(200)),
        "/api/v1/history/DB_HOST".to_owned(),
    ] {
        let page: change::ChangePage = room.json(&path).await;
        assert_eq!(page.begins_at.as_ref(), Some(&begins_at), "{path}");
    }
    for path in [format!("/api/v1/changes?since={}", ago(50)), "/api/v1/events?limit=1".to_owned()] {
        let answer = bytes(room.get(&path).await).await;
        assert!(!String::from_utf8_lossy(&answer).contains("begins_at"), "{path} does not reach back");
    }
    let (status, problem) = room.problem("/api/v1/explain/6").await;
    assert_eq!((status, problem.message), (404, format!("entry 6 was removed: the history begins at {begins_at}")));
    let (_, never) = room.problem("/api/v1/explain/300").await;
    assert_eq!(never.message, "the history has no entry 300");
    let (status, problem) = room.problem(&format!("/api/v1/hosts/web-1?at={}", ago(150))).await;
    assert_eq!((status, problem.hint), (404, Some(format!("the history begins at {begins_at}"))));
    assert!(problem.message.contains("the history begins after that"), "{}", problem.message);
    let then: host::HostDetail = room.json(&format!("/api/v1/hosts/web-1?at={}", ago(50))).await;
    assert!(!then.sources.is_empty(), "since it begins, all is known");
}

async fn push(room: &Room, revision: &str, digest: char) {
    let item =
        serde_json::json!({"key": "A", "digest": digest.to_string().repeat(64), "secret": false, "display": "d"});
    let source = serde_json::json!({"source": "app", "kind": "env_file", "items": [item]});
    let declared = serde_json::json!({"fleet_key_epoch": 1, "canonical_form": driftline_canon::CANONICAL_FORM,
        "sources": [source]});
    let body = serde_json::json!({"selector": "production", "revision": revision, "declared": declared});
    let answer = room.call("POST", "/api/v1/desired", Some("dan"), &body.to_string()).await;
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", bytes(answer).await);
}

#[tokio::test]
async fn a_revision_that_is_kept_no_longer_says_so_and_so_does_what_was_declared_then() {
    let room = Room::new().await;
    room.fill().await;
    push(&room, "r1-long-ago", '1').await;
    let then = driftline_daemon::clock::format_ms(NOW_MS + 1_000);
    room.clock.advance_ms(50 * DAY_MS);
    push(&room, "r2", '2').await;
    room.clock.advance_ms(500 * DAY_MS);
    push(&room, "r3", '3').await;
    // Without a policy, what ended is kept for a year and a bit.
    room.retention().await;
    let declared: driftline_api::desired::RevisionList = room.json("/api/v1/desired").await;
    assert_eq!(declared.revisions.iter().map(|one| one.revision.as_str()).collect::<Vec<_>>(), ["r3", "r2"]);
    for wanted in ["r1-long-ago", "r1-long", "1"] {
        let (status, problem) = room.problem(&format!("/api/v1/desired/show?revision={wanted}")).await;
        assert_eq!(status, 404);
        for part in
            ["revision r1-long-ago (number 1), declared for production on ", "counted until ", "was removed on "]
        {
            assert!(problem.message.contains(part), "{wanted}: {}", problem.message);
        }
    }
    let (_, never) = room.problem("/api/v1/desired/show?revision=r9").await;
    assert_eq!(never.message, "there is no revision `r9`");
    let (status, problem) =
        room.problem(&format!("/api/v1/compare?left=desired:production@{then}&right=production")).await;
    assert_eq!(status, 404);
    assert!(
        problem.message.ends_with("revision r1-long-ago counted then and was removed since"),
        "{}",
        problem.message
    );
    let events: change::EventPage = room.json("/api/v1/events?limit=1").await;
    assert!(events.events[0].message.ends_with("is removed: 1 superseded revision"), "{}", events.events[0].message);
    let verified: change::Verification = room.json("/api/v1/verify").await;
    assert_eq!(verified.begins, None, "no history is removed unless the policy says so");
}
