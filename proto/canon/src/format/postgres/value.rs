//! The canonical form of a setting's value: the server's own where it shows
//! one (`128MB`, `on`), the text where it does not.
//!
//! Checks what a type and its range can tell. What the server finds out only
//! when it runs (a file that is missing, a time zone that nobody knows) is not
//! its business.

use super::settings::{Kind, Row, Rows};
use super::{list, number};

/// Settings that the server shows as octal modes.
const MODES: &[&str] = &["data_directory_mode", "log_file_mode", "unix_socket_permissions"];

/// The value in canonical form, by the newest version that accepts it; texts
/// accept anything and come last.
///
/// # Errors
/// Why the newest version would refuse it. The value is no part of that.
pub(super) fn canonical(rows: &Rows, written: &[u8]) -> Result<Vec<u8>, String> {
    let texts = |row: &&Row| matches!(row.kind, Kind::Text | Kind::Names | Kind::Words | Kind::Paths);
    let mut refused = None;
    for row in rows.iter().filter(|row| !texts(row)).chain(rows.iter().filter(texts)) {
        match by_row(row, written) {
            Ok(value) => return Ok(value),
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    Err(refused.unwrap_or_default())
}

fn by_row(row: &Row, written: &[u8]) -> Result<Vec<u8>, String> {
    if row.context == "internal" {
        return Err("the server lets nobody set it".to_owned());
    }
    match row.kind {
        Kind::Bool => boolean(written).map(|on| if on { b"on".to_vec() } else { b"off".to_vec() }),
        Kind::Int => return whole(row, written),
        Kind::Real => return real(row, written),
        Kind::Enum => return word(row, written),
        Kind::Text => Some(written.to_vec()),
        Kind::Names | Kind::Words | Kind::Paths => list::canonical(written, row.kind),
    }
    .ok_or_else(|| match row.kind {
        Kind::Bool => "it is neither on nor off".to_owned(),
        _ => "the list has an empty element, or something behind a closing quote".to_owned(),
    })
}

/// A switch, by any beginning that only one word has.
fn boolean(written: &[u8]) -> Option<bool> {
    let begins = |word: &str, least: usize| {
        (least..=word.len()).contains(&written.len()) && word.as_bytes()[..written.len()].eq_ignore_ascii_case(written)
    };
    if written == b"1" || begins("true", 1) || begins("yes", 1) || begins("on", 2) {
        Some(true)
    } else if written == b"0" || begins("false", 1) || begins("no", 1) || begins("off", 2) {
        Some(false)
    } else {
        None
    }
}

fn whole(row: &Row, written: &[u8]) -> Result<Vec<u8>, String> {
    let found = number::whole(written, row.unit)?;
    in_range(row, f64::from(found))?;
    let text = if MODES.contains(&row.name) { format!("{found:04o}") } else { number::show_whole(found, row.unit) };
    Ok(text.into_bytes())
}

fn real(row: &Row, written: &[u8]) -> Result<Vec<u8>, String> {
    let found = number::real(written, row.unit)?;
    in_range(row, found)?;
    Ok(number::show_real(found, row.unit).into_bytes())
}

fn in_range(row: &Row, number: f64) -> Result<(), String> {
    if (row.least..=row.most).contains(&number) {
        return Ok(());
    }
    let unit = if row.unit.is_empty() { String::new() } else { format!(", counted in {}", row.unit) };
    Err(format!("it is outside of {} to {}{unit}", row.least, row.most))
}

fn word(row: &Row, written: &[u8]) -> Result<Vec<u8>, String> {
    for word in row.words.split('|') {
        let (word, means) = word.split_once('=').unwrap_or((word, word));
        if word.as_bytes().eq_ignore_ascii_case(written) {
            return Ok(means.as_bytes().to_vec());
        }
    }
    let words: Vec<&str> = row.words.split('|').filter(|word| !word.is_empty() && !word.contains('=')).collect();
    Err(format!("it is none of {}", words.join(", ")))
}

#[cfg(test)]
mod tests;
