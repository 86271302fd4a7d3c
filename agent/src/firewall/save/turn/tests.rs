use super::*;

const POLL: Duration = Duration::from_secs(2);
const MS: Duration = Duration::from_millis(1);

fn turn(backend: Backend) -> (Turn, Instant) {
    let now = driftline_daemon::clock::monotonic();
    let mut turn = Turn::new(backend, now, None);
    assert_eq!(turn.take(now), Some(Why::Time), "the first look is at once");
    (turn, now)
}

fn made_by(pid: u32) -> Option<MadeBy> {
    Some(MadeBy::new(pid, "iptables"))
}

#[test]
fn what_is_absent_or_tells_of_itself_is_not_polled() {
    for (backend, went) in [
        (Backend::IptablesNft, Went::There),
        (Backend::Ip6tablesNft, Went::Absent),
        (Backend::IptablesLegacy, Went::Absent),
        (Backend::Ipset, Went::Absent),
    ] {
        let (mut turn, now) = turn(backend);
        turn.rest(went, now, MS, POLL);
        assert!(turn.is_at_rest(), "{backend:?}");
    }
}

#[test]
fn what_is_quiet_and_there_is_polled() {
    for backend in [Backend::IptablesLegacy, Backend::Ip6tablesLegacy, Backend::Ipset] {
        let (mut turn, now) = turn(backend);
        turn.rest(Went::There, now, MS, POLL);
        assert_eq!(turn.next(), Some(now + POLL));
        assert_eq!(turn.take(now + POLL - MS), None);
        assert_eq!(turn.take(now + POLL), Some(Why::Time));
    }
}

#[test]
fn what_audit_tells_of_is_not_polled_until_it_tells_no_more() {
    let (mut turn, now) = turn(Backend::IptablesLegacy);
    turn.is_told(true, now);
    assert_eq!(turn.take(now), Some(Why::Time), "what changed before was told to nobody");
    turn.rest(Went::There, now, MS, POLL);
    assert!(turn.is_at_rest());
    turn.is_told(true, now + POLL);
    assert!(turn.is_at_rest(), "no news");
    turn.is_told(false, now + POLL);
    assert_eq!(turn.take(now + POLL), Some(Why::Time));
    turn.rest(Went::There, now + POLL, MS, POLL);
    assert_eq!(turn.next(), Some(now + 2 * POLL));
}

#[test]
fn a_look_that_takes_long_is_made_less_often() {
    let (mut turn, now) = turn(Backend::IptablesLegacy);
    turn.rest(Went::There, now, 200 * MS, POLL);
    assert_eq!(turn.next(), Some(now + Duration::from_secs(5)));
    turn.take(now + Duration::from_secs(5));
    turn.rest(Went::There, now, Duration::from_secs(10), POLL);
    assert_eq!(turn.next(), Some(now + REST_MAX));
}

#[test]
fn a_hint_comes_before_the_time_and_waits_for_the_rest() {
    let (mut turn, now) = turn(Backend::IptablesLegacy);
    turn.rest(Went::There, now, 5 * MS, POLL);
    turn.call(now + MS, Why::Hint(7, None));
    assert_eq!(turn.take(now + 19 * MS), None);
    assert_eq!(turn.take(now + 20 * MS), Some(Why::Hint(7, None)));
    assert!(turn.is_at_rest());
}

#[test]
fn of_one_commit_the_maker_is_known_and_of_two_it_is_not() {
    let (mut turn, now) = turn(Backend::IptablesNft);
    turn.call(now, Why::Hint(1, made_by(1)));
    turn.call(now, Why::Time);
    assert_eq!(turn.take(now), Some(Why::Hint(1, made_by(1))));
    turn.call(now, Why::Time);
    turn.call(now, Why::Hint(2, made_by(2)));
    assert_eq!(turn.take(now), Some(Why::Hint(2, made_by(2))));
    turn.call(now, Why::Hint(3, made_by(3)));
    turn.call(now, Why::Hint(4, made_by(4)));
    assert_eq!(turn.take(now), Some(Why::Hint(3, None)));
}

#[test]
fn failures_are_tried_again_ever_less_often() {
    let (mut turn, now) = turn(Backend::IptablesNft);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        turn.rest(Went::Failed, now, MS, POLL);
        pauses.push((turn.next().unwrap() - now).as_secs());
        turn.take(now + RETRY_MAX);
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    turn.rest(Went::There, now, MS, POLL);
    turn.rest(Went::Failed, now, MS, POLL);
    assert_eq!(turn.next(), Some(now + POLL));
}

#[test]
fn what_fails_quickly_does_not_keep_a_hint_waiting() {
    let (mut turn, now) = turn(Backend::Ipset);
    turn.rest(Went::Failed, now, MS, POLL);
    turn.call(now + 10 * MS, Why::Hint(1, None));
    assert_eq!(turn.next(), Some(now + 10 * MS));
}

#[test]
fn hints_that_lead_to_nothing_wait_and_are_not_lost() {
    let (mut turn, now) = turn(Backend::Ipset);
    turn.was_idle(now, POLL);
    turn.call(now + MS, Why::Hint(1, None));
    assert_eq!(turn.next(), Some(now + POLL));
    turn.call(now + MS, Why::Time);
    assert_eq!(turn.take(now + MS), Some(Why::Hint(1, None)), "reconciliation does not wait");
    turn.call(now + 2 * POLL, Why::Hint(2, None));
    assert_eq!(turn.next(), Some(now + 2 * POLL));
}
