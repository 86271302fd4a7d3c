//! Server-sent events: bytes in, events out (WHATWG HTML, section 9.2).
//!
//! A state machine without I/O. What it does not know it skips; an event over
//! its limit is dropped whole, never cut.

/// Bytes of one event. A change has less than one KiB.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Event {
    /// Its kind; `message` if it did not say.
    pub name: String,
    /// Its data, lines joined by line feeds.
    pub data: String,
    /// Its id, if it has one.
    pub id: Option<String>,
}

/// Reads a stream piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    line: Vec<u8>,
    after_return: bool,
    event: Event,
    has_data: bool,
    too_large: bool,
}

impl Decoder {
    /// Takes the next bytes and gives the events that they complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            let line_feed_of_return = byte == b'\n' && self.after_return;
            self.after_return = byte == b'\r';
            match byte {
                b'\n' if line_feed_of_return => {}
                b'\n' | b'\r' => events.extend(self.end_of_line()),
                _ if self.line.len() >= EVENT_BYTES_MAX => self.too_large = true,
                _ => self.line.push(byte),
            }
        }
        events
    }

    fn end_of_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.end_of_event();
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}');
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "data" => self.data(value),
            _ => {}
        }
        None
    }

    fn data(&mut self, value: &str) {
        if self.event.data.len() + value.len() > EVENT_BYTES_MAX {
            self.too_large = true;
            return;
        }
        if self.has_data {
            self.event.data.push('\n');
        }
        self.has_data = true;
        self.event.data.push_str(value);
    }

    fn end_of_event(&mut self) -> Option<Event> {
        let mut event = std::mem::take(&mut self.event);
        let complete = std::mem::take(&mut self.has_data) && !std::mem::take(&mut self.too_large);
        if event.name.is_empty() {
            "message".clone_into(&mut event.name);
        }
        complete.then_some(event)
    }
}

#[cfg(test)]
mod tests;
