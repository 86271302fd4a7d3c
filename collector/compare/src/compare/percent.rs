//! Percentages that never lie at the ends.
//!
//! Integers only: no rounding may turn one difference in ten thousand into
//! nothing, or one equal key into none.

/// `part` of `whole` in percent with one decimal, rounded half up; never "0.0"
/// unless `part` is 0, never "100.0" unless it is `whole`. Of nothing, "0.0".
#[must_use]
pub fn one_decimal(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0.0".to_owned();
    }
    if part >= whole {
        return "100.0".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let tenths = ((part * 2000 + whole) / (whole * 2)).clamp(1, 999);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests;
