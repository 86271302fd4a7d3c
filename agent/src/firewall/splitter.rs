//! Takes a listing of nftables as JSON apart while it is printed: one object at
//! a time, so that a large ruleset is never in memory as text.
//!
//! It looks at braces and quotes alone. What an object says is read by others.

/// Bytes of one object. The largest is a set with all of its elements.
pub const OBJECT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The depth at which objects stand: `{"nftables": [{…}]}`.
const OBJECT_DEPTH: u32 = 2;

/// A listing in the making.
#[derive(Debug, Default)]
pub struct Splitter {
    object: Vec<u8>,
    depth: u32,
    quoted: bool,
    escaped: bool,
    begun: bool,
}

/// An object is longer than [`OBJECT_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl Splitter {
    /// Takes more of the text and hands over the objects that end in it.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn take(&mut self, text: &[u8], mut each: impl FnMut(&[u8])) -> Result<(), TooLong> {
        let mut from = 0;
        for (at, &byte) in text.iter().enumerate() {
            let was = self.depth;
            self.step(byte);
            if was < OBJECT_DEPTH && self.depth == OBJECT_DEPTH {
                from = at;
            } else if was == OBJECT_DEPTH && self.depth < OBJECT_DEPTH {
                self.object.extend_from_slice(&text[from..=at]);
                each(&self.object);
                self.object.clear();
                self.object.shrink_to(1024 * 1024);
            }
        }
        if self.depth >= OBJECT_DEPTH {
            self.object.extend_from_slice(&text[from..]);
        }
        if self.object.len() > OBJECT_BYTES_MAX { Err(TooLong) } else { Ok(()) }
    }

    /// Whether what was taken is a whole listing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.begun && self.depth == 0
    }

    fn step(&mut self, byte: u8) {
        if self.quoted {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.quoted = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.quoted = true,
            b'{' => {
                self.begun = true;
                self.depth += 1;
            }
            b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
