//! What is said in which order, and how much of it at once.

use driftline_canon::{Digest, Item, ItemKey, Observation};
use driftline_wire::convert::SnapshotReason;
use driftline_wire::{Record, RecordBody};

use crate::agent::{Agent, observation};
use crate::collector::{Ca, Collector, Said};

fn seqs(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

#[tokio::test]
async fn a_stream_begins_as_the_protocol_says() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("b", &[("A", 1)]).await;
    agent.see("a", &[("A", 1)]).await;
    agent.see("a", &[("A", 2)]).await;

    agent.ship();
    let mut session = collector.session().await;
    let hello = session.hello().await;
    assert_eq!(hello.epoch.0, agent.progress.borrow().meta.epoch);
    session.assert_quiet().await;
    session.welcome(0, 512).await;
    let roots = session.roots().await;
    let told: Vec<_> = roots.iter().map(|root| (root.source.name.as_str(), root.pending)).collect();
    assert_eq!(told, [("a", true), ("b", true)], "sorted, and all of it is still to come");
    assert!(roots.iter().all(|root| root.root == Observation::default().root()));
    // No record before Ready: the collector may still ask for everything.
    session.assert_quiet().await;
    session.say(driftline_wire::CollectorMessage::Ready).await;
    let records = session.records(3).await;
    assert_eq!(seqs(&records), [1, 2, 3]);
    let names: Vec<_> = records.iter().map(|record| record.source.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names, ["b", "a", "a"]);
    assert!(matches!(&records[0].body, RecordBody::Snapshot(all) if all.reason == SnapshotReason::First));
    let RecordBody::Delta(delta) = &records[2].body else { panic!("{records:?}") };
    assert_eq!((delta.before, delta.after), (observation(&[("A", 1)]).root(), observation(&[("A", 2)]).root()));
    session.assert_quiet().await;
    agent.stop().await;
}

#[tokio::test]
async fn a_window_is_never_exceeded() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    for value in 1..=10 {
        agent.see("app", &[("A", value)]).await;
    }
    agent.ship();
    let mut session = collector.session().await;
    session.hello().await;
    session.welcome(0, 3).await;
    session.roots().await;
    session.say(driftline_wire::CollectorMessage::Ready).await;
    assert_eq!(seqs(&session.records(3).await), [1, 2, 3]);
    session.assert_quiet().await;
    session.ack(2).await;
    assert_eq!(seqs(&session.records(2).await), [4, 5]);
    session.assert_quiet().await;
    session.ack(5).await;
    assert_eq!(seqs(&session.records(3).await), [6, 7, 8]);
    // An older acknowledgement takes nothing back.
    session.ack(1).await;
    session.assert_quiet().await;
    session.ack(8).await;
    assert_eq!(seqs(&session.records(2).await), [9, 10]);
    agent.stop.cancel();
    session.ack(10).await;
    agent.stop().await;
}

#[tokio::test]
async fn what_is_acknowledged_is_forgotten_and_nothing_else() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    for value in 1..=4 {
        agent.see("app", &[("A", value)]).await;
    }
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.records(4).await;
    session.ack(3).await;
    while agent.board.read().acked_seq < 3 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    // The next change takes the acknowledged records along.
    agent.see("app", &[("A", 5)]).await;
    let meta = agent.progress.borrow().meta.clone();
    assert_eq!((meta.first_seq, meta.next_seq), (4, 6));
    let kept: Vec<u64> = agent.reader.records(1, u64::MAX, usize::MAX).unwrap().iter().map(|(seq, _)| *seq).collect();
    assert_eq!(kept, [4, 5]);
    assert_eq!(session.record().await.seq, 5);
    session.ack(5).await;
    agent.stop().await;
}

#[tokio::test]
async fn d4_after_a_lost_connection_it_goes_on_where_the_collector_is() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    for value in 1..=5 {
        agent.see("app", &[("A", value)]).await;
    }
    agent.ship();
    let (mut session, first, _) = collector.ready(0).await;
    let sent = session.records(5).await;
    session.ack(2).await;
    drop(session);
    agent.see("app", &[("A", 6)]).await;
    let (mut session, again, roots) = collector.ready(3).await;
    assert_eq!((again.epoch, again.instance), (first.epoch, first.instance));
    // The collector had more on its disk than it came to say.
    assert_eq!(roots[0].root, observation(&[("A", 3)]).root());
    assert!(roots[0].pending);
    let resent = session.records(3).await;
    assert_eq!(resent[..2], sent[3..]);
    assert_eq!(resent[2].seq, 6);
    session.ack(6).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_restarted_agent_keeps_its_epoch_and_what_was_not_acknowledged() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::start(dir.path(), &ca, &[]);
    agent.see("app", &[("A", 1)]).await;
    agent.see("app", &[("A", 2)]).await;
    let epoch = agent.progress.borrow().meta.epoch;
    agent.stop().await;
    let agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let (mut session, hello, _) = collector.ready(0).await;
    assert_eq!(hello.epoch.0, epoch);
    assert_eq!(seqs(&session.records(2).await), [1, 2]);
    session.ack(2).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_collector_that_asks_gets_all_of_a_source() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see_problem("app", &[("A", 1), ("B", 1)], "line 3 is odd").await;
    agent.ship();
    let mut session = collector.session().await;
    session.hello().await;
    session.welcome(2, 512).await;
    let roots = session.roots().await;
    assert_eq!((roots[0].root, roots[0].pending), (observation(&[("A", 1), ("B", 1)]).root(), false));
    session.send_all("app").await;
    session.say(driftline_wire::CollectorMessage::Ready).await;
    let mut all_of = async || {
        let records = session.records(2).await;
        let RecordBody::Snapshot(all) = &records[0].body else { panic!("{records:?}") };
        assert_eq!(all.reason, SnapshotReason::Resync);
        assert_eq!((all.observation.clone(), all.root), (agent.known["app"].clone(), agent.known["app"].root()));
        assert!(matches!(&records[1].body, RecordBody::Problems(all) if all[0].reason == "line 3 is odd"));
        // Once more, in the middle of a stream; a source that is not known is none.
        session.send_all("nobody-knows-it").await;
        session.send_all("app").await;
        seqs(&records)
    };
    assert_eq!(all_of().await, [3, 4]);
    assert_eq!(all_of().await, [5, 6]);
    session.records(2).await;
    session.ack(8).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_heartbeat_carries_one_root_over_what_was_sent() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("a", &[("A", 1)]).await;
    agent.see("b", &[("A", 1)]).await;
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.records(2).await;
    session.ack(2).await;
    for round in 2..5 {
        agent.see("a", &[("A", round)]).await;
        if round == 3 {
            agent.see("c", &[("NEW", 1)]).await;
        }
        let newest = agent.progress.borrow().meta.next_seq - 1;
        // The first heartbeat as of the newest record.
        let beat = loop {
            let beat = session.beat().await;
            if beat.seq == newest {
                break beat;
            }
        };
        assert_eq!(beat.sources_root, agent.root(), "round {round}");
        assert!(beat.journal_records > 0 && beat.agent_resident_bytes > 0);
        session.ack(newest).await;
    }
    agent.stop().await;
}

#[tokio::test]
async fn a_heartbeat_before_the_records_is_that_of_the_roots_told() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("a", &[("A", 1)]).await;
    let early = agent.root();
    agent.ship();
    let mut session = collector.session().await;
    session.hello().await;
    session.welcome(1, 1).await;
    session.roots().await;
    session.say(driftline_wire::CollectorMessage::Ready).await;
    let beat = session.beat().await;
    assert_eq!((beat.seq, beat.sources_root), (1, early));
    // With the window full, later records are not in the root.
    agent.see("a", &[("A", 2)]).await;
    let sent = agent.root();
    agent.see("a", &[("A", 3)]).await;
    assert_eq!(session.record().await.seq, 2);
    let beat = session.beat().await;
    assert_eq!((beat.seq, beat.sources_root), (2, sent));
    session.ack(2).await;
    session.record().await;
    session.ack(3).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_record_larger_than_a_frame_arrives_whole() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    let item = |at: u32| Item {
        key: ItemKey::from_bytes(format!("KEY_{at}_{}", "X".repeat(100)).as_bytes()),
        digest: Digest([u8::try_from(at % 251).unwrap(); 32]),
        secret: false,
        display: None,
        line: Some(at + 1),
        file: None,
    };
    let large = Observation::new((0..15_000).map(item).collect());
    agent.see_all("large", large.clone(), Vec::new()).await;
    agent.see("small", &[("A", 1)]).await;
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    let records = session.records(2).await;
    let RecordBody::Snapshot(all) = &records[0].body else { panic!("no snapshot") };
    assert!(all.observation == large && all.root == large.root());
    assert_eq!(seqs(&records), [1, 2]);
    session.ack(2).await;
    agent.stop().await;
}

#[tokio::test]
async fn changes_go_out_while_acknowledgements_come_in() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let (mut session, ..) = collector.ready(0).await;
    let follower = tokio::task::JoinSet::from_iter([async move {
        let mut seen = Observation::default();
        for expected in 1..=60 {
            let record = session.record().await;
            assert_eq!(record.seq, expected);
            seen = match record.body {
                RecordBody::Delta(delta) => delta.apply(&seen).unwrap(),
                RecordBody::Snapshot(all) => all.observation,
                other => panic!("{other:?}"),
            };
            session.ack(expected).await;
        }
        (session, seen)
    }]);
    for value in 1..=60 {
        agent.see("app", &[("A", value), ("B", value % 3)]).await;
    }
    let (mut session, seen) = follower.join_all().await.pop().unwrap();
    assert_eq!(seen, agent.known["app"]);
    agent.begin_to_stop();
    assert_eq!(session.goodbye().await.as_deref(), Some("the agent was stopped"));
    assert!(agent.reader.records(1, u64::MAX, usize::MAX).unwrap().len() < 60);
    assert!(!matches!(session.hear().await, Said::Record(_)));
    agent.stop().await;
}
