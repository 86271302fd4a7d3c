//! What an error may say.

use super::*;

#[test]
fn a_code_of_a_server_is_letters_and_digits_alone() {
    assert_eq!(code_of("28P01"), "28P01");
    assert_eq!(code_of("WRONGPASS \u{1b}[2J pass=hunter2 and more"), "WRONGPASS2Jpassh");
}

#[test]
fn every_error_has_a_kind_and_no_full_stop() {
    let all = [
        DatabaseError::Unreachable(io::ErrorKind::NotFound.into()),
        DatabaseError::TimedOut { what: "answer", limit: QUERY_MAX },
        DatabaseError::Insecure,
        DatabaseError::Tls("no"),
        DatabaseError::Login(login::LoginError::NoVariable("X".to_owned())),
        DatabaseError::Refused { code: "1045".to_owned() },
        DatabaseError::Authentication("ed25519"),
        DatabaseError::Denied { code: "42501".to_owned() },
        DatabaseError::Protocol("no"),
        DatabaseError::TooLong,
        DatabaseError::Lost(io::ErrorKind::UnexpectedEof.into()),
    ];
    for error in all {
        let text = error.to_string();
        assert!(!text.ends_with('.') && !text.is_empty(), "{text}");
        assert!(ProblemKind::ALL.contains(&error.kind()));
    }
}

#[test]
fn reading_more_than_a_turn_may_is_too_long() {
    let error = DatabaseError::from(io::Error::other(link::OverBudget));
    assert!(matches!(error, DatabaseError::TooLong));
    let error = DatabaseError::from(io::Error::from(io::ErrorKind::BrokenPipe));
    assert!(matches!(error, DatabaseError::Lost(_)));
}

#[test]
fn mongodb_is_not_asked() {
    let spoken: Vec<_> = Server::ALL.into_iter().filter(|server| is_spoken(*server)).map(Server::as_str).collect();
    assert_eq!(spoken, ["postgresql", "mysql", "mariadb", "redis"]);
}
