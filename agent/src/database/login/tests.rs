//! Password files that may be used, and those that may not.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn file(text: &str, mode: u32) -> (tempfile::TempDir, PasswordAt) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pass");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    (dir, PasswordAt::File(path))
}

#[test]
fn the_first_line_of_a_private_file_is_the_password() {
    for text in ["geheim", "geheim\n", "geheim\r\n"] {
        let (_dir, at) = file(text, 0o600);
        assert_eq!(at.read().unwrap().as_str(), "geheim");
    }
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    for mode in [0o640, 0o604, 0o620, 0o660] {
        let (_dir, at) = file("geheim\n", mode);
        let error = at.read().unwrap_err();
        assert!(matches!(error, LoginError::Open { .. }), "{mode:o}");
        assert!(error.to_string().contains("chmod 600") && !error.to_string().contains("geheim"), "{error}");
    }
}

#[test]
fn what_is_no_password_is_refused() {
    for text in ["", "\n", "a\nb\n", "a\0b"] {
        let (_dir, at) = file(text, 0o600);
        assert!(matches!(at.read(), Err(LoginError::NotAPassword { .. })), "{text:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(PasswordAt::File(dir.path().to_owned()).read(), Err(LoginError::NotAPassword { .. })));
    let missing = PasswordAt::File(dir.path().join("none"));
    assert!(matches!(missing.read(), Err(LoginError::Unreadable { .. })));
}

#[test]
fn a_variable_that_is_not_there_is_named() {
    let error = PasswordAt::Variable("DRIFTLINE_NO_SUCH_VARIABLE".to_owned()).read().unwrap_err();
    assert!(error.to_string().contains("DRIFTLINE_NO_SUCH_VARIABLE"));
    assert!(PasswordAt::Variable("PATH".to_owned()).read().is_ok());
}
