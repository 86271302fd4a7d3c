//! Hosts, sources, items, tokens, operators; atomic commits; snapshots.
//!
//! Nothing about the history.

use driftline_store::*;

use crate::samples::*;
use crate::{each_engine, open};

fn put_items(host: &str, source: &str, items: Vec<ItemRecord>) -> Operation {
    Operation::PutItems { host: host_name(host), source: source_name(source), items }
}

#[test]
fn a_commit_is_there_after_reopening() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let operations = vec![
            Operation::PutHost(host("web-1", "production")),
            Operation::PutSource(source("web-1", "app", 2)),
            put_items("web-1", "app", vec![item("B", 2), item("A", 1)]),
            Operation::Append { entries: (0..5).map(body).collect(), alerts: vec![("hook".to_owned(), vec![0, 4])] },
            Operation::PutToken(token("t1")),
            Operation::PutOperator(operator("ada", 1)),
        ];
        let committed = open(dir.path(), engine).writer().unwrap().commit(batch(1_000, operations)).unwrap();
        assert_eq!(committed, Committed { entries: vec![1, 2, 3, 4, 5], alerts: vec![1] });

        let store = open(dir.path(), engine);
        assert!(!store.report().created);
        let reader = store.reader().unwrap();
        let (web, app) = (host_name("web-1"), source_name("app"));
        assert_eq!(reader.host(&web).unwrap(), Some(host("web-1", "production")));
        assert_eq!(reader.source(&web, &app).unwrap(), Some(source("web-1", "app", 2)));
        assert_eq!(reader.items(&web, &app).unwrap(), [item("A", 1), item("B", 2)]);
        assert_eq!(reader.entry(5).unwrap().unwrap().body, body(4));
        assert_eq!(reader.entry(6).unwrap(), None);
        assert_eq!(reader.outbox_len().unwrap(), 1);
        assert_eq!(reader.tokens().unwrap(), [token("t1")]);
        assert_eq!(reader.operators().unwrap(), [operator("ada", 1)]);
        let next = store.writer().unwrap().commit(batch(2_000, vec![append(vec![body(5)])])).unwrap();
        assert_eq!(next.entries, [6]);
    }
}

#[test]
fn the_sources_of_a_host_go_with_their_items_and_no_others() {
    each_engine(|store, writer| {
        let of = |name: &str| {
            let app = Operation::PutSource(source(name, "app", 1));
            vec![Operation::PutHost(host(name, "production")), app, put_items(name, "app", vec![item("A", 1)])]
        };
        writer.commit(batch(1, [of("web-1"), of("web-10"), of("web-2")].concat())).unwrap();
        let (web, app) = (host_name("web-1"), source_name("app"));
        let again = vec![
            Operation::PutSource(source("web-1", "earlier", 0)),
            Operation::RemoveSources(web.clone()),
            put_items("web-1", "later", vec![item("B", 2)]),
        ];
        writer.commit(batch(1, again)).unwrap();
        let reader = store.reader().unwrap();
        assert!(reader.sources(&web).unwrap().is_empty(), "those of the same batch too");
        assert!(reader.items(&web, &app).unwrap().is_empty());
        assert_eq!(reader.items(&web, &source_name("later")).unwrap().len(), 1, "what came after it stays");
        for other in ["web-10", "web-2"].map(host_name) {
            assert_eq!(reader.items(&other, &app).unwrap().len(), 1);
        }
    });
}

#[test]
fn a_forgotten_host_is_listed_nowhere_and_still_known_by_name() {
    each_engine(|store, writer| {
        let gone = HostRecord { status: HostStatus::Forgotten, ..host("web-1", "production") };
        writer.commit(batch(1, vec![Operation::PutHost(gone.clone())])).unwrap();
        let reader = store.reader().unwrap();
        assert!(reader.hosts().unwrap().is_empty());
        assert_eq!(reader.host(&host_name("web-1")).unwrap(), Some(gone));
    });
}

#[test]
fn hosts_come_by_environment_then_name() {
    each_engine(|store, writer| {
        let names = [("b", "staging"), ("z", "dev"), ("a", "staging"), ("c", "production")];
        let operations = names.iter().map(|(name, environment)| Operation::PutHost(host(name, environment))).collect();
        writer.commit(batch(1, operations)).unwrap();
        let hosts = store.reader().unwrap().hosts().unwrap();
        assert_eq!(hosts.iter().map(|host| host.host.as_str()).collect::<Vec<_>>(), ["z", "c", "a", "b"]);
    });
}

#[test]
fn names_that_begin_alike_do_not_mix() {
    each_engine(|store, writer| {
        let places = [("web", "app"), ("web", "app/x"), ("web-1", "app"), ("web", "ap"), ("we", "b")];
        let operations = places.iter().flat_map(|(host, name)| {
            [
                Operation::PutSource(source(host, name, 1)),
                put_items(host, name, vec![item(&format!("{host}.{name}"), 1)]),
            ]
        });
        writer.commit(batch(1, operations.collect())).unwrap();
        let reader = store.reader().unwrap();
        for (host, name) in places {
            let items = reader.items(&host_name(host), &source_name(name)).unwrap();
            assert_eq!(items, [item(&format!("{host}.{name}"), 1)]);
        }
        let sources = reader.sources(&host_name("web")).unwrap();
        assert_eq!(sources.iter().map(|one| one.source.as_str()).collect::<Vec<_>>(), ["ap", "app", "app/x"]);
        assert_eq!(reader.items(&host_name("nobody"), &source_name("app")).unwrap(), []);
    });
}

#[test]
fn later_operations_of_a_batch_see_earlier_ones() {
    each_engine(|store, writer| {
        let (web, app) = (host_name("web"), source_name("app"));
        let operations = vec![
            put_items("web", "app", vec![item("A", 1), item("B", 1)]),
            Operation::RemoveItems { host: web.clone(), source: app.clone(), keys: vec![key("A"), key("C")] },
            put_items("web", "app", vec![item("B", 2)]),
            Operation::PutOperator(operator("ada", 1)),
            Operation::PutOperator(operator("ada", 2)),
        ];
        writer.commit(batch(1, operations)).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.items(&web, &app).unwrap(), [item("B", 2)]);
        assert_eq!(reader.item(&web, &app, &key("B")).unwrap(), Some(item("B", 2)));
        assert_eq!(reader.item(&web, &app, &key("A")).unwrap(), None);
        assert_eq!(reader.operator_by_token_hash(&[1; 32]).unwrap(), None);
    });
}

#[test]
fn an_operator_is_found_by_the_newest_token_only() {
    each_engine(|store, writer| {
        writer.commit(batch(1, vec![Operation::PutOperator(operator("ada", 1))])).unwrap();
        writer.commit(batch(1, vec![Operation::PutOperator(operator("ada", 2))])).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.operator_by_token_hash(&[1; 32]).unwrap(), None);
        assert_eq!(reader.operator_by_token_hash(&[2; 32]).unwrap(), Some(operator("ada", 2)));
        assert_eq!(reader.operator("ada").unwrap(), Some(operator("ada", 2)));
    });
}

#[test]
fn scan_items_shows_what_items_does() {
    each_engine(|store, writer| {
        let mut operations = Vec::new();
        for name in ["web-1", "web-2", "db-1"] {
            for source_of in ["app", "worker"] {
                let items: Vec<_> = (0..40).map(|number| item(&format!("KEY_{number:03}"), number * 7)).collect();
                operations
                    .extend([Operation::PutSource(source(name, source_of, 40)), put_items(name, source_of, items)]);
            }
        }
        writer.commit(batch(1, operations)).unwrap();
        let reader = store.reader().unwrap();
        let hosts = [host_name("web-2"), host_name("web-1"), host_name("nobody")];
        let (mut seen, mut expected) = (Vec::new(), Vec::new());
        reader
            .scan_items(&hosts, |host, source, view| {
                seen.push((
                    host.clone(),
                    source.source.clone(),
                    ItemRecord {
                        key: key(view.key),
                        digest: view.digest,
                        secret: view.secret,
                        display: view.display.map(|text| driftline_canon::Masked::from_wire(text.to_owned())),
                        line: view.line,
                        file: view.file.map(Into::into),
                        since_ms: view.since_ms,
                    },
                ));
            })
            .unwrap();
        for host in &hosts {
            for source in reader.sources(host).unwrap() {
                let items = reader.items(host, &source.source).unwrap();
                expected.extend(items.into_iter().map(|item| (host.clone(), source.source.clone(), item)));
            }
        }
        assert_eq!(seen.len(), 160);
        assert_eq!(seen, expected);
    });
}

#[test]
fn a_refused_batch_leaves_nothing_and_the_next_one_works() {
    each_engine(|store, writer| {
        let bad = vec![
            Operation::PutHost(host("web", "dev")),
            Operation::Append { entries: vec![body(0)], alerts: vec![("hook".to_owned(), vec![1])] },
        ];
        assert_eq!(writer.commit(batch(1, bad)).unwrap_err().kind(), ErrorKind::Bug);
        let reader = store.reader().unwrap();
        assert_eq!(reader.hosts().unwrap(), []);
        assert_eq!(reader.head().unwrap(), (0, [0; 32]));
        assert_eq!(writer.commit(batch(1, vec![append(vec![body(0)])])).unwrap().entries, [1]);
    });
}

#[test]
fn a_reader_does_not_see_later_commits_however_large() {
    each_engine(|store, writer| {
        let (web, app) = (host_name("web"), source_name("app"));
        let items = |value: u64| (0..700).map(move |number| item(&format!("K{number:04}"), number + value));
        writer.commit(batch(1, vec![put_items("web", "app", items(0).collect())])).unwrap();
        let before = store.reader().unwrap();
        let removed = (0..700).step_by(3).map(|number| key(&format!("K{number:04}"))).collect();
        writer
            .commit(batch(
                2,
                vec![
                    put_items("web", "app", items(1_000).collect()),
                    put_items("web", "app", vec![item("NEW", 1)]),
                    Operation::RemoveItems { host: web.clone(), source: app.clone(), keys: removed },
                    append(vec![body(0)]),
                ],
            ))
            .unwrap();
        let between = store.reader().unwrap();
        writer.commit(batch(3, vec![put_items("web", "app", items(5).collect())])).unwrap();

        assert_eq!(before.items(&web, &app).unwrap(), items(0).collect::<Vec<_>>());
        assert_eq!(before.item(&web, &app, &key("NEW")).unwrap(), None);
        assert_eq!(before.head().unwrap().0, 0);
        assert_eq!(before.entries(&EntryQuery::default()).unwrap().entries, []);
        assert_eq!(between.items(&web, &app).unwrap().len(), 700 - 234 + 1);
        assert_eq!(between.head().unwrap().0, 1);
        assert_eq!(store.reader().unwrap().items(&web, &app).unwrap().len(), 701);
    });
}

#[test]
fn readers_in_other_threads_never_see_half_a_commit() {
    each_engine(|store, writer| {
        let (web, app) = (host_name("web"), source_name("app"));
        std::thread::scope(|scope| {
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut last = 0;
                        while last < 30 {
                            let reader = store.reader().unwrap();
                            let items = reader.items(&web, &app).unwrap();
                            let digests: std::collections::BTreeSet<_> = items.iter().map(|item| item.digest).collect();
                            assert!(digests.len() <= 1, "{} versions at once", digests.len());
                            let head = reader.head().unwrap().0;
                            assert!(head >= last, "time went backwards");
                            assert_eq!(items.len(), if head == 0 { 0 } else { 500 });
                            last = head;
                        }
                    })
                })
                .collect();
            for round in 1..=30_u64 {
                let items =
                    (0..500).map(|number| ItemRecord { digest: digest(round), ..item(&format!("K{number}"), 1) });
                let operations = vec![put_items("web", "app", items.collect()), append(vec![body(round)])];
                writer.commit(batch(1, operations)).unwrap();
            }
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
    });
}

#[test]
fn there_is_one_writer_at_a_time() {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        let writer = store.writer().unwrap();
        assert!(store.clone().writer().is_none());
        drop(writer);
        assert!(store.writer().is_some());
    }
}

#[test]
fn an_empty_batch_is_no_commit() {
    each_engine(|store, writer| {
        assert_eq!(writer.commit(batch(1, vec![])).unwrap(), Committed::default());
        assert_eq!(store.reader().unwrap().head().unwrap().0, 0);
    });
}
