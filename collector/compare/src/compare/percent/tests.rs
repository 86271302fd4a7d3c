//! The ends of the scale.

use proptest::prelude::*;

use super::one_decimal;

#[test]
fn j10_one_in_ten_thousand_is_not_nothing() {
    assert_eq!(one_decimal(1, 10_000), "0.1");
    assert_eq!(one_decimal(1, u64::MAX), "0.1");
    assert_eq!(one_decimal(0, 10_000), "0.0");
}

#[test]
fn j10_all_but_one_is_not_all() {
    assert_eq!(one_decimal(9_999, 10_000), "99.9");
    assert_eq!(one_decimal(u64::MAX - 1, u64::MAX), "99.9");
    assert_eq!(one_decimal(10_000, 10_000), "100.0");
}

#[test]
fn halves_round_up() {
    assert_eq!(one_decimal(12, 80), "15.0");
    assert_eq!(one_decimal(1, 3), "33.3");
    assert_eq!(one_decimal(2, 3), "66.7");
    assert_eq!(one_decimal(1, 16), "6.3");
    assert_eq!(one_decimal(0, 0), "0.0");
}

proptest! {
    #[test]
    fn the_ends_are_exact_and_the_rest_is_near(whole in 1..u64::MAX, share in 0.0..=1.0f64) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let part = ((whole as f64 * share) as u64).min(whole);
        let text = one_decimal(part, whole);
        prop_assert_eq!(text == "0.0", part == 0);
        prop_assert_eq!(text == "100.0", part == whole);
        #[allow(clippy::cast_precision_loss)]
        let exact = part as f64 * 100.0 / whole as f64;
        prop_assert!((text.parse::<f64>().unwrap() - exact).abs() < 0.100_001);
    }
}
