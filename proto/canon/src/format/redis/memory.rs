//! Amounts of memory: `1k` is 1000 bytes, `1kb` is 1024.
//!
//! Changes nothing that the server would not take for an amount.

/// The units, largest first, as the canonical form names them.
const UNITS: [(&str, u64); 3] = [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)];

/// An amount in its shortest exact form (`memtoull` in Redis' `util.c`).
pub(super) fn amount(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let factor = match text[digits..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    let bytes: u64 = text[..digits].parse::<u64>().ok()?.checked_mul(factor)?;
    let unit = UNITS.iter().find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
    Some(match unit {
        Some((name, size)) => format!("{}{name}", bytes / size),
        None => bytes.to_string(),
    })
}

#[cfg(test)]
mod tests;
