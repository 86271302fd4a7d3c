use super::matches;

#[track_caller]
fn check(pattern: &str, key: &str, expected: bool) {
    assert_eq!(matches(pattern, key), expected, "{pattern} on {key}");
}

#[test]
fn a_pattern_without_a_star_is_the_key() {
    check("DB_HOST", "DB_HOST", true);
    check("DB_HOST", "DB_HOSTS", false);
    check("DB_HOST", "db_host", false);
}

#[test]
fn a_star_stands_for_any_text_at_any_place() {
    check("*", "DB_HOST", true);
    check("DB_*", "DB_HOST", true);
    check("DB_*", "DB_", true);
    check("*_HOST", "DB_HOST", true);
    check("*_HOST", "DB_HOST_2", false);
    check("A*B*C", "A-B-B-C", true);
    check("A*B*C", "A-C-B", false);
    check("**", "X", true);
}

#[test]
fn prefix_and_suffix_do_not_share_characters() {
    check("AB*BA", "ABA", false);
    check("AB*BA", "ABBA", true);
    check("A*A", "A", false);
}

#[test]
fn a_star_is_any_text_and_the_rest_is_itself() {
    for (pattern, text) in
        [("A", "A"), ("*", ""), ("DB_*", "DB_"), ("*_URL", "A_URL"), ("A*B*C", "AxBBxC"), ("**", "x")]
    {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in
        [("A", "AB"), ("A", "BA"), ("", "A"), ("A*A", "A"), ("DB_*", "XDB_"), ("a", "A"), ("A?", "AB")]
    {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}
