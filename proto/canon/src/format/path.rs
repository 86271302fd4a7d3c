//! Keys of nested formats: `server.ports[0].name`.
//!
//! Injective: a part that holds what separates parts is put into quotes, so
//! that two places of a document never have one key. Nothing parses it back.

use super::quote::push_unless_plain;

/// A place in a nested document, as the key it gets.
#[derive(Debug, Default)]
pub(super) struct KeyPath {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl KeyPath {
    /// Goes down to a member of that name.
    pub(super) fn push_name(&mut self, name: &[u8]) {
        self.ends.push(self.text.len());
        if !self.text.is_empty() {
            self.text.push(b'.');
        }
        push_part(&mut self.text, name);
    }

    /// Goes down to an element, from 0.
    pub(super) fn push_index(&mut self, index: usize) {
        self.ends.push(self.text.len());
        self.text.extend_from_slice(format!("[{index}]").as_bytes());
    }

    /// Goes down to what is neither member nor element, as no name reads.
    pub(super) fn push_label(&mut self, label: &str) {
        self.ends.push(self.text.len());
        self.text.extend_from_slice(format!("[{label}]").as_bytes());
    }

    /// Goes back up.
    pub(super) fn pop(&mut self) {
        let end = self.ends.pop().unwrap_or(0);
        self.text.truncate(end);
    }

    /// The key.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.text
    }
}

/// Appends one part, in quotes where it would be mistaken for more or less
/// than one.
pub(super) fn push_part(text: &mut Vec<u8>, name: &[u8]) {
    push_unless_plain(text, name, |b| !matches!(b, b'.' | b'[' | b']' | b'"' | b'\\') && !b.is_ascii_whitespace());
}

#[cfg(test)]
mod tests;
