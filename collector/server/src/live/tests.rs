use driftline_wire::convert::RefusalKind;

use super::*;

fn host() -> HostName {
    HostName::new("web-1").unwrap()
}

fn orders() -> (Orders, mpsc::UnboundedReceiver<Order>) {
    mpsc::unbounded_channel()
}

#[test]
fn a_newer_stream_takes_over_and_the_older_speaks_no_more() {
    let live = Live::default();
    let (first, second) = (live.new_session(), live.new_session());
    assert!(live.enter(&host(), first, orders().0, 1).is_none());
    assert!(live.enter(&host(), second, orders().0, 2).is_some());
    assert!(!live.is_current(&host(), first));
    assert!(live.is_current(&host(), second));
    assert!(!live.leave(&host(), first, Some(Duration::ZERO)));
    assert!(live.overdue(clock::monotonic()).is_empty());
}

#[test]
fn i7_a_lost_stream_is_overdue_once_unless_it_comes_back() {
    let live = Live::default();
    let first = live.new_session();
    live.enter(&host(), first, orders().0, 1);
    live.leave(&host(), first, Some(Duration::ZERO));
    assert_eq!(live.overdue(clock::monotonic()), [host()]);
    assert!(live.overdue(clock::monotonic()).is_empty());
    live.enter(&host(), first, orders().0, 1);
    live.leave(&host(), first, Some(Duration::ZERO));
    let back = live.new_session();
    live.enter(&host(), back, orders().0, 2);
    assert!(live.overdue(clock::monotonic()).is_empty());
}

#[test]
fn i7_a_goodbye_is_never_overdue() {
    let live = Live::default();
    let session = live.new_session();
    live.enter(&host(), session, orders().0, 1);
    assert!(live.leave(&host(), session, None));
    assert!(live.overdue(clock::monotonic() + Duration::from_secs(3600)).is_empty());
}

#[test]
fn i4_closing_tells_the_stream() {
    let live = Live::default();
    let session = live.new_session();
    let (sender, mut receiver) = orders();
    live.enter(&host(), session, sender, 1);
    let refusal = Refusal { kind: RefusalKind::Revoked, reason: "revoked".to_owned() };
    live.close(&host(), refusal.clone());
    assert_eq!(receiver.try_recv().unwrap(), Order::Close(refusal));
    assert!(!live.is_connected(&host()));
}
