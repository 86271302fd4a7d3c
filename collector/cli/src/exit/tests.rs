//! The numbers that scripts rely on.

use super::*;
use Severity::{Critical, Info, Warning};

#[test]
fn the_numbers_are_the_contract() {
    let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
    assert_eq!(codes, [0, 1, 2, 3, 64, 65, 69, 70, 77, 78]);
}

#[test]
fn precedence_is_critical_inconclusive_warning_clean() {
    let of = |worst, inconclusive| Exit::of_drift(worst, inconclusive, FailOn::Warning).code();
    assert_eq!(of(Some(Critical), true), 1);
    assert_eq!(of(Some(Critical), false), 1);
    assert_eq!(of(Some(Warning), true), 3);
    assert_eq!(of(None, true), 3);
    assert_eq!(of(Some(Warning), false), 2);
    assert_eq!(of(Some(Info), false), 0);
    assert_eq!(of(None, false), 0);
}

#[test]
fn fail_on_moves_the_bar_and_never_hides_what_was_not_checked() {
    let of = |worst, fail_on| Exit::of_drift(Some(worst), false, fail_on).code();
    assert_eq!(of(Info, FailOn::Info), 2);
    assert_eq!(of(Warning, FailOn::Critical), 0);
    assert_eq!(of(Critical, FailOn::Critical), 1);
    assert_eq!(of(Critical, FailOn::Never), 0);
    assert_eq!(Exit::of_drift(Some(Critical), true, FailOn::Never).code(), 3);
    assert_eq!(Exit::of_drift(None, true, FailOn::Never).code(), 3);
}
