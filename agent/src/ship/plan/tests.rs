use super::*;

fn meta(first_seq: u64, next_seq: u64) -> Meta {
    Meta { first_seq, next_seq, ..Meta::new([1; 16], 0) }
}

#[test]
fn where_to_resume() {
    let after = |seq| Some(Resume::After(seq));
    let cases = [
        (meta(1, 1), 0, after(0), "nothing was ever written"),
        (meta(1, 11), 0, after(0), "nothing was ever acknowledged"),
        (meta(1, 11), 4, after(4), "in the middle"),
        (meta(5, 11), 4, after(4), "just what was trimmed"),
        (meta(11, 11), 10, after(10), "all of it"),
        (meta(5, 11), 3, None, "D6: the collector was restored from before"),
        (meta(5, 11), 0, None, "D6: the collector knows nothing any more"),
        (meta(5, 11), 11, None, "the agent's state was restored from before"),
    ];
    for (meta, acked, expected, what) in cases {
        match (resume(&meta, acked), expected) {
            (Resume::NewEpoch(_), None) => {}
            (found, expected) => assert_eq!(Some(found), expected, "{what}"),
        }
    }
}

#[test]
fn d5_pauses_are_jittered_and_bounded() {
    let mut backoff = Backoff::default();
    let longest: Vec<u128> = (0..12).map(|_| backoff.pause(u32::MAX).as_millis()).collect();
    assert_eq!(longest[..5], [200, 400, 800, 1600, 3200]);
    assert_eq!(longest[11], 30_000);
    assert_eq!(backoff.pause(0), PAUSE_MIN);
    let half = backoff.pause(u32::MAX / 2).as_millis();
    assert!((14_900..15_100).contains(&half), "{half}");
    backoff.reset();
    assert_eq!(backoff.pause(u32::MAX), PAUSE_MIN);
}

#[test]
fn only_a_person_lifts_some_refusals() {
    for kind in RefusalKind::ALL {
        let waits = after_refusal(kind) == AfterRefusal::Wait;
        assert_eq!(waits, kind.retry() == driftline_wire::convert::WireErrorKind::Reject, "{}", kind.as_str());
    }
}
