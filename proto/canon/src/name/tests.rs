use super::*;

#[test]
fn names_are_checked_where_they_enter() {
    assert_eq!(Environment::new("production").unwrap().as_str(), "production");
    assert_eq!(Environment::new("").unwrap_err(), NameError::Empty { what: "environment name" });
    assert_eq!(Role::new("we b").unwrap_err(), NameError::Character { what: "role name", found: ' ' });
    assert!(matches!(HostName::new("h".repeat(600)), Err(NameError::TooLong { length: 600, .. })));
}

#[test]
fn source_names_may_carry_a_path_but_nothing_that_deceives() {
    assert!(SourceName::new("app/conf.d/a b.env").is_ok());
    assert!(SourceName::new("app/\u{202e}vne.a").is_err());
    assert!(SourceName::new("app/a\nb").is_err());
}

#[test]
fn every_kind_has_a_name_that_finds_it_again() {
    for kind in SourceKind::ALL {
        assert_eq!(SourceKind::from_name(kind.as_str()), Some(kind));
    }
}
