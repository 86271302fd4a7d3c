//! Several collectors, refusals, and peers that are none.

use std::time::Duration;

use driftline_agent::status::Link;
use driftline_canon::SourceKind;
use driftline_wire::convert::RefusalKind;
use driftline_wire::{CollectorMessage, PROTOCOL, ProtocolVersion};

use crate::agent::Agent;
use crate::collector::{Ca, Collector, PATIENCE, nobody};

#[tokio::test]
async fn the_next_endpoint_is_tried_when_one_is_dead() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let (dead, other) = (nobody().await, nobody().await);
    let mut agent = Agent::idle(dir.path(), &ca, &[&dead, &other, &collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.record().await;
    let link = agent.until_link("connected", |link| matches!(link, Link::Connected { .. })).await;
    assert_eq!(link, Link::Connected { endpoint: collector.endpoint.clone() });
    session.ack(1).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_working_endpoint_is_kept_after_a_lost_connection() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut first = Collector::start(&ca).await;
    let mut second = Collector::start(&ca).await;
    let agent = Agent::start(dir.path(), &ca, &[&first.endpoint, &second.endpoint]);
    for _ in 0..3 {
        let (mut session, ..) = first.ready(0).await;
        session.beat().await;
    }
    assert!(second.sessions_within(Duration::from_millis(50)).await.is_empty());
    // Ended before Ready, it counts as not working.
    let mut session = first.session().await;
    session.hello().await;
    drop(session);
    let (mut session, ..) = second.ready(0).await;
    session.beat().await;
    agent.stop().await;
}

#[tokio::test]
async fn a_busy_collector_is_tried_again_soon_and_the_next_one_first() {
    for kind in [RefusalKind::Busy, RefusalKind::Superseded] {
        let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
        let mut first = Collector::start(&ca).await;
        let mut second = Collector::start(&ca).await;
        let agent = Agent::start(dir.path(), &ca, &[&first.endpoint, &second.endpoint]);
        let mut session = first.session().await;
        session.hello().await;
        session.refuse(kind).await;
        let mut session = second.session().await;
        session.hello().await;
        session.refuse(kind).await;
        let (mut session, ..) = first.ready(0).await;
        session.beat().await;
        agent.stop().await;
    }
}

#[tokio::test]
async fn what_only_a_person_can_lift_is_said_and_not_tried_again_soon() {
    for kind in [RefusalKind::Revoked, RefusalKind::Quarantined, RefusalKind::Version, RefusalKind::Protocol] {
        let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
        let mut collector = Collector::start(&ca).await;
        let agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
        let mut session = collector.session().await;
        session.hello().await;
        session.refuse(kind).await;
        let link = agent.until_link("refused", |link| matches!(link, Link::Away { .. })).await;
        let Link::Away { endpoint, why } = link else { unreachable!() };
        assert_eq!((endpoint, why), (collector.endpoint.clone(), format!("refused ({}): a test", kind.as_str())));
        let again = collector.sessions_within(Duration::from_millis(800)).await;
        assert!(again.is_empty(), "{}: tried again at once", kind.as_str());
        // The long pause holds nobody up who wants to stop.
        agent.stopped_within(Duration::from_secs(2)).await;
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_a_stream_loses_nothing() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.record().await;
    session.refuse(RefusalKind::Busy).await;
    agent.see("app", &[("A", 2)]).await;
    let (mut session, ..) = collector.ready(0).await;
    let records = session.records(2).await;
    assert_eq!([records[0].seq, records[1].seq], [1, 2]);
    session.ack(2).await;
    agent.stop().await;
}

#[tokio::test]
async fn a_collector_of_another_ca_is_not_believed() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut stranger = Collector::start(&Ca::new()).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&stranger.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let link = agent.until_link("away", |link| matches!(link, Link::Away { .. })).await;
    assert!(matches!(&link, Link::Away { why, .. } if why.contains("not to be believed")), "{link:?}");
    assert!(stranger.sessions_within(Duration::from_millis(300)).await.is_empty());
    assert_eq!(agent.progress.borrow().meta.records(), 1);
    agent.stop().await;
}

#[tokio::test]
async fn a_first_word_that_is_not_welcome_ends_the_session() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let mut session = collector.session().await;
    session.hello().await;
    session.say(CollectorMessage::Ready).await;
    agent.until_link("away", |link| matches!(link, Link::Away { why, .. } if why.contains("Welcome"))).await;
    // A collector of another major version cannot be talked to either.
    let mut session = collector.session().await;
    session.hello().await;
    session.say_welcome(ProtocolVersion { major: PROTOCOL.major + 1, minor: 0 }, 0, 512).await;
    agent.until_link("away", |link| matches!(link, Link::Away { why, .. } if why.contains("protocol"))).await;
    let (mut session, ..) = collector.ready(0).await;
    session.beat().await;
    // Nor does a Welcome belong into the middle.
    session.welcome(0, 512).await;
    agent.until_link("away", |link| matches!(link, Link::Away { why, .. } if why.contains("beginning"))).await;
    agent.stop().await;
}

#[tokio::test]
async fn the_status_says_how_the_clocks_differ() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let (mut session, ..) = collector.ready(0).await;
    session.beat().await;
    let skew_ms = agent.board.read().skew_ms.unwrap();
    assert!(skew_ms.unsigned_abs() < 5_000, "{skew_ms}");
    agent.stopped_within(PATIENCE).await;
}

#[tokio::test]
async fn d9_a_collector_that_speaks_1_0_hears_of_kinds_that_it_knows_alone() {
    for minor in [0, 1] {
        let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
        let mut collector = Collector::start(&ca).await;
        let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
        agent.see("app", &[("A", 1)]).await;
        agent.is_database();
        agent.see("pg", &[("port", 1)]).await;
        agent.ship();
        let mut session = collector.session().await;
        session.hello().await;
        session.say_welcome(ProtocolVersion { major: 1, minor }, 0, 512).await;
        let expected = |name: &str| match (name, minor) {
            ("app", _) => SourceKind::EnvFile,
            (_, 0) => SourceKind::File,
            _ => SourceKind::DatabaseConfig,
        };
        for root in session.roots().await {
            assert_eq!(root.source.kind, expected(root.source.name.as_str()));
        }
        session.say(CollectorMessage::Ready).await;
        for _ in 0..2 {
            let source = session.record().await.source.unwrap();
            assert_eq!(source.kind, expected(source.name.as_str()), "1.{minor}");
        }
        drop(session);
        agent.stop().await;
    }
}
