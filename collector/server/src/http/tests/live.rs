//! Live streams of operators who may no longer read them.

use super::*;

/// Within this a stream has to end: "a second or two".
const SOON: Duration = Duration::from_secs(3);

/// The last event of a stream that ends soon.
async fn last_word(body: &mut Body) -> problem::ApiError {
    let mut told = String::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            told.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("the stream ends");
    let data = told.rsplit_once("event: end\ndata: ").unwrap_or_else(|| panic!("no last word: {told}")).1;
    serde_json::from_str(data.trim()).unwrap()
}

#[tokio::test]
async fn a_live_stream_ends_with_the_reason_when_its_operator_is_revoked() {
    let room = Room::new().await;
    let mut live = room.live(None).await;
    assert_eq!(room.call("DELETE", "/api/v1/operators/vic", Some("ada"), "").await.status(), 204);
    let why = last_word(&mut live).await;
    assert_eq!((why.code.as_str(), why.message.as_str()), ("unauthorised", "the operator vic was revoked"));
}

#[tokio::test]
async fn a_live_stream_ends_with_the_reason_when_its_token_is_replaced() {
    let room = Room::new().await;
    let mut live = room.live(None).await;
    let body = serde_json::json!({"token_sha256": "ab".repeat(32)}).to_string();
    assert_eq!(room.call("POST", "/api/v1/operators/vic/rotate", Some("ada"), &body).await.status(), 200);
    let why = last_word(&mut live).await;
    assert_eq!(why.message, "the access token of vic is no longer valid");
    assert!(why.hint.is_some());
}

#[tokio::test]
async fn a_live_stream_ends_with_the_reason_when_the_role_changes_and_tells_nothing_more() {
    let room = Room::new().await;
    room.fill().await;
    let mut live = room.live(None).await;
    room.operator("vic", "viewer:staging", false).await;
    let why = last_word(&mut live).await;
    assert_eq!((why.code.as_str(), why.message.as_str()), ("forbidden", "vic had viewer and now has viewer:staging"));
}

#[tokio::test]
async fn a_live_stream_of_somebody_else_goes_on() {
    let room = Room::new().await;
    room.fill().await;
    let mut live = room.live(None).await;
    room.operator("dan", "viewer:staging", true).await;
    tokio::time::sleep(2 * super::super::stream::STILL).await;
    room.append(vec![change(1, "NEW")]).await;
    assert_eq!(ids(&mut live, 1).await, [7]);
}
