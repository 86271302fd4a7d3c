//! Numbers with units, as the server reads and shows them: `0.125GB` is
//! `128MB`, `0x4000` pages of 8 kB are too.
//!
//! Rounds where the server rounds and nowhere else. Hexadecimal fractions
//! (`0x1.8`), which C would read, are taken for invalid.

/// Units with their size in the smallest one, the greatest first.
type Scale = &'static [(&'static str, f64)];

const MEMORY: Scale =
    &[("TB", 1_099_511_627_776.0), ("GB", 1_073_741_824.0), ("MB", 1_048_576.0), ("kB", 1024.0), ("B", 1.0)];

const TIME: Scale = &[
    ("d", 86_400_000_000.0),
    ("h", 3_600_000_000.0),
    ("min", 60_000_000.0),
    ("s", 1_000_000.0),
    ("ms", 1000.0),
    ("us", 1.0),
];

/// Characters of a unit that the server looks at.
const UNIT_BYTES_MAX: usize = 3;

/// What a bare number of a setting counts, in its scale.
fn base_of(unit: &str) -> Option<(Scale, f64)> {
    match unit {
        "8kB" => Some((MEMORY, 8192.0)),
        unit => [MEMORY, TIME].into_iter().find_map(|scale| {
            let (_, size) = scale.iter().find(|(name, _)| *name == unit)?;
            Some((scale, *size))
        }),
    }
}

/// Reads a whole number in the setting's own unit, not yet held against its
/// range.
///
/// # Errors
/// Why the server would refuse it.
pub(super) fn whole(text: &[u8], unit: &str) -> Result<i32, &'static str> {
    let start = text.iter().take_while(|b| is_space(**b)).count();
    let (number, end) = match integer(&text[start..]) {
        // Where C finds no whole number it may still find a fraction, but not
        // behind white space.
        Some((_, end)) if matches!(text.get(start + end), Some(b'.' | b'e' | b'E')) => decimal(text),
        Some((Some(number), end)) => Some((number, start + end)),
        Some((None, _)) => decimal(text),
        None if text.first() == Some(&b'.') => decimal(text),
        None => None,
    }
    .ok_or("it is no number")?;
    let number = with_unit(number, &text[end..], unit)?.round_ties_even();
    let fits = (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
    #[allow(clippy::cast_possible_truncation, reason = "just held against the range")]
    if fits { Ok(number as i32) } else { Err("the number is beyond what an integer holds") }
}

/// Reads a number with a fraction in the setting's own unit.
///
/// # Errors
/// Why the server would refuse it.
pub(super) fn real(text: &[u8], unit: &str) -> Result<f64, &'static str> {
    let start = text.iter().take_while(|b| is_space(**b)).count();
    let hex = matches!(text[start..].trim_ascii_start(), [b'0', b'x' | b'X', ..] | [_, b'0', b'x' | b'X', ..]);
    let found = match integer(&text[start..]) {
        Some((Some(number), end)) if hex => Some((number, start + end)),
        _ => decimal(text),
    };
    let (number, end) = found.ok_or("it is no number")?;
    with_unit(number, &text[end..], unit)
}

/// A whole number as C reads it: decimal, octal after `0`, hexadecimal after
/// `0x`. The number is missing when it is too large for 64 bits.
fn integer(text: &[u8]) -> Option<(Option<f64>, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let (digits, radix) = match &text[sign..] {
        [b'0', b'x' | b'X', first, ..] if first.is_ascii_hexdigit() => (sign + 2, 16),
        [b'0', ..] => (sign, 8),
        _ => (sign, 10),
    };
    let end = digits + text[digits..].iter().take_while(|&&b| char::from(b).is_digit(radix)).count();
    if end == digits {
        return None;
    }
    let digits = std::str::from_utf8(&text[digits..end]).unwrap_or_default();
    let number = i64::from_str_radix(digits, radix).ok().map(|number| {
        #[allow(clippy::cast_precision_loss, reason = "the server's own conversion to double")]
        let number = number as f64;
        if text[0] == b'-' { -number } else { number }
    });
    Some((number, end))
}

/// A decimal number with fraction and exponent as C reads it, white space
/// before it included.
fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let start = text.iter().take_while(|b| is_space(**b)).count();
    let rest = &text[start..];
    let digits = |from: usize| rest.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    let before = digits(sign);
    let mut end = sign + before;
    let mut after = 0;
    if rest.get(end) == Some(&b'.') {
        after = digits(end + 1);
        end += 1 + after;
    }
    if before + after == 0 {
        return None;
    }
    if matches!(rest.get(end), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + signed);
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    let number: f64 = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    number.is_finite().then_some((number, start + end))
}

/// A number in the setting's own unit, given what stands behind it.
fn with_unit(number: f64, rest: &[u8], base: &str) -> Result<f64, &'static str> {
    let rest = trim(rest);
    if rest.is_empty() {
        return Ok(number);
    }
    let Some((scale, base)) = base_of(base) else {
        return Err("the setting has no unit");
    };
    let unknown = "the unit is none of the setting's, or not written as the server does (`kB`, `MB`, `ms`, `min`)";
    if rest.len() > UNIT_BYTES_MAX {
        return Err(unknown);
    }
    let at = scale.iter().position(|(name, _)| name.as_bytes() == rest).ok_or(unknown)?;
    let number = number * (scale[at].1 / base);
    // A fraction is rounded to the next smaller unit.
    Ok(match scale.get(at + 1) {
        Some((_, smaller)) => (number / (smaller / base)).round_ties_even() * (smaller / base),
        None => number,
    })
}

/// A whole number as the server shows it: in the largest unit that divides it.
pub(super) fn show_whole(number: i32, unit: &str) -> String {
    let base = base_of(unit).filter(|_| number > 0);
    let found = base.and_then(|(scale, base)| {
        scale.iter().find_map(|(name, size)| {
            let factor = size / base;
            let shown = f64::from(number) / factor;
            let exact = factor <= 1.0 || (shown.trunc() - shown).abs() == 0.0;
            exact.then(|| format!("{}{name}", shown.round_ties_even()))
        })
    });
    found.unwrap_or_else(|| number.to_string())
}

/// A number with a fraction in the largest unit in which it has none, or else
/// in its own.
pub(super) fn show_real(number: f64, unit: &str) -> String {
    let base = base_of(unit).filter(|_| number > 0.0);
    let found = base.and_then(|(scale, base)| {
        scale.iter().find_map(|(name, size)| {
            let factor = size / base;
            let shown = number / factor;
            #[allow(clippy::float_cmp, reason = "exact or not at all: two numbers are never shown alike")]
            let exact = shown.round_ties_even() == shown && shown * factor == number;
            exact.then(|| format!("{shown}{name}"))
        })
    });
    found.unwrap_or_else(|| if number == 0.0 { "0".to_owned() } else { format!("{number}{}", unit_of(unit, number)) })
}

/// The unit behind a number that no unit makes whole.
fn unit_of(unit: &str, number: f64) -> &str {
    if number > 0.0 { unit } else { "" }
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().take_while(|b| is_space(**b)).count();
    let end = text.len() - text[start..].iter().rev().take_while(|b| is_space(**b)).count();
    &text[start..end]
}

#[cfg(test)]
mod tests;
