//! What one line of an option file says.
//!
//! Takes a line apart and resolves its quotes and escapes; it knows no option.

use zeroize::Zeroizing;

/// A line taken apart.
pub(super) enum Shape<'a> {
    /// Empty, or a comment.
    Nothing,
    /// `[group]`.
    Group(&'a [u8]),
    /// `name` or `name = value`, and where in the line it begins.
    Option {
        /// As written.
        name: &'a [u8],
        /// After quotes and escapes; none for a name alone.
        value: Option<Zeroizing<Vec<u8>>>,
        /// The byte of the line that it begins at.
        at: usize,
    },
    /// `!include …` or `!includedir …`.
    Directive(Directive<'a>),
    /// What the servers refuse to start with, or ignore.
    Wrong {
        /// Why.
        reason: &'static str,
        /// The byte of the line that it is about.
        at: usize,
    },
}

/// A line that begins with `!`, with the path as written.
pub(super) enum Directive<'a> {
    /// `!include PATH`
    Include(&'a [u8]),
    /// `!includedir PATH`
    IncludeDir(&'a [u8]),
}

/// White space as the programs know it (`isspace` of latin1): a no-break space
/// is some, even where it is the second half of a UTF-8 letter.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&b| !is_space(b)).unwrap_or(text.len());
    &text[start..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&b| !is_space(b)).map_or(0, |at| at + 1);
    &text[..end]
}

/// Takes a line apart.
pub(super) fn shape(line: &[u8]) -> Shape<'_> {
    let text = trim_start(line);
    let at = line.len() - text.len();
    match text.first() {
        None | Some(b'#' | b';') => Shape::Nothing,
        Some(b'!') => directive(trim_start(&text[1..]), at),
        // What stands behind the bracket is ignored, white space before it too.
        Some(b'[') => match text.iter().position(|&b| b == b']') {
            Some(end) => Shape::Group(trim_end(&text[1..end])),
            None => Shape::Wrong { reason: "a group has no `]`", at },
        },
        Some(_) => option(text, at),
    }
}

fn directive(text: &[u8], at: usize) -> Shape<'_> {
    let end = text.iter().position(|&b| is_space(b)).unwrap_or(text.len());
    let (word, path) = (&text[..end], trim_end(trim_start(&text[end..])));
    match word {
        b"include" | b"includedir" if path.is_empty() => Shape::Wrong { reason: "a path is missing", at },
        b"include" => Shape::Directive(Directive::Include(path)),
        b"includedir" => Shape::Directive(Directive::IncludeDir(path)),
        _ => Shape::Wrong { reason: "only `!include` and `!includedir` are known; the servers ignore this", at },
    }
}

fn option(text: &[u8], at: usize) -> Shape<'_> {
    let text = without_comment(text);
    let Some(equals) = text.iter().position(|&b| b == b'=') else {
        return Shape::Option { name: trim_end(text), value: None, at };
    };
    let name = trim_end(&text[..equals]);
    if name.is_empty() {
        return Shape::Wrong { reason: "no name before `=`", at };
    }
    let value = trim_end(trim_start(&text[equals + 1..]));
    Shape::Option { name, value: Some(resolved(without_quotes(value))), at }
}

/// The line up to a `#` outside of quotes. Between quotes a backslash takes
/// the meaning of the next quote away.
fn without_comment(text: &[u8]) -> &[u8] {
    let mut quote = None;
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate() {
        if matches!(byte, b'\'' | b'"') && !escaped {
            match quote {
                None => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                Some(_) => {}
            }
        }
        if quote.is_none() && byte == b'#' {
            return &text[..at];
        }
        escaped = quote.is_some() && byte == b'\\' && !escaped;
    }
    text
}

/// Quotes go when the first and the last byte are the same one.
fn without_quotes(value: &[u8]) -> &[u8] {
    match value {
        [first @ (b'\'' | b'"'), inner @ .., last] if first == last => inner,
        _ => value,
    }
}

/// Escapes are known inside and outside of quotes; a backslash before anything
/// else stays, and so does the last byte.
fn resolved(value: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(value.len()));
    let mut at = 0;
    while at < value.len() {
        let escape = value.get(at + 1).filter(|_| value[at] == b'\\').and_then(|&b| escaped(b));
        text.push(escape.unwrap_or(value[at]));
        at += if escape.is_some() { 2 } else { 1 };
    }
    text
}

fn escaped(byte: u8) -> Option<u8> {
    Some(match byte {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 0x08,
        b's' => b' ',
        b'"' | b'\'' | b'\\' => byte,
        _ => return None,
    })
}
