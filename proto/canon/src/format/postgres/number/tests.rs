use proptest::prelude::*;

use super::*;

fn shown(text: &str, unit: &str) -> Result<String, &'static str> {
    whole(text.as_bytes(), unit).map(|number| show_whole(number, unit))
}

#[test]
fn all_spellings_of_128_megabytes() {
    for text in
        ["131072kB", "128MB", "16384", "0x4000", "040000", "0.125GB", "134217728B", " 128 MB ", "+128MB", "16383.6"]
    {
        assert_eq!(shown(text, "8kB").as_deref(), Ok("128MB"), "{text}");
    }
}

#[test]
fn times_in_every_base() {
    assert_eq!(shown("90000", "ms").as_deref(), Ok("90s"));
    assert_eq!(shown("1.5min", "ms").as_deref(), Ok("90s"));
    assert_eq!(shown("0.1h", "s").as_deref(), Ok("6min"));
    assert_eq!(shown("1440", "min").as_deref(), Ok("1d"));
    assert_eq!(shown("90s", "min").as_deref(), Ok("2min"));
    assert_eq!(shown("30s", "min").as_deref(), Ok("0"));
    assert_eq!(shown("1500us", "ms").as_deref(), Ok("2ms"));
}

#[test]
fn fractions_are_rounded_to_the_next_smaller_unit_and_then_to_the_own() {
    assert_eq!(shown("30.1GB", "8kB").as_deref(), Ok("30822MB"));
    assert_eq!(shown("0.5", "kB").as_deref(), Ok("0"));
    assert_eq!(shown("1.5", "kB").as_deref(), Ok("2kB"));
    assert_eq!(shown("2.5", "kB").as_deref(), Ok("2kB"));
    assert_eq!(shown("1023B", "kB").as_deref(), Ok("1kB"));
}

#[test]
fn zero_and_negative_numbers_have_no_unit() {
    assert_eq!(shown("0", "kB").as_deref(), Ok("0"));
    assert_eq!(shown("-1", "ms").as_deref(), Ok("-1"));
    assert_eq!(shown("-0", "").as_deref(), Ok("0"));
}

#[test]
fn what_is_no_number() {
    for text in [
        "", " ", "x", "-", "+ 5", "09", "e5", " .5", "-.5", "0x", "1e", "5 M B", "5MB x", "128mb", "5µs", "1.5.5",
        "--1",
    ] {
        assert!(whole(text.as_bytes(), "kB").is_err(), "{text:?}");
    }
    assert!(whole(b"5kB", "").is_err());
    assert!(whole(b"5s", "kB").is_err());
    assert!(whole(b"2147483648", "").is_err());
    assert!(whole(b"99999999999999999999999", "").is_err());
    assert!(whole(b"3TB", "B").is_err());
}

#[test]
fn large_numbers_fit_when_their_unit_makes_them_small() {
    assert_eq!(shown("99999999999999", "").ok(), None);
    assert_eq!(shown("17179869184B", "8kB").as_deref(), Ok("16GB"));
}

#[test]
fn real_numbers() {
    let shown = |text: &str, unit: &str| real(text.as_bytes(), unit).map(|number| show_real(number, unit));
    assert_eq!(shown("2", "ms").as_deref(), Ok("2ms"));
    assert_eq!(shown("2000us", "ms").as_deref(), Ok("2ms"));
    assert_eq!(shown("0.5", "ms").as_deref(), Ok("500us"));
    assert_eq!(shown("1.50", "").as_deref(), Ok("1.5"));
    assert_eq!(shown("0x10", "").as_deref(), Ok("16"));
    assert_eq!(shown("1e-3", "").as_deref(), Ok("0.001"));
    assert_eq!(shown("-0.0", "").as_deref(), Ok("0"));
    assert_eq!(shown("-1", "ms").as_deref(), Ok("-1"));
    assert_eq!(shown("1e999", "").ok(), None);
    assert_eq!(shown("nan", "").ok(), None);
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(number in any::<i32>(), unit in prop::sample::select(vec!["", "B", "kB", "8kB", "MB", "ms", "s", "min"])) {
        let text = show_whole(number, unit);
        prop_assert_eq!(whole(text.as_bytes(), unit), Ok(number), "{}", text);
    }

    #[test]
    fn different_numbers_are_shown_differently(a in -1e6..1e6_f64, b in -1e6..1e6_f64, unit in prop::sample::select(vec!["", "ms"])) {
        prop_assert_eq!(show_real(a, unit) == show_real(b, unit), a == b);
        prop_assert_eq!(show_real(a, unit), show_real(a, unit));
    }

    #[test]
    fn nothing_panics(text: Vec<u8>, unit in prop::sample::select(vec!["", "kB", "ms", "odd"])) {
        let _ = (whole(&text, unit), real(&text, unit));
    }
}
