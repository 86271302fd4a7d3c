//! Where the secrets stand in URLs and connection strings.
//!
//! Finds bytes to mask, by rules that would rather take too many than too few:
//! a password that was not percent-encoded may hold any delimiter. It checks
//! no URL for being valid (RFC 3986 is what it reads, not what it enforces).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::sieve::{self, Kinds};
use super::{entropy, forms, words};

/// The spans of all secrets, sorted and apart from each other.
pub(super) fn secret_spans(text: &[u8]) -> Vec<Range<usize>> {
    spans_of(text, Kinds::of(text))
}

/// The same of a text of these kinds of bytes.
pub(super) fn spans_of(text: &[u8], kinds: Kinds) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    if kinds.all(sieve::AT | sieve::COLON) {
        authorities(text, &mut spans);
        if !forms::contains(text, b"://") {
            spans.extend(bare_credentials(text));
        }
    }
    if kinds.any(sieve::EQUALS) {
        parameters(text, &mut spans);
    }
    if kinds.any(sieve::DASH) {
        flags(text, &mut spans);
    }
    if kinds.any(sieve::BLANK) {
        commands(text, kinds, &mut spans);
    }
    merge(spans)
}

/// The passwords of every `scheme://user:password@host` in the text. What only
/// looks like a further URL, inside a password, adds nothing that is not
/// masked anyway.
fn authorities(text: &[u8], spans: &mut Vec<Range<usize>>) {
    let Some(last_at) = text.iter().rposition(|&b| b == b'@') else { return };
    let mut from = 0;
    while let Some(mark) = forms::find(&text[from..last_at], b"://").map(|at| at + from) {
        from = mark + 3;
        if mark > 0 && text[mark - 1].is_ascii_alphanumeric() {
            spans.extend(userinfo(text, from, last_at));
        }
    }
}

/// The secret in the user information that begins at `start`: the password,
/// or a user name that is a token. `last_at` is the last `@` of the text.
fn userinfo(text: &[u8], start: usize, last_at: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let delimiter = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let at = match rest[..delimiter].iter().rposition(|&b| b == b'@') {
        Some(at) => at,
        None if is_host_and_port(rest, delimiter) => return None,
        // No `@` before the first delimiter, and what stands there is no host
        // and port: the delimiter belongs to a password.
        None => last_at.checked_sub(start)?,
    };
    match rest[..at].iter().position(|&b| b == b':') {
        Some(colon) if is_token(&rest[..colon]) => Some(start..start + at),
        Some(colon) => (colon + 1 < at).then(|| start + colon + 1..start + at),
        None => is_token(&rest[..at]).then(|| start..start + at),
    }
}

fn is_host_and_port(rest: &[u8], delimiter: usize) -> bool {
    let head = &rest[..delimiter];
    let before_path = rest.get(delimiter).is_none_or(|&b| b != b'#');
    match head.iter().position(|&b| b == b':') {
        None => true,
        // An IPv6 address is in brackets and full of colons.
        Some(_) if head.starts_with(b"[") => true,
        // Several hosts with ports: `a:1,b:2`.
        Some(_) => before_path && head.split(|&b| b == b',').all(is_one_host),
    }
}

fn is_one_host(host: &[u8]) -> bool {
    let mut parts = host.splitn(2, |&b| b == b':');
    let name = parts.next().unwrap_or_default();
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'$' | b'{' | b'}') || *b >= 0x80;
    let Some(port) = parts.next() else {
        return name.iter().all(part);
    };
    // The `;` of `jdbc:sqlserver://host:1433;user=…` ends the port.
    let digits = port.split(|&b| b == b';').next().unwrap_or_default();
    let templated = port.starts_with(b"${") && port.ends_with(b"}");
    let number = (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    !name.is_empty() && name.iter().all(part) && (templated || number)
}

/// A user name that is no name: `https://ghp_…@github.com`.
fn is_token(user: &[u8]) -> bool {
    const NAME_BYTES_MAX: usize = 24;
    let template = user.starts_with(b"$");
    !template && (user.len() > NAME_BYTES_MAX || is_secret_alone(user))
}

fn is_secret_alone(text: &[u8]) -> bool {
    let kinds = Kinds::of(text);
    forms::is_known(text, kinds) || entropy::is_high(text, kinds)
}

/// `user:password@host` without a scheme, when it is the whole value.
fn bare_credentials(text: &[u8]) -> Option<Range<usize>> {
    const SCHEMES: &[&[u8]] = &[b"mailto", b"sip", b"sips", b"xmpp", b"acct"];
    let at = text.iter().rposition(|&b| b == b'@')?;
    let colon = text[..at].iter().position(|b| matches!(b, b':' | b'/' | b'@' | b' ' | b'\t' | b'\n'))?;
    let host = &text[at + 1..];
    let hostlike = host.first().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'[' | b'$' | b'_'));
    let digest = host.starts_with(b"sha256:") || host.starts_with(b"sha512:");
    let harmless = SCHEMES.iter().any(|scheme| text[..colon].eq_ignore_ascii_case(scheme));
    let password = text[colon] == b':' && colon > 0 && colon + 1 < at;
    (password && hostlike && !digest && !harmless).then_some(colon + 1..at)
}

/// The values of all `name=value` whose name is a secret's: query parameters,
/// libpq and ADO connection strings, `-Dname=value`.
fn parameters(text: &[u8], spans: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(equals) = memchr::memchr(b'=', &text[from..]).map(|at| at + from) {
        from = equals + 1;
        if !words::is_secret_parameter(&name_before(text, equals)) {
            continue;
        }
        let start = from + text[from..].iter().take_while(|&&b| b == b' ').count();
        let end = end_of_value(text, start);
        if start < end {
            spans.push(start..end);
            from = end;
        }
    }
}

/// The name before `=`, short by construction.
fn name_before(text: &[u8], equals: usize) -> Cow<'_, str> {
    const NAME_BYTES_MAX: usize = 128;
    let window = &text[equals.saturating_sub(NAME_BYTES_MAX)..equals];
    let head = window.trim_ascii_end();
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'%' | b'[' | b']');
    let from = head.iter().rposition(|b| !part(b)).map_or(0, |at| at + 1);
    let name = String::from_utf8_lossy(&head[from..]);
    if !name.contains('%') {
        return name;
    }
    name.replace("%5B", ".").replace("%5D", ".").replace("%5b", ".").replace("%5d", ".").into()
}

/// Where a parameter's value ends: at its closing quote, or at a separator
/// that is followed by another `name=`, or at the end of the text.
fn end_of_value(text: &[u8], start: usize) -> usize {
    if let Some(end) = end_of_quoted(text, start) {
        return end;
    }
    let mut at = start;
    while at < text.len() {
        // A run of white space is one separator: what follows all of it
        // follows each byte of it, and is looked at once.
        let blank = text[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let separator = blank > 0 || matches!(text[at], b'&' | b';' | b',' | b'#');
        if separator && (begins_parameter(&text[at..]) || is_blank_after(text, at)) {
            return at;
        }
        at += blank.max(1);
    }
    text.len()
}

/// Whether nothing but white space follows a separator.
fn is_blank_after(text: &[u8], at: usize) -> bool {
    text[at + 1..].iter().all(u8::is_ascii_whitespace)
}

/// The end of a value in quotes or braces, closing one included; a quote that
/// is never closed runs to the end.
fn end_of_quoted(text: &[u8], start: usize) -> Option<usize> {
    let close = match text.get(start)? {
        b'\'' => b'\'',
        b'"' => b'"',
        b'{' => b'}',
        _ => return None,
    };
    let mut at = start + 1;
    while at < text.len() {
        if text[at] == b'\\' && close != b'}' {
            at += 2;
        } else if text[at] != close {
            at += 1;
        } else if text.get(at + 1) == Some(&close) {
            at += 2;
        } else if text
            .get(at + 1)
            .is_none_or(|b| matches!(b, b';' | b'&' | b',' | b')' | b'"' | b'}') || b.is_ascii_whitespace())
        {
            return Some(at + 1);
        } else {
            at += 1;
        }
    }
    Some(text.len())
}

/// Whether a separator is followed by another parameter: `; User Id=`.
fn begins_parameter(text: &[u8]) -> bool {
    const NAME_BYTES_MAX: usize = 64;
    let spaces = text[0] == b';';
    let rest = text[1..].trim_ascii_start();
    let window = &rest[..rest.len().min(NAME_BYTES_MAX)];
    let part = |b: &u8| {
        b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'%' | b'[' | b']') || spaces && *b == b' '
    };
    match window.iter().position(|b| !part(b)) {
        Some(end) => end > 0 && window[end] == b'=' && window[0] != b'%',
        None => false,
    }
}

/// The word after `--password`, `--token` and the like.
fn flags(text: &[u8], spans: &mut Vec<Range<usize>>) {
    static DASHES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"--"));
    let mut from = 0;
    while let Some(dashes) = DASHES.find(&text[from..]).map(|at| at + from) {
        let name = dashes + 2;
        let end = name + text[name..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
        from = end.max(name);
        let spaces = text[end..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        if spaces == 0 {
            continue;
        }
        let start = end + spaces;
        let stop = start + text[start..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        let flag = std::str::from_utf8(&text[name..end]).unwrap_or_default();
        if start < stop && !text[start..].starts_with(b"-") && words::is_secret_parameter(flag) {
            let quoted = end_of_quoted(text, start).unwrap_or(stop);
            spans.push(start..quoted.max(stop));
            from = quoted.max(stop);
        }
    }
}

/// The passwords of `sshpass -p WORD`, `mysql … -pWORD` and `… password WORD`,
/// which have no name of a parameter before them.
fn commands(text: &[u8], kinds: Kinds, spans: &mut Vec<Range<usize>>) {
    if !may_have_commands(text, kinds) {
        return;
    }
    let mut program: &[u8] = b"";
    let mut before: &[u8] = b"";
    let mut at = 0;
    for word in text.split(u8::is_ascii_whitespace) {
        let (start, end) = (at, at + word.len());
        at = end + 1;
        if word.is_empty() {
            continue;
        }
        let base = word.rsplit(|&b| b == b'/').next().unwrap_or(word);
        if base == b"sshpass" || base.starts_with(b"mysql") || base.starts_with(b"mariadb") {
            program = base;
        }
        let attached = word.len() > 2 && word.starts_with(b"-p") && word != b"-port";
        let last = text[end..].iter().all(u8::is_ascii_whitespace);
        if !program.is_empty() && attached {
            spans.push(start + 2..end);
        } else if program == b"sshpass" && before == b"-p"
            || before == b"password" && (last || word.iter().any(u8::is_ascii_digit)) && !word.starts_with(b"-")
        {
            spans.push(start..end);
        }
        before = word;
    }
}

/// Whether a text has any of the words that [`commands`] looks for.
fn may_have_commands(text: &[u8], kinds: Kinds) -> bool {
    const PROGRAMS: [&[u8]; 3] = [b"sshpass", b"mysql", b"mariadb"];
    const OF_PASSWORD: u64 = sieve::letters_of(b"password");
    const OF_PROGRAMS: [u64; 3] =
        [sieve::letters_of(PROGRAMS[0]), sieve::letters_of(PROGRAMS[1]), sieve::letters_of(PROGRAMS[2])];
    static PASSWORD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"password"));
    static FIND_PROGRAMS: LazyLock<[Finder<'static>; 3]> = LazyLock::new(|| PROGRAMS.map(Finder::new));
    let program = || {
        let mut all = OF_PROGRAMS.iter().zip(FIND_PROGRAMS.iter());
        all.any(|(letters, program)| kinds.all(*letters) && program.find(text).is_some())
    };
    kinds.all(OF_PASSWORD) && PASSWORD.find(text).is_some()
        || kinds.any(sieve::DASH) && forms::contains(text, b"-p") && program()
}

fn merge(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| span.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}
