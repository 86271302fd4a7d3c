//! Text from elsewhere made fit to print on one line.
//!
//! It knows no secrets: what must not be shown is masked before.

use crate::key::is_deceptive;

/// The text with control and deceptive characters replaced, cut at that many
/// bytes; `…` says that something was cut.
pub(crate) fn line(text: &str, bytes_max: usize) -> String {
    const CUT: char = '…';
    let mut kept = String::with_capacity(text.len().min(bytes_max));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let shown = if c.is_control() || is_deceptive(c) { char::REPLACEMENT_CHARACTER } else { c };
        let room = if chars.peek().is_some() { CUT.len_utf8() } else { 0 };
        if kept.len() + shown.len_utf8() + room > bytes_max {
            kept.push(CUT);
            break;
        }
        kept.push(shown);
    }
    kept
}
