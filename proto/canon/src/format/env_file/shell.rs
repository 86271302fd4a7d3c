//! A POSIX shell that sources the file.
//!
//! TO BE REPLACED.

use super::collect::Collector;

/// Reads the text.
pub(super) fn read(text: &[u8], out: &mut Collector<'_>) {
    super::systemd::read(text, out);
}
