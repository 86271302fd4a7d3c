use super::*;

#[test]
fn every_byte_is_of_the_kinds_that_its_class_says() {
    for byte in 0..=u8::MAX {
        let expected = [
            (AT, byte == b'@'),
            (EQUALS, byte == b'='),
            (DASH, byte == b'-'),
            (COLON, byte == b':'),
            (SLASH, byte == b'/'),
            (SYMBOL, b"!#$%^&*?<>~|+@".contains(&byte)),
            (LOWER, byte.is_ascii_lowercase()),
            (UPPER, byte.is_ascii_uppercase()),
            (DIGIT, byte.is_ascii_digit()),
            (RUN, byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(&byte)),
            (TOKEN, byte.is_ascii_alphanumeric() || b"_-.~+".contains(&byte)),
            (NEVER_IN_NAME, b"=<>\"'`".contains(&byte)),
            (PARTS_NAME, b" \t:,;@|(){}*!&".contains(&byte)),
            (BLANK, byte.is_ascii_whitespace() || b"\"':".contains(&byte)),
        ];
        for (kind, is) in expected {
            assert_eq!(of(byte) & kind != 0, is, "byte {byte} and kind {kind}");
        }
    }
}

#[test]
fn a_text_has_the_kinds_of_its_bytes_and_no_others() {
    let kinds = Kinds::of(b"aB-3");
    assert!(kinds.all(LOWER | UPPER | DASH | DIGIT));
    assert!(!kinds.any(AT | EQUALS | COLON | SLASH | SYMBOL | BLANK));
    assert_eq!(kinds.count(LOWER | UPPER | AT), 2);
    assert!(!Kinds::of(b"").any(u16::MAX));
}

#[test]
fn runs_are_whole_and_long_enough() {
    let found: Vec<&[u8]> = runs(b"ab cdef:gh.ij", TOKEN, 4).collect();
    assert_eq!(found, [b"cdef".as_slice(), b"gh.ij"]);
    assert_eq!(runs(b"abc", TOKEN, 4).count(), 0);
    let found: Vec<&[u8]> = runs(b"abcd :: a:efghi:j:klmn", TOKEN, 4).collect();
    assert_eq!(found, [b"abcd".as_slice(), b"efghi", b"klmn"]);
}
