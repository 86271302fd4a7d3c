use super::*;

#[test]
fn an_agents_times_are_corrected_by_its_skew_and_end_with_now() {
    assert_eq!(Stretch::of_agent(1_000, None, 200, 5_000), Stretch::at(800));
    assert_eq!(Stretch::of_agent(1_000, Some(400), 200, 5_000), Stretch { since_ms: 200, until_ms: 800 });
    assert_eq!(Stretch::of_agent(9_000, None, 0, 5_000), Stretch::at(5_000));
    assert_eq!(Stretch::of_agent(9_000, Some(8_000), 0, 5_000), Stretch::at(5_000));
    assert_eq!(Stretch::of_agent(i64::MIN, Some(i64::MAX), i64::MAX, 0), Stretch::at(i64::MIN));
}

#[test]
fn marks_say_why_nobody_could_see() {
    let of = Blind::of_marks;
    assert_eq!(of(&[], None), None);
    assert_eq!(of(&[Mark::MachineMade], None), None);
    assert_eq!(of(&[], Some(1)), Some(Blind::Unobserved));
    assert_eq!(of(&[Mark::Coalesced], None), Some(Blind::Coalesced));
    assert_eq!(of(&[Mark::Coalesced, Mark::Resynchronised], None), Some(Blind::Resynchronised));
    assert_eq!(of(&[Mark::Unobserved, Mark::Coalesced], None), Some(Blind::Unobserved));
}
