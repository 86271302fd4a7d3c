//! A journal on a thread of its own, told what observers of two sources see.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use driftline_agent::Config;
use driftline_agent::config::{JournalBounds, SourceSpec};
use driftline_agent::journal::recovery;
use driftline_agent::journal::{
    self, Body, Entry, Input, Journal, JournalReader, JournalSettings, Mark, Progress, Request, StoreError,
};
use driftline_agent::observe::{Clue, Observed, Sight};
use driftline_canon::{Digest, Item, ItemKey, KeyEpoch, Observation, Problem, ProblemKind, SourceKind, SourceName};
use driftline_daemon::Clock;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// A large ruleset is some hundred items here: over the limit from which items
/// are kept in blocks, and back.
pub(crate) type Items = BTreeMap<u16, u8>;

pub(crate) fn item(key: u16, value: u8) -> Item {
    Item {
        key: ItemKey::from_bytes(format!("chain: rule {key:04}").as_bytes()),
        digest: Digest([value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    }
}

pub(crate) fn observation(items: &Items) -> Observation {
    Observation::new(items.iter().map(|(key, value)| item(*key, *value)).collect())
}

/// Keys from one on, put with a value or taken away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: u16,
    pub(crate) count: u16,
    pub(crate) value: Option<u8>,
}

impl Span {
    pub(crate) fn apply(self, items: &mut Items) {
        for key in self.from..self.from + self.count {
            match self.value {
                Some(value) => _ = items.insert(key, value),
                None => _ = items.remove(&key),
            }
        }
    }

    pub(crate) fn changes(self) -> impl Iterator<Item = (ItemKey, Option<Item>)> {
        (self.from..self.from + self.count).map(move |key| (item(key, 0).key, self.value.map(|value| item(key, value))))
    }
}

pub(crate) fn name(source: &str) -> SourceName {
    SourceName::new(source).unwrap()
}

/// A firewall has its first rule as a change, a file its first line not.
fn spec(source: &str) -> Arc<SourceSpec> {
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/app.env\"\n";
    let mut config = Config::parse(Path::new("agent.toml"), text).unwrap();
    let mut spec = Arc::try_unwrap(config.sources.remove(0)).unwrap();
    if source.starts_with("firewall") {
        spec.kind = SourceKind::Firewall;
    }
    Arc::new(spec)
}

pub(crate) fn observed(source: &str, sight: Sight, problem: Option<u8>, observed_ms: i64) -> Observed {
    let problem = problem.map(|kind| Problem::whole(ProblemKind::Syntax, format!("problem {kind}")));
    Observed {
        name: name(source),
        path: format!("/{source}"),
        spec: spec(source),
        sight,
        problems: problem.into_iter().collect(),
        observed_ms,
        unobserved_since_ms: None,
        actor: None,
        clue: Clue::default(),
        meanings: Vec::new(),
    }
}

pub(crate) struct Open {
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) reader: JournalReader,
    _progress: watch::Receiver<Progress>,
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Open {
    pub(crate) fn new(dir: &Path) -> Self {
        let opened = recovery::open(dir, 1).unwrap();
        assert!(opened.lost.is_none(), "{:?}", opened.lost);
        let sender = Journal::progress(&opened.meta);
        let progress = sender.subscribe();
        let (inputs, taken) = mpsc::channel(journal::INPUTS);
        let (requests, asked) = mpsc::channel(journal::REQUESTS);
        let bounds = JournalBounds { bytes_max: 1 << 30, age_max_ms: i64::MAX };
        let settings = JournalSettings { state_dir: dir.to_owned(), bounds, key_epoch: KeyEpoch(1) };
        let ends = journal::Ends { inputs: taken, requests: asked, progress: sender };
        let journal = Journal::new(opened, settings, Clock::manual(1_000), ends, CancellationToken::new());
        let reader = journal.reader();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime
                .block_on(async { tokio::task::spawn_blocking(move || journal.run(&Handle::current())).await.unwrap() })
        });
        Self { inputs, requests, reader, _progress: progress, thread }
    }

    pub(crate) fn send(&self, observed: Vec<Observed>) {
        self.inputs.blocking_send(Input::Observed(observed)).unwrap();
    }

    pub(crate) fn sync(&self) {
        let (tell, told) = oneshot::channel();
        self.inputs.blocking_send(Input::Mark(Mark::Durable(tell))).unwrap();
        told.blocking_recv().unwrap();
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let records = self.reader.records(0, u64::MAX, usize::MAX).unwrap();
        records.into_iter().map(|(_, entry)| entry).collect()
    }

    pub(crate) fn close(self) {
        drop((self.inputs, self.requests, self.reader));
        self.thread.join().unwrap().unwrap();
    }
}

/// The items of a source at a collector that applied these records.
pub(crate) fn replay(source: &str, entries: &[Entry]) -> Observation {
    let own = entries.iter().filter(|entry| entry.source.as_ref().is_some_and(|one| one.name == name(source)));
    own.fold(Observation::default(), |items, entry| match &entry.body {
        Body::Delta(delta) => delta.apply(&items).unwrap(),
        Body::Snapshot(all) => {
            let items = Observation::new(all.items.clone());
            assert_eq!(items.root(), all.root);
            items
        }
        Body::Retired(_) => Observation::default(),
        _ => items,
    })
}
