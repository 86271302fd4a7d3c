//! Alerts: made with their entries, due by time, done once.
//!
//! Nothing is sent here.

use driftline_store::*;

use crate::each_engine;
use crate::samples::*;

fn told(entries: u64, alerts: Vec<(&str, Vec<u32>)>) -> Operation {
    Operation::Append {
        entries: (0..entries).map(body).collect(),
        alerts: alerts.into_iter().map(|(route, told)| (route.to_owned(), told)).collect(),
    }
}

#[test]
fn alerts_name_the_entries_of_their_own_step() {
    each_engine(|store, writer| {
        let operations = vec![told(2, vec![("a", vec![1])]), told(2, vec![("b", vec![0, 1]), ("none", vec![])])];
        let committed = writer.commit(batch(7, operations)).unwrap();
        assert_eq!(committed, Committed { entries: vec![1, 2, 3, 4], alerts: vec![1, 2] });
        let due = store.reader().unwrap().outbox_due(7, 10).unwrap();
        let made = |id, route: &str, entries: Vec<u64>| AlertRecord {
            id,
            route: route.to_owned(),
            entries,
            attempts: 0,
            next_attempt_ms: 7,
        };
        assert_eq!(due, [made(1, "a", vec![2]), made(2, "b", vec![3, 4])]);
    });
}

#[test]
fn the_longest_due_come_first_and_not_before_their_time() {
    each_engine(|store, writer| {
        writer.commit(batch(0, vec![told(3, vec![("a", vec![0]), ("b", vec![1]), ("c", vec![2])])])).unwrap();
        let defer = |id, next_attempt_ms| Operation::AlertDeferred { id, attempts: 2, next_attempt_ms };
        writer.commit(batch(0, vec![defer(1, 500), defer(2, -3), defer(3, 100), defer(99, 1)])).unwrap();
        let reader = store.reader().unwrap();
        let ids = |now, limit| reader.outbox_due(now, limit).unwrap().iter().map(|alert| alert.id).collect::<Vec<_>>();
        assert_eq!(ids(99, 10), [2]);
        assert_eq!(ids(100, 10), [2, 3]);
        assert_eq!(ids(i64::MAX, 2), [2, 3]);
        assert_eq!(ids(i64::MAX, 10), [2, 3, 1]);
        assert_eq!(reader.outbox_due(99, 1).unwrap()[0].attempts, 2);
        assert_eq!(reader.outbox_next_ms().unwrap(), Some(-3));
        assert_eq!(reader.outbox_len().unwrap(), 3);
    });
}

#[test]
fn a_done_alert_is_gone_and_its_id_never_comes_back() {
    each_engine(|store, writer| {
        writer.commit(batch(0, vec![told(1, vec![("a", vec![0])])])).unwrap();
        writer.commit(batch(0, vec![Operation::AlertDone(1), Operation::AlertDone(1)])).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.outbox_len().unwrap(), 0);
        assert_eq!(reader.outbox_due(i64::MAX, 10).unwrap(), []);
        assert_eq!(reader.outbox_next_ms().unwrap(), None);
        let again = writer.commit(batch(0, vec![told(1, vec![("a", vec![0])])])).unwrap();
        assert_eq!(again.alerts, [2]);
        assert_eq!(store.reader().unwrap().outbox_len().unwrap(), 1);
    });
}
