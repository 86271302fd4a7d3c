//! Text in double quotes, for keys and values that are joined from parts.
//!
//! Injective: a quote and a backslash have a backslash before them. When quotes
//! are needed is decided by whoever joins.

/// Appends a text in quotes.
pub(super) fn push_quoted(text: &mut Vec<u8>, part: &[u8]) {
    text.push(b'"');
    for &byte in part {
        if matches!(byte, b'"' | b'\\') {
            text.push(b'\\');
        }
        text.push(byte);
    }
    text.push(b'"');
}

/// Appends a text: as it is where it is not empty and all of it is plain, else
/// in quotes.
pub(super) fn push_unless_plain(text: &mut Vec<u8>, part: &[u8], is_plain: impl Fn(&u8) -> bool) {
    if !part.is_empty() && part.iter().all(is_plain) {
        text.extend_from_slice(part);
    } else {
        push_quoted(text, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(part: &[u8]) -> Vec<u8> {
        let mut text = b"a ".to_vec();
        push_unless_plain(&mut text, part, |b| *b != b' ' && *b != b'"');
        text
    }

    #[test]
    fn only_what_is_not_plain_is_put_in_quotes() {
        assert_eq!(pushed(b"b"), b"a b");
        assert_eq!(pushed(b""), b"a \"\"");
        assert_eq!(pushed(b"b c"), b"a \"b c\"");
    }

    #[test]
    fn what_ends_quotes_is_escaped_within_them() {
        assert_eq!(pushed(b"b\"\\c"), b"a \"b\\\"\\\\c\"");
        assert_eq!(pushed(b"b\\"), b"a b\\", "plain, so as it is");
    }
}
