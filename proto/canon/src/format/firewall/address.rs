//! Addresses as rules write them: a network without its host bits, a mask as a
//! prefix length, a single host without one, an IPv6 address in its short form.
//!
//! Resolves no names: what is no address is handed back as it is.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address or network in its one form; `None` when it is neither.
pub(super) fn canonical(text: &str) -> Option<Cow<'_, str>> {
    let (address, mask) = match text.split_once('/') {
        None => (text, None),
        Some((address, mask)) => (address, Some(mask)),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let Some(mask) = mask else {
        // An IPv4 address is read in one form only.
        return Some(if address.is_ipv4() { Cow::Borrowed(text) } else { address.to_string().into() });
    };
    match prefix_of(mask, &address) {
        Some(32) if address.is_ipv4() => Some(Cow::Borrowed(&text[..text.len() - mask.len() - 1])),
        Some(prefix) if is_network(address, prefix, mask) => Some(Cow::Borrowed(text)),
        Some(prefix) => Some(network(address, prefix, bits).into()),
        None => with_mask(address, mask).map(Cow::Owned),
    }
}

/// The address or network in its one form, or else the text as it is.
pub(super) fn or_same(text: &str) -> Cow<'_, str> {
    canonical(text).unwrap_or(Cow::Borrowed(text))
}

/// Whether an IPv4 network is written in its one form: most are.
fn is_network(address: IpAddr, prefix: u32, mask: &str) -> bool {
    let written = matches!(mask.as_bytes(), [b'1'..=b'9'] | [b'1'..=b'9', b'0'..=b'9']);
    written && address.is_ipv4() && prefix < 32 && masked(address, prefix) == address
}

/// Whether a canonical network is every address.
pub(super) fn is_any(text: &str) -> bool {
    matches!(text, "0.0.0.0/0" | "::/0")
}

fn network(address: IpAddr, prefix: u32, bits: u32) -> String {
    let masked = masked(address, prefix);
    if prefix == bits { masked.to_string() } else { format!("{masked}/{prefix}") }
}

/// The address with its host bits cleared.
pub(super) fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask_32(prefix))),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask_128(prefix))),
    }
}

fn mask_32(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32_u32.saturating_sub(prefix)).unwrap_or(0)
}

fn mask_128(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(prefix)).unwrap_or(0)
}

/// The length of a prefix given as a number or as a mask without gaps.
fn prefix_of(mask: &str, address: &IpAddr) -> Option<u32> {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    if let Ok(prefix) = mask.parse::<u32>() {
        return (prefix <= bits).then_some(prefix);
    }
    let (ones, zeros) = match mask.parse().ok()? {
        IpAddr::V4(mask) if bits == 32 => (mask.to_bits().leading_ones(), mask.to_bits().trailing_zeros()),
        IpAddr::V6(mask) if bits == 128 => (mask.to_bits().leading_ones(), mask.to_bits().trailing_zeros()),
        _ => return None,
    };
    (ones + zeros.min(bits) == bits).then_some(ones)
}

/// A mask with gaps stays a mask.
fn with_mask(address: IpAddr, mask: &str) -> Option<String> {
    let mask: IpAddr = mask.parse().ok()?;
    let mut text = String::new();
    match (address, mask) {
        (IpAddr::V4(a), IpAddr::V4(m)) => {
            write!(text, "{}/{m}", Ipv4Addr::from_bits(a.to_bits() & m.to_bits())).ok()?;
        }
        (IpAddr::V6(a), IpAddr::V6(m)) => {
            write!(text, "{}/{m}", Ipv6Addr::from_bits(a.to_bits() & m.to_bits())).ok()?;
        }
        _ => return None,
    }
    Some(text)
}

#[cfg(test)]
mod tests;
