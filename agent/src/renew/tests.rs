use super::*;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[test]
fn renewal_is_due_from_half_life_on() {
    assert_eq!(half_life_ms(0, 7 * DAY_MS), 7 * DAY_MS / 2);
    assert_eq!(half_life_ms(DAY_MS, 3 * DAY_MS), 2 * DAY_MS);
    // Dates that make no sense are due at once rather than never.
    assert!(half_life_ms(10, 0) <= 10);
}

#[test]
fn a_clear_no_is_final_and_a_failure_is_not() {
    let of = |code| of_status("c:1".to_owned(), &tonic::Status::new(code, "no"));
    assert!(of(tonic::Code::PermissionDenied).is_final());
    assert!(!of(tonic::Code::Unavailable).is_final());
    assert!(!RenewError::NoEndpoint.is_final());
}
