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

#[test]
fn a_route_reads_its_own_alerts_in_order_and_goes_on_behind_the_last() {
    each_engine(|store, writer| {
        for _ in 0..4 {
            writer.commit(batch(0, vec![told(2, vec![("a", vec![0]), ("b", vec![0, 1])])])).unwrap();
        }
        let ids = |route: &str, after, limit| {
            let alerts = store.reader().unwrap().outbox_of(route, after, limit).unwrap();
            assert!(alerts.iter().all(|alert| alert.route == route));
            alerts.iter().map(|alert| alert.id).collect::<Vec<_>>()
        };
        assert_eq!(ids("a", 0, 10), [1, 3, 5, 7]);
        assert_eq!(ids("b", 0, 10), [2, 4, 6, 8]);
        assert_eq!(ids("b", 2, 2), [4, 6], "behind the last one, not with it");
        assert!(ids("b", 8, 10).is_empty());
        assert!(ids("a", u64::MAX, 10).is_empty());
        assert!(ids("nobody", 0, 10).is_empty());
        assert!(ids("a", 0, 0).is_empty());
        writer.commit(batch(0, vec![Operation::AlertDone(3)])).unwrap();
        let later = Operation::AlertDeferred { id: 5, attempts: 3, next_attempt_ms: i64::MAX };
        writer.commit(batch(0, vec![later])).unwrap();
        assert_eq!(ids("a", 0, 10), [1, 5, 7], "an alert that was put off keeps its place");
    });
}

#[test]
fn a_route_that_is_far_behind_reads_a_page_at_a_time() {
    each_engine(|store, writer| {
        let many = 1_200_u32;
        let alerts = (0..many).map(|_| ("a", vec![0])).collect();
        writer.commit(batch(0, vec![told(1, alerts)])).unwrap();
        let reader = store.reader().unwrap();
        let first = reader.outbox_of("a", 0, usize::MAX).unwrap();
        assert_eq!(first.len(), OUTBOX_DUE_MAX);
        let rest = reader.outbox_of("a", first.last().unwrap().id, usize::MAX).unwrap();
        assert_eq!(u32::try_from(first.len() + rest.len()).unwrap(), many);
        assert_eq!(reader.outbox_len().unwrap(), u64::from(many));
    });
}

#[test]
fn an_alert_may_tell_of_entries_of_earlier_commits() {
    each_engine(|store, writer| {
        let bodies = (0..3).map(body).collect();
        let made = writer.commit(batch(1, vec![append(bodies)])).unwrap();
        let entries: Vec<Entry> = store.reader().unwrap().entries(&EntryQuery::default()).unwrap().entries;
        let later = vec![
            Operation::Alert { route: "hook".to_owned(), entries: entries[1..].to_vec() },
            Operation::Alert { route: "hook".to_owned(), entries: Vec::new() },
        ];
        let committed = writer.commit(batch(9, later)).unwrap();
        assert_eq!((committed.entries.len(), committed.alerts.len()), (0, 1), "one of nothing is none");
        let due = store.reader().unwrap().outbox_due(9, 10).unwrap();
        assert_eq!((&due[0].entries[..], due[0].next_attempt_ms), (&made.entries[1..], 9));
    });
}
