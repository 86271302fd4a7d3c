//! How shipping stops: with a word where it can, in time where it cannot.

use std::time::Duration;

use driftline_canon::{Digest, Item, ItemKey, Observation};
use driftline_wire::CollectorMessage;

use crate::agent::Agent;
use crate::collector::{Ca, Collector, QUIET, Said, mute, nobody};

/// What an end takes that waits for nobody.
const AT_ONCE: Duration = Duration::from_secs(2);

/// The grace of shipping, with room for a busy machine; below the fifteen
/// seconds after which the whole agent counts as stuck.
const IN_TIME: Duration = Duration::from_secs(9);

#[tokio::test]
async fn a_stopping_agent_waits_for_its_last_acknowledgement_and_says_goodbye() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let (mut session, ..) = collector.ready(0).await;
    session.beat().await;
    agent.see("app", &[("A", 1)]).await;
    agent.begin_to_stop();
    assert_eq!(session.record().await.seq, 1);
    session.assert_quiet().await;
    session.ack(1).await;
    assert_eq!(session.goodbye().await.as_deref(), Some("the agent was stopped"));
    drop(session);
    agent.stopped_within(AT_ONCE).await;
    // What was acknowledged at the last moment is not sent again.
    let agent = Agent::start(dir.path(), &ca, &[]);
    assert_eq!(agent.progress.borrow().meta.first_seq, 2);
    agent.stop().await;
}

#[tokio::test]
async fn p7_a_reload_ends_the_stream_without_a_goodbye() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let (mut session, ..) = collector.ready(0).await;
    session.beat().await;
    agent.see("app", &[("A", 1)]).await;
    agent.reload();
    agent.begin_to_stop();
    assert_eq!(session.record().await.seq, 1);
    session.ack(1).await;
    assert_eq!(session.goodbye().await, None, "a crash right after would count as a clean stop");
    drop(session);
    agent.stopped_within(AT_ONCE).await;
}

#[tokio::test]
async fn a_collector_that_acknowledges_nothing_does_not_hold_the_agent() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.record().await;
    agent.stopped_within(IN_TIME).await;
    assert!(session.goodbye().await.is_some(), "it went without a word");
    let agent = Agent::start(dir.path(), &ca, &[]);
    assert_eq!(agent.progress.borrow().meta.records(), 1, "what was not acknowledged is kept");
    agent.stop().await;
}

#[tokio::test]
async fn a_collector_that_reads_nothing_does_not_hold_the_agent() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::start(dir.path(), &ca, &[&collector.endpoint]);
    let item = |at: usize| Item {
        key: ItemKey::from_bytes(format!("KEY_{at}_{}", "X".repeat(200)).as_bytes()),
        digest: Digest([1; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    };
    let (session, ..) = collector.ready(0).await;
    // More than HTTP/2 and every queue take on credit.
    for source in 0..40 {
        let large = Observation::new((0..1500).map(|at| item(at + source)).collect());
        agent.see_all(&format!("large{source}"), large, Vec::new()).await;
    }
    tokio::time::sleep(QUIET).await;
    agent.stopped_within(IN_TIME).await;
    drop(session);
}

#[tokio::test]
async fn a_healthy_stream_ends_once_when_the_certificate_is_to_be_renewed() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    let clock = agent.certificate_for(3_600_000);
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    clock.advance_ms(1_700_000);
    session.assert_quiet().await;
    clock.advance_ms(200_000);
    assert_eq!(session.goodbye().await, None, "half of its life is over");
    // Nobody renews it here: the next try is minutes away, and the stream goes on.
    let (mut session, ..) = collector.ready(0).await;
    session.assert_quiet().await;
    assert!(agent.board.read().renewal_problem.is_some());
    agent.stop().await;
}

#[tokio::test]
async fn nobody_to_talk_to_ends_at_once() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let (one, two) = (nobody().await, nobody().await);
    let mut agent = Agent::idle(dir.path(), &ca, &[&one, &two]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    tokio::time::sleep(Duration::from_millis(700)).await;
    agent.stopped_within(AT_ONCE).await;
}

#[tokio::test]
async fn no_configured_collector_ends_at_once() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let agent = Agent::start(dir.path(), &ca, &[]);
    tokio::time::sleep(QUIET).await;
    agent.stopped_within(AT_ONCE).await;
}

#[tokio::test]
async fn a_listener_that_is_mute_holds_nobody() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let (endpoint, _listener) = mute().await;
    let agent = Agent::start(dir.path(), &ca, &[&endpoint]);
    tokio::time::sleep(QUIET).await;
    agent.stopped_within(AT_ONCE).await;
}

#[tokio::test]
async fn a_collector_that_falls_silent_at_the_beginning_holds_nobody() {
    // After Hello, after the roots, and while it still asks for sources.
    for steps in 0..3 {
        let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
        let mut collector = Collector::start(&ca).await;
        let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
        agent.see("app", &[("A", 1)]).await;
        agent.ship();
        let mut session = collector.session().await;
        session.hello().await;
        if steps > 0 {
            session.welcome(0, 512).await;
            session.roots().await;
        }
        if steps > 1 {
            session.send_all("app").await;
            tokio::time::sleep(QUIET).await;
        }
        agent.stopped_within(AT_ONCE).await;
        assert!(matches!(session.hear().await, Said::End), "after {steps} steps");
        session.say(CollectorMessage::Ready).await;
    }
}
