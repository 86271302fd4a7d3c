//! Round trips, refusals, and bytes of any kind.

mod assembler;
mod limits;
mod told;

use driftline_canon::{Delta, Digest, Item, ItemChange, ItemKey, KeyEpoch, Masked, Observation, Place};
use driftline_canon::{Problem, ProblemKind, Root, SourceKind, SourceName, diff};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use super::*;
use crate::limits::{FRAME_BYTES_MAX, SOURCE_ROOTS_PER_FRAME_MAX, TEXT_BYTES_MAX};
use crate::v1::{self, agent_frame, record::Body};
use crate::version::PROTOCOL;

fn source() -> SourceRef {
    SourceRef::new(SourceName::new("app").unwrap(), SourceKind::EnvFile, b"/etc/app/.env")
}

fn item(key: &str, byte: u8) -> Item {
    Item {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: Digest([byte; 32]),
        secret: byte.is_multiple_of(2),
        display: byte.is_multiple_of(3).then(|| Masked::from_wire("30s".to_owned())),
        line: (!byte.is_multiple_of(5)).then_some(u32::from(byte)),
        file: byte.is_multiple_of(7).then(|| format!("/etc/app/conf.d/{byte}.conf").into()),
    }
}

fn observation(items: &[(String, u8)]) -> Observation {
    Observation::new(items.iter().map(|(key, byte)| item(key, *byte)).collect())
}

fn snapshot(observation: Observation) -> RecordBody {
    RecordBody::Snapshot(Snapshot { reason: SnapshotReason::First, root: observation.root(), observation })
}

fn record(body: RecordBody) -> Record {
    Record {
        seq: 7,
        source: Some(source()),
        observed_ms: 1_795_321_800_000,
        unobserved_since_ms: Some(5),
        actor: None,
        meanings: Vec::new(),
        body,
    }
}

/// Over the wire as bytes, and back.
fn carried(frames: &[v1::AgentFrame]) -> Result<Option<Record>, WireError> {
    let mut assembler = RecordAssembler::new();
    let mut whole = None;
    for frame in frames {
        let bytes = frame.encode_to_vec();
        assert!(bytes.len() <= FRAME_BYTES_MAX, "a frame of {} bytes", bytes.len());
        let AgentMessage::RecordPart(part) = decode_agent_frame(v1::AgentFrame::decode(&bytes[..]).unwrap())? else {
            panic!("not a record");
        };
        assert!(whole.is_none(), "a part after the last one");
        whole = assembler.push(part)?;
    }
    assert_eq!(assembler.is_open(), whole.is_none());
    Ok(whole)
}

fn round_trip(record: &Record) -> Record {
    carried(&encode_record(record).unwrap()).unwrap().unwrap()
}

/// The one frame of a record, changed on its way.
fn tampered(body: RecordBody, change: impl FnOnce(&mut v1::Record)) -> String {
    let mut frames = encode_record(&record(body)).unwrap();
    let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!() };
    change(part);
    let error = carried(&frames).unwrap_err();
    assert_eq!(error.kind, WireErrorKind::Reject);
    error.what
}

fn small_delta() -> Delta {
    let (a, b) = (observation(&[("A".into(), 1), ("B".into(), 2)]), observation(&[("A".into(), 3), ("C".into(), 2)]));
    diff(&a, &b).unwrap()
}

fn delta_of(part: &mut v1::Record) -> &mut v1::Delta {
    match &mut part.body {
        Some(Body::Delta(delta)) => delta,
        _ => panic!("not a delta"),
    }
}

fn snapshot_of(part: &mut v1::Record) -> &mut v1::Snapshot {
    match &mut part.body {
        Some(Body::Snapshot(snapshot)) => snapshot,
        _ => panic!("not a snapshot"),
    }
}

#[test]
fn every_kind_of_record_survives_the_wire() {
    let place = Some(Place { line: 3, column: 9 });
    let problem = Problem { kind: ProblemKind::Syntax, place, reason: "no `=`".into(), excerpt: Some("A ****".into()) };
    let bodies = [
        RecordBody::Delta(small_delta()),
        snapshot(observation(&[("A".into(), 1), ("B".into(), 6)])),
        snapshot(Observation::default()),
        RecordBody::Gap(Gap { from_ms: 1, to_ms: 2, reason: "the queue overflowed".into() }),
        RecordBody::Problems(vec![problem, Problem::whole(ProblemKind::Missing, "not there")]),
        RecordBody::Problems(vec![]),
        RecordBody::Retired,
    ];
    for body in bodies {
        let record = record(body);
        assert_eq!(round_trip(&record), record);
    }
    for reason in SnapshotReason::ALL {
        let body = RecordBody::Snapshot(Snapshot { reason, root: Root::empty(), observation: Observation::default() });
        assert_eq!(round_trip(&record(body.clone())).body, body);
    }
    let watched = Record { unobserved_since_ms: None, ..record(RecordBody::Retired) };
    assert_eq!(round_trip(&watched), watched);
}

#[test]
fn a_large_record_travels_in_parts_and_arrives_whole() {
    let items: Vec<_> = (0..40_000_u32).map(|n| (format!("KEY_{n:05}"), n.to_le_bytes()[0])).collect();
    let after = observation(&items);
    for body in [snapshot(after.clone()), RecordBody::Delta(diff(&Observation::default(), &after).unwrap())] {
        let record = record(body);
        let frames = encode_record(&record).unwrap();
        assert!(frames.len() > 1, "{} frame", frames.len());
        assert_eq!(carried(&frames).unwrap().unwrap(), record);
        assert_eq!(carried(&frames[..frames.len() - 1]), Ok(None), "not whole without the last part");
    }
}

#[test]
fn parts_of_two_records_are_not_mixed() {
    let items: Vec<_> = (0..40_000_u32).map(|n| (format!("KEY_{n:05}"), 1)).collect();
    let whole = record(snapshot(observation(&items)));
    let frames = encode_record(&whole).unwrap();
    let others = [
        Record { seq: 8, ..whole.clone() },
        Record { observed_ms: 1, ..whole.clone() },
        Record { source: Some(SourceRef { name: "other".parse().unwrap(), ..source() }), ..whole.clone() },
        record(snapshot(observation(&items[1..]))),
        record(RecordBody::Retired),
    ];
    for other in others {
        let mixed = [frames[0].clone(), encode_record(&other).unwrap().pop().unwrap()];
        assert_eq!(carried(&mixed).unwrap_err().what, "record: a part of another record came in between");
    }
}

#[test]
fn a_record_without_end_is_refused_at_the_limit() {
    let mut frames = encode_record(&record(snapshot(observation(&[("A".into(), 1)])))).unwrap();
    let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!() };
    part.more = true;
    snapshot_of(part).items = vec![v1::Item { key: "A".into(), ..v1::Item::default() }; 30_000];
    let endless: Vec<_> = std::iter::repeat_n(frames[0].clone(), 100).collect();
    assert_eq!(carried(&endless).unwrap_err().what, "snapshot.items: 120000 of them, at most 100000 are allowed");

    let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!() };
    snapshot_of(part).items = vec![v1::Item { display: Some("x".repeat(1_000_000)), ..v1::Item::default() }];
    let endless: Vec<_> = std::iter::repeat_n(frames[0].clone(), 100).collect();
    assert!(carried(&endless).unwrap_err().what.starts_with("record: over 33554432 bytes"));
}

#[test]
fn too_much_is_refused_before_it_is_sent() {
    let items: Vec<_> = (0..100_001_u32).map(|n| (n.to_string(), 1)).collect();
    let error = encode_record(&record(snapshot(observation(&items)))).unwrap_err();
    assert_eq!(error.what, "snapshot.items: 100001 of them, at most 100000 are allowed");
    let long: Vec<_> = (0..40_000_u32).map(|n| (format!("{n:0>1000}"), 1)).collect();
    let error = encode_record(&record(snapshot(observation(&long)))).unwrap_err();
    assert!(error.what.contains("over 33554432"), "{error}");
}

#[test]
fn a_delta_that_makes_no_sense_is_refused() {
    let bad = |change: fn(&mut v1::Delta)| tampered(RecordBody::Delta(small_delta()), |part| change(delta_of(part)));
    assert_eq!(bad(|delta| delta.changes.clear()), "delta: changes nothing");
    assert_eq!(bad(|delta| delta.after = delta.before.clone()), "delta: changes nothing");
    assert_eq!(bad(|delta| delta.before.truncate(31)), "delta.before: 31 bytes instead of 32");
    assert_eq!(bad(|delta| delta.changes.reverse()), "delta.changes: not sorted, or one of them twice");
    assert_eq!(
        bad(|delta| delta.changes[1] = delta.changes[0].clone()),
        "delta.changes: not sorted, or one of them twice"
    );
    assert_eq!(bad(|delta| delta.changes[0].key.clear()).split(':').next(), Some("change.key"));
    assert_eq!(bad(|delta| delta.changes[0].key = "Z".into()), "change.after: the item of another key");
    assert_eq!(bad(|delta| delta.changes[0].before = vec![3; 32]), "change: the same before and after");
    assert_eq!(bad(|delta| delta.changes[1].before.clear()), "change: the same before and after");
    assert_eq!(bad(|delta| delta.changes[0].before = vec![1; 33]), "change.before: 33 bytes instead of 32");
}

#[test]
fn a_snapshot_that_is_not_canonical_is_refused() {
    let two = || snapshot(observation(&[("A".into(), 1), ("B".into(), 2)]));
    let bad = |change: fn(&mut v1::Snapshot)| tampered(two(), |part| change(snapshot_of(part)));
    assert_eq!(bad(|all| all.items[0].digest = vec![9; 32]), "snapshot.root: not the root of its items");
    assert_eq!(bad(|all| _ = all.items.pop()), "snapshot.root: not the root of its items");
    assert_eq!(bad(|all| all.root.clear()), "snapshot.root: 0 bytes instead of 32");
    assert_eq!(bad(|all| all.items.reverse()), "snapshot.items: not sorted, or one of them twice");
    assert_eq!(bad(|all| all.items[1].key = "A".into()), "snapshot.items: not sorted, or one of them twice");
    assert_eq!(bad(|all| all.reason = 0), "snapshot.reason: not known to this version");
    assert_eq!(bad(|all| all.reason = 99), "snapshot.reason: not known to this version");
    assert_eq!(
        bad(|all| all.items[0].display = Some("a\u{1b}[2J".into())),
        "item.display: characters that cannot be printed"
    );
    assert_eq!(
        bad(|all| all.items[0].display = Some("x".repeat(513))),
        "item.display: 513 bytes, at most 512 are allowed"
    );
    assert!(bad(|all| all.items[0].key = "A\u{202e}".into()).starts_with("item.key: "));
}

#[test]
fn a_head_that_makes_no_sense_is_refused() {
    let bad = |change: fn(&mut v1::Record)| tampered(RecordBody::Retired, change);
    assert_eq!(bad(|part| part.seq = 0), "record.seq: 0 is no sequence number");
    assert_eq!(bad(|part| part.source = None), "source: missing");
    assert_eq!(bad(|part| part.body = None), "record.body: missing");
    assert_eq!(bad(|part| part.observed_ms = -1), "record.observed_ms: no time between 1970 and 9999");
    assert_eq!(bad(|part| part.observed_ms = i64::MAX), "record.observed_ms: no time between 1970 and 9999");
    assert_eq!(bad(|part| part.source.as_mut().unwrap().name.clear()), "source.name: a source name cannot be empty");
    let path = bad(|part| part.source.as_mut().unwrap().path = "x".repeat(TEXT_BYTES_MAX + 1));
    assert_eq!(path, "source.path: 1025 bytes, at most 1024 are allowed");
    let gap = |from_ms, to_ms| {
        tampered(RecordBody::Retired, |part| {
            part.body = Some(Body::Gap(v1::Gap { from_ms, to_ms, reason: String::new() }));
        })
    };
    assert_eq!(gap(2, 1), "gap: ends before it begins");
}

#[test]
fn only_a_gap_may_concern_the_agent_as_a_whole() {
    let gap = RecordBody::Gap(Gap { from_ms: 1, to_ms: 2, reason: "the journal was damaged".into() });
    let whole = Record { source: None, ..record(gap) };
    assert_eq!(round_trip(&whole), whole);
    let nobody = Record { source: None, ..record(RecordBody::Retired) };
    assert_eq!(encode_record(&nobody).unwrap_err().what, "source: missing");
}

#[test]
fn what_a_host_may_hold_never_makes_a_record_that_is_refused() {
    let name = SourceName::new("app").unwrap();
    let path = [b"/tmp/\xff\n\x1b[2J\"".repeat(500), "\u{202e}".as_bytes().to_vec()].concat();
    let mut odd = item("A", 1);
    odd.display = Some(Masked::from_wire("tab\there \u{202e}".repeat(100)));
    let observation = Observation::new(vec![odd]);
    let bodies = [
        RecordBody::Problems(vec![Problem {
            kind: ProblemKind::Host,
            place: None,
            reason: "a\u{7}b".repeat(400),
            excerpt: Some("\u{0}".repeat(2000)),
        }]),
        RecordBody::Gap(Gap { from_ms: i64::MAX, to_ms: i64::MIN, reason: "\n".repeat(3000) }),
        snapshot(observation),
    ];
    for body in bodies {
        let record = Record {
            seq: 1,
            source: Some(SourceRef::new(name.clone(), SourceKind::File, &path)),
            observed_ms: i64::MIN,
            unobserved_since_ms: Some(i64::MAX),
            actor: None,
            meanings: Vec::new(),
            body,
        };
        let arrived = round_trip(&record);
        let path = &arrived.source.as_ref().unwrap().path;
        assert!(path.len() <= TEXT_BYTES_MAX && path.ends_with('…'));
        assert_eq!(round_trip(&arrived), arrived, "what arrived once arrives unchanged");
    }
}

#[test]
fn a_problem_of_an_unknown_kind_is_still_a_problem() {
    let mut frames =
        encode_record(&record(RecordBody::Problems(vec![Problem::whole(ProblemKind::Limit, "x")]))).unwrap();
    let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!() };
    let Some(Body::Problems(problems)) = &mut part.body else { panic!() };
    problems.problems[0].kind = "quantum".into();
    let arrived = carried(&frames).unwrap().unwrap();
    assert_eq!(arrived.body, RecordBody::Problems(vec![Problem::whole(ProblemKind::Host, "x")]));
}

#[test]
fn d9_a_source_of_an_unknown_kind_is_a_file() {
    let mut frames = encode_record(&record(RecordBody::Retired)).unwrap();
    let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!() };
    part.source.as_mut().unwrap().kind = "quantum".into();
    let arrived = carried(&frames).unwrap().unwrap();
    assert_eq!(arrived.source.unwrap().kind, SourceKind::File);
}

fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL,
        agent_version: "0.1.0".into(),
        canonical_form: 1,
        epoch: Epoch([1; 16]),
        instance: Instance([2; 16]),
        boot_id: "b".into(),
        fleet_key_epoch: KeyEpoch(3),
        sent_ms: -5,
        facts: HostFacts { hostname: "web-1".into(), ..HostFacts::default() },
        sources: 2,
    }
}

#[test]
fn every_message_of_an_agent_survives_the_wire() {
    let root = SourceRoot { source: source(), root: Root([4; 32]), pending: true };
    let messages = [
        AgentMessage::Hello(hello()),
        AgentMessage::SourceRoots { sources: vec![root], last: true },
        AgentMessage::Heartbeat(Heartbeat {
            sent_ms: 1,
            seq: 2,
            sources_root: Root([3; 32]),
            agent_resident_bytes: 4,
            journal_records: 5,
            journal_bytes: 6,
            degraded_sources: 7,
            coverage: Some(Coverage {
                found: 9,
                watched: 8,
                unwatched: vec![Unwatched { path: "/etc/a".into(), reason: "loaded at boot".into() }],
            }),
        }),
        AgentMessage::Goodbye { reason: "SIGTERM".into() },
    ];
    for message in messages {
        assert_eq!(decode_agent_frame(encode_agent(&message).unwrap()), Ok(message));
    }
}

#[test]
fn a_hello_that_makes_no_sense_is_refused() {
    let bad = |change: fn(&mut v1::Hello)| {
        let mut frame = encode_agent(&AgentMessage::Hello(hello())).unwrap();
        let Some(agent_frame::Frame::Hello(hello)) = &mut frame.frame else { panic!() };
        change(hello);
        decode_agent_frame(frame).unwrap_err().what
    };
    assert_eq!(bad(|hello| hello.protocol = None), "hello.protocol: missing");
    assert_eq!(bad(|hello| hello.facts = None), "hello.facts: missing");
    assert_eq!(bad(|hello| hello.epoch.clear()), "hello.epoch: 0 bytes instead of 16");
    assert_eq!(bad(|hello| hello.instance.push(1)), "hello.instance: 17 bytes instead of 16");
    assert_eq!(bad(|hello| hello.sources = u32::MAX), "hello.sources: 4294967295 of them, at most 200000 are allowed");
    assert_eq!(bad(|hello| hello.boot_id = "a\nb".into()), "hello.boot_id: characters that cannot be printed");
    assert_eq!(decode_agent_frame(v1::AgentFrame { frame: None }).unwrap_err().what, "frame: missing");
}

#[test]
fn the_roots_of_many_sources_fit_their_frames_at_full_length() {
    let root = |n: usize| SourceRoot {
        source: SourceRef {
            name: SourceName::new(format!("{n:0>512}")).unwrap(),
            path: "p".repeat(TEXT_BYTES_MAX),
            ..source()
        },
        root: Root([1; 32]),
        pending: false,
    };
    let roots: Vec<_> = (0..2 * SOURCE_ROOTS_PER_FRAME_MAX + 1).map(root).collect();
    let frames = encode_source_roots(&roots).unwrap();
    let mut arrived = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        assert!(frame.encoded_len() <= FRAME_BYTES_MAX);
        let AgentMessage::SourceRoots { sources, last } = decode_agent_frame(frame.clone()).unwrap() else { panic!() };
        assert_eq!(last, at == 2);
        arrived.extend(sources);
    }
    assert_eq!(arrived, roots);
    assert_eq!(encode_source_roots(&[]).unwrap().len(), 1, "no source is said, too");
    assert!(encode_source_roots(&[root(2), root(1)]).is_err());
    let groups = roots.chunks(SOURCE_ROOTS_PER_FRAME_MAX).enumerate();
    let one_by_one: Vec<_> = groups.map(|(at, some)| encode_some_source_roots(some, at == 2).unwrap()).collect();
    assert_eq!(one_by_one, frames);
    assert!(encode_some_source_roots(&roots, true).is_err());
}

#[test]
fn every_message_of_a_collector_survives_the_wire() {
    let mut messages = vec![
        CollectorMessage::Welcome(Welcome {
            protocol: PROTOCOL,
            collector_version: "0.1.0".into(),
            sent_ms: 1,
            acked_seq: u64::MAX,
            heartbeat_ms: 10_000,
            window_records: 512,
        }),
        CollectorMessage::SendAll { source: "app".parse().unwrap(), reason: "another root".into() },
        CollectorMessage::Ready,
        CollectorMessage::Ack { seq: 9 },
    ];
    for kind in RefusalKind::ALL {
        messages.push(CollectorMessage::Refusal(Refusal { kind, reason: kind.as_str().into() }));
    }
    for message in messages {
        assert_eq!(decode_collector_frame(encode_collector(&message)), Ok(message));
    }
}

#[test]
fn a_welcome_that_would_stop_an_agent_is_refused() {
    let welcome =
        v1::Welcome { window_records: 1, heartbeat_ms: 100, protocol: Some(PROTOCOL.into()), ..v1::Welcome::default() };
    let decode = |welcome| {
        let frame = v1::CollectorFrame { frame: Some(v1::collector_frame::Frame::Welcome(welcome)) };
        decode_collector_frame(frame).map_err(|error| error.what)
    };
    assert!(decode(welcome.clone()).is_ok());
    let none = decode(v1::Welcome { window_records: 0, ..welcome.clone() });
    assert_eq!(none.unwrap_err(), "welcome.window_records: 0 records can never be sent");
    let spin = decode(v1::Welcome { heartbeat_ms: 99, ..welcome });
    assert_eq!(spin.unwrap_err(), "welcome.heartbeat_ms: below 100 ms");
}

#[test]
fn an_unknown_refusal_is_one_to_wait_for() {
    let refusal = v1::Refusal { kind: 77, reason: String::new() };
    let frame = v1::CollectorFrame { frame: Some(v1::collector_frame::Frame::Refusal(refusal)) };
    let CollectorMessage::Refusal(refusal) = decode_collector_frame(frame).unwrap() else { panic!() };
    assert_eq!(refusal.kind, RefusalKind::Busy);
    assert_eq!(refusal.kind.retry(), WireErrorKind::Retry);
}

#[test]
fn enrolment_messages_survive_the_wire_and_are_bounded() {
    let request = EnrolRequest {
        protocol: PROTOCOL,
        token_id: "t-1".into(),
        token_secret: zeroize::Zeroizing::new([9; 32]),
        csr: vec![1, 2],
        hostname: "web-1".parse().unwrap(),
        agent_version: "0.1.0".into(),
        sent_ms: 4,
    };
    assert_eq!(EnrolRequest::decode(request.encode()), Ok(request.clone()));
    assert!(!format!("{request:?}").contains('9'), "the secret is not printed");
    let what = |message| EnrolRequest::decode(message).unwrap_err().what;
    assert_eq!(
        what(v1::EnrollRequest { csr: vec![0; 16 * 1024 + 1], ..request.encode() }),
        "csr: 16385 bytes, 1 to 16384 are allowed"
    );
    assert_eq!(
        what(v1::EnrollRequest { token_secret: vec![9; 31], ..request.encode() }),
        "token_secret: 31 bytes instead of 32"
    );

    let renewal =
        RenewRequest { protocol: PROTOCOL, certificate: vec![1], csr: vec![2], signature: vec![3], sent_ms: 4 };
    assert_eq!(RenewRequest::decode(renewal.encode()), Ok(renewal.clone()));
    let unsigned = v1::RenewRequest { signature: vec![], ..renewal.encode() };
    assert_eq!(RenewRequest::decode(unsigned).unwrap_err().what, "signature: 0 bytes, 1 to 128 are allowed");

    let enrolled = Enrolled {
        certificate: vec![1],
        ca_certificate: vec![2],
        identity: crate::testing::web_1(),
        not_after_ms: 3,
        sent_ms: 4,
    };
    assert_eq!(Enrolled::decode(enrolled.encode()), Ok(enrolled.clone()));
    let odd = v1::EnrollResponse { environment: "pro duction".into(), ..enrolled.encode() };
    assert!(Enrolled::decode(odd).unwrap_err().what.starts_with("environment: "));
}

#[test]
fn statuses_tell_what_to_do() {
    assert_eq!(WireError::from(tonic::Status::unavailable("restarting")).kind, WireErrorKind::Retry);
    assert_eq!(WireError::from(tonic::Status::permission_denied("revoked")).kind, WireErrorKind::Reject);
    assert_eq!(tonic::Status::from(WireError::reject("seq")).code(), tonic::Code::InvalidArgument);
    assert_eq!(tonic::Status::from(WireError::retry("busy")).code(), tonic::Code::Unavailable);
}

fn items() -> impl Strategy<Value = Vec<(String, u8)>> {
    vec(("[A-Z_@ä\\\\\n]{1,20}", any::<u8>()), 0..40)
}

proptest! {
    #[test]
    fn any_observation_survives_the_wire(items in items(), seq in 1_u64.., at in 0_i64..253_402_300_799_999) {
        let body = snapshot(observation(&items));
        let record = Record { seq, observed_ms: at, unobserved_since_ms: None, ..record(body) };
        prop_assert_eq!(round_trip(&record), record);
    }

    #[test]
    fn any_delta_survives_the_wire_and_still_applies(a in items(), b in items()) {
        let (a, b) = (observation(&a), observation(&b));
        if let Some(delta) = diff(&a, &b) {
            let RecordBody::Delta(arrived) = round_trip(&record(RecordBody::Delta(delta))).body else { panic!() };
            prop_assert_eq!(arrived.apply(&a).unwrap().root(), b.root());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..400)) {
        if let Ok(frame) = v1::AgentFrame::decode(&bytes[..])
            && let Ok(AgentMessage::RecordPart(part)) = decode_agent_frame(frame) {
            _ = RecordAssembler::new().push(part);
        }
        if let Ok(frame) = v1::CollectorFrame::decode(&bytes[..]) {
            _ = decode_collector_frame(frame);
        }
    }

    #[test]
    fn a_frame_with_any_byte_changed_or_cut_never_panics(at in 0_usize..400, to in any::<u8>(), cut in 0_usize..400) {
        let mut bytes = encode_record(&record(RecordBody::Delta(small_delta()))).unwrap()[0].encode_to_vec();
        let length = bytes.len();
        bytes[at % length] = to;
        bytes.truncate(cut.max(1));
        if let Ok(frame) = v1::AgentFrame::decode(&bytes[..])
            && let Ok(AgentMessage::RecordPart(part)) = decode_agent_frame(frame) {
            _ = RecordAssembler::new().push(part);
        }
    }

    #[test]
    fn printable_text_is_bounded_and_stays_as_it_is(text in "\\PC{0,80}|.{0,80}", max in 3_usize..100) {
        let once = field::printable(&text, max);
        prop_assert!(once.len() <= max);
        prop_assert_eq!(field::text("x", once.clone(), max), Ok(once.clone()));
        prop_assert_eq!(field::printable(&once, max), once);
    }

    #[test]
    fn changes_keep_their_sides(before in prop::option::of(any::<[u8; 32]>()), after in prop::option::of(any::<u8>())) {
        let change = ItemChange { key: ItemKey::from_bytes(b"A"), before: before.map(Digest), after: after.map(|byte| item("A", byte)) };
        let same = before == after.map(|byte| [byte; 32]);
        let arrived = super::item::decode_change(super::item::encode_change(&change, None)).map(|(change, _)| change);
        prop_assert_eq!(arrived.ok(), (!same).then_some(change));
    }
}
