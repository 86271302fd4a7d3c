//! Patterns of keys as operators write them: `*` stands for any characters.
//!
//! In time of at most pattern times text, whatever the pattern.

/// Whether the whole text matches.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text_and_the_rest_is_itself() {
        for (pattern, text) in
            [("A", "A"), ("*", ""), ("DB_*", "DB_"), ("*_URL", "A_URL"), ("A*B*C", "AxBBxC"), ("**", "x")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("A", "AB"), ("A", "BA"), ("", "A"), ("A*A", "A"), ("DB_*", "XDB_"), ("a", "A"), ("A?", "AB")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
