//! What each failure means to a script, and to a person.

use super::*;

fn io(kind: io::ErrorKind) -> io::Error {
    io::Error::from(kind)
}

#[test]
fn every_failure_has_the_exit_code_of_the_page() {
    let dir = || PathBuf::from("/var/lib/x");
    let setting = ServerError::Setting { what: "the secret file", path: dir(), reason: "it is empty".to_owned() };
    let address = "127.0.0.1:7441".parse().unwrap();
    let bind = ServerError::Bind { what: "agents", address, source: io(io::ErrorKind::AddrInUse) };
    for (error, exit, hinted, says) in [
        (setting, Exit::Config, false, "the secret file /var/lib/x cannot be used: it is empty"),
        (ServerError::NotInitialised { dir: dir() }, Exit::Config, true, "there is no collector in /var/lib/x"),
        (ServerError::AlreadyInitialised { dir: dir() }, Exit::Denied, true, "in /var/lib/x already"),
        (ServerError::OperatorConfigTaken { path: dir() }, Exit::Denied, true, "belongs to another collector"),
        (
            ServerError::Contradiction { flag: "--dir", path: dir() },
            Exit::Config,
            true,
            "`--dir` contradicts /var/lib/x",
        ),
        (
            ServerError::file("read", dir(), io(io::ErrorKind::PermissionDenied)),
            Exit::Denied,
            true,
            "could not read /var",
        ),
        (ServerError::file("read", dir(), io(io::ErrorKind::NotFound)), Exit::Internal, false, "could not read /var"),
        (bind, Exit::Config, false, "could not listen on 127.0.0.1:7441 for agents"),
        (ServerError::Random, Exit::Internal, false, "no random bytes"),
        (
            ServerError::Interrupted(driftline_daemon::signals::Interrupted),
            Exit::Interrupted,
            false,
            "interrupted again",
        ),
        (ServerError::Runtime(io(io::ErrorKind::Other)), Exit::Internal, false, "could not start the runtime"),
    ] {
        assert_eq!(error.exit(), exit, "{error}");
        assert_eq!(error.hint().is_some(), hinted, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_hint_names_what_to_type() {
    let error = ServerError::NotInitialised { dir: PathBuf::from("/srv/c") };
    assert_eq!(error.hint().unwrap(), "make one with `driftline-collector init --dir /srv/c`");
}
