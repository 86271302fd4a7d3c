//! Values.

use super::*;
use crate::format::firewall::nft::token::Lexer;

#[test]
fn times_have_one_form() {
    for (written, expected) in
        [("60s", "1m"), ("90", "1m30s"), ("1h30m", "1h30m"), ("86400", "1d"), ("0", "0s"), ("x", "x"), ("5q", "5q")]
    {
        assert_eq!(duration(written), expected, "{written}");
    }
}

#[test]
fn elements_are_read_with_what_is_said_of_them() {
    let of = |text: &str| element(&Lexer::new(text).collect::<Vec<_>>(), Field::Other);
    assert_eq!(of("10.0.0.1/8 timeout 60s").to_string(), "10.0.0.0/8 timeout 1m");
    assert_eq!(of("22 : jump x").to_string(), "22 : jump x");
    assert_eq!(of("1.2.3.4 . 22").key, "1.2.3.4 . 22");
    assert_eq!(
        of("1.2.3.4 counter packets 1 bytes 2 comment \"x 2026-11-22\"").to_string(),
        "1.2.3.4 counter comment x"
    );
    assert!(of("1.2.3.4 timeout 1m expires 30s").expires);
}

#[test]
fn flags_are_a_set() {
    let of = |text: &str| flags(&Lexer::new(text).collect::<Vec<_>>());
    assert_eq!(of("( syn | fin )"), Some(("fin,syn".to_owned(), 5)));
    assert_eq!(of("syn,ack"), Some(("ack,syn".to_owned(), 3)));
    assert_eq!(of("0x2"), None);
    assert_eq!(of("( syn"), None);
}

#[test]
fn numbers_have_the_names_of_their_field() {
    for (written, field, expected) in [
        ("8", Field::Icmp, "echo-request"),
        ("135", Field::Icmp6, "nd-neighbor-solicit"),
        ("99", Field::Icmp, "99"),
        ("6", Field::Protocol, "tcp"),
        ("ssh", Field::Port, "22"),
        ("0x10", Field::Other, "16"),
        ("00:11:22:AA:bb:cc", Field::Other, "00:11:22:aa:bb:cc"),
    ] {
        assert_eq!(word(&Token::Word(written.into()), field), expected);
    }
}
