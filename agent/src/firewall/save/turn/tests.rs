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

fn commit(generation: u32, pid: u32, observed_ms: i64) -> Commit {
    Commit { generation, made_by: made_by(pid), observed_ms }
}

/// A turn that has seen what the transaction with generation 5 made.
fn seen_five() -> (Turn, Instant) {
    let (mut turn, now) = turn(Backend::IptablesNft);
    turn.was_seen = true;
    turn.committed(now, 1, Some(&commit(5, 1, 100)));
    let calls = turn.take_calls();
    assert!(calls.is_one(Some(5)));
    assert_eq!((turn.take(now), turn.missed(calls, Some(5), true)), (Some(Why::Hint(100, made_by(1))), None));
    (turn, now)
}

#[test]
fn a_rule_that_was_committed_behind_the_trigger_is_not_told_as_its_authors() {
    let (mut turn, now) = seen_five();
    turn.committed(now, 1, Some(&commit(6, 2, 200)));
    let calls = turn.take_calls();
    assert!(!calls.is_one(Some(7)), "what was read may have what 7 made");
    assert!(!calls.is_one(None), "nobody can say what was read");
    assert_eq!(turn.missed(calls, Some(7), true), None, "it is told once 7 is heard of");
    // The second one's own look shows nothing new.
    turn.committed(now, 1, Some(&commit(7, 3, 201)));
    let calls = turn.take_calls();
    let missed = Missed { transactions: 2, from_ms: 200, to_ms: 201 };
    assert_eq!(turn.missed(calls, Some(7), false), Some(missed));
}

#[test]
fn transactions_that_led_to_one_look_are_said_to_be_seen_as_one() {
    let (mut turn, now) = seen_five();
    turn.committed(now, 1, Some(&commit(6, 2, 200)));
    turn.committed(now, 1, Some(&commit(7, 2, 210)));
    assert_eq!(turn.take(now), Some(Why::Hint(200, None)));
    let calls = turn.take_calls();
    assert!(!calls.is_one(Some(7)));
    assert_eq!(turn.missed(calls, Some(7), true), Some(Missed { transactions: 2, from_ms: 200, to_ms: 210 }));
    turn.committed(now, 3, Some(&commit(10, 2, 300)));
    assert_eq!(turn.take(now), Some(Why::Hint(300, None)));
    let calls = turn.take_calls();
    assert_eq!(turn.missed(calls, Some(10), true), Some(Missed { transactions: 3, from_ms: 300, to_ms: 300 }));
}

#[test]
fn a_transaction_that_changes_nothing_hides_nothing() {
    let (mut turn, now) = seen_five();
    turn.committed(now, 1, Some(&commit(6, 2, 200)));
    let calls = turn.take_calls();
    assert_eq!(turn.missed(calls, Some(6), false), None, "the same rules again");
    turn.committed(now, 0, Some(&commit(6, 2, 200)));
    assert_eq!(turn.take_calls(), Calls::default(), "it was of the other version of IP");
    turn.committed(now, 2, None);
    assert_eq!(turn.take_calls(), Calls::default(), "whoever follows nftables tells of that gap");
    let (mut first, now) = self::turn(Backend::IptablesNft);
    first.committed(now, 2, Some(&commit(6, 2, 200)));
    let calls = first.take_calls();
    assert_eq!(first.missed(calls, Some(6), true), None, "what was before the first look was never seen");
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
