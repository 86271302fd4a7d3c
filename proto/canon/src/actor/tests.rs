use super::{ACTOR_COMMAND_BYTES_MAX, ACTOR_TEXT_BYTES_MAX, Actor, ActorText, Confidence, Evidence, User};

fn user(uid: u32, name: &str) -> User {
    User { uid, name: (!name.is_empty()).then(|| ActorText::new(name)) }
}

#[test]
fn every_word_is_read_back() {
    for one in Confidence::ALL {
        assert_eq!(Confidence::from_name(one.as_str()), Some(one));
    }
    for one in Evidence::ALL {
        assert_eq!(Evidence::from_name(one.as_str()), Some(one));
    }
    assert_eq!(Confidence::from_name("certain"), None);
}

#[test]
fn texts_are_bounded_and_move_no_cursor() {
    assert_eq!(ActorText::new("a\u{1b}[2J\u{202e}b").as_str(), "a\u{fffd}[2J\u{fffd}b");
    let long = "ä".repeat(4096);
    assert!(ActorText::new(&long).as_str().len() <= ACTOR_TEXT_BYTES_MAX);
    assert!(ActorText::new(&long).as_str().ends_with('…'));
    assert!(ActorText::from(long).as_str().len() <= ACTOR_COMMAND_BYTES_MAX);
    assert_eq!(ActorText::new("/usr/sbin/nft").as_str(), "/usr/sbin/nft");
}

#[test]
fn the_person_behind_sudo_is_named_first() {
    let sudo = Actor {
        confidence: Confidence::Exact,
        login: Some(user(1000, "alice")),
        user: Some(user(0, "root")),
        command: Some(ActorText::command("nft add rule")),
        ..Actor::unknown()
    };
    assert_eq!(sudo.summary(), "alice (root): nft add rule");
    let same = Actor { login: Some(user(0, "root")), ..sudo.clone() };
    assert_eq!(same.summary(), "root: nft add rule");
    let nameless = Actor { login: None, user: Some(user(1001, "")), command: None, ..sudo.clone() };
    assert_eq!(nameless.summary(), "uid 1001");
    let guessed = Actor { confidence: Confidence::Probable, ..sudo };
    assert_eq!(guessed.summary(), "probably alice (root): nft add rule");
}

#[test]
fn who_is_not_known_is_not_named() {
    assert_eq!(Actor::unknown().summary(), "unknown");
    let rumour = Actor { name: Some(ActorText::new("nft")), ..Actor::unknown() };
    assert_eq!(rumour.summary(), "unknown", "unknown is no guess");
    let bare = Actor { confidence: Confidence::Exact, pid: Some(7), ..Actor::unknown() };
    assert_eq!(bare.summary(), "process 7");
    let unit = Actor { confidence: Confidence::Exact, unit: Some(ActorText::new("web.service")), ..Actor::unknown() };
    assert_eq!(unit.summary(), "unit web.service");
}
