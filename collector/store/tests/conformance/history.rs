//! Pages of the history: order, cursors, limits, filters.
//!
//! What the filters mean is compared with a model in `model.rs`.

use driftline_compare::Verdict;
use driftline_store::*;

use crate::samples::*;
use crate::{each_engine, open};

fn all_pages(reader: &Reader, query: &EntryQuery) -> (Vec<u64>, usize) {
    let (mut ids, mut pages, mut query) = (Vec::new(), 0, query.clone());
    loop {
        let page = reader.entries(&query).unwrap();
        assert!(page.entries.len() <= if query.limit == 0 { PAGE_ENTRIES_MAX } else { query.limit });
        ids.extend(page.entries.iter().map(|entry| entry.id));
        pages += 1;
        match page.next {
            Some(next) => query = query.continued(next),
            None => return (ids, pages),
        }
    }
}

#[test]
fn ten_thousand_entries_page_by_page_both_ways() {
    each_engine(|store, writer| {
        for start in (0..10_000).step_by(2_500) {
            writer.commit(batch(1, vec![append((start..start + 2_500).map(body).collect())])).unwrap();
        }
        let reader = store.reader().unwrap();
        let query = EntryQuery { limit: 300, ..EntryQuery::default() };
        let (up, pages) = all_pages(&reader, &query);
        assert_eq!(up, (1..=10_000).collect::<Vec<u64>>());
        assert_eq!(pages, 34);
        let (down, _) = all_pages(&reader, &EntryQuery { newest_first: true, ..query.clone() });
        assert_eq!(down, (1..=10_000).rev().collect::<Vec<u64>>());
        let production = EntryQuery { environment: Some(environment("production")), ..query };
        let (some, _) = all_pages(&reader, &production);
        let expected = up.iter().filter(|&&id| production.matches(&reader.entry(id).unwrap().unwrap()));
        assert_eq!(some, expected.copied().collect::<Vec<_>>());
        assert!(some.len() > 3_000);
    });
}

#[test]
fn entries_that_come_while_paging_up_are_found_and_nothing_twice() {
    each_engine(|store, writer| {
        writer.commit(batch(1, vec![append((0..10).map(body).collect())])).unwrap();
        let query = EntryQuery { limit: 10, ..EntryQuery::default() };
        let page = store.reader().unwrap().entries(&query).unwrap();
        assert_eq!(page.next, None, "there was no more at that time");
        writer.commit(batch(1, vec![append((10..13).map(body).collect())])).unwrap();
        let last = page.entries.last().unwrap().id;
        let rest = store.reader().unwrap().entries(&query.continued(last)).unwrap();
        assert_eq!(rest.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [11, 12, 13]);
    });
}

#[test]
fn a_rare_match_costs_a_bounded_scan_and_is_not_lost() {
    each_engine(|store, writer| {
        let rare = EntryBody::Change(Change { key: key("RARE"), ..change(0) });
        writer.commit(batch(1, vec![append(vec![rare])])).unwrap();
        for _ in 0..5 {
            writer.commit(batch(1, vec![append((0..5_000).map(|_| body(0)).collect())])).unwrap();
        }
        let reader = store.reader().unwrap();
        let query = EntryQuery { key_pattern: Some("RA*".to_owned()), newest_first: true, ..EntryQuery::default() };
        let first = reader.entries(&query).unwrap();
        assert_eq!((first.entries.len(), first.next), (0, Some(25_001 - 20_000 + 1)));
        assert_eq!(all_pages(&reader, &query), (vec![1], 2));
        let exact = reader.key_history(&key("RARE"), None, None, 10, None).unwrap();
        assert_eq!((exact.entries.len(), exact.next), (1, None));
    });
}

#[test]
fn times_are_filtered_exactly_though_the_clock_steps_back() {
    each_engine(|store, writer| {
        let hour = 3_600_000;
        for now in [10 * hour, 11 * hour + 5, 2 * hour, 12 * hour, -hour] {
            writer.commit(batch(now, vec![append(vec![body(0), body(1)])])).unwrap();
        }
        let reader = store.reader().unwrap();
        let ids =
            |since_ms, until_ms| all_pages(&reader, &EntryQuery { since_ms, until_ms, ..EntryQuery::default() }).0;
        assert_eq!(ids(Some(11 * hour + 5), None), [3, 4, 7, 8]);
        assert_eq!(ids(Some(11 * hour + 6), None), [7, 8]);
        assert_eq!(ids(None, Some(10 * hour)), [5, 6, 9, 10]);
        assert_eq!(ids(None, Some(0)), [9, 10]);
        assert_eq!(ids(Some(10 * hour), Some(11 * hour + 5)), [1, 2]);
        assert_eq!(ids(Some(13 * hour), None), [0_u64; 0]);
    });
}

#[test]
fn a_key_with_a_star_in_its_name_has_its_own_history() {
    each_engine(|store, writer| {
        let named = |name: &str| EntryBody::Change(Change { key: key(name), ..change(0) });
        writer.commit(batch(1, vec![append(vec![named("A*"), named("AB"), named("A*")])])).unwrap();
        let page = store.reader().unwrap().key_history(&key("A*"), None, None, 10, None).unwrap();
        assert_eq!(page.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [3, 1]);
    });
}

#[test]
fn changes_are_counted_by_environment_severity_and_minute() {
    each_engine(|store, writer| {
        let one =
            |name: &str, severity| EntryBody::Change(Change { environment: environment(name), severity, ..change(0) });
        use driftline_compare::Severity::{Critical, Info, Warning};
        writer.commit(batch(60_000, vec![append(vec![one("dev", Info), one("dev-2", Critical)])])).unwrap();
        writer.commit(batch(119_999, vec![append(vec![one("dev", Warning), one("dev", Info)])])).unwrap();
        writer.commit(batch(600_000, vec![append(vec![one("dev", Info), EntryBody::Event(event(1))])])).unwrap();
        let counts = |since| store.reader().unwrap().change_counts(since).unwrap();
        let dev = |info, warning| SeverityCounts { info, warning, critical: 0 };
        assert_eq!(counts(0)[&environment("dev")], dev(3, 1));
        assert_eq!(counts(0)[&environment("dev-2")], SeverityCounts { critical: 1, ..SeverityCounts::default() });
        assert_eq!(counts(100_000).len(), 2, "a time counts from its minute on");
        assert_eq!(counts(120_000).into_iter().collect::<Vec<_>>(), [(environment("dev"), dev(1, 0))]);
        assert!(counts(700_000).is_empty());
    });
}

#[test]
fn an_amendment_is_joined_with_every_change_of_its_record() {
    use driftline_canon::Confidence::{Exact, Probable, Unknown};
    each_engine(|store, writer| {
        let one = Change { beside: Beside::default(), ..change(1) };
        let two = Change { key: key("OTHER"), ..one.clone() };
        let elsewhere = Change { agent_seq: 2, ..one.clone() };
        let foreign = Change { agent_epoch: vec![7; 16], ..one.clone() };
        let changes = [&one, &two, &elsewhere, &foreign].map(|change| EntryBody::Change(change.clone()));
        writer.commit(batch(1, vec![append(changes.to_vec())])).unwrap();
        let who = |change: &Change| {
            let found = store.reader().unwrap().amendment(change).unwrap();
            found.map(|found| (found.id, found.actor.summary()))
        };
        assert_eq!(who(&one), None);
        writer.commit(batch(2, vec![append(vec![amendment(&one, "alice", Probable)])])).unwrap();
        let alice = Some((5, "probably alice".to_owned()));
        assert_eq!((who(&one), who(&two)), (alice.clone(), alice));
        assert_eq!((who(&elsewhere), who(&foreign)), (None, None));
        // Both in one commit: what is surer stays, whichever comes last.
        let more = vec![append(vec![amendment(&one, "bob", Exact), amendment(&one, "carol", Probable)])];
        writer.commit(batch(3, more)).unwrap();
        assert_eq!(who(&one), Some((6, "bob".to_owned())));
        let told = Change { beside: Beside { actor: Some(Box::new(actor("eve", Exact))), ..Beside::default() }, ..one };
        assert_eq!(who(&told), Some((6, "bob".to_owned())), "as sure, and later");
        writer.commit(batch(4, vec![append(vec![amendment(&elsewhere, "alice", Unknown)])])).unwrap();
        let told = Change { agent_seq: 2, ..told };
        assert_eq!(who(&told), None, "less sure than what was said with the change");
        let by = |text: &str| {
            let query = EntryQuery { actor: Some(ActorPattern::new(text)), ..EntryQuery::default() };
            all_pages(&store.reader().unwrap(), &query).0
        };
        assert_eq!((by("bob"), by("carol"), by("alice")), (vec![1, 2, 6], vec![7], vec![3, 5, 8]));
        assert!(store.reader().unwrap().verify(|_, _| {}).unwrap().is_whole());
    });
}

#[test]
fn an_amendment_of_nothing_or_of_another_source_is_joined_with_nothing() {
    each_engine(|store, writer| {
        let one = Change { beside: Beside::default(), ..change(1) };
        let never = Change { agent_seq: u64::MAX, ..one.clone() };
        let other = Change { source: source_name("elsewhere"), ..one.clone() };
        let said = [&never, &other].map(|change| amendment(change, "mallory", driftline_canon::Confidence::Exact));
        writer.commit(batch(1, vec![append(vec![EntryBody::Change(one.clone())]), append(said.to_vec())])).unwrap();
        assert_eq!(store.reader().unwrap().amendment(&one).unwrap(), None);
        let all = store.reader().unwrap().entries(&EntryQuery::default()).unwrap();
        assert_eq!(all.entries.len(), 3, "they are kept and shown all the same");
    });
}

#[test]
fn what_opens_something_is_found_without_reading_the_history() {
    each_engine(|store, writer| {
        for start in (0..30_000).step_by(5_000) {
            let plain = (start..start + 5_000)
                .map(|number| EntryBody::Change(Change { beside: Beside::default(), ..change(number) }));
            writer.commit(batch(1, vec![append(plain.collect())])).unwrap();
        }
        let opening = Change { beside: beside(25), ..change(25) };
        writer.commit(batch(1, vec![append(vec![EntryBody::Change(opening)])])).unwrap();
        let query = EntryQuery { opens: Opens::from_name("any"), newest_first: false, ..EntryQuery::default() };
        // More rows than one call looks at lie before it, and it is found in one.
        let page = store.reader().unwrap().entries(&query).unwrap();
        assert_eq!((page.entries.len(), page.next), (1, None));
        assert_eq!(page.entries[0].id, 30_001);
    });
}

#[test]
fn changes_of_a_verdict_are_found_without_reading_the_history() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        let mut writer = store.writer().unwrap();
        // Far more than one call looks at, none of them out of band.
        for round in 0..30_u64 {
            let meant = |number: u64| Change { verdict: Verdict::Authorised, ..change(round * 1_000 + number) };
            let bodies = (0..1_000).map(|number| EntryBody::Change(meant(number)));
            writer.commit(batch(1, vec![append(bodies.collect())])).unwrap();
            if round == 3 {
                let body = |number| EntryBody::Change(Change { verdict: Verdict::OutOfBand, ..change(number) });
                writer.commit(batch(1, vec![append(vec![body(0), body(1)])])).unwrap();
            }
        }
        let query = EntryQuery { verdict: Some(Verdict::OutOfBand), newest_first: true, ..EntryQuery::default() };
        let found = |query: EntryQuery| {
            let page = store.reader().unwrap().entries(&query).unwrap();
            assert_eq!(page.next, None);
            page.entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        assert_eq!(found(query.clone()), [4_002, 4_001]);
        let here = Some(change(1).environment);
        assert_eq!(found(EntryQuery { environment: here, ..query.clone() }), [4_002]);
        assert_eq!(found(EntryQuery { verdict: Some(Verdict::ContentMismatch), ..query }), [0_u64; 0]);
    }
}

#[test]
fn what_a_change_is_now_is_joined_with_it_and_with_no_other() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        let mut writer = store.writer().unwrap();
        let changes = (0..3).map(|number| EntryBody::Change(change(number))).collect();
        writer.commit(batch(1, vec![append(changes)])).unwrap();
        let later = vec![rejudgement(2, &change(1)), rejudgement(1, &change(0)), rejudgement(2, &change(1))];
        writer.commit(batch(7, vec![append(later)])).unwrap();
        let reader = store.reader().unwrap();
        let ids =
            |change| reader.rejudged(change).unwrap().iter().map(|one| (one.id, one.recorded_ms)).collect::<Vec<_>>();
        assert_eq!((ids(1), ids(2), ids(3)), (vec![(5, 7)], vec![(4, 7), (6, 7)], vec![]));
        assert!(reader.verify(|_, _| {}).unwrap().is_whole());
    }
}
