//! One word of `pg_hba.conf` and `pg_ident.conf`, and how a line falls into
//! words and fields.
//!
//! Follows the server's own scanner, odd cases included: a quote that is never
//! closed ends with the line, a quote inside of a word quotes what follows but
//! leaves a keyword a keyword.

/// A word without its quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::format::postgres) struct Word {
    pub(in crate::format::postgres) text: Vec<u8>,
    /// It began with a quote, so it is no keyword, role or file.
    pub(in crate::format::postgres) quoted: bool,
}

impl Word {
    /// Whether it is that keyword.
    pub(in crate::format::postgres) fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword.as_bytes()
    }

    /// Whether it stands for the words of a file.
    pub(super) fn is_file(&self) -> bool {
        !self.quoted && self.text.len() > 1 && self.text[0] == b'@'
    }

    /// Appends the word as it would be written, in quotes only where they mean
    /// something: around one of these keywords, what separates words, or a
    /// sign that the server looks for at the beginning.
    pub(in crate::format::postgres) fn write(&self, out: &mut Vec<u8>, keywords: &[&str]) {
        let special = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b',' | b'#' | b'"');
        let odd = self.text.is_empty() || self.text.iter().any(special);
        let taken = matches!(self.text.first(), Some(b'+' | b'@'))
            || keywords.iter().any(|keyword| self.text == keyword.as_bytes());
        if !(odd || self.quoted && taken) {
            out.extend_from_slice(&self.text);
            return;
        }
        // A quote behind the first character keeps separators together and
        // leaves a role, file or keyword what it is.
        let bare = usize::from(!self.quoted && taken && !special(&self.text[0]));
        out.extend_from_slice(&self.text[..bare]);
        out.push(b'"');
        for &b in &self.text[bare..] {
            if b == b'"' {
                out.push(b'"');
            }
            out.push(b);
        }
        out.push(b'"');
    }
}

/// The fields of a line; a field is the words between commas.
pub(in crate::format::postgres) fn fields(line: &[u8]) -> Vec<Vec<Word>> {
    let mut scan = Scan { line, at: 0 };
    let mut fields = Vec::new();
    let mut field = Vec::new();
    while let Some((word, goes_on)) = scan.word() {
        field.push(word);
        if !goes_on {
            fields.push(std::mem::take(&mut field));
        }
    }
    if !field.is_empty() {
        fields.push(field);
    }
    fields
}

struct Scan<'a> {
    line: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn byte(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    /// The next word, and whether a comma ended it.
    fn word(&mut self) -> Option<(Word, bool)> {
        while self.byte().is_some_and(|b| is_blank(b) || b == b',') {
            self.at += 1;
        }
        let mut word = Word { text: Vec::new(), quoted: false };
        let (mut inside, mut was_quote, mut saw_quote) = (false, false, false);
        while let Some(b) = self.byte().filter(|&b| inside || !is_blank(b)) {
            if b == b'#' && !inside {
                self.at = self.line.len();
                break;
            }
            self.at += 1;
            if b == b',' && !inside {
                return Some((word, true));
            }
            if b != b'"' || was_quote {
                word.text.push(b);
            }
            // Two quotes inside of quotes are one.
            was_quote = inside && b == b'"' && !was_quote;
            if b == b'"' {
                inside = !inside;
                saw_quote = true;
                word.quoted |= word.text.is_empty();
            }
        }
        (saw_quote || !word.text.is_empty()).then_some((word, false))
    }
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests;
