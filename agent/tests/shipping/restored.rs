//! D6: collector and agent disagree about how far they are.

use std::time::Duration;

use driftline_wire::{Record, RecordBody};

use crate::agent::{Agent, observation};
use crate::collector::{Ca, Collector};

fn gap(record: &Record) -> (i64, i64, &str) {
    match &record.body {
        RecordBody::Gap(gap) => (gap.from_ms, gap.to_ms, &gap.reason),
        other => panic!("not a gap: {other:?}"),
    }
}

/// An agent of which records 1 to 3 are acknowledged and forgotten, and 4 is
/// not.
async fn with_history(agent: &mut Agent, collector: &mut Collector) {
    for value in 1..=3 {
        agent.see("app", &[("A", value)]).await;
    }
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.records(3).await;
    session.ack(3).await;
    while agent.board.read().acked_seq < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    agent.see("app", &[("A", 4)]).await;
    assert_eq!(agent.progress.borrow().meta.first_seq, 4);
}

#[tokio::test]
async fn d6_a_collector_that_knows_less_gets_a_new_epoch_and_the_truth() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    let begun_ms = agent.progress.borrow().meta.epoch_ms;
    with_history(&mut agent, &mut collector).await;

    // Restored from before record 3 was there.
    let mut session = collector.session().await;
    let before = session.hello().await;
    session.welcome(1, 512).await;
    let mut session = collector.session().await;
    let after = session.hello().await;
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(after.instance, before.instance);
    session.welcome(0, 512).await;
    let roots = session.roots().await;
    // The collector's state is older: it sees that and asks.
    assert_eq!((roots[0].root, roots[0].pending), (observation(&[("A", 3)]).root(), true));
    session.send_all("app").await;
    session.say(driftline_wire::CollectorMessage::Ready).await;
    let records = session.records(4).await;
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(matches!(records[0].body, RecordBody::Delta(_)), "{records:?}");
    let (from_ms, to_ms, reason) = gap(&records[1]);
    assert!(reason.contains("restored"), "{reason}");
    assert!(from_ms <= begun_ms && to_ms >= begun_ms, "the whole old epoch is in doubt: {from_ms} {to_ms} {begun_ms}");
    let RecordBody::Snapshot(all) = &records[2].body else { panic!("{records:?}") };
    assert_eq!(all.root, agent.known["app"].root());
    session.ack(4).await;
    agent.stop().await;
}

#[tokio::test]
async fn d6_a_collector_that_knows_more_gets_a_new_epoch() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let mut session = collector.session().await;
    let before = session.hello().await;
    session.welcome(999, 512).await;
    let (mut session, after, _) = collector.ready(0).await;
    assert_ne!(after.epoch, before.epoch);
    let records = session.records(2).await;
    assert!(matches!(records[0].body, RecordBody::Snapshot(_)), "nothing of this agent's is lost");
    assert!(gap(&records[1]).2.contains("999"), "{records:?}");
    session.ack(2).await;
    agent.stop().await;
}

#[tokio::test]
async fn d6_a_collector_that_never_fits_is_not_hammered() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let mut sessions = 0;
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < Duration::from_millis(1500) {
        for mut session in collector.sessions_within(Duration::from_millis(50)).await {
            sessions += 1;
            session.hello().await;
            session.welcome(u64::MAX, 512).await;
        }
    }
    assert!((2..=8).contains(&sessions), "{sessions} sessions in 1.5 s, an epoch each");
    agent.stop().await;
}

#[tokio::test]
async fn an_acknowledgement_of_what_was_never_sent_ends_the_session() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let (mut session, first, _) = collector.ready(0).await;
    session.records(1).await;
    session.ack(7).await;
    // It comes again, and nothing was forgotten on the word of that frame.
    let (mut session, again, roots) = collector.ready(0).await;
    assert_eq!(again.epoch, first.epoch);
    assert!(roots[0].pending);
    assert_eq!(session.record().await.seq, 1);
    session.ack(1).await;
    agent.stop().await;
}
