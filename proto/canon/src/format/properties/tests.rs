use super::*;
use crate::format::testing;

fn pairs(text: &str) -> Vec<String> {
    testing::shown(&read(text.as_bytes()))
}

fn problems(text: &str) -> Vec<String> {
    testing::problems(&read(text.as_bytes()))
}

#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    testing::is_read_as(text, &read(text.as_bytes()), wanted);
}

#[test]
fn every_separator_parts() {
    check(
        "a=1\nb:1\nc 1\nd = 1\ne : 1\nf\t 1 = 2\ng\nh=\n",
        &["a=1", "b=1", "c=1", "d=1", "e=1", "f=1 = 2", "g=", "h="],
    );
    check("a\\=b\\:c\\ d=1\n", &["a=b:c d=1"]);
}

#[test]
fn escapes_and_continuations() {
    check("a=\\u0041\\t\\z\\\\\n", &["a=A\tz\\"]);
    check("a=1,\\\n    2,\\\r\n\t3\nb=4\\", &["a=1,2,3", "b=4"]);
    check("a=x\\\\\nb=2\n", &["a=x\\", "b=2"]);
    check("  # c\n! d \\\na=1 \n", &["a=1 "]);
    check("a=\\ud83d\\ude00\n", &["a=😀"]);
}

#[test]
fn both_encodings_are_read() {
    let value = |bytes: &[u8]| read(bytes).settings[0].value.clone();
    assert_eq!(value("a=é\n".as_bytes()), value(b"a=\xe9\n"));
    assert_eq!(value("a=é\n".as_bytes()), value(b"a=\\u00e9\n"));
}

#[test]
fn the_last_of_a_name_counts_and_broken_escapes_are_problems() {
    assert_eq!(pairs("a=1\na=2\n"), ["a=2"]);
    assert_eq!(read(b"a=1\na=2\n").problems[0].kind, ProblemKind::DuplicateKey);
    for text in ["a=1\nb=\\u12\n", "a=1\n\\uzzzz=2\n", "a=1\n=2\n"] {
        assert_eq!(problems(text).len(), 1, "{text}");
        assert_eq!(pairs(text).len(), 2, "{text}");
    }
}

#[test]
fn a_million_continued_lines_are_one_line_that_is_too_long() {
    let file = |end: &str| format!("a={}x\\\n{end}\nb=1\n", "\\\\\\\n".repeat(1_000_000));
    assert_eq!(problems(&file("1")).len(), 1);
    assert_eq!(pairs(&file("1")).len(), 2);
    assert_eq!(pairs(&file("1"))[0], "b=1");
    assert_ne!(read(file("1").as_bytes()).settings, read(file("2").as_bytes()).settings);
}
