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
fn sections_and_names_are_keys() {
    check("a = 1\n[s]\nb: 2\nc=x = y\n[t.u]\nd =\n", &["a=1", "s.b=2", "s.c=x = y", "\"t.u\".d="]);
    check("; c\n# d\n[ s ]\n\n  b=1\r\n", &["s.b=1"]);
}

#[test]
fn deeper_lines_and_backslashes_continue_a_value() {
    check("[s]\na = 1\n  2\n\n  3\nb = 4\n", &["s.a=1\n2\n\n3", "s.b=4"]);
    check("[s]\na = x \\\ny \\\n  z\nb = 4\n", &["s.a=x y z", "s.b=4"]);
    check("[s]\n\ta = 1\n\tb = 2\n", &["s.a=1", "s.b=2"]);
}

#[test]
fn each_value_of_a_repeated_name_is_kept() {
    check("[s]\na=1\na=2\n[t]\na=3\n[s]\na=4\n", &["s.a=1", "s.a[1]=2", "t.a=3", "s.a[2]=4"]);
}

#[test]
fn other_lines_are_problems_and_content() {
    for text in ["[s]\na=1\nhunter2\n", "[s]\na=1\n[t\n", "[s]\na=1\n= 2\n"] {
        assert_eq!(pairs(text).len(), 2, "{text}");
        assert_eq!(problems(text).len(), 1);
        assert!(problems(text)[0].starts_with("line 3, column 1: ") && !problems(text)[0].contains("hunter2"));
    }
}

#[test]
fn what_stands_behind_a_section_is_watched() {
    let read = |text: &str| read(text.as_bytes());
    let (one, other) = (read("[s] a=1\nb=1\n"), read("[s] a=2\nb=1\n"));
    assert_ne!(one.settings, other.settings);
    assert_eq!(one.problems.len(), 1);
    assert_eq!(read("[s] # c\nb=1\n").problems.len(), 0);
}
