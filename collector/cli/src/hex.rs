//! Bytes as lower-case hexadecimal text, and back.
//!
//! It knows no lengths but the one that is asked for.

/// Two characters per byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Exactly `N` bytes.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(encode(&[0, 15, 255]), "000fff");
        assert_eq!(decode::<3>("000fFf"), Some([0, 15, 255]));
    }

    #[test]
    fn what_is_not_hex_is_refused() {
        for text in ["", "00", "000ff", "000ffg", "+00fff", "0é0f", "000fff00"] {
            assert_eq!(decode::<3>(text), None, "{text}");
        }
    }
}
