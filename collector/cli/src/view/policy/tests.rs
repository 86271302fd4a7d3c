use proptest::prelude::*;

use super::*;

fn named(text: &str) -> (String, String) {
    ("version 1".to_owned(), text.to_owned())
}

fn lines(left: &str, right: &str) -> Vec<String> {
    difference(&named(left), &named(right)).0
}

#[test]
fn what_differs_is_shown_with_some_lines_around_it() {
    let left = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    assert_eq!(lines(left, left), Vec::<String>::new());
    assert_eq!(lines(left, &left.replace('5', "five")), ["@@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8"]);
    assert_eq!(lines("", "a\n"), ["+a"]);
    assert_eq!(lines("a\nb\n", "b\n"), ["-a", " b"]);
}

#[test]
fn texts_that_have_little_in_common_are_compared_within_bounds() {
    let many = |word: &str| (0..3_000).map(|n| format!("{word} {n}\n")).collect::<String>();
    let found = lines(&many("left"), &many("right"));
    assert_eq!(found.len(), 6_000);
}

#[test]
fn a_mistake_is_shown_with_its_line_and_a_caret() {
    let text = "[[severity]]\nkey = \"A\"\nseverty = \"info\"\n";
    let errors = Policy::parse(text).unwrap_err();
    let lines = mistakes(Path::new("policy.toml"), &problems(text, &errors), 0);
    let expected = [
        "policy.toml:1:1: `severity` is missing from this `severity`",
        " 1 | [[severity]]",
        "   | ^",
        "policy.toml:3:1: unknown key `severty`; did you mean `severity`?",
        " 3 | severty = \"info\"",
        "   | ^",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_is_good_is_counted() {
    let policy = Policy::parse("[[severity]]\nkey = \"A\"\nseverity = \"info\"\n").unwrap();
    assert_eq!(good(Path::new("p.toml"), &policy), "p.toml: good, 1 severity rule");
    assert_eq!(good(Path::new("p.toml"), &Policy::default()), "p.toml: good, no rule");
}

proptest! {
    #[test]
    fn the_marked_lines_are_both_texts(left in "[abc\n]{0,30}", right in "[abc\n]{0,30}") {
        let (a, b): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
        let all = compared(&a, &b);
        let of = |mark: char| -> Vec<String> {
            let kept = all.iter().filter(|line| line.starts_with([' ', mark]));
            kept.map(|line| line[1..].to_owned()).collect()
        };
        prop_assert_eq!(of('-'), a);
        prop_assert_eq!(of('+'), b);
    }
}

#[test]
fn w10_the_text_of_a_policy_is_raw_in_a_file_and_escaped_on_a_terminal() {
    let hostile = "# a\u{202e}b\u{1b}[2J\r\n[settle]\n\tseconds = 30";
    assert_eq!(text(hostile, false), format!("{hostile}\n"));
    assert_eq!(text(hostile, true), "# a\\u{202e}b\\u{1b}[2J\n[settle]\n\tseconds = 30\n");
    assert_eq!((text("", true), text("a\n", false)), (String::new(), "a\n".to_owned()));
}

#[test]
fn one_day_is_the_last_day() {
    let found = PolicyOutcome {
        schema_version: 1,
        changes: 3,
        cut_short: false,
        weighed_otherwise: 1,
        judged_otherwise: 0,
        not_judged: 0,
        severities: Vec::new(),
        verdicts: Vec::new(),
        examples: Vec::new(),
    };
    let said = |days| crate::printer::markdown::render(&outcome(&found, days));
    assert!(said(1).contains("3 changes of the last day judged again: 1 would weigh otherwise"), "{}", said(1));
    assert!(said(7).contains("of the last 7 days judged again"), "{}", said(7));
}
