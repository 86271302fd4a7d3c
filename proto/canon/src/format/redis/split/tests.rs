use super::*;

fn words(line: &str) -> Option<Vec<String>> {
    let found = arguments(line.as_bytes())?;
    Some(found.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect())
}

#[test]
fn quotes_and_escapes() {
    for (line, expected) in [
        ("a b", &["a", "b"][..]),
        ("  a\t b  ", &["a", "b"]),
        ("a \"b c\" ''", &["a", "b c", ""]),
        ("a \"\\x41\\n\\q\\\"\\\\\"", &["a", "A\nq\"\\"]),
        ("a 'it\\'s \\n'", &["a", "it's \\n"]),
        ("a b\"c d\"", &["a", "bc d"]),
        ("a \"\\xg1\"", &["a", "xg1"]),
        ("a \\n", &["a", "\\n"]),
        ("a # b", &["a", "#", "b"]),
        ("", &[]),
    ] {
        assert_eq!(words(line).unwrap(), expected, "{line}");
    }
}

#[test]
fn quotes_left_open_or_followed_by_more_are_wrong() {
    for line in ["a \"b", "a 'b", "a \"b\"c", "a 'b'c", "a \"b\\\"", "a \"b\\", "a 'b\\'"] {
        assert_eq!(words(line), None, "{line}");
    }
}

#[test]
fn what_is_joined_is_taken_apart_into_the_same() {
    for list in [&["a", "b c", ""][..], &["\"", "'", "\\"], &["a\nb", "\t"], &["plain"]] {
        let text = joined(list.iter().map(|word| word.as_bytes()));
        assert_eq!(words(&String::from_utf8(text).unwrap()).unwrap(), list);
    }
}
