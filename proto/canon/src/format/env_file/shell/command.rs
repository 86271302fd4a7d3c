//! Moves over commands that are not assignments, to their end.
//!
//! Follows the grammar only as far as to know where a command ends: quotes,
//! compound commands, here-documents. Nothing in it is taken for a setting.

use super::super::cursor::Cursor;
use super::skip_blanks;
use super::word::{self, Broken};

/// Moves over one command, whole compound commands included. True for a
/// command that is known to set nothing (`set -a`, `:`).
pub(super) fn skip(cursor: &mut Cursor<'_>) -> Result<bool, Broken> {
    let start = cursor.rest();
    let begin = cursor.at();
    let mut skipper = Skipper { cursor, open: Vec::new(), documents: Vec::new(), at_command: true };
    while skipper.token()? {}
    let source = &start[..skipper.cursor.at() - begin];
    Ok(is_harmless(source))
}

/// What env files do so that everything in them is exported.
fn is_harmless(source: &[u8]) -> bool {
    const HARMLESS: &[&[u8]] = &[b"set -a", b"set +a", b"set -o allexport", b"set +o allexport", b":"];
    let source = source.split(|&b| b == b'#').next().unwrap_or_default();
    HARMLESS.contains(&source.trim_ascii())
}

/// A here-document whose body follows the line.
struct Document {
    end: Vec<u8>,
    tabs: bool,
}

struct Skipper<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    /// What is open, by what closes it.
    open: Vec<&'static [u8]>,
    documents: Vec<Document>,
    at_command: bool,
}

impl Skipper<'_, '_> {
    /// Moves over one token; false at the end of the command.
    fn token(&mut self) -> Result<bool, Broken> {
        skip_blanks(self.cursor);
        let Some(byte) = self.cursor.peek() else {
            return Ok(false);
        };
        match byte {
            b'\n' => {
                if self.open.is_empty() && self.documents.is_empty() {
                    return Ok(false);
                }
                self.cursor.take(1);
                self.bodies();
                self.at_command = true;
                return Ok(!self.open.is_empty());
            }
            b';' if self.open.is_empty() && self.documents.is_empty() => return Ok(false),
            b';' | b'&' | b'|' => {
                self.cursor.take(1);
                self.at_command = true;
            }
            b'(' => {
                self.cursor.take(1);
                self.open.push(b")");
                self.at_command = true;
            }
            b')' => {
                self.cursor.take(1);
                self.close(b")");
                self.at_command = true;
            }
            b'<' => self.redirection()?,
            b'>' => {
                self.cursor.take(1);
            }
            b'#' => {
                self.cursor.take_line();
            }
            _ => self.word()?,
        }
        Ok(true)
    }

    fn word(&mut self) -> Result<(), Broken> {
        let word = word::skip(self.cursor)?;
        if !self.at_command {
            return Ok(());
        }
        self.at_command = true;
        match word {
            b"if" => self.open.push(b"fi"),
            b"case" => {
                self.open.push(b"esac");
                self.at_command = false;
            }
            b"do" => self.open.push(b"done"),
            b"{" => self.open.push(b"}"),
            b"then" | b"else" | b"elif" | b"while" | b"until" | b"!" => {}
            b"fi" | b"esac" | b"done" | b"}" => {
                self.close(word);
                self.at_command = false;
            }
            _ => self.at_command = false,
        }
        Ok(())
    }

    fn close(&mut self, word: &[u8]) {
        if self.open.last() == Some(&word) {
            self.open.pop();
        }
    }

    /// `<`, or `<<` with the word that ends the document.
    fn redirection(&mut self) -> Result<(), Broken> {
        self.cursor.take(1);
        if !self.cursor.eat(b'<') {
            return Ok(());
        }
        let tabs = self.cursor.eat(b'-');
        skip_blanks(self.cursor);
        let word = word::skip(self.cursor)?;
        let end = word.iter().copied().filter(|b| !matches!(b, b'\'' | b'"' | b'\\')).collect();
        self.documents.push(Document { end, tabs });
        Ok(())
    }

    /// Moves over the bodies of here-documents.
    fn bodies(&mut self) {
        for document in std::mem::take(&mut self.documents) {
            while !self.cursor.at_end() {
                let line = self.cursor.take_line();
                self.cursor.take(1);
                let line = if document.tabs { line.trim_ascii_start() } else { line };
                if line == document.end.as_slice() {
                    break;
                }
            }
        }
    }
}
