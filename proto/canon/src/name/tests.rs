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

#[test]
fn an_agent_id_is_short_and_of_plain_characters() {
    let longest = "a".repeat(crate::limits::AGENT_ID_BYTES_MAX);
    for good in ["a", "0", "-", "01998c4a-7f3e-7000-8000-000000000001", &longest] {
        assert_eq!(AgentId::new(good).unwrap().as_str(), good);
    }
    for (bad, found) in [("A", 'A'), ("a_b", '_'), ("a.b", '.'), ("a/b", '/'), ("a b", ' '), ("\u{e9}", '\u{e9}')] {
        assert_eq!(AgentId::new(bad).unwrap_err(), NameError::Character { what: "agent id", found }, "{bad:?}");
    }
    let error = AgentId::new(longest + "a").unwrap_err();
    assert_eq!(error, NameError::TooLong { what: "agent id", max: 64, length: 65 });
    assert_eq!(error.to_string(), "an agent id has at most 64 bytes, this one has 65");
}

#[test]
fn every_name_has_its_limit_its_error_and_its_article() {
    let longest = "a".repeat(crate::limits::NAME_BYTES_MAX);
    let longer = format!("{longest}a");
    assert!(Environment::new(&*longest).is_ok() && Role::new(&*longest).is_ok());
    assert!(HostName::new(&*longest).is_ok() && SourceName::new(&*longest).is_ok());
    for (error, wanted) in [
        (Environment::new(&*longer).unwrap_err(), "an environment name has at most 512 bytes, this one has 513"),
        (Role::new(&*longer).unwrap_err(), "a role name has at most 512 bytes, this one has 513"),
        (HostName::new(&*longer).unwrap_err(), "a host name has at most 512 bytes, this one has 513"),
        (SourceName::new(&*longer).unwrap_err(), "a source name has at most 512 bytes, this one has 513"),
        (Environment::new("").unwrap_err(), "an environment name cannot be empty"),
        (AgentId::new("").unwrap_err(), "an agent id cannot be empty"),
        (HostName::new("web 1").unwrap_err(), "a host name cannot contain ' '"),
        (SourceName::new("a\u{1b}[2J").unwrap_err(), "a source name cannot contain '\\u{1b}'"),
    ] {
        assert_eq!(error.to_string(), wanted);
    }
}
