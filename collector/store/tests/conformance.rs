//! One suite that every engine passes.
//!
//! Each test runs over all engines; what a test says of one it says of each.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/samples.rs"]
mod samples;

use driftline_store::*;
use samples::*;

const ENGINES: [EngineKind; 1] = [EngineKind::Redb];

fn open(dir: &std::path::Path, engine: EngineKind) -> Store {
    Store::open(dir, engine, StoreOptions { now_ms: 5, ..StoreOptions::default() }).unwrap()
}

#[test]
fn a_batch_is_there_after_reopening() {
    for engine in ENGINES {
        let dir = tempfile::tempdir().unwrap();
        {
            let store = open(dir.path(), engine);
            assert!(store.report().created);
            let mut writer = store.writer().unwrap();
            assert!(store.writer().is_none());
            let committed = writer
                .commit(batch(
                    1_000,
                    vec![
                        Operation::PutHost(host("web-1", "production")),
                        Operation::PutSource(source("web-1", "app", 2)),
                        Operation::PutItems {
                            host: host_name("web-1"),
                            source: source_name("app"),
                            items: vec![item("B", 2), item("A", 1)],
                        },
                        Operation::Append {
                            entries: (0..5).map(body).collect(),
                            alerts: vec![("hook".to_owned(), vec![0, 4])],
                        },
                    ],
                ))
                .unwrap();
            assert_eq!(committed, Committed { entries: vec![1, 2, 3, 4, 5], alerts: vec![1] });
        }
        let store = open(dir.path(), engine);
        assert!(!store.report().created);
        let reader = store.reader().unwrap();
        assert_eq!(reader.host(&host_name("web-1")).unwrap(), Some(host("web-1", "production")));
        assert_eq!(reader.items(&host_name("web-1"), &source_name("app")).unwrap(), [item("A", 1), item("B", 2)]);
        let page = reader.entries(&EntryQuery { newest_first: true, ..EntryQuery::default() }).unwrap();
        assert_eq!(page.entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
        assert_eq!(page.entries[0].body, body(4));
        assert_eq!(reader.outbox_due(1_000, 10).unwrap()[0].entries, [1, 5]);
        assert_eq!(reader.outbox_due(999, 10).unwrap(), []);
        let report = reader.verify(|_, _| {}).unwrap();
        assert!(report.is_whole(), "{report:?}");
        assert_eq!(report.entries, 5);
    }
}
