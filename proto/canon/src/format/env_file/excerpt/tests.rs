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
