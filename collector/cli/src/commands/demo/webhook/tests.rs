//! Calls over a real socket, signed and not.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const SECRET: &str = "a secret of this test";

fn signature(time: &str, body: &[u8], secret: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={time},v1={}", hex::encode(&mac.finalize().into_bytes()))
}

async fn post(to: SocketAddr, signature: &str, body: &str) {
    let mut stream = tokio::net::TcpStream::connect(to).await.unwrap();
    let request = format!(
        "POST /hook HTTP/1.1\r\nhost: x\r\n{ID_HEADER}: a-1\r\n{SIGNATURE_HEADER}: {signature}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn alert(host: &str, key: &str) -> String {
    let change = serde_json::json!({
        "id": 1, "environment": "production", "host": host, "role": "web", "source": "app", "kind": "env_file",
        "path": "/x", "key": key, "what": "changed", "observed_at": "2026-11-22T00:00:00.000Z",
        "recorded_at": "2026-11-22T00:00:00.000Z", "severity": "info", "class": "functional",
        "verdict": "undetermined",
    });
    serde_json::json!({"schema_version": 1, "id": "1", "severity": "info", "summary": "x", "changes": [change]})
        .to_string()
}

#[tokio::test]
async fn the_call_that_is_waited_for_is_the_last_one() {
    let mut webhook = Webhook::start(SECRET).await.unwrap();
    for (host, key) in [("web-1", "A"), ("web-2", "B"), ("web-2", "A")] {
        let body = alert(host, key);
        post(webhook.address, &signature("5", body.as_bytes(), SECRET.as_bytes()), &body).await;
    }
    let calls = webhook.until("web-2", "B", Duration::from_secs(5)).await;
    assert_eq!(calls.len(), 2);
    assert!(calls[1].tells_of("web-2", "B") && calls[1].signed && calls[1].id == "a-1");
    assert_eq!(webhook.until("web-9", "B", Duration::from_millis(50)).await.len(), 1);
}

#[tokio::test]
async fn a_forged_call_is_not_believed() {
    let mut webhook = Webhook::start(SECRET).await.unwrap();
    let body = alert("web-1", "A");
    post(webhook.address, &signature("5", body.as_bytes(), b"another secret"), &body).await;
    let calls = webhook.until("web-1", "A", Duration::from_secs(5)).await;
    assert!(!calls[0].signed);
}

#[test]
fn a_signature_covers_time_and_body() {
    let good = signature("5", b"body", b"secret");
    assert!(holds(&good, b"body", b"secret"));
    assert!(!holds(&good, b"other", b"secret"));
    assert!(!holds(&good.replace("t=5", "t=6"), b"body", b"secret"));
    for bad in ["", "t=5", "v1=00", "t=5,v1=zz", "nonsense"] {
        assert!(!holds(bad, b"body", b"secret"), "{bad}");
    }
}
