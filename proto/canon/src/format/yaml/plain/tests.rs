use super::*;

fn shown(text: &str) -> String {
    let kind = match resolve(text) {
        Scalar::Text(_) => "text ",
        Scalar::Other(_) => "disputed ",
        _ => "",
    };
    format!("{kind}{}", String::from_utf8_lossy(&resolve(text).canonical()))
}

#[test]
fn what_both_read_is_one_value() {
    let cases = [
        ("~", "null"),
        ("NULL", "null"),
        ("True", "true"),
        ("FALSE", "false"),
        ("+12", "12"),
        ("-0", "0"),
        ("0x1F", "31"),
        ("1.50", "1.5"),
        ("1.", "1.0"),
        (".5", "0.5"),
        ("1.5e+3", "1500.0"),
        ("-.INF", "-inf"),
        (".NaN", "nan"),
    ];
    for (text, wanted) in cases {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn what_they_dispute_is_kept_as_written() {
    for text in [
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "0777",
        "08",
        "0o17",
        "0b1",
        "1_000",
        "12:30:45",
        "190:20:30.15",
        "1e3",
        "1.5e3",
        "-.5",
        "+0x1f",
        "1_0.5",
        "2020-01-01",
        "2020-01-01T10:00:00Z",
        "2020-1-1 10:00:00 +1",
        "-0b1_0",
    ] {
        assert_eq!(shown(text), format!("disputed {text}"));
    }
}

#[test]
fn the_rest_is_text() {
    for text in [
        "nul", "tRuE", "yEs", "10.0.0.1", "8080:80", "30s", "1 000", "0x", "0xg", "-", "--", "+", ".", "..", "1.2.3",
        "-a", "a-1", "0b2", "12:99", "v1.2", "_1", "nan", "inf", "é", "1:",
    ] {
        assert!(matches!(resolve(text), Scalar::Text(_)), "{text}");
    }
}
