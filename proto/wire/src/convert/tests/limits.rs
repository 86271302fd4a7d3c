//! Every field at its limit, one byte over, missing, and of a wrong length.

use super::*;
use crate::limits::{CHANGES_MAX, DER_BYTES_MAX, SOURCES_MAX};
use driftline_canon::limits::{
    DISPLAY_BYTES_MAX, FILE_NAME_BYTES_MAX, KEY_BYTES_MAX, NAME_BYTES_MAX, PROBLEM_BYTES_MAX, PROBLEMS_MAX,
};

/// Makes the body of a record.
type Make = fn() -> RecordBody;

/// The record with one field changed on its way: what arrives, or what is said.
fn sent(body: RecordBody, change: impl FnOnce(&mut v1::Record)) -> Result<Record, String> {
    let mut frames = encode_record(&record(body)).unwrap();
    let Some(agent_frame::Frame::Record(part)) = &mut frames[0].frame else { panic!("not a record") };
    change(part);
    carried(&frames).map(|whole| whole.expect("the last part")).map_err(|error| error.what)
}

fn refused(body: RecordBody, change: impl FnOnce(&mut v1::Record)) -> String {
    sent(body, change).unwrap_err()
}

fn one_problem() -> RecordBody {
    RecordBody::Problems(vec![Problem::whole(ProblemKind::Syntax, "no `=`")])
}

fn problem_of(part: &mut v1::Record) -> &mut v1::Problem {
    match &mut part.body {
        Some(Body::Problems(problems)) => &mut problems.problems[0],
        _ => panic!("not problems"),
    }
}

fn gap_of(part: &mut v1::Record) -> &mut v1::Gap {
    match &mut part.body {
        Some(Body::Gap(gap)) => gap,
        _ => panic!("not a gap"),
    }
}

fn gap() -> RecordBody {
    RecordBody::Gap(Gap { from_ms: 1, to_ms: 2, reason: "overflow".into() })
}

fn one_item() -> RecordBody {
    snapshot(observation(&[("A".into(), 1)]))
}

#[test]
fn every_text_of_a_record_is_taken_at_its_limit_and_refused_one_byte_over() {
    type Set = fn(&mut v1::Record, String);
    let table: [(&str, usize, Make, Set); 7] = [
        ("source.path", TEXT_BYTES_MAX, || RecordBody::Retired, |part, text| part.source.as_mut().unwrap().path = text),
        ("gap.reason", TEXT_BYTES_MAX, gap, |part, text| gap_of(part).reason = text),
        ("problem.reason", PROBLEM_BYTES_MAX, one_problem, |part, text| problem_of(part).reason = text),
        ("problem.excerpt", PROBLEM_BYTES_MAX, one_problem, |part, text| problem_of(part).excerpt = text),
        ("item.file", FILE_NAME_BYTES_MAX, one_item, |part, text| snapshot_of(part).items[0].file = text),
        ("item.display", DISPLAY_BYTES_MAX, one_item, |part, text| snapshot_of(part).items[0].display = Some(text)),
        (
            "item.display",
            DISPLAY_BYTES_MAX,
            || RecordBody::Delta(small_delta()),
            |part, text| delta_of(part).changes[0].after.as_mut().unwrap().display = Some(text),
        ),
    ];
    for (field, max, body, set) in table {
        assert!(sent(body(), |part| set(part, "x".repeat(max))).is_ok(), "{field} at its limit");
        assert!(sent(body(), |part| set(part, String::new())).is_ok(), "{field} empty");
        let over = refused(body(), |part| set(part, "x".repeat(max + 1)));
        assert_eq!(over, format!("{field}: {} bytes, at most {max} are allowed", max + 1));
        // Two bytes each: a limit counts bytes, not characters.
        let wide = refused(body(), |part| set(part, "é".repeat(max / 2 + 1)));
        assert_eq!(wide, format!("{field}: {} bytes, at most {max} are allowed", max / 2 * 2 + 2));
        for odd in ["\n", "\u{1b}[2J", "\0", "a\u{202e}b", "\u{7f}", "\u{85}"] {
            let said = refused(body(), |part| set(part, odd.to_owned()));
            assert_eq!(said, format!("{field}: characters that cannot be printed"), "{odd:?}");
        }
    }
}

#[test]
fn names_and_keys_are_taken_at_their_limit_and_refused_one_byte_over() {
    let name = |length| sent(RecordBody::Retired, |part| part.source.as_mut().unwrap().name = "n".repeat(length));
    assert!(name(NAME_BYTES_MAX).is_ok());
    assert_eq!(
        name(NAME_BYTES_MAX + 1).unwrap_err(),
        "source.name: a source name has at most 512 bytes, this one has 513"
    );
    let longest = "K".repeat(KEY_BYTES_MAX);
    let record = record(snapshot(observation(&[(longest.clone(), 1)])));
    assert_eq!(round_trip(&record), record);
    let over = refused(one_item(), |part| snapshot_of(part).items[0].key = longest.clone() + "K");
    assert!(over.starts_with("item.key: "), "{over}");
    let over = refused(RecordBody::Delta(small_delta()), |part| delta_of(part).changes[0].key = longest + "K");
    assert!(over.starts_with("change.key: "), "{over}");
}

#[test]
fn every_hash_of_a_record_has_32_bytes() {
    type Set = fn(&mut v1::Record, Vec<u8>);
    let delta: fn() -> RecordBody = || RecordBody::Delta(small_delta());
    let table: [(&str, Make, Set); 6] = [
        ("delta.before", delta, |part, bytes| delta_of(part).before = bytes),
        ("delta.after", delta, |part, bytes| delta_of(part).after = bytes),
        ("change.before", delta, |part, bytes| delta_of(part).changes[0].before = bytes),
        ("item.digest", delta, |part, bytes| delta_of(part).changes[0].after.as_mut().unwrap().digest = bytes),
        ("snapshot.root", one_item, |part, bytes| snapshot_of(part).root = bytes),
        ("item.digest", one_item, |part, bytes| snapshot_of(part).items[0].digest = bytes),
    ];
    for (field, body, set) in table {
        for length in [0, 1, 31, 33, 64] {
            // No digest before means that the key is new.
            if (field, length) == ("change.before", 0) {
                continue;
            }
            let said = refused(body(), |part| set(part, vec![7; length]));
            assert_eq!(said, format!("{field}: {length} bytes instead of 32"));
        }
    }
}

#[test]
fn every_time_of_a_record_is_between_1970_and_9999() {
    type Set = fn(&mut v1::Record, i64);
    let table: [(&str, Make, Set); 4] = [
        ("record.observed_ms", || RecordBody::Retired, |part, ms| part.observed_ms = ms),
        ("record.unobserved_since_ms", || RecordBody::Retired, |part, ms| part.unobserved_since_ms = ms),
        ("gap.from_ms", gap, |part, ms| {
            gap_of(part).from_ms = ms;
            gap_of(part).to_ms = field::TIME_MS_MAX;
        }),
        ("gap.to_ms", gap, |part, ms| {
            gap_of(part).from_ms = 0;
            gap_of(part).to_ms = ms;
        }),
    ];
    for (name, body, set) in table {
        for good in [0, 1, field::TIME_MS_MAX] {
            assert!(sent(body(), |part| set(part, good)).is_ok(), "{name} = {good}");
        }
        for bad in [-1, i64::MIN, field::TIME_MS_MAX + 1, i64::MAX] {
            assert_eq!(refused(body(), |part| set(part, bad)), format!("{name}: no time between 1970 and 9999"));
        }
    }
}

#[test]
fn a_line_of_nought_is_no_line() {
    let arrived = sent(one_problem(), |part| problem_of(part).column = 9).unwrap();
    let RecordBody::Problems(problems) = arrived.body else { panic!("not problems") };
    assert_eq!(problems[0].place, None, "a column alone is no place");
    let none = Record { unobserved_since_ms: None, ..record(RecordBody::Retired) };
    let arrived = sent(RecordBody::Retired, |part| part.unobserved_since_ms = 0).unwrap();
    assert_eq!(arrived, none, "no time is no time, not 1970");
}

#[test]
fn counts_are_taken_at_their_limit_and_refused_one_over() {
    let problems = |count| vec![Problem::whole(ProblemKind::Host, "x"); count];
    let most = record(RecordBody::Problems(problems(PROBLEMS_MAX)));
    assert_eq!(round_trip(&most), most);
    let error = encode_record(&record(RecordBody::Problems(problems(PROBLEMS_MAX + 1)))).unwrap_err();
    assert_eq!(error.what, "problems: 101 of them, at most 100 are allowed");
    let over = refused(one_problem(), |part| {
        let Some(Body::Problems(all)) = &mut part.body else { panic!("not problems") };
        all.problems = vec![all.problems[0].clone(); PROBLEMS_MAX + 1];
    });
    assert_eq!(over, "problems: 101 of them, at most 100 are allowed");

    let mut delta = small_delta();
    delta.changes = vec![delta.changes[0].clone(); CHANGES_MAX + 1];
    let error = encode_record(&record(RecordBody::Delta(delta))).unwrap_err();
    assert_eq!(error.what, "delta.changes: 200001 of them, at most 200000 are allowed");

    let roots = |count: usize| {
        let source = Some(v1::Source { name: "app".into(), kind: "file".into(), path: String::new() });
        let sources = vec![v1::SourceRoot { source, root: vec![1; 32], pending: false }; count];
        v1::AgentFrame { frame: Some(agent_frame::Frame::SourceRoots(v1::SourceRoots { sources, last: true })) }
    };
    assert!(decode_agent_frame(roots(1)).is_ok());
    assert_eq!(decode_agent_frame(roots(2)).unwrap_err().what, "source_roots: not sorted, or one of them twice");
    let over = decode_agent_frame(roots(SOURCE_ROOTS_PER_FRAME_MAX + 1)).unwrap_err();
    assert_eq!(over.what, "source_roots: 501 of them, at most 500 are allowed");

    let mut most = hello();
    most.sources = u32::try_from(SOURCES_MAX).unwrap();
    assert!(decode_agent_frame(encode_agent(&AgentMessage::Hello(most.clone())).unwrap()).is_ok());
    most.sources += 1;
    let error = decode_agent_frame(encode_agent(&AgentMessage::Hello(most)).unwrap()).unwrap_err();
    assert_eq!(error.what, "hello.sources: 200001 of them, at most 200000 are allowed");
}

#[test]
fn every_text_of_a_hello_is_bounded() {
    type Set = fn(&mut v1::Hello, String);
    let table: [(&str, Set); 6] = [
        ("hello.agent_version", |hello, text| hello.agent_version = text),
        ("hello.boot_id", |hello, text| hello.boot_id = text),
        ("hello.facts.hostname", |hello, text| hello.facts.as_mut().unwrap().hostname = text),
        ("hello.facts.os", |hello, text| hello.facts.as_mut().unwrap().os = text),
        ("hello.facts.kernel", |hello, text| hello.facts.as_mut().unwrap().kernel = text),
        ("hello.facts.architecture", |hello, text| hello.facts.as_mut().unwrap().architecture = text),
    ];
    for (field, set) in table {
        let decode = |text: String| {
            let mut frame = encode_agent(&AgentMessage::Hello(hello())).unwrap();
            let Some(agent_frame::Frame::Hello(hello)) = &mut frame.frame else { panic!("not a hello") };
            set(hello, text);
            decode_agent_frame(frame).map_err(|error| error.what)
        };
        assert!(decode("x".repeat(TEXT_BYTES_MAX)).is_ok(), "{field}");
        let over = decode("x".repeat(TEXT_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(over, format!("{field}: 1025 bytes, at most 1024 are allowed"));
        let odd = decode("a\u{1b}b".into()).unwrap_err();
        assert_eq!(odd, format!("{field}: characters that cannot be printed"));
    }
}

#[test]
fn other_messages_of_an_agent_are_bounded_too() {
    let goodbye = |reason: String| {
        let frame = Some(agent_frame::Frame::Goodbye(v1::Goodbye { reason }));
        decode_agent_frame(v1::AgentFrame { frame }).map_err(|error| error.what)
    };
    assert!(goodbye("x".repeat(TEXT_BYTES_MAX)).is_ok());
    assert_eq!(goodbye("x".repeat(1025)).unwrap_err(), "goodbye.reason: 1025 bytes, at most 1024 are allowed");
    for length in [0, 31, 33] {
        let beat = v1::Heartbeat { sources_root: vec![0; length], ..v1::Heartbeat::default() };
        let frame = v1::AgentFrame { frame: Some(agent_frame::Frame::Heartbeat(beat)) };
        let said = decode_agent_frame(frame).unwrap_err().what;
        assert_eq!(said, format!("heartbeat.sources_root: {length} bytes instead of 32"));
    }
    let endless = AgentMessage::Goodbye { reason: "\n".repeat(5000) };
    let AgentMessage::Goodbye { reason } = decode_agent_frame(encode_agent(&endless).unwrap()).unwrap() else {
        panic!("not a goodbye")
    };
    assert!(reason.len() <= TEXT_BYTES_MAX && reason.ends_with('…'), "a sender cuts what it says itself");
}

#[test]
fn messages_of_a_collector_are_bounded() {
    use v1::collector_frame::Frame;
    let decode = |frame| decode_collector_frame(v1::CollectorFrame { frame }).map_err(|error| error.what);
    assert_eq!(decode(None).unwrap_err(), "frame: missing");
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let welcome = |collector_version: &str, sent_ms| {
        let (heartbeat_ms, window_records) = (10_000, 1);
        let protocol = Some(PROTOCOL.into());
        let collector_version = collector_version.to_owned();
        decode(Some(Frame::Welcome(v1::Welcome {
            protocol,
            collector_version,
            sent_ms,
            heartbeat_ms,
            window_records,
            ..v1::Welcome::default()
        })))
    };
    assert!(welcome(&long[1..], 0).is_ok());
    assert_eq!(welcome(&long, 0).unwrap_err(), "welcome.collector_version: 1025 bytes, at most 1024 are allowed");
    assert_eq!(welcome("", -1).unwrap_err(), "welcome.sent_ms: no time between 1970 and 9999");
    let nobody = v1::Welcome { heartbeat_ms: 100, window_records: 1, ..v1::Welcome::default() };
    assert_eq!(decode(Some(Frame::Welcome(nobody))).unwrap_err(), "welcome.protocol: missing");
    let ask = |source: &str, reason: &str| {
        decode(Some(Frame::SendAll(v1::SendAll { source: source.into(), reason: reason.into() })))
    };
    assert!(ask("app", "").is_ok());
    assert_eq!(ask("", "").unwrap_err(), "send_all.source: a source name cannot be empty");
    assert_eq!(ask("a\nb", "").unwrap_err(), "send_all.source: a source name cannot contain '\\n'");
    assert_eq!(ask("app", &long).unwrap_err(), "send_all.reason: 1025 bytes, at most 1024 are allowed");
    let refusal = decode(Some(Frame::Refusal(v1::Refusal { kind: 1, reason: long })));
    assert_eq!(refusal.unwrap_err(), "refusal.reason: 1025 bytes, at most 1024 are allowed");
}

#[test]
fn every_field_of_enrolment_is_bounded() {
    let request = || v1::EnrollRequest {
        protocol: Some(PROTOCOL.into()),
        token_id: "t".into(),
        token_secret: vec![9; 32],
        csr: vec![1],
        hostname: "web-1".into(),
        agent_version: "0.1.0".into(),
        sent_ms: 1,
    };
    let what = |change: fn(&mut v1::EnrollRequest)| {
        let mut request = request();
        change(&mut request);
        EnrolRequest::decode(request).map(|_| "taken".to_owned()).unwrap_or_else(|error| error.what)
    };
    assert_eq!(what(|_| ()), "taken");
    assert_eq!(what(|it| it.protocol = None), "protocol: missing");
    assert_eq!(what(|it| it.token_id = "x".repeat(1025)), "token_id: 1025 bytes, at most 1024 are allowed");
    assert_eq!(what(|it| it.token_secret.push(9)), "token_secret: 33 bytes instead of 32");
    assert_eq!(what(|it| it.token_secret.clear()), "token_secret: 0 bytes instead of 32");
    assert_eq!(what(|it| it.csr.clear()), "csr: 0 bytes, 1 to 16384 are allowed");
    assert_eq!(what(|it| it.csr = vec![0; DER_BYTES_MAX]), "taken");
    assert_eq!(what(|it| it.hostname.clear()), "hostname: a host name cannot be empty");
    assert_eq!(what(|it| it.hostname = "web 1".into()), "hostname: a host name cannot contain ' '");
    assert_eq!(what(|it| it.agent_version = "\n".into()), "agent_version: characters that cannot be printed");
    assert_eq!(what(|it| it.sent_ms = i64::MIN), "taken", "an agent's clock may be wrong by anything");
}

#[test]
fn every_field_of_a_renewal_and_of_an_answer_is_bounded() {
    let renewal = |change: fn(&mut v1::RenewRequest)| {
        let (certificate, csr, signature) = (vec![1], vec![2], vec![3]);
        let protocol = Some(PROTOCOL.into());
        let mut request = v1::RenewRequest { protocol, certificate, csr, signature, sent_ms: -1 };
        change(&mut request);
        RenewRequest::decode(request).map(|_| "taken".to_owned()).unwrap_or_else(|error| error.what)
    };
    assert_eq!(renewal(|_| ()), "taken");
    assert_eq!(renewal(|it| it.protocol = None), "protocol: missing");
    assert_eq!(renewal(|it| it.certificate.clear()), "certificate: 0 bytes, 1 to 16384 are allowed");
    assert_eq!(renewal(|it| it.csr = vec![0; 16_385]), "csr: 16385 bytes, 1 to 16384 are allowed");
    assert_eq!(renewal(|it| it.signature = vec![0; 128]), "taken");
    assert_eq!(renewal(|it| it.signature = vec![0; 129]), "signature: 129 bytes, 1 to 128 are allowed");

    let answer = |change: fn(&mut v1::EnrollResponse)| {
        let (certificate, ca_certificate, identity) = (vec![1], vec![2], crate::testing::web_1());
        let mut response = Enrolled { certificate, ca_certificate, identity, not_after_ms: 3, sent_ms: 4 }.encode();
        change(&mut response);
        Enrolled::decode(response).map(|_| "taken".to_owned()).unwrap_or_else(|error| error.what)
    };
    assert_eq!(answer(|_| ()), "taken");
    assert_eq!(answer(|it| it.agent_id = "A".into()), "agent_id: an agent id cannot contain 'A'");
    assert_eq!(
        answer(|it| it.agent_id = "a".repeat(65)),
        "agent_id: an agent id has at most 64 bytes, this one has 65"
    );
    assert_eq!(answer(|it| it.host.clear()), "host: a host name cannot be empty");
    assert_eq!(answer(|it| it.role = "a/b".into()), "role: a role name cannot contain '/'");
    assert_eq!(answer(|it| it.ca_certificate.clear()), "ca_certificate: 0 bytes, 1 to 16384 are allowed");
    assert_eq!(answer(|it| it.not_after_ms = -1), "not_after_ms: no time between 1970 and 9999");
    assert_eq!(answer(|it| it.sent_ms = i64::MAX), "sent_ms: no time between 1970 and 9999");
}
