//! Numbers with their noun: `1 host`, `2 hosts`.
//!
//! It knows no grammar: the caller says both words.

/// A number with the word that fits it.
#[must_use]
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests;
