//! A secret that cannot sign is found when the collector starts, not when an
//! alert is due.

use std::path::Path;

use super::*;
use crate::config::RouteKind;

fn route(secret_file: &Path) -> AlertRoute {
    AlertRoute {
        name: "chat".to_owned(),
        kind: RouteKind::Webhook,
        url: "https://alerts.example.com/x".to_owned(),
        secret_file: secret_file.to_owned(),
        min_severity: driftline_compare::Severity::Warning,
        allow_plaintext: false,
        ca_file: None,
    }
}

fn loaded(content: &[u8]) -> Result<Secret, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    files::write_private(&path, content).unwrap();
    load(&route(&path)).map_err(|error| error.to_string())
}

#[test]
fn a_line_break_at_the_end_does_not_count() {
    let signed = |content: &[u8]| loaded(content).unwrap().header(1_800_000_000, b"body");
    assert_eq!(signed(b"sixteen bytes !!"), signed(b"sixteen bytes !!\n"));
    assert_ne!(signed(b"sixteen bytes !!"), signed(b"sixteen bytes ??"));
}

#[test]
fn p4_one_that_is_too_short_is_refused_by_its_length_alone() {
    for content in [&b""[..], b"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", b"hunter2\n", b"fifteen bytes !\n"] {
        let said = loaded(content).unwrap_err();
        assert!(said.contains("at least 16 are needed") && !said.contains("hunter2"), "{said}");
    }
    assert!(loaded(&[b'x'; BYTES_MAX]).is_ok());
    assert!(loaded(&[b'x'; BYTES_MAX + 1]).is_err(), "that is some other file");
}

#[test]
fn one_that_is_not_there_is_named() {
    let error = load(&route(Path::new("/nonexistent/secret"))).unwrap_err();
    assert!(error.to_string().starts_with("the secret file /nonexistent/secret cannot be used"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    assert!(load(&route(dir.path())).is_err(), "a directory is no secret");
}
