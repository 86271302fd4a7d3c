use driftline_canon::actor::ActorText;
use driftline_canon::meaning::MeaningText;
use driftline_canon::{Confidence, Effect, Reach};

use super::*;

fn gap() -> Entry {
    let source =
        SourceRef { name: SourceName::new("app").unwrap(), kind: SourceKind::EnvFile, path: "/app.env".to_owned() };
    Entry::new(Some(source), 6, Some(3), Body::Gap(Gap { from_ms: 1, to_ms: 2, reason: "r".to_owned() }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn alice() -> Actor {
    Actor { confidence: Confidence::Exact, name: Some(ActorText::new("sed")), pid: Some(7), ..Actor::unknown() }
}

#[test]
fn a_record_of_version_2_reads_and_what_says_no_more_is_written_like_it() {
    // As version 2 stored it: a postcard of source, times and body, and nothing
    // behind it. It never changes.
    let bytes = gap().encode().unwrap();
    assert_eq!(hex(&bytes), "010361707000082f6170702e656e760c01060202040172");
    let read = Entry::decode(&bytes).unwrap();
    assert_eq!(read, gap());
    assert_eq!(read.beside, Beside::default());
}

#[test]
fn what_stands_beside_a_record_comes_back_with_it() {
    let meaning = Meaning {
        effect: Effect::Opens,
        reach: Reach::Any,
        machine: Some(MeaningText::new("docker")),
        text: MeaningText::new("opens tcp/5432 to any source"),
    };
    let meanings = vec![(ItemKey::from_bytes(b"K"), meaning)];
    let whole = Entry { beside: Beside { actor: Some(Box::new(alice())), meanings }, ..gap() };
    let bytes = whole.encode().unwrap();
    assert!(bytes.starts_with(&gap().encode().unwrap()), "an older reader sees the record");
    assert_eq!(Entry::decode(&bytes).unwrap(), whole);
    for cut in gap().encode().unwrap().len() + 1..bytes.len() {
        assert!(Entry::decode(&bytes[..cut]).is_err(), "cut to {cut}");
    }
}

#[test]
fn the_head_of_an_amendment_says_what_it_amends() {
    let body = Body::Amendment(Amendment { seq: 300, actor: Box::new(alice()) });
    let whole = Entry { body, ..gap() };
    let bytes = whole.encode().unwrap();
    assert_eq!(Entry::decode(&bytes).unwrap(), whole);
    let (head, _) = postcard::take_from_bytes::<EntryHead>(&bytes).unwrap();
    assert_eq!(head.body, BodyHead::Amendment(300));
    assert_eq!(head.body.before(), None);
}
