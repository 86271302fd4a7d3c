use super::*;

#[test]
fn only_a_clean_name_is_shown() {
    for (line, expected) in [
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=****"),
        ("  export A = x", "  export A =****"),
        ("\tA\u{c}=x", " A =****"),
        ("hunter2", "****"),
        ("hunter2 and=more", "****"),
        ("=hunter2", "****"),
        ("1A=x", "****"),
        ("ghp_16C7e42F292c6912E7710c838347Ae178B4a=", "****"),
        ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ==", "****"),
    ] {
        assert_eq!(masked(line.as_bytes()), expected, "{line}");
    }
    let long = format!("{}=x", "A".repeat(200));
    assert_eq!(masked(long.as_bytes()), "****");
}

#[test]
fn a_name_in_a_message_is_clean_too() {
    assert_eq!(named(b"HOST"), "`HOST`");
    assert_eq!(named(b"a secret"), "a name");
}

#[test]
fn a_name_that_is_too_far_right_is_no_name() {
    let longest = "A".repeat(NAME_BYTES_MAX - 1);
    assert_eq!(masked(format!("{longest}=x").as_bytes()), format!("{longest}=****"));
    assert_eq!(masked(format!("{longest}A=x").as_bytes()), "****");
    assert_eq!(masked(b"\xff=x"), "****");
    assert_eq!(masked("A\u{202e}=x".as_bytes()), "****");
    assert_eq!(masked("Ä=x".as_bytes()), "****");
}

proptest::proptest! {
    #[test]
    fn no_byte_behind_the_name_is_shown(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let shown = masked(&line);
        let head = line.split(|&byte| byte == b'=').next().unwrap_or_default();
        let visible = shown.strip_suffix("=****").map(|name| name.replace(' ', ""));
        let blank = |byte: &u8| !byte.is_ascii_whitespace() && *byte != 0x0b;
        let name: Vec<u8> = head.iter().copied().filter(blank).collect();
        proptest::prop_assert!(shown == MASK || visible.is_some_and(|text| text.as_bytes() == name), "{}", shown);
    }
}
