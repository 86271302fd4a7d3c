use super::*;

/// The value that a line gives its name, if the server would take the line.
fn value(line: &str) -> Option<String> {
    let assignment = assignment(line.as_bytes()).ok()??;
    Some(String::from_utf8_lossy(&assignment.value.bytes()).into_owned())
}

#[test]
fn names_and_values_of_every_kind() {
    for (line, wanted) in [
        ("a = b", "b"),
        ("a b", "b"),
        ("a=b#c", "b"),
        ("\t a\t=\tb \r", "b"),
        ("a.b = 3", "3"),
        ("a = -1.5e3", "-1.5e3"),
        ("a = .", "."),
        ("a = 0xFFkB", "0xFFkB"),
        ("a = 0XFF", "0XFF"),
        ("a = +5MB", "+5MB"),
        ("a = 1.", "1."),
        ("a = x-y/z:1.2", "x-y/z:1.2"),
        ("a = a.b.c", "a.b.c"),
        ("a = é", "é"),
        ("a = ''", ""),
        ("a'b'", "b"),
    ] {
        assert_eq!(value(line).as_deref(), Some(wanted), "{line}");
    }
}

#[test]
fn what_the_lexer_refuses() {
    for (line, at) in [
        ("a", 1),
        ("a =", 3),
        ("= 1", 0),
        ("a == 1", 3),
        ("a = 1 2", 6),
        ("a = 1e5", 6),
        ("a = 0.5GB", 7),
        ("a = 1a-b", 6),
        ("a = b.c", 4),
        ("a.b.c = 1", 0),
        ("a = \"b\"", 4),
        ("a = 'b", 4),
        ("a = 'b\\", 4),
        ("a = 'b' 'c'", 8),
        ("a = b;", 5),
        ("a = -", 4),
        ("1 = a", 0),
        ("a = /tmp", 4),
    ] {
        assert_eq!(assignment(line.as_bytes()), Err(at), "{line}");
    }
}

#[test]
fn comments_and_blank_lines_are_nothing() {
    for line in ["", "   ", "\t#", "# a = b", "\r"] {
        assert_eq!(assignment(line.as_bytes()), Ok(None), "{line:?}");
    }
}

#[test]
fn quotes_hold_anything_and_escape_as_in_c() {
    for (written, wanted) in [
        ("'it''s'", "it's"),
        ("'it\\'s'", "it's"),
        ("'# = no comment'", "# = no comment"),
        ("'\\b\\f\\n\\r\\t\\q\\\\'", "\u{8}\u{c}\n\r\tq\\"),
        ("'\\101\\60\\7x'", "A0\u{7}x"),
        ("'a\\0b'", "a"),
        ("'\\1018'", "A8"),
    ] {
        assert_eq!(value(&format!("a = {written}")).as_deref(), Some(wanted), "{written}");
    }
}

#[test]
fn an_octal_number_over_a_byte_wraps_as_a_char_does() {
    assert_eq!(value("a = '\\501'").as_deref(), Some("A"));
}

#[test]
fn the_name_of_a_broken_line() {
    assert_eq!(name(b" port = = 1"), Some((&b"port"[..], 5)));
    assert_eq!(name(b"= 1"), None);
    assert_eq!(name(b"# port"), None);
}
