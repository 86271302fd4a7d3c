use super::*;

#[test]
fn k_is_not_kb() {
    for (expected, ways) in [
        ("1000", &["1k", "1K", "1000", "1000b", "01000"][..]),
        ("1kb", &["1kb", "1KB", "1024", "1024B"]),
        ("1000000", &["1m", "1000k"]),
        ("64mb", &["64mb", "65536kb", "67108864"]),
        ("2gb", &["2gb", "2048mb"]),
        ("0", &["0", "0gb"]),
    ] {
        for way in ways {
            assert_eq!(amount(way.as_bytes()).as_deref(), Some(expected), "{way}");
        }
    }
}

#[test]
fn what_is_no_amount_stays() {
    for text in ["", "kb", "1.5gb", "-1", "5%", "1tb", "1 kb", "99999999999gb"] {
        assert_eq!(amount(text.as_bytes()), None, "{text}");
    }
}
