use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn names_globs_and_expressions_match_whole_names() {
    let cases: [(&str, &[&str], &[&str]); 8] = [
        ("DB_HOST", &["DB_HOST"], &["DB_HOST_2", "db_host", ""]),
        ("DB_*", &["DB_", "DB_HOST"], &["XDB_HOST", "DB"]),
        ("*_URL", &["_URL", "A_URL", "A_URL_URL"], &["A_URLS"]),
        ("a*b*c", &["abc", "a-b-c", "abcbc"], &["acb", "abcd"]),
        ("?b", &["ab", "üb"], &["b", "aab"]),
        ("*", &["", "anything"], &[]),
        ("re:DB_(HOST|PORT)", &["DB_HOST", "DB_PORT"], &["XDB_HOST", "DB_HOSTS"]),
        ("re:a|b", &["a", "b"], &["ax", "xb"]),
    ];
    for (text, yes, no) in cases {
        yes.iter().for_each(|name| assert!(pattern(text).matches(name), "{text} and {name}"));
        no.iter().for_each(|name| assert!(!pattern(text).matches(name), "{text} and {name}"));
    }
}

#[test]
fn what_is_no_pattern_is_refused_in_one_line() {
    for text in ["", "re:", "re:(", "re:a)(b", "re:[z-a]", "re:(?x) a # b", "re:\\k<a>", "re:(?=a)"] {
        let reason = text.parse::<Pattern>().unwrap_err().to_string();
        assert!(!reason.contains('\n') && !reason.is_empty(), "{text}: {reason}");
    }
    assert_eq!("x".repeat(300).parse::<Pattern>(), Err(PatternError::TooLong { length: 300 }));
}

#[test]
fn an_expression_that_grows_is_refused_at_once_and_nested_repeats_take_linear_time() {
    let begun = Instant::now();
    for text in ["re:((a{1000}){1000}){1000}", "re:(\\w{300}){300}", "re:(((((a{10}){10}){10}){10}){10}){10}"] {
        assert_eq!(text.parse::<Pattern>(), Err(PatternError::RegexTooLarge), "{text}");
    }
    assert!(format!("re:{}", "(".repeat(200)).parse::<Pattern>().is_err());
    // Exponential where an engine goes back.
    let greedy = pattern("re:(a*)*(a|aa)+(a|a)*b");
    assert!(!greedy.matches(&"a".repeat(4_000)));
    assert!(!pattern("a*a*a*a*a*a*a*a*a*a*b").matches(&"a".repeat(4_000)));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// The meaning of a glob, written down without care for its cost.
fn slow(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', after)), _) => slow(after, name) || name.split_first().is_some_and(|(_, rest)| slow(pattern, rest)),
        (Some((wanted, after)), Some((found, rest))) => (*wanted == '?' || wanted == found) && slow(after, rest),
        _ => false,
    }
}

proptest! {
    #[test]
    fn a_glob_means_what_the_slow_one_means(text in "[ab?*]{1,8}", name in "[abü]{0,8}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(pattern(&text).matches(&name), slow(&chars(&text), &chars(&name)));
    }

    #[test]
    fn no_text_makes_a_pattern_panic(text in ".{0,80}", name in ".{0,20}") {
        for text in [text.clone(), format!("re:{text}")] {
            if let Ok(pattern) = text.parse::<Pattern>() {
                _ = pattern.matches(&name);
                prop_assert_eq!(pattern.as_str(), text);
            }
        }
    }
}
