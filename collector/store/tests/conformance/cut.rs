//! A history whose beginning is cut off: the rest answers as if it were all
//! there ever was, and proves it.
//!
//! Why an entry goes or stays is decided by callers; here it follows from ids.

use std::collections::BTreeSet;

use driftline_canon::Confidence;
use driftline_compare::chain::Beginning;
use driftline_store::*;
use proptest::prelude::*;

use crate::model::{Model, a_batch, a_query, compare_history, compare_state};
use crate::samples::*;
use crate::{each_engine, open};

/// A batch that announces the removal up to `last` and cuts up to `first`.
fn announced(reader: &Reader, last: u64, first: u64, keep: &[u64]) -> Batch {
    let hash = reader.hash_of(last).unwrap().unwrap();
    let told = Event { message: format!("removed {}", Beginning::words(last, &hash)), ..event(2) };
    let cut = Cut { first, keep: keep.to_vec(), announced: Some((last, hash)), days: 90, policy: 7 };
    batch(9_000_000, vec![append(vec![EntryBody::Event(told)]), Operation::Cut(cut)])
}

/// A cut of what was announced before.
fn more(first: u64, keep: &[u64]) -> Batch {
    let cut = Cut { first, keep: keep.to_vec(), announced: None, days: 90, policy: 7 };
    batch(9_000_001, vec![Operation::Cut(cut)])
}

fn filled(writer: &mut Writer, entries: u64) {
    for number in 0..entries / 10 {
        let bodies = (number * 10..number * 10 + 10).map(body).collect();
        writer.commit(batch(i64::try_from(number).unwrap() * 1_800_000, vec![append(bodies)])).unwrap();
    }
}

fn links(reader: &Reader) -> Vec<ChainLink> {
    let mut links = Vec::new();
    let take = |id, body: &[u8], hash: &[u8; 32]| {
        links.push(ChainLink { id, body: body.to_vec(), hash: *hash });
        true
    };
    reader.chain(1, take).unwrap();
    links
}

#[test]
fn p8_a_history_without_its_beginning_is_proven_from_its_anchor() {
    each_engine(|store, writer| {
        filled(writer, 100);
        let before = links(&store.reader().unwrap());
        assert_eq!(store.reader().unwrap().anchor().unwrap(), None);
        writer.commit(announced(&store.reader().unwrap(), 60, 41, &[])).unwrap();
        let reader = store.reader().unwrap();
        let anchor = reader.anchor().unwrap().unwrap();
        assert_eq!((anchor.first, anchor.removed, anchor.beside()), (41, 40, 0));
        assert_eq!((anchor.before, anchor.announced.0, anchor.announced_by), (before[39].hash, 60, 101));
        assert_eq!((anchor.days, anchor.policy, anchor.cut_ms), (90, 7, 9_000_000));
        assert_eq!(anchor.newest_ms, 3 * 1_800_000);
        let report = reader.verify(|_, _| {}).unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.entries, report.head.0), (61, 101));
        writer.commit(more(61, &[])).unwrap();
        let reader = store.reader().unwrap();
        assert!(reader.verify(|_, _| {}).unwrap().is_whole());
        let rest = links(&reader);
        assert_eq!(rest.iter().map(|link| link.id).collect::<Vec<_>>(), (61..=101).collect::<Vec<_>>());
        // What was exported before the cut is proven as it always was, and the rest goes on from it.
        assert!(verify_chain(before.iter().cloned().map(Ok)).unwrap().is_whole());
        assert_eq!(rest[..40], before[60..]);
        // From the first entry on there is no chain any more: nobody takes the rest for all.
        assert_eq!(verify_chain(rest.iter().cloned().map(Ok)).unwrap().broken_at, Some(1));
        let mut forged = reader.anchor().unwrap().unwrap();
        forged.announced_by = 100;
        let mut verifier = ChainVerifier::from(&forged);
        assert!(rest.iter().all(|link| verifier.push(link.id, &link.body, &link.hash)));
        assert_eq!(verifier.finish().broken_at, Some(61), "an entry that announced nothing vouches for nothing");
    });
}

#[test]
fn what_is_not_announced_not_there_or_too_much_at_once_is_refused_whole() {
    each_engine(|store, writer| {
        filled(writer, 700);
        let reader = store.reader().unwrap();
        let before = reader.verify(|_, _| {}).unwrap();
        for (refused, why) in [
            (more(10, &[]), "nothing announced it"),
            (announced(&reader, 20, 22, &[]), "only entries up to 20"),
            (announced(&reader, 690, 602, &[]), "601 entries at once"),
        ] {
            let error = writer.commit(refused).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Bug);
            assert!(error.to_string().contains(why), "{error}");
        }
        let reader = store.reader().unwrap();
        assert_eq!(reader.verify(|_, _| {}).unwrap(), before);
        assert_eq!(reader.anchor().unwrap(), None);
        // What is cut off already is cut off: saying it twice changes nothing.
        writer.commit(announced(&reader, 20, 21, &[])).unwrap();
        let once = store.reader().unwrap().anchor().unwrap();
        writer.commit(more(21, &[])).unwrap();
        writer.commit(more(5, &[])).unwrap();
        assert_eq!(store.reader().unwrap().anchor().unwrap(), once);
    });
}

#[test]
fn a_kept_change_is_found_by_its_key_with_all_that_is_known_of_it_and_in_no_list() {
    each_engine(|store, writer| {
        let (old, other) = (change(4), change(5));
        let bodies = vec![EntryBody::Change(old.clone()), EntryBody::Change(other.clone())];
        writer.commit(batch(1, vec![append(bodies)])).unwrap();
        let later = vec![amendment(&old, "carol", Confidence::Exact), rejudgement(1, &old), rejudgement(2, &other)];
        writer.commit(batch(2, vec![append(later)])).unwrap();
        filled(writer, 20);
        writer.commit(announced(&store.reader().unwrap(), 10, 11, &[1, 3, 4])).unwrap();
        let reader = store.reader().unwrap();
        let anchor = reader.anchor().unwrap().unwrap();
        assert_eq!((anchor.removed, anchor.beside()), (7, 3));
        assert_eq!(reader.entry(1).unwrap().unwrap().body, EntryBody::Change(old.clone()));
        assert_eq!(reader.entry(2).unwrap(), None);
        assert_eq!(reader.amendment(&old).unwrap().unwrap().actor, Box::new(actor("carol", Confidence::Exact)));
        assert_eq!((reader.rejudged(1).unwrap().len(), reader.rejudged(2).unwrap().len()), (1, 0));
        let of_key = reader.key_history(&old.key, Some(&old.host), None, 100, None).unwrap().entries;
        assert_eq!(of_key.last().unwrap().id, 1, "its story goes back to it");
        let listed = |query: EntryQuery| {
            let found = reader.entries(&query).unwrap().entries;
            assert!(found.iter().all(|entry| entry.id > 10), "{query:?}");
            found.len()
        };
        assert_eq!(listed(EntryQuery::default()), 16);
        listed(EntryQuery { host: Some(old.host.clone()), ..EntryQuery::default() });
        listed(EntryQuery { environment: Some(old.environment.clone()), ..EntryQuery::default() });
        listed(EntryQuery { verdict: Some(old.verdict), ..EntryQuery::default() });
        assert!(reader.verify(|_, _| {}).unwrap().is_whole());
        writer.commit(batch(3, vec![Operation::DropKept(vec![1, 2, 3, 4, 11, 999])])).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.anchor().unwrap().unwrap().beside(), 0);
        assert_eq!((reader.entry(1).unwrap(), reader.amendment(&old).unwrap()), (None, None));
        assert!(reader.rejudged(1).unwrap().is_empty());
        assert!(reader.entry(11).unwrap().is_some(), "the chain is never touched that way");
        assert!(reader.verify(|_, _| {}).unwrap().is_whole());
    });
}

#[test]
fn what_a_host_had_before_the_history_begins_is_not_guessed() {
    each_engine(|store, writer| {
        filled(writer, 100);
        let host = host("dev-0", "dev");
        let operations = vec![Operation::PutHost(host.clone()), Operation::PutSource(source("dev-0", "app", 0))];
        writer.commit(batch(9_000_000, operations)).unwrap();
        writer.commit(announced(&store.reader().unwrap(), 50, 51, &[])).unwrap();
        let reader = store.reader().unwrap();
        let newest = reader.anchor().unwrap().unwrap().newest_ms;
        let hidden = |at_ms| reader.items_at(&host.host, at_ms).unwrap().hidden;
        assert!(hidden(newest - 1).is_some_and(|why| why.contains("the history begins")));
        assert_eq!(hidden(newest), None);
        assert_eq!(hidden(9_000_000), None);
    });
}

#[test]
fn entries_recorded_before_a_time_are_counted_however_the_clock_stepped() {
    each_engine(|store, writer| {
        const HOUR_MS: i64 = 3_600_000;
        let hours = [10, 11, 20, 12, 21];
        for hour in hours {
            writer.commit(batch(hour * HOUR_MS + 5, vec![append(vec![body(1), body(2)])])).unwrap();
        }
        let reader = store.reader().unwrap();
        let before = |hour: i64| reader.recorded_before(hour * HOUR_MS).unwrap();
        assert_eq!([before(5), before(11), before(12), before(13), before(21), before(22)], [0, 2, 4, 4, 8, 10]);
        assert_eq!(reader.oldest(3, 4).unwrap().iter().map(|entry| entry.id).collect::<Vec<_>>(), [3, 4]);
    });
}

/// Cuts a history in pieces and keeps some changes; what is left answers like a
/// list of what is left.
#[test]
fn every_answer_of_a_cut_history_is_what_reading_the_rest_would_give() {
    let config = ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() };
    let batches = prop::collection::vec(a_batch(), 1..8);
    let pieces = prop::collection::vec(1..60_u64, 1..4);
    let queries = prop::collection::vec((a_query(), any::<bool>()), 24);
    proptest!(config, |(batches in batches, later in prop::collection::vec(a_batch(), 0..3), pieces in pieces,
                        keep_every in 2..9_u64, queries in queries)| {
        let queries: Vec<EntryQuery> =
            queries.into_iter().map(|(query, kept_too)| EntryQuery { kept_too, ..query }).collect();
        for engine in EngineKind::ALL {
            let dir = tempfile::tempdir().unwrap();
            let mut model = Model::default();
            {
                let store = open(dir.path(), engine);
                let mut writer = store.writer().unwrap();
                for batch in &batches {
                    writer.commit(batch.clone()).unwrap();
                    model.commit(batch);
                }
                cut_in_pieces(&store, &mut writer, &mut model, &pieces, keep_every);
                compare_history(&store.reader().unwrap(), &model, &queries)?;
                for batch in &later {
                    writer.commit(batch.clone()).unwrap();
                    model.commit(batch);
                }
                let kept: Vec<u64> = model.kept.iter().copied().filter(|id| id.is_multiple_of(2)).collect();
                writer.commit(batch(1, vec![Operation::DropKept(kept.clone())])).unwrap();
                kept.iter().for_each(|id| _ = model.kept.remove(id));
                compare_history(&store.reader().unwrap(), &model, &queries)?;
            }
            let store = open(dir.path(), engine);
            compare_state(&store.reader().unwrap(), &model)?;
            compare_history(&store.reader().unwrap(), &model, &queries)?;
        }
    });
}

fn cut_in_pieces(store: &Store, writer: &mut Writer, model: &mut Model, pieces: &[u64], keep_every: u64) {
    let mut first = 1;
    for piece in pieces {
        let reader = store.reader().unwrap();
        let last = (first + piece - 1).min(reader.head().unwrap().0);
        if last < first {
            return;
        }
        let changes = reader.oldest(first, last).unwrap();
        let is_kept =
            |entry: &&Entry| matches!(entry.body, EntryBody::Change(_)) && entry.id.is_multiple_of(keep_every);
        let keep: BTreeSet<u64> = changes.iter().filter(is_kept).map(|entry| entry.id).collect();
        let ids: Vec<u64> = keep.iter().copied().collect();
        let batch = announced(&reader, last, last + 1, &ids);
        writer.commit(batch.clone()).unwrap();
        model.commit(&Batch { operations: batch.operations[..1].to_vec(), ..batch });
        first = last + 1;
        model.first = first;
        model.kept.extend(keep);
    }
}
