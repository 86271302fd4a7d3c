use super::*;

#[test]
fn one_number_has_one_form() {
    for (expected, ways) in [
        ("64M", &["64M", "64m", "65536K", "67108864", "064M", "+64M", " 64M", "64MB"][..]),
        ("1024", &["1024", "1K", "1k", "01024"]),
        ("1536K", &["1536k", "1572864"]),
        ("1G", &["1g", "1024M", "1073741824"]),
        ("15E", &["15E", "15360P"]),
        ("0", &["0", "-0", "0G", "+0"]),
        ("-1", &["-1", "-01"]),
        ("18446744073709551615", &["18446744073709551615"]),
    ] {
        for way in ways {
            assert_eq!(whole(way.as_bytes()).as_deref(), Some(expected), "{way}");
        }
    }
}

#[test]
fn what_is_no_number_stays() {
    for text in ["", "K", "1.5M", "1 M", "0x10", "16E", "99999999999999999999", "1Q", "--1", "M64"] {
        assert_eq!(whole(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn by_its_look_only_what_can_hardly_be_anything_else() {
    for (text, expected) in
        [("64M", Some("64M")), ("1k", Some("1024")), ("0640", None), ("64MB", None), ("-1", None), ("0", Some("0"))]
    {
        assert_eq!(by_its_look(text.as_bytes()).as_deref(), expected, "{text}");
    }
}

#[test]
fn fractions_are_compared_as_numbers() {
    for (text, expected) in [
        ("1.50", Some("1.5")),
        ("10", Some("10")),
        ("1e1", Some("10")),
        (".5", Some("0.5")),
        ("inf", None),
        ("1K", None),
    ] {
        assert_eq!(real(text.as_bytes()).as_deref(), expected, "{text}");
    }
}
