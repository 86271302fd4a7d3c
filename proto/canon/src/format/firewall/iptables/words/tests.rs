//! Words, quotes and their way back.

use super::*;

fn texts(line: &str) -> Vec<String> {
    split(line).unwrap().into_iter().map(|word| word.text.into_owned()).collect()
}

#[test]
fn words_are_split_at_white_space() {
    assert_eq!(texts("  -A INPUT\t-j  ACCEPT "), ["-A", "INPUT", "-j", "ACCEPT"]);
    assert_eq!(texts(""), Vec::<String>::new());
}

#[test]
fn quotes_hold_white_space_and_escapes() {
    assert_eq!(texts(r#"--comment "a \"b\" \\ c" -j"#), ["--comment", r#"a "b" \ c"#, "-j"]);
    assert_eq!(texts(r#"a"b c"d "" x"#), ["ab cd", "", "x"]);
    assert_eq!(texts("'a b'"), ["'a", "b'"], "single quotes are no quotes");
}

#[test]
fn an_open_quote_is_told() {
    assert_eq!(split("a \"b"), Err(2));
    assert_eq!(split("a \"b\\\""), Err(2));
}

#[test]
fn every_word_comes_back() {
    for word in ["a", "a b", "", "\"", "\\", "!", "!a", "é", "'", "a\tb", "--x"] {
        let mut line = String::new();
        push_word(&mut line, word);
        assert_eq!(texts(&line), [word], "{line}");
    }
}
