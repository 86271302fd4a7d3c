//! Who made a change, told with it, after it, and to a collector that knows of
//! nobody.

use driftline_agent::journal::{Amend, Input};
use driftline_agent::observe::ObservationNumber;
use driftline_canon::actor::ActorText;
use driftline_canon::meaning::MeaningText;
use driftline_canon::{Actor, Confidence, Effect, ItemKey, Meaning, ProblemKind, Reach, SourceName};
use driftline_wire::{CollectorMessage, ProtocolVersion, RecordBody};

use crate::agent::Agent;
use crate::collector::{Ca, Collector};

fn by(process: &str) -> Actor {
    Actor { confidence: Confidence::Exact, name: Some(ActorText::new(process)), ..Actor::unknown() }
}

fn opens() -> Meaning {
    let text = MeaningText::new("opens tcp/5432 to any source");
    Meaning { effect: Effect::Opens, reach: Reach::Any, machine: None, text }
}

fn amend(number: u64, process: &str) -> Input {
    let source = SourceName::new("app").unwrap();
    Input::Amend(Box::new(Amend { source, number: ObservationNumber(number), actor: by(process) }))
}

#[tokio::test]
async fn who_did_it_goes_with_the_change_or_behind_it() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.ship();
    let (mut session, ..) = collector.ready(0).await;
    session.record().await;
    session.ack(1).await;
    let key = ItemKey::from_bytes(b"A");
    agent.see_by("app", &[("A", 2)], 1, Some(by("sed")), vec![(key.clone(), opens())]).await;
    let change = session.record().await;
    assert_eq!((change.seq, change.actor), (2, Some(Box::new(by("sed")))));
    assert_eq!(change.meanings, [(key, opens())]);
    agent.see_by("app", &[("A", 3)], 2, None, Vec::new()).await;
    assert_eq!(session.record().await.actor, None);
    // Known later: of a record that is acknowledged, and trimmed by now.
    session.ack(3).await;
    agent.say(amend(2, "vi")).await;
    let told = session.record().await;
    let RecordBody::Amendment(one) = &told.body else { panic!("{told:?}") };
    assert_eq!((told.seq, one.seq, one.actor.clone()), (4, 3, Box::new(by("vi"))));
    // Of an observation that changed nothing nothing is said.
    agent.see_by("app", &[("A", 3)], 3, None, Vec::new()).await;
    agent.say(amend(3, "touch")).await;
    session.assert_quiet().await;
    agent.stop().await;
}

#[tokio::test]
async fn d9_a_collector_that_speaks_1_1_hears_of_nobody_and_misses_no_number() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see_problem("app", &[("A", 1)], "no `=`").await;
    agent.see_by("app", &[("A", 2)], 1, Some(by("sed")), vec![(ItemKey::from_bytes(b"A"), opens())]).await;
    agent.say(amend(1, "vi")).await;
    agent.see("app", &[("A", 4)]).await;
    agent.ship();
    let mut session = collector.session().await;
    session.hello().await;
    session.say_welcome(ProtocolVersion { major: 1, minor: 1 }, 0, 512).await;
    session.roots().await;
    session.say(CollectorMessage::Ready).await;
    let mut seqs = Vec::new();
    for record in session.records(6).await {
        assert_eq!((record.actor.is_none(), record.meanings.is_empty()), (true, true));
        assert!(!matches!(record.body, RecordBody::Amendment(_)), "it would end the stream");
        if record.seq == 5 {
            // All open problems as they are: none, which record 4 says as well.
            assert_eq!(record.body, RecordBody::Problems(Vec::new()));
        }
        seqs.push(record.seq);
    }
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6], "no hole");
    session.beat().await;
    agent.stop().await;
}

#[tokio::test]
async fn d9_instead_of_an_amendment_the_open_problems_are_said() {
    let (dir, ca) = (tempfile::tempdir().unwrap(), Ca::new());
    let mut collector = Collector::start(&ca).await;
    let mut agent = Agent::idle(dir.path(), &ca, &[&collector.endpoint]);
    agent.see("app", &[("A", 1)]).await;
    agent.see_by("app", &[("A", 2)], 1, None, Vec::new()).await;
    agent.say(amend(1, "vi")).await;
    agent.see_problem("app", &[("A", 2)], "no `=`").await;
    agent.ship();
    let mut session = collector.session().await;
    session.hello().await;
    session.say_welcome(ProtocolVersion { major: 1, minor: 0 }, 0, 512).await;
    session.roots().await;
    session.say(CollectorMessage::Ready).await;
    let records = session.records(4).await;
    let RecordBody::Problems(early) = &records[2].body else { panic!("{records:?}") };
    assert_eq!(early[0].kind, ProblemKind::Syntax);
    assert_eq!(records[2].body, records[3].body, "twice the same list is one list");
    drop(session);
    agent.stop().await;
}
