//! Who made a change and what it means, on the wire.

use driftline_canon::actor::{
    ACTOR_COMMAND_BYTES_MAX, ACTOR_PARENTS_MAX, ACTOR_TEXT_BYTES_MAX, ActorText, Parent, User,
};
use driftline_canon::meaning::{MEANING_TEXT_BYTES_MAX, MeaningText};
use driftline_canon::{Actor, Confidence, Effect, Evidence, Meaning, Reach};

use super::*;
use crate::convert::{actor, meaning};

/// Everything that can be known of an actor.
fn alice() -> Actor {
    let text = |text: &str| Some(ActorText::new(text));
    Actor {
        confidence: Confidence::Exact,
        evidence: vec![Evidence::Audit, Evidence::Netlink],
        login: Some(User { uid: 1000, name: text("alice") }),
        user: Some(User { uid: 0, name: None }),
        pid: Some(4242),
        name: text("nft"),
        executable: text("/usr/sbin/nft"),
        command: Some(ActorText::command("nft add rule inet filter input tcp dport 5432 accept")),
        parents: vec![Parent { pid: 4241, name: ActorText::new("sudo") }],
        session: Some(0),
        tty: text("pts/3"),
        unit: text("session-7.scope"),
        container: text("3f2a"),
    }
}

fn opens() -> Meaning {
    Meaning {
        effect: Effect::Opens,
        reach: Reach::Any,
        machine: Some(MeaningText::new("docker")),
        text: MeaningText::new("opens tcp/5432 to any source"),
    }
}

fn told(body: RecordBody) -> Record {
    let meanings = vec![(ItemKey::from_bytes(b"B"), opens()), (ItemKey::from_bytes(b"C"), opens())];
    Record { actor: Some(Box::new(alice())), meanings, ..record(body) }
}

#[test]
fn actor_and_meanings_survive_the_wire() {
    let whole = told(RecordBody::Delta(small_delta()));
    assert_eq!(round_trip(&whole), whole);
    let amendment = RecordBody::Amendment(Amendment { seq: 6, actor: Box::new(alice()) });
    assert_eq!(round_trip(&record(amendment.clone())), record(amendment));
    let nobody = Record { actor: Some(Box::new(Actor::unknown())), ..record(RecordBody::Delta(small_delta())) };
    assert_eq!(round_trip(&nobody), nobody);
}

#[test]
fn every_word_survives_the_wire() {
    for confidence in Confidence::ALL {
        let one = Actor { confidence, evidence: Evidence::ALL.to_vec(), ..alice() };
        assert_eq!(actor::decode(actor::encode(&one)), Ok(one));
    }
    for effect in Effect::ALL {
        for reach in Reach::ALL {
            let one = Meaning { effect, reach, machine: None, ..opens() };
            assert_eq!(meaning::decode(meaning::encode(&one)), Ok(one));
        }
    }
}

#[test]
fn meanings_of_other_keys_and_bodies_do_not_travel() {
    let stranger = vec![(ItemKey::from_bytes(b"Z"), opens())];
    let delta = Record { meanings: stranger.clone(), ..record(RecordBody::Delta(small_delta())) };
    assert_eq!(round_trip(&delta).meanings, []);
    let all = Record { meanings: stranger, ..record(snapshot(observation(&[("Z".into(), 1)]))) };
    assert_eq!(round_trip(&all).meanings, []);
    let twice = vec![(ItemKey::from_bytes(b"A"), opens()), (ItemKey::from_bytes(b"A"), opens())];
    let twice = Record { meanings: twice, ..record(RecordBody::Delta(small_delta())) };
    assert_eq!(encode_record(&twice).unwrap_err().what, "record.meanings: not sorted, or one of them twice");
}

#[test]
fn a_record_in_parts_says_in_each_who_did_it() {
    let items: Vec<_> = (0..20_000_u32).map(|n| (format!("KEY_{n:05}"), 1)).collect();
    let delta = diff(&Observation::default(), &observation(&items)).unwrap();
    let meanings = delta.changes.iter().map(|change| (change.key.clone(), opens())).collect();
    let whole = Record { actor: Some(Box::new(alice())), meanings, ..record(RecordBody::Delta(delta)) };
    let mut frames = encode_record(&whole).unwrap();
    assert!(frames.len() > 1);
    assert_eq!(carried(&frames).unwrap().unwrap(), whole);
    let Some(agent_frame::Frame::Record(part)) = &mut frames[1].frame else { panic!() };
    part.actor = None;
    assert_eq!(carried(&frames).unwrap_err().what, "record: a part of another record came in between");
}

#[test]
fn an_amendment_is_of_an_earlier_record() {
    for seq in [0, 7, 8, u64::MAX] {
        let amendment = Amendment { seq, actor: Box::new(alice()) };
        let error = encode_record(&record(RecordBody::Amendment(amendment.clone()))).unwrap_err();
        assert_eq!(error.what, "amendment.seq: not an earlier record");
        let said = tampered(RecordBody::Retired, |part| {
            part.body = Some(Body::Amendment(v1::Amendment { seq, actor: Some(actor::encode(&alice())) }));
        });
        assert_eq!(said, "amendment.seq: not an earlier record");
    }
    let said = tampered(RecordBody::Retired, |part| {
        part.body = Some(Body::Amendment(v1::Amendment { seq: 6, actor: None }));
    });
    assert_eq!(said, "amendment.actor: missing");
    let nobody = Record { source: None, ..record(RecordBody::Amendment(Amendment { seq: 1, actor: alice().into() })) };
    assert_eq!(encode_record(&nobody).unwrap_err().what, "source: missing");
}

#[test]
fn every_text_of_an_actor_and_a_meaning_is_bounded_and_printable() {
    type Set = fn(&mut v1::Actor, String);
    let table: [(&str, usize, Set); 9] = [
        ("actor.login", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.login.as_mut().unwrap().name = text),
        ("actor.user", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.user.as_mut().unwrap().name = text),
        ("actor.name", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.name = text),
        ("actor.executable", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.executable = text),
        ("actor.command", ACTOR_COMMAND_BYTES_MAX, |actor, text| actor.command = text),
        ("actor.parent", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.parents[0].name = text),
        ("actor.tty", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.tty = text),
        ("actor.unit", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.unit = text),
        ("actor.container", ACTOR_TEXT_BYTES_MAX, |actor, text| actor.container = text),
    ];
    let sent = |set: Set, text: String| {
        let mut one = actor::encode(&alice());
        set(&mut one, text);
        actor::decode(one).map_err(|error| error.what)
    };
    for (field, max, set) in table {
        assert!(sent(set, "x".repeat(max)).is_ok(), "{field} at its limit");
        assert!(sent(set, String::new()).is_ok(), "{field} empty");
        let over = sent(set, "x".repeat(max + 1)).unwrap_err();
        assert_eq!(over, format!("{field}: {} bytes, at most {max} are allowed", max + 1));
        for odd in ["\n", "\u{1b}[2J", "a\u{202e}b"] {
            assert_eq!(sent(set, odd.into()).unwrap_err(), format!("{field}: characters that cannot be printed"));
        }
    }
    let means = |machine: String, text: String| {
        meaning::decode(v1::Meaning { machine, text, ..meaning::encode(&opens()) }).map_err(|error| error.what)
    };
    let long = "x".repeat(MEANING_TEXT_BYTES_MAX + 1);
    assert!(means(String::new(), "x".repeat(MEANING_TEXT_BYTES_MAX)).is_ok());
    assert_eq!(means(long.clone(), String::new()).unwrap_err(), "meaning.machine: 257 bytes, at most 256 are allowed");
    assert_eq!(means(String::new(), long).unwrap_err(), "meaning.text: 257 bytes, at most 256 are allowed");
    assert_eq!(means(String::new(), "\r".into()).unwrap_err(), "meaning.text: characters that cannot be printed");
}

#[test]
fn counts_of_an_actor_are_bounded() {
    let parent = Parent { pid: 1, name: ActorText::new("init") };
    let many = Actor { parents: vec![parent; ACTOR_PARENTS_MAX + 3], ..alice() };
    let sent = actor::encode(&many);
    assert_eq!(sent.parents.len(), ACTOR_PARENTS_MAX, "the sender cuts");
    let over = v1::Actor { parents: vec![sent.parents[0].clone(); ACTOR_PARENTS_MAX + 1], ..sent.clone() };
    assert_eq!(actor::decode(over).unwrap_err().what, "actor.parents: 9 of them, at most 8 are allowed");
    let over = v1::Actor { evidence: vec![1; 17], ..sent };
    assert_eq!(actor::decode(over).unwrap_err().what, "actor.evidence: 17 of them, at most 16 are allowed");
}

#[test]
fn an_actor_at_every_limit_fits_the_head_of_a_frame() {
    let long = || Some(ActorText::new(&"x".repeat(1000)));
    let user = || Some(User { uid: u32::MAX, name: long() });
    let parent = Parent { pid: u32::MAX, name: long().unwrap() };
    let largest = Actor {
        login: user(),
        user: user(),
        name: long(),
        executable: long(),
        command: Some(ActorText::command(&"y".repeat(1000))),
        parents: vec![parent; ACTOR_PARENTS_MAX],
        tty: long(),
        unit: long(),
        container: long(),
        ..alice()
    };
    assert!(actor::encode(&largest).encoded_len() < 8 * 1024);
    let items: Vec<_> = (0..30_000_u32).map(|n| (format!("KEY_{n:05}"), 1)).collect();
    let delta = diff(&Observation::default(), &observation(&items)).unwrap();
    let whole = Record { actor: Some(largest.into()), ..record(RecordBody::Delta(delta)) };
    assert_eq!(carried(&encode_record(&whole).unwrap()).unwrap().unwrap(), whole);
}

#[test]
fn d9_words_of_a_newer_agent_are_read_with_care() {
    let newer = v1::Actor { confidence: 99, evidence: vec![99, 1], ..actor::encode(&alice()) };
    let read = actor::decode(newer).unwrap();
    assert_eq!((read.confidence, read.evidence), (Confidence::Unknown, vec![Evidence::Audit]));
    for (effect, reach) in [(99, 99), (0, 0)] {
        let read = meaning::decode(v1::Meaning { effect, reach, ..meaning::encode(&opens()) }).unwrap();
        assert_eq!((read.effect, read.reach), (Effect::Unclear, Reach::Any));
    }
}

proptest! {
    #[test]
    fn any_actor_that_is_taken_is_sent_on_as_it_is(bytes in vec(any::<u8>(), 0..300)) {
        if let Ok(one) = v1::Actor::decode(&bytes[..]) && let Ok(read) = actor::decode(one) {
            prop_assert_eq!(actor::decode(actor::encode(&read)), Ok(read));
        }
        if let Ok(one) = v1::Meaning::decode(&bytes[..]) && let Ok(read) = meaning::decode(one) {
            prop_assert_eq!(meaning::decode(meaning::encode(&read)), Ok(read));
        }
    }

    #[test]
    fn any_text_of_a_process_can_be_sent(name in "\\PC{0,400}|.{0,400}", command in "\\PC{0,700}|.{0,700}") {
        let one = Actor { name: Some(ActorText::new(&name)), command: Some(ActorText::command(&command)), ..alice() };
        let means = Meaning { text: MeaningText::new(&name), ..opens() };
        let read = actor::decode(actor::encode(&one)).unwrap();
        prop_assert_eq!(actor::decode(actor::encode(&read)), Ok(read));
        prop_assert_eq!(meaning::decode(meaning::encode(&means)), Ok(means));
    }
}
