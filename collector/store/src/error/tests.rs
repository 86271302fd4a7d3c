use super::*;

fn io(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "why")
}

#[test]
fn what_a_caller_can_do_follows_from_what_the_system_said() {
    for (kind, wanted) in [
        (io::ErrorKind::StorageFull, ErrorKind::Full),
        (io::ErrorKind::QuotaExceeded, ErrorKind::Full),
        (io::ErrorKind::FileTooLarge, ErrorKind::Full),
        (io::ErrorKind::InvalidData, ErrorKind::Corrupt),
        (io::ErrorKind::PermissionDenied, ErrorKind::Io),
        (io::ErrorKind::Other, ErrorKind::Io),
    ] {
        assert_eq!(StoreError::io("commit", &io(kind)).kind(), wanted, "{kind}");
        assert_eq!(StoreError::redb("commit", redb::Error::Io(io(kind))).kind(), wanted, "{kind}");
        assert_eq!(StoreError::sled("commit", &sled::Error::Io(io(kind))).kind(), wanted, "{kind}");
    }
}

#[test]
fn an_engine_that_met_an_error_before_is_tried_again_and_damage_is_not() {
    assert_eq!(StoreError::redb("read", redb::Error::PreviousIo).kind(), ErrorKind::Io);
    assert_eq!(StoreError::redb("read", redb::Error::DatabaseClosed).kind(), ErrorKind::Io);
    assert_eq!(StoreError::redb("read", redb::Error::Corrupted("x".into())).kind(), ErrorKind::Corrupt);
    let damaged = sled::Error::Corruption { at: None, bt: () };
    assert_eq!(StoreError::sled("read", &damaged).kind(), ErrorKind::Corrupt);
    assert_eq!(StoreError::sled("read", &sled::Error::Unsupported("x".into())).kind(), ErrorKind::Bug);
}

#[test]
fn a_store_that_does_not_open_again_keeps_the_kind_of_its_error() {
    for kind in [ErrorKind::Full, ErrorKind::Io, ErrorKind::Corrupt] {
        let error = OpenError::store("/var/lib/x", &StoreError::new(kind, "open", "why"));
        let message = error.to_string();
        assert!(message.contains("/var/lib/x") && message.contains("why"), "{message}");
        assert_eq!(error.into_store_error("open again").kind(), kind);
    }
    let in_use = OpenError::InUse { path: "/x".into() };
    assert_eq!(in_use.into_store_error("open again").kind(), ErrorKind::Io, "worth another try");
}

#[test]
fn a_message_says_what_was_attempted_and_why_it_failed() {
    let error = StoreError::io("flush a commit", &io(io::ErrorKind::StorageFull));
    assert_eq!(error.to_string(), "cannot flush a commit: why");
    assert!(error.is_full());
    assert!(!StoreError::bug("x", "y").is_full());
}
