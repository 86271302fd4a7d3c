use super::*;

fn token() -> EnrolmentToken {
    EnrolmentToken {
        id: "t-1".to_owned(),
        secret: [1; 32],
        ca_sha256: [2; 32],
        enrol: vec!["collector:7442".to_owned()],
        ingest: vec!["a:7441".to_owned(), "b:7441".to_owned()],
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
        expires_s: 1_800_000_000,
        fleet_key: FleetKey::new([3; 32], KeyEpoch(4)),
    }
}

#[test]
fn a_token_says_again_what_was_put_in() {
    let back = EnrolmentToken::decode(&format!(" {}\n", *token().encode())).unwrap();
    assert_eq!(back.id, "t-1");
    assert_eq!(back.ingest, ["a:7441", "b:7441"]);
    assert_eq!(back.environment.as_str(), "production");
    assert_eq!(back.fleet_key.expose(), &[3; 32]);
    assert_eq!(back.fleet_key.epoch(), KeyEpoch(4));
    assert_eq!(back.expires_s, 1_800_000_000);
}

#[test]
fn a_token_cut_short_anywhere_is_told_from_another_text() {
    let text = token().encode();
    for end in 4..text.len() {
        assert_eq!(EnrolmentToken::decode(&text[..end]).unwrap_err(), TokenError::Damaged, "cut at {end}");
    }
    assert_eq!(EnrolmentToken::decode("hello").unwrap_err(), TokenError::NotAToken);
}

#[test]
fn a_changed_character_is_seen() {
    let mut text = token().encode().to_string();
    text.replace_range(40..41, if &text[40..41] == "A" { "B" } else { "A" });
    assert_eq!(EnrolmentToken::decode(&text).unwrap_err(), TokenError::Damaged);
}

#[test]
fn a_token_never_prints_its_secrets() {
    assert_eq!(format!("{:?}", token()), "EnrolmentToken(t-1 for production)");
}
