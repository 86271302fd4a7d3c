use driftline_canon::{Environment, HostName};
use driftline_compare::Severity;

use super::*;
use crate::record::EventKind;
use crate::store::{Store, StoreOptions};
use crate::{EngineKind, ErrorKind};

fn event(message: &str) -> EntryBody {
    EntryBody::Event(Event {
        kind: EventKind::Operator,
        severity: Severity::Info,
        environment: Some(Environment::new("dev").unwrap()),
        host: Some(HostName::new("web-1").unwrap()),
        source: None,
        between_ms: None,
        message: message.to_owned(),
    })
}

fn append(entries: usize, alerts: Vec<(&str, Vec<u32>)>) -> Operation {
    let alerts = alerts.into_iter().map(|(route, told)| (route.to_owned(), told)).collect();
    Operation::Append { entries: (0..entries).map(|_| event("x")).collect(), alerts }
}

#[test]
fn an_alert_of_an_entry_that_is_not_there_is_a_bug_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    writer.commit(Batch { operations: vec![append(1, vec![])], now_ms: 1 }).unwrap();
    // The second step may not tell of the entry of the first.
    let operations = vec![append(1, vec![]), append(1, vec![("a", vec![1])])];
    let error = writer.commit(Batch { operations, now_ms: 1 }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    let reader = store.reader().unwrap();
    assert_eq!((reader.head().unwrap().0, reader.outbox_len().unwrap()), (1, 0));
    drop(reader);
    let again = writer.commit(Batch { operations: vec![append(1, vec![("a", vec![0])])], now_ms: 1 }).unwrap();
    assert_eq!((again.entries, again.alerts), (vec![2], vec![1]));
}

#[test]
fn later_steps_of_a_batch_see_the_earlier_ones() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    let operations = vec![
        append(1, vec![("a", vec![0]), ("b", vec![0])]),
        Operation::AlertDeferred { id: 2, attempts: 1, next_attempt_ms: 50 },
        Operation::AlertDone(1),
        Operation::AlertDone(1),
    ];
    writer.commit(Batch { operations, now_ms: 1 }).unwrap();
    let reader = store.reader().unwrap();
    assert_eq!(reader.outbox_len().unwrap(), 1, "done twice counts once");
    assert_eq!(reader.outbox_next_ms().unwrap(), Some(50));
    assert_eq!(reader.outbox_due(49, 9).unwrap(), [], "the first time is forgotten");
    assert_eq!(reader.outbox_due(50, 9).unwrap()[0].attempts, 1);
}

#[test]
fn an_operator_with_a_new_token_is_no_longer_found_by_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
    let operator = |token: u8| OperatorRecord {
        name: "ada".to_owned(),
        token_hash: [token; 32],
        roles: vec!["viewer".to_owned()],
        created_ms: 1,
        revoked: false,
    };
    let puts = [1, 2, 3].map(|token| Operation::PutOperator(operator(token)));
    store.writer().unwrap().commit(Batch { operations: puts.to_vec(), now_ms: 1 }).unwrap();
    let reader = store.reader().unwrap();
    let found = |token: u8| reader.operator_by_token_hash(&[token; 32]).unwrap().is_some();
    assert_eq!([found(1), found(2), found(3)], [false, false, true]);
    assert_eq!(reader.operators().unwrap().len(), 1);
}

/// Every row of an index, of hours and of counts goes with what it tells of.
#[test]
fn nothing_is_left_of_what_was_cut_off_in_any_table() {
    use driftline_compare::chain::Beginning;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
    let mut writer = store.writer().unwrap();
    for minute in 0..40 {
        writer.commit(Batch { operations: vec![append(20, vec![])], now_ms: minute * 60_000 * 7 }).unwrap();
    }
    for last in [7, 400, 793] {
        let hash = store.reader().unwrap().hash_of(last).unwrap().unwrap();
        let told = Operation::Append { entries: vec![event(&Beginning::words(last, &hash))], alerts: vec![] };
        let cut = crate::Cut { first: last + 1, keep: vec![], announced: Some((last, hash)), days: 1, policy: 1 };
        writer.commit(Batch { operations: vec![told, Operation::Cut(cut)], now_ms: 40 * 60_000 * 7 }).unwrap();
        let reader = store.reader().unwrap();
        for table in [Table::History, Table::ByEnvironment, Table::ByHost] {
            let mut first = u64::MAX;
            let visit = &mut |key: &[u8], _: &[u8]| {
                first = first.min(crate::layout::id_of(key).unwrap());
                Ok(Flow::Go)
            };
            reader.snapshot.scan(table, &Span::all(), Direction::Up, visit).unwrap();
            assert_eq!(first, last + 1, "{table:?}");
        }
        let visit = &mut |_: &[u8], value: &[u8]| {
            assert!(decode_bounds(value).unwrap().0 > last);
            Ok(Flow::Go)
        };
        reader.snapshot.scan(Table::Hours, &Span::all(), Direction::Up, visit).unwrap();
        assert!(reader.verify(|_, _| {}).unwrap().is_whole());
    }
}
