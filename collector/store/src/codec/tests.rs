use driftline_canon::{
    Actor, AgentId, Effect, Environment, HostName, ItemKey, Masked, Meaning, Problem, ProblemKind, Reach, Role,
    SourceKind, SourceName,
};
use driftline_compare::judge::later::Later;
use driftline_compare::judge::{Evidence, Missing};
use driftline_compare::{Class, Mark, Severity, Verdict};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

use super::*;
use crate::record::*;

fn host() -> HostName {
    HostName::new("web-1").unwrap()
}

fn item(key: &str, display: Option<&str>, line: Option<u32>, since_ms: i64) -> ItemRecord {
    ItemRecord {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: StoredDigest([0xab; 32]),
        secret: line.is_some(),
        display: display.map(|text| Masked::from_wire(text.to_owned())),
        line,
        file: None,
        since_ms,
    }
}

fn change() -> EntryBody {
    let side = Side { digest: StoredDigest([1; 32]), secret: true, display: None, line: Some(2), file: None };
    EntryBody::Change(Change {
        environment: Environment::new("dev").unwrap(),
        host: host(),
        role: Role::new("web").unwrap(),
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::File,
        path: "/a".to_owned(),
        key: ItemKey::from_bytes(b"K"),
        before: None,
        after: Some(side),
        observed_ms: 5,
        unobserved_since_ms: Some(-1),
        severity: Severity::Critical,
        class: Class::Cost,
        verdict: Verdict::Undetermined,
        marks: vec![Mark::Resynchronised],
        agent_seq: 300,
        agent_epoch: vec![9],
        beside: Beside::default(),
    })
}

fn event() -> EntryBody {
    EntryBody::Event(Event {
        kind: EventKind::Operator,
        severity: Severity::Info,
        environment: None,
        host: Some(host()),
        source: None,
        between_ms: Some((1, 2)),
        message: "m".to_owned(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a record of version 1, and that they still read. The fixtures
/// never change; what follows version 1 gets its own beside them.
#[track_caller]
fn fixture<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(record: &T, expected: &str) {
    let bytes = encode(Table::Meta, record).unwrap();
    assert_eq!(hex(&bytes), expected);
    assert_eq!(decode::<T>(Table::Meta, &bytes).unwrap(), *record);
}

#[test]
fn v1_head() {
    fixture(
        &Head { commit: 1, entry: 300, hash: [0xcd; 32], alert: 2, outbox: 1 },
        "0101ac02cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd0201",
    );
}

#[test]
fn v1_host() {
    let facts = HostFacts { hostname: "h".to_owned(), agent_resident_bytes: 9, ..HostFacts::default() };
    let record = HostRecord {
        host: host(),
        environment: Environment::new("dev").unwrap(),
        role: Role::new("web").unwrap(),
        agent: AgentId::new("a1").unwrap(),
        serials: vec![vec![1, 2]],
        public_key_sha256: [3; 32],
        status: HostStatus::Revoked,
        epoch: vec![4],
        applied_seq: 200,
        instances: [vec![5], vec![]],
        enrolled_ms: 6,
        last_seen_ms: 7,
        verified_ms: 0,
        skew_ms: -8,
        fleet_key_epoch: 1,
        canonical_form: 1,
        degraded_sources: 2,
        facts,
    };
    fixture(
        &record,
        "01057765622d310364657603776562026131010201020303030303030303030303030303030303030303030303030303030303030303050104c8010105000c0e000f0101020168000000000009",
    );
}

#[test]
fn v1_source() {
    let record = SourceRecord {
        host: host(),
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::EnvFile,
        path: "/a".to_owned(),
        root: StoredDigest([2; 32]),
        items: 3,
        observed_ms: 4,
        retired: true,
        problems: vec![Problem::whole(ProblemKind::Host, "r")],
    };
    fixture(
        &record,
        "01057765622d310361707000022f610202020202020202020202020202020202020202020202020202020202020202030801010a00017200",
    );
}

#[test]
fn v1_item() {
    fixture(
        &item("K", Some("v"), Some(7), -2),
        "01014babababababababababababababababababababababababababababababababab01010176010703",
    );
    fixture(
        &item("K", None, None, 2),
        "01014babababababababababababababababababababababababababababababababab00000004",
    );
}

/// Beside the form of version 1: where a file is named, and only there, the
/// position has a variant of its own.
#[test]
fn v2_item_of_an_included_file() {
    let named = ItemRecord { file: Some("/i".into()), ..item("K", Some("v"), Some(7), -2) };
    fixture(&named, "01014babababababababababababababababababababababababababababababababab010101760207022f6903");
}

#[test]
fn v1_token() {
    let used = TokenUse {
        host: host(),
        agent: AgentId::new("a1").unwrap(),
        public_key_sha256: [1; 32],
        certificate: vec![0x30],
        used_ms: 2,
    };
    let record = TokenRecord {
        id: "t".to_owned(),
        secret_hash: [2; 32],
        environment: Environment::new("dev").unwrap(),
        role: Role::new("web").unwrap(),
        host: None,
        created_by: "ada".to_owned(),
        created_ms: 1,
        expires_ms: 3,
        revoked: false,
        used: Some(used),
    };
    fixture(
        &record,
        "01017402020202020202020202020202020202020202020202020202020202020202020364657603776562000361646102060001057765622d310261310101010101010101010101010101010101010101010101010101010101010101013004",
    );
}

#[test]
fn v1_operator_and_alert() {
    let operator = OperatorRecord {
        name: "ada".to_owned(),
        token_hash: [1; 32],
        roles: vec!["admin".to_owned()],
        created_ms: 2,
        revoked: true,
    };
    fixture(&operator, "01036164610101010101010101010101010101010101010101010101010101010101010101010561646d696e0401");
    let alert = AlertRecord { id: 1, route: "r".to_owned(), entries: vec![1, 300], attempts: 2, next_attempt_ms: 3 };
    fixture(&alert, "010101720201ac020206");
}

#[test]
fn v1_entries() {
    fixture(
        &(9_i64, change()),
        "01120003646576057765622d31037765620361707001022f61014b00010101010101010101010101010101010101010101010101010101010101010101010001020a01010202000103ac020109",
    );
    fixture(&(9_i64, event()), "01120117000001057765622d3100010204016d");
}

/// Who did it and what it means stands behind the change of version 1.
#[test]
fn v3_entries() {
    let EntryBody::Change(plain) = change() else { panic!() };
    let actor = Actor { confidence: Confidence::Exact, pid: Some(7), ..Actor::unknown() };
    let meaning = Meaning {
        effect: Effect::Opens,
        reach: Reach::Any,
        machine: None,
        text: driftline_canon::meaning::MeaningText::new("o"),
    };
    let beside = Beside { actor: Some(Box::new(actor.clone())), meaning: Some(Box::new(meaning)), grounds: None };
    let told = EntryBody::Change(Change { beside, ..plain.clone() });
    let bytes = encode_history(9, &told).unwrap();
    let before = encode_history(9, &EntryBody::Change(plain.clone())).unwrap();
    assert!(bytes.starts_with(&before));
    assert_eq!(hex(&bytes[before.len()..]), "01020000000107000000000000000001030200016f");
    assert_eq!(decode_entry(1, &bytes).unwrap().body, told);
    assert_eq!(decode_entry(1, &before).unwrap().body, EntryBody::Change(plain));
    for cut in before.len() + 1..bytes.len() {
        assert!(decode_entry(1, &bytes[..cut]).is_err(), "cut to {cut}");
    }
    let amendment = EntryBody::Amendment(Amendment {
        environment: Environment::new("dev").unwrap(),
        host: host(),
        role: Role::new("web").unwrap(),
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::File,
        agent_seq: 300,
        agent_epoch: vec![9],
        severity: Severity::Critical,
        changes: 1,
        keys: vec![ItemKey::from_bytes(b"K")],
        actor: Box::new(actor),
    });
    fixture(
        &(9_i64, amendment),
        "01120203646576057765622d31037765620361707001ac020109020101014b0200000001070000000000000000",
    );
}

/// What a verdict rests on stands behind what version 3 of the layout had.
#[test]
fn v4_entries() {
    let EntryBody::Change(plain) = change() else { panic!() };
    let grounds = Grounds {
        evidence: vec![Evidence::WindowOpen { ticket: "T".to_owned() }, Evidence::ComesWithDeclared],
        missing: vec![Missing::NoRevision { source: "s".to_owned() }, Missing::NoWindow],
    };
    let judged = |grounds: Option<&Grounds>| {
        let beside =
            Beside { grounds: grounds.cloned().map(Box::new), actor: Some(Box::new(Actor::unknown())), meaning: None };
        EntryBody::Change(Change { verdict: Verdict::OutOfBand, beside, ..plain.clone() })
    };
    let (before, bytes) =
        (encode_history(9, &judged(None)).unwrap(), encode_history(9, &judged(Some(&grounds))).unwrap());
    assert!(bytes.starts_with(&before));
    assert_eq!(hex(&bytes[before.len()..]), "020601540302000173 08".replace(' ', ""));
    assert_eq!(decode_entry(1, &bytes).unwrap().body, judged(Some(&grounds)));
    assert_eq!(decode_entry(1, &before).unwrap().body, judged(None));
    for cut in before.len() + 1..bytes.len() {
        assert!(decode_entry(1, &bytes[..cut]).is_err(), "cut to {cut}");
    }
    let rejudgement = EntryBody::Rejudgement(Rejudgement {
        environment: Environment::new("dev").unwrap(),
        host: host(),
        role: Role::new("web").unwrap(),
        source: SourceName::new("app").unwrap(),
        kind: SourceKind::File,
        key: ItemKey::from_bytes(b"K"),
        verdict: Verdict::OutOfBand,
        severity: Severity::Critical,
        later: Later {
            change: 300,
            mark: Mark::Adopted,
            evidence: Evidence::AdoptedBy { revision: "r".to_owned(), after_ms: 3 },
        },
    });
    fixture(&(9_i64, rejudgement), "01120303646576057765622d31037765620361707001014b0502ac02070a017206");
}

/// Evidence of every kind keeps its number: what was stored must stay readable.
#[test]
fn v4_evidence_has_these_numbers() {
    let number = |one: &Evidence| encode(Table::Meta, one).unwrap()[1];
    assert_eq!(number(&Evidence::ComesWithDeclared), 3);
    assert_eq!(number(&Evidence::Frozen { reason: String::new() }), 8);
    assert_eq!(number(&Evidence::Alternates { times: 4, within_ms: 1, actors: Vec::new() }), 12);
    let number = |one: &Missing| encode(Table::Meta, one).unwrap()[1];
    assert_eq!(number(&Missing::ActorUnknown), 6);
    assert_eq!(number(&Missing::WindowPart { ticket: String::new() }), 11);
    assert_eq!(number(&Missing::RevisionPart { revision: String::new() }), 14);
}

#[test]
fn a_row_of_amended_is_read_back_and_nothing_else_is_one() {
    for confidence in Confidence::ALL {
        assert_eq!(decode_amended(&encode_amended(confidence, 300)).unwrap(), (confidence, 300));
    }
    for bytes in [&[][..], &[3, 0, 0, 0, 0, 0, 0, 0, 1], &[0; 8], &[0; 10]] {
        assert!(decode_amended(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn v1_names_of_enums_have_these_numbers() {
    let number = |kind| encode(Table::Meta, &kind).unwrap()[1];
    assert_eq!(number(EventKind::HostEnrolled), 0);
    assert_eq!(number(EventKind::Gap), 8);
    assert_eq!(number(EventKind::TokenRevoked), 21);
    assert_eq!(number(EventKind::Operator), 23);
}

#[test]
fn counters_and_bounds_are_big_endian() {
    assert_eq!(hex(&encode_bounds(1, 258)), "00000000000000010000000000000102");
    assert_eq!(decode_bounds(&encode_bounds(1, 258)).unwrap(), (1, 258));
    assert_eq!(decode_counts(&encode_counts([1, 2, 3])).unwrap(), [1, 2, 3]);
    assert!(decode_counts(&encode_bounds(1, 2)).is_err());
}

#[test]
fn an_unknown_version_a_cut_and_nothing_are_refused_without_the_content() {
    let mut bytes = encode(Table::Items, &item("SECRET_NAME", Some("secret value"), None, 1)).unwrap();
    let cut = &bytes[..bytes.len() - 1];
    for error in [decode::<ItemRecord>(Table::Items, cut).unwrap_err(), ItemView::decode(cut).unwrap_err()] {
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    bytes[0] = 2;
    let error = decode::<ItemRecord>(Table::Items, &bytes).unwrap_err();
    assert_eq!(error.to_string(), "cannot read a record of `items`: unknown record version 2");
    assert!(ItemView::decode(&bytes).is_err());
    assert!(decode::<ItemRecord>(Table::Items, &[]).is_err());
}

proptest! {
    #[test]
    fn a_view_of_an_item_is_the_item(
        key in "[A-Z@_.é]{1,40}", display in prop::option::of(".{0,40}"), line: Option<u32>, since_ms: i64,
    ) {
        let item = item(&key, display.as_deref(), line, since_ms);
        let bytes = encode(Table::Items, &item).unwrap();
        let view = ItemView::decode(&bytes).unwrap();
        prop_assert_eq!(view.key, item.key.as_str());
        prop_assert_eq!((view.digest, view.secret, view.line), (item.digest, item.secret, item.line));
        prop_assert_eq!(view.display, item.display.as_ref().map(Masked::as_str));
        prop_assert_eq!(view.since_ms, item.since_ms);
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes: Vec<u8>) {
        let _ = ItemView::decode(&bytes);
        let _ = decode_entry(1, &bytes);
        let _ = decode::<HostRecord>(Table::Hosts, &bytes);
    }
}
