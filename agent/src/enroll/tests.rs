use tonic::{Code, Status};

use super::*;

async fn failing(text: &str, host: &str) -> EnrollError {
    let dir = tempfile::tempdir().unwrap();
    enroll(text, dir.path(), host, &Clock::system()).await.unwrap_err()
}

fn token() -> EnrolmentToken {
    let mut token = crate::identity::tests::token();
    // A port of loopback where nothing listens: reserved by RFC 6335.
    token.enrol = vec!["127.0.0.1:1".to_owned()];
    token
}

#[tokio::test]
async fn a_token_cut_short_is_one_clear_line_and_77() {
    let text = token().encode();
    let error = failing(&text[..text.len() - 9], "web-1").await;
    assert_eq!(error.exit(), Exit::Denied);
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(error.to_string().contains("cut short"), "{error}");
}

#[tokio::test]
async fn an_unreachable_collector_is_69_and_can_be_tried_again() {
    driftline_daemon::tls::install_provider();
    let error = failing(&token().encode(), "web-1").await;
    assert_eq!(error.exit(), Exit::Unreachable, "{error}");
    assert!(error.hint().unwrap().contains("again"));
}

#[tokio::test]
async fn a_host_name_that_is_none_is_named() {
    let error = failing(&token().encode(), "web 1").await;
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.to_string().contains("`web 1`"));
}

#[test]
fn a_clear_no_is_told_from_a_failure() {
    let exit = |code| of_status("c:1", &Status::new(code, "no")).exit();
    assert_eq!(exit(Code::PermissionDenied), Exit::Denied);
    assert_eq!(exit(Code::Unauthenticated), Exit::Denied);
    assert_eq!(exit(Code::Unavailable), Exit::Unreachable);
    assert_eq!(exit(Code::ResourceExhausted), Exit::Unreachable);
}

#[test]
fn a_request_is_signed_by_its_own_key() {
    let key = KeyPair::generate().unwrap();
    let der = csr(&key, &HostName::new("web-1").unwrap()).unwrap();
    assert!(der.len() > 100);
}
