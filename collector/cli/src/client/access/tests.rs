//! What can be used, and what is refused with a hint.

use super::*;

fn access(collector: &str) -> Access {
    Access { collector: Some(collector.to_owned()), ..Access::default() }
}

fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    crate::input::write_private(&path, content.as_bytes()).unwrap();
    (dir, path)
}

#[test]
fn an_address_may_leave_out_the_scheme() {
    assert_eq!(access("c.example:7443").collector().unwrap().as_str(), "https://c.example:7443/");
    assert_eq!(access("https://c.example:7443").collector().unwrap().as_str(), "https://c.example:7443/");
    assert_eq!(access("https://[::1]:7443/").collector().unwrap().as_str(), "https://[::1]:7443/");
}

#[test]
fn i6_nothing_but_https_is_spoken() {
    for bad in ["http://c:7443", "ftp://c", "https://", "https://u:p@c:1", "not a host"] {
        let failure = access(bad).collector().unwrap_err();
        assert_eq!(failure.exit(), Exit::Config, "{bad}");
        assert!(failure.to_string().contains("hint: write it like https://"), "{bad}");
    }
}

#[test]
fn what_is_not_configured_names_login() {
    let none = Access::default();
    let failures = [none.collector().err(), none.ca().err(), none.token().err(), none.fleet_key().err()];
    for failure in failures.into_iter().flatten() {
        assert!(failure.to_string().contains("`driftline login`"), "{failure}");
        assert_eq!(failure.exit(), Exit::Config);
    }
    assert!(none.fleet_key().is_err());
}

#[test]
fn a_token_is_one_word() {
    let (_dir, path) = file("dlo_abc\n");
    assert_eq!(Access { token_file: Some(path), ..Access::default() }.token().unwrap(), "dlo_abc");
    let (_dir, path) = file("two words\n");
    assert!(Access { token_file: Some(path), ..Access::default() }.token().is_err());
    let (_dir, path) = file("\n");
    assert!(Access { token_file: Some(path), ..Access::default() }.token().is_err());
}

#[test]
fn a_fleet_key_is_read_as_init_writes_it() {
    let (_dir, path) = file(&format!("# a comment\n[fleet]\nepoch = 3\nkey = \"{}\"\n", "0f".repeat(32)));
    let key = Access { fleet_key_file: Some(path), ..Access::default() }.fleet_key().unwrap();
    assert_eq!((key.epoch(), key.expose()), (KeyEpoch(3), &[15; 32]));
}

#[test]
fn p4_a_broken_key_file_is_not_quoted() {
    let (_dir, path) = file("[fleet]\nepoch = 3\nkey = \"5ec2e7\n");
    let failure = Access { fleet_key_file: Some(path), ..Access::default() }.fleet_key().unwrap_err();
    assert!(!failure.to_string().contains("5ec2e7"), "{failure}");
}

#[test]
fn a_ca_file_without_a_certificate_is_refused() {
    let (_dir, path) = file("hello\n");
    let failure = Access { ca_file: Some(path), ..Access::default() }.ca().unwrap_err();
    assert!(failure.to_string().contains("holds no certificate"), "{failure}");
}

#[test]
fn a_secret_that_others_could_read_is_refused_as_ssh_does_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let key = format!("[fleet]\nepoch = 1\nkey = \"{}\"\n", "0f".repeat(32));
    for (content, is_token) in [("dlo_abc\n", true), (key.as_str(), false)] {
        let (_dir, path) = file(content);
        let read = || {
            let access =
                Access { token_file: Some(path.clone()), fleet_key_file: Some(path.clone()), ..Access::default() };
            if is_token { access.token().map(drop) } else { access.fleet_key().map(drop) }
        };
        for (mode, refused) in
            [(0o600, false), (0o400, false), (0o640, false), (0o644, true), (0o660, true), (0o602, true)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let Err(failure) = read() else {
                assert!(!refused, "{mode:o} was taken");
                continue;
            };
            assert!(refused, "{mode:o}: {failure}");
            assert_eq!(failure.exit(), Exit::Config);
            let said = failure.to_string();
            assert!(said.contains(&format!("has mode {mode:04o}")) && said.contains("hint: chmod 0600 /"), "{said}");
            assert!(!said.contains("dlo_abc") && !said.contains("0f0f"), "{said}");
        }
    }
}
