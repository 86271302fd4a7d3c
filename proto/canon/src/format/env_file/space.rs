//! What the consumers call white space. They do not agree.

/// Python's `\s` for text.
pub(super) fn python(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{1c}'..='\u{1f}') || go(c)
}

/// Python's `[^\S\r\n]`: white space within a line.
pub(super) fn python_inline(c: char) -> bool {
    !matches!(c, '\r' | '\n') && python(c)
}

/// Go's `unicode.IsSpace`.
pub(super) fn go(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}'
            | '\u{205f}' | '\u{3000}'
    )
}

/// compose-go's white space within a line.
pub(super) fn compose_inline(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}
