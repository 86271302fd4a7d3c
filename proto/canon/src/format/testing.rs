//! What the tests of several formats say of a reading.
//!
//! It reads nothing itself.

use super::Reading;

/// `key=value` of each setting, in order.
pub(super) fn shown(reading: &Reading) -> Vec<String> {
    let one = |setting: &super::Setting| format!("{}={}", setting.key, String::from_utf8_lossy(setting.value.bytes()));
    reading.settings.iter().map(one).collect()
}

/// Each problem, in order.
pub(super) fn problems(reading: &Reading) -> Vec<String> {
    reading.problems.iter().map(ToString::to_string).collect()
}

/// The text was read as these settings, without a problem.
#[track_caller]
pub(super) fn is_read_as(text: &str, reading: &Reading, wanted: &[&str]) {
    assert_eq!(shown(reading), wanted, "{text}");
    assert_eq!(problems(reading), Vec::<String>::new(), "{text}");
}
