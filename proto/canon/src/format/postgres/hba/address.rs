//! Where a rule of `pg_hba.conf` lets connections come from: `10.0.0.0/8`,
//! `samenet`, `.example.com`.
//!
//! Resolves no name. A host's own bits behind a mask mean nothing to the
//! server and are cleared.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::format::postgres::auth::word::Word;

/// What stands for addresses that only the server knows.
const KEYWORDS: &[&str] = &["all", "samehost", "samenet"];

/// Appends the canonical address; the mask is asked for where the address has
/// none.
///
/// # Errors
/// Why the server would refuse it.
pub(super) fn push<'a>(
    out: &mut Vec<u8>,
    word: &Word<'_>,
    mask: impl FnOnce() -> Result<&'a Word<'a>, String>,
) -> Result<(), String> {
    if KEYWORDS.iter().any(|keyword| word.is(keyword)) {
        out.extend_from_slice(&word.text);
        return Ok(());
    }
    let text = std::str::from_utf8(&word.text).map_err(|_| "the address is not UTF-8".to_owned())?;
    let (address, bits) = match text.split_once('/') {
        None => (text, None),
        Some((address, bits)) => (address, Some(bits)),
    };
    let (address, zone) = match address.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (address, None),
    };
    let usual = address.parse::<Ipv4Addr>().ok();
    let Some(address) = usual.map(IpAddr::V4).or_else(|| ip(address)) else {
        if bits.is_some() {
            return Err("a host name has no mask".to_owned());
        }
        push_host(out, word);
        return Ok(());
    };
    let mask = match bits {
        Some(bits) => mask_of(address, bits).ok_or("the mask's length is no number, or too large")?,
        None => {
            let mask = mask()?;
            std::str::from_utf8(&mask.text).ok().and_then(ip).ok_or("the netmask is no address")?
        }
    };
    if bits.is_some_and(is_decimal) && zone.is_none() && usual.is_some_and(|usual| is_within(usual, mask)) {
        out.extend_from_slice(&word.text);
        return Ok(());
    }
    out.extend(show(address, mask, zone).ok_or("address and netmask are of different kinds")?);
    Ok(())
}

/// Whether the length of a mask of IPv4 is written in its one form.
fn is_decimal(bits: &str) -> bool {
    matches!(bits.as_bytes(), [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9'])
}

/// Whether an address has no bits of its own behind a mask.
fn is_within(address: Ipv4Addr, mask: IpAddr) -> bool {
    matches!(mask, IpAddr::V4(mask) if address & mask == address)
}

/// A host name, or the end of one after a dot: case means nothing.
fn push_host(out: &mut Vec<u8>, word: &Word<'_>) {
    // It is no keyword, even where it now reads like one.
    let word = Word { text: word.text.to_ascii_lowercase().into(), quoted: true };
    word.write(out, KEYWORDS);
}

/// An address in numbers; of version 4 also in the short, octal and
/// hexadecimal forms that the C library reads.
fn ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        return text.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let parts = text.split('.').map(part).collect::<Option<Vec<u32>>>()?;
    let (last, head) = parts.split_last()?;
    if head.len() > 3 || head.iter().any(|&part| part > 255) {
        return None;
    }
    let room = 32 - 8 * u32::try_from(head.len()).ok()?;
    if room < 32 && *last >> room != 0 {
        return None;
    }
    let address = head.iter().zip([24, 16, 8]).fold(*last, |address, (part, shift)| address | part << shift);
    Some(IpAddr::V4(Ipv4Addr::from(address)))
}

fn part(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    if digits.starts_with('+') { None } else { u32::from_str_radix(digits, radix).ok() }
}

fn mask_of(address: IpAddr, bits: &str) -> Option<IpAddr> {
    let digits = bits.trim_start_matches([' ', '\t']);
    let bits: u32 = digits.parse().ok()?;
    match address {
        IpAddr::V4(_) if bits <= 32 => Some(IpAddr::V4(u32::MAX.checked_shl(32 - bits).unwrap_or(0).into())),
        IpAddr::V6(_) if bits <= 128 => Some(IpAddr::V6(u128::MAX.checked_shl(128 - bits).unwrap_or(0).into())),
        _ => None,
    }
}

/// The network with the length of its mask, or with the mask where that has
/// holes.
fn show(address: IpAddr, mask: IpAddr, zone: Option<&str>) -> Option<Vec<u8>> {
    let (network, ones, zeros, width) = match (address, mask) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => {
            let bits = u32::from(mask);
            (IpAddr::V4((u32::from(address) & bits).into()), bits.leading_ones(), bits.trailing_zeros(), 32)
        }
        (IpAddr::V6(address), IpAddr::V6(mask)) => {
            let bits = u128::from(mask);
            (IpAddr::V6((u128::from(address) & bits).into()), bits.leading_ones(), bits.trailing_zeros(), 128)
        }
        _ => return None,
    };
    let zone = zone.map(|zone| format!("%{zone}")).unwrap_or_default();
    let text =
        if ones + zeros >= width { format!("{network}{zone}/{ones}") } else { format!("{network}{zone} {mask}") };
    Some(text.into_bytes())
}

#[cfg(test)]
mod tests;
