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
    assert!(!Kinds::of(b"").any(u64::MAX));
}

#[test]
fn runs_are_whole_and_long_enough() {
    let found: Vec<&[u8]> = runs(b"ab cdef:gh.ij", TOKEN, 4).collect();
    assert_eq!(found, [b"cdef".as_slice(), b"gh.ij"]);
    assert_eq!(runs(b"abc", TOKEN, 4).count(), 0);
    let found: Vec<&[u8]> = runs(b"abcd :: a:efghi:j:klmn", TOKEN, 4).collect();
    assert_eq!(found, [b"abcd".as_slice(), b"efghi", b"klmn"]);
}

#[test]
fn a_text_without_a_letter_of_a_word_does_not_hold_it() {
    const WORD: u64 = letters_of(b"sshpass -p");
    assert!(Kinds::of(b"use sshpass -p x").all(WORD));
    assert!(Kinds::of(b"shap").all(WORD), "its letters in any order: it is searched");
    for (text, lacks) in [(&b"SSHPASS"[..], "small letters"), (b"sshpss", "an a"), (b"", "all")] {
        assert!(!Kinds::of(text).all(WORD), "{lacks}");
    }
    for capital in [b"B", b"G", b"P", b"Y"] {
        assert!(!Kinds::of(&capital.to_ascii_lowercase()).all(letters_of(capital)));
        assert!(Kinds::of(capital).all(letters_of(capital)));
    }
    assert_eq!(letters_of(b"Q-1 /"), 0, "what has no bit rules nothing out");
}
