use super::*;
use crate::Place;
use proptest::prelude::*;

fn pairs(text: &str) -> Vec<String> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    read(text.as_bytes()).settings.iter().map(|one| format!("{}={}", one.key, shown(one.value.bytes()))).collect()
}

fn reasons(text: &str) -> Vec<String> {
    read(text.as_bytes()).problems.iter().map(ToString::to_string).collect()
}

#[test]
fn places_are_keys_and_kinds_are_told_apart() {
    let text = r#"{"a": {"b": [1, "1", 1.0, true, "true", null, {}, [], ""]}, "c.d": -0, "e": 1E2, "f": 100.00}"#;
    let wanted = [
        "a.b[0]=1",
        "a.b[1]=\"1\"",
        "a.b[2]=1.0",
        "a.b[3]=true",
        "a.b[4]=\"true\"",
        "a.b[5]=null",
        "a.b[6]={}",
        "a.b[7]=[]",
        "a.b[8]=\"\"",
        "\"c.d\"=0",
        "e=100.0",
        "f=100.0",
    ];
    assert_eq!(pairs(text), wanted);
    assert_eq!(reasons(text), Vec::<String>::new());
}

#[test]
fn escapes_are_what_they_stand_for() {
    assert_eq!(pairs(r#"["\u0041\n\t\"\\\/\u00e9\ud83d\ude00"]"#), ["[0]=A\n\t\"\\/é😀"]);
    let lone = read(br#"["\ud83dx"]"#);
    assert_eq!(lone.settings[0].value.bytes(), b"\xed\xa0\xbdx");
    assert_eq!(lone.problems[0].kind, ProblemKind::Encoding);
}

#[test]
fn comments_and_last_commas_are_problems_that_lose_nothing() {
    let text = "// one\n{\"a\": 1, /* two\n */ \"b\": [1, 2,], # three\n}\n";
    assert_eq!(pairs(text), ["a=1", "b[0]=1", "b[1]=2"]);
    let reasons = reasons(text);
    assert_eq!(reasons.len(), 5, "{reasons:?}");
    assert!(
        reasons[0].starts_with("line 1, column 1: ") && reasons[2].starts_with("line 3, column 16: "),
        "{reasons:?}"
    );
}

#[test]
fn behind_an_error_all_is_content() {
    for text in [
        "{\"a\": 1, \"b\": hunter2}",
        "{\"a\": 1, b: 2}",
        "{\"a\": 1 \"b\": 2}",
        "{\"a\": 1, \"b\" 2}",
        "{\"a\": 1, \"b\": 01}",
        "{\"a\": 1, \"b\": \"x",
        "{\"a\": 1, \"b\": .5}",
        "{\"a\": 1, \"b\": 1.}",
        "{\"a\": 1, \"b\": NaN}",
        "{\"a\": 1, \"b\": \"\\x\"}",
        "{\"a\": 1, \"b\": \"\t\"}",
        "{\"a\": 1, \"b\": [}",
        "{\"a\": 1} x",
        "{\"a\": 1, \"b\"",
        "{\"a\": 1, \"b\": +1}",
        "{\"a\": 1, \"b\": 1e}",
    ] {
        let reading = read(text.as_bytes());
        assert_eq!(reading.settings.len(), 2, "{text}: {reading:?}");
        assert_eq!(reading.settings[1].key.as_str(), "@content", "{text}");
        assert_eq!(reading.problems.len(), 1, "{text}: {reading:?}");
        assert!(!reading.problems[0].reason.contains("hunter2"));
    }
    assert_eq!(read(b"{\"a\": 1,\n \"b\": x}").problems[0].place, Some(Place { line: 2, column: 7 }));
}

#[test]
fn j8_the_last_of_a_name_counts() {
    assert_eq!(pairs(r#"{"a": 1, "a": 2, "b": {"x": 1}, "b": {"y": 1}}"#), ["a=2", "b.y=1"]);
    assert_eq!(reasons(r#"{"a": 1, "a": 2, "b": {"x": 1}, "b": {"y": 1}}"#).len(), 2);
}

#[test]
fn a_value_alone_and_nothing_at_all() {
    assert_eq!(pairs(" \"x\"\n"), [".=x"]);
    assert_eq!(pairs("\u{feff}[1]"), ["[0]=1"]);
    assert_eq!(pairs(" \n"), Vec::<String>::new());
}

/// Any JSON value, as text and with its layout changed.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e[-+]?[0-9])?",
        Just("true".to_owned()),
        Just("null".to_owned()),
        "\"[a-z .\u{e9}]{0,5}\""
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(inner, 0..4).prop_map(|list| {
                let members: Vec<String> =
                    list.iter().enumerate().map(|(n, value)| format!("\"k{n}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn w15_layout_is_no_change(text in json()) {
        let spread = text.replace(',', " ,\n\t").replace('[', "[ ").replace('{', "{\r\n").replace(':', " : ");
        prop_assert_eq!(pairs(&text), pairs(&spread));
        prop_assert_eq!(reasons(&text), Vec::<String>::new());
    }

    /// Cut anywhere, what is left is read or content.
    #[test]
    fn cut_anywhere_nothing_panics(text in json(), at in 0.0..1.0_f64) {
        let bytes = text.as_bytes();
        let at = (0..bytes.len()).filter(|n| *n as f64 <= at * bytes.len() as f64).count();
        let reading = read(&bytes[..at]);
        prop_assert!(at == 0 || !reading.settings.is_empty());
    }
}
