use std::sync::atomic::{AtomicUsize, Ordering};

use driftline_canon::HostName;
use driftline_store::{EngineKind, EventKind, StoreOptions};

use super::*;
use crate::event;
use crate::testing::host_record;

struct Room {
    _dir: tempfile::TempDir,
    store: Store,
    recorder: Recorder,
    metrics: Arc<Metrics>,
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), EngineKind::Redb, StoreOptions::default()).unwrap();
        let (notifier, _) = Notifier::new(&[]);
        let metrics: Arc<Metrics> = Arc::default();
        let (recorder, stage) = stage(RecordParts {
            store: store.clone(),
            writer: store.writer().unwrap(),
            clock: Clock::manual(1_000),
            notifier,
            health: Arc::default(),
            metrics: Arc::clone(&metrics),
            stop: CancellationToken::new(),
        });
        Self { _dir: dir, store, recorder, metrics, thread: std::thread::spawn(move || stage.run()) }
    }

    async fn close(self) {
        self.recorder.close().await;
        self.thread.join().unwrap().unwrap();
    }
}

fn name() -> HostName {
    HostName::new("web-1").unwrap()
}

#[tokio::test]
async fn a_step_sees_what_the_steps_before_it_decided() {
    let room = Room::new();
    let seen = Arc::new(AtomicUsize::new(0));
    for _ in 0..100 {
        let seen = Arc::clone(&seen);
        let step = move |draft: &mut Draft<'_>| {
            let mut host = draft.host(&name())?.unwrap_or_else(|| host_record("web-1"));
            host.applied_seq += 1;
            draft.put_host(host);
            let reply: Reply = Box::new(move || _ = seen.fetch_add(1, Ordering::SeqCst));
            Ok(reply)
        };
        room.recorder.submit(10, step).await.unwrap();
    }
    let counted = room.recorder.decide(|draft| Ok(draft.host(&name())?.unwrap().applied_seq)).await.unwrap();
    assert_eq!(counted, 100);
    assert_eq!(seen.load(Ordering::SeqCst), 100, "every step was answered, in order");
    assert_eq!(room.store.reader().unwrap().host(&name()).unwrap().unwrap().applied_seq, 100);
    room.close().await;
}

#[tokio::test]
async fn p1_an_answer_means_that_it_is_in_the_store() {
    let room = Room::new();
    for number in 1..=20 {
        let step = |draft: &mut Draft<'_>| {
            draft.append(vec![event::general(EventKind::Operator, "x")]);
            Ok(())
        };
        room.recorder.decide(step).await.unwrap();
        assert_eq!(room.store.reader().unwrap().head().unwrap().0, number);
    }
    room.close().await;
}

#[tokio::test]
async fn what_is_in_no_hurry_goes_with_the_next_commit_or_is_flushed_or_goes_at_the_end() {
    let room = Room::new();
    let later = |what: &'static str| {
        room.recorder.submit_later(move |draft| {
            draft.append(vec![event::general(EventKind::Operator, what)]);
            Ok(Box::new(|| {}) as Reply)
        })
    };
    let head = || room.store.reader().unwrap().head().unwrap().0;
    later("a").await.unwrap();
    assert_eq!(head(), 0, "no commit of its own");
    room.recorder.decide(|_| Ok(())).await.unwrap();
    assert_eq!(head(), 1);
    later("b").await.unwrap();
    room.recorder.flush_later().await.unwrap();
    room.recorder.decide(|_| Ok(())).await.unwrap();
    assert_eq!(head(), 2);
    later("c").await.unwrap();
    let store = room.store.clone();
    room.close().await;
    assert_eq!(store.reader().unwrap().head().unwrap().0, 3);
}

#[tokio::test]
async fn a_host_that_is_forgotten_and_enrolled_again_in_one_commit_has_only_the_new_state() {
    let room = Room::new();
    let source = |called: &str| driftline_store::SourceRecord {
        host: name(),
        source: driftline_canon::SourceName::new(called).unwrap(),
        kind: driftline_canon::SourceKind::EnvFile,
        path: "/etc/app.env".to_owned(),
        root: driftline_store::StoredDigest([1; 32]),
        items: 0,
        observed_ms: 1,
        retired: false,
        problems: Vec::new(),
    };
    let old = source("old");
    room.recorder
        .decide(move |draft| {
            draft.put_host(host_record("web-1"));
            draft.put_source(old);
            Ok(())
        })
        .await
        .unwrap();
    let (earlier, new) = (source("earlier"), source("new"));
    room.recorder
        .decide(move |draft| {
            draft.put_source(earlier);
            draft.forget_sources(&name());
            assert!(draft.sources(&name())?.is_empty());
            assert!(draft.take_source(&name(), &new.source)?.is_none());
            draft.put_source(new);
            Ok(())
        })
        .await
        .unwrap();
    let left = room.store.reader().unwrap().sources(&name()).unwrap();
    assert_eq!(left.iter().map(|source| source.source.as_str()).collect::<Vec<_>>(), ["new"]);
    room.close().await;
}

#[tokio::test]
async fn after_the_close_nothing_is_taken() {
    let room = Room::new();
    let recorder = room.recorder.clone();
    room.close().await;
    assert_eq!(recorder.decide(|_| Ok(())).await, Err(Stopped));
    assert_eq!(recorder.submit(0, |_| Ok(Box::new(|| {}) as Reply)).await, Err(Stopped));
}

#[test]
fn health_tells_a_change_once() {
    let health = Health::default();
    assert!(!health.set(None));
    assert!(health.set(Some(Trouble::Full)));
    assert!(!health.set(Some(Trouble::Full)));
    assert_eq!(health.trouble(), Some(Trouble::Full));
    assert!(health.set(None));
}

#[tokio::test]
async fn a_step_behind_a_push_is_judged_by_it_though_both_waited_together() {
    use driftline_compare::Verdict;
    use driftline_store::{EntryBody, EntryQuery};
    let room = Room::new();
    let (revision, sheet) = crate::judge::tests::given::revision(1, "production", &[("KEY", 2)]);
    let change = || EntryBody::Change(crate::testing::change(&host_record("web-1"), "KEY"));
    let told = move |draft: &mut Draft<'_>| {
        draft.append_judged(&host_record("web-1"), vec![change()]);
        Ok(Box::new(|| {}) as Reply)
    };
    let push = move |draft: &mut Draft<'_>| {
        draft.put_document(&sheet)?;
        draft.put_document(&revision)?;
        Ok(Box::new(|| {}) as Reply)
    };
    room.recorder.submit(1, told).await.unwrap();
    room.recorder.submit(1, push).await.unwrap();
    room.recorder.submit(1, told).await.unwrap();
    room.recorder.decide(|_| Ok(())).await.unwrap();
    let entries = room.store.reader().unwrap().entries(&EntryQuery::default()).unwrap().entries;
    let verdict = |body: &EntryBody| match body {
        EntryBody::Change(change) => change.verdict,
        other => panic!("{other:?}"),
    };
    let verdicts: Vec<Verdict> = entries.iter().map(|entry| verdict(&entry.body)).collect();
    assert_eq!(verdicts, [Verdict::Undetermined, Verdict::Authorised]);
    room.close().await;
}

#[tokio::test]
async fn the_time_of_a_commit_is_counted_by_phase_and_that_of_a_mere_look_is_not() {
    let room = Room::new();
    room.recorder.decide(|draft| draft.host(&name()).map(drop)).await.unwrap();
    let append = |draft: &mut Draft<'_>| {
        draft.append(vec![event::general(EventKind::Operator, "x")]);
        Ok(())
    };
    room.recorder.decide(append).await.unwrap();
    let metrics = Arc::clone(&room.metrics);
    room.close().await;
    let text = metrics.render(crate::metrics::Now { connected: 0, outbox: 0, writable: true });
    for phase in ["wait", "decide", "store", "tell"] {
        let line = format!("driftline_collector_commit_seconds_count{{phase=\"{phase}\"}} 1");
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
}
