//! The real stages with database sources, asked every few milliseconds, and
//! what their journal says.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_agent::Config;
use driftline_agent::journal::entry::SourceState;
use driftline_agent::journal::{Body, Entry};
use driftline_agent::run::Stages;
use driftline_canon::{FleetKey, Item, ItemKey, KeyEpoch, SourceName};
use driftline_daemon::{Clock, Tasks};
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine, short against a hanging test.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often servers are asked here.
const EVERY: Duration = Duration::from_millis(50);

pub(crate) struct Running {
    stages: Option<Stages>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
    _state: tempfile::TempDir,
}

/// Starts the agent's stages with these tables.
pub(crate) fn start(sources: &str) -> Running {
    let state = tempfile::tempdir().unwrap();
    let text = format!("state_dir = \"{}\"\n{sources}", state.path().display());
    let mut config = Config::parse(Path::new("agent.toml"), &text).unwrap();
    for spec in &mut config.databases {
        Arc::get_mut(spec).unwrap().every = EVERY;
    }
    let stop = CancellationToken::new();
    let (tell, told) = std::sync::mpsc::channel();
    let stopping = stop.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut tasks = Tasks::new(stopping);
            let key = FleetKey::new([7; 32], KeyEpoch(1));
            let (ready, stages) = Stages::start(&mut tasks, &config, &key, &Clock::system()).unwrap();
            tasks.spawn("tell", async move {
                ready.await.unwrap();
                tell.send(stages).unwrap();
                Ok::<(), std::convert::Infallible>(())
            });
            tasks.join(PATIENCE).await.unwrap();
        });
    });
    let stages = told.recv_timeout(PATIENCE).unwrap();
    Running { stages: Some(stages), stop, thread: Some(thread), _state: state }
}

impl Running {
    fn stages(&self) -> &Stages {
        self.stages.as_ref().unwrap()
    }

    /// The source `name`, as soon as it is as it should be.
    pub(crate) fn wait(&self, name: &str, what: &str, is: impl Fn(&SourceState) -> bool) -> SourceState {
        let name = SourceName::new(name).unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            let state = self.stages().reader.source(&name).unwrap();
            match state {
                Some(state) if is(&state) => return state,
                state => {
                    let problems = state.map(|state| state.problems);
                    assert!(Instant::now() < end, "{what}: {problems:#?}");
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A problem that has these words.
    pub(crate) fn wait_for_problem(&self, name: &str, words: &str) -> SourceState {
        self.wait(name, words, |state| has_problem(state, words))
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let records = self.stages().reader.records(1, u64::MAX, usize::MAX).unwrap();
        records.into_iter().map(|(_, entry)| entry).collect()
    }

    /// How many items of a source have changed so far.
    pub(crate) fn changes(&self, name: &str) -> usize {
        let of_source = |entry: &Entry| entry.source.as_ref().is_some_and(|source| source.name.as_str() == name);
        let count = |entry: Entry| if let Body::Delta(delta) = entry.body { delta.changes.len() } else { 0 };
        self.entries().into_iter().filter(of_source).map(count).sum()
    }

    /// The last change of a key: whether it had a value before, and what is
    /// shown of it now.
    pub(crate) fn change(&self, key: &str) -> Option<(bool, Option<String>)> {
        let shown = |item: &Item| item.display.as_ref().map(|shown| shown.as_str().to_owned());
        self.entries().into_iter().rev().find_map(|entry| {
            let Body::Delta(delta) = entry.body else { return None };
            let change = delta.changes.into_iter().find(|change| change.key.as_str() == key)?;
            Some((change.before.is_some(), change.after.as_ref().and_then(shown)))
        })
    }

    /// Waits for a change of a key.
    pub(crate) fn wait_for_change(&self, key: &str, value: &str) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.change(key) {
                Some((before, Some(shown))) if shown == value => return before,
                found => assert!(Instant::now() < end, "{key}: {found:?}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything that the journal says, as text.
    pub(crate) fn all(&self) -> String {
        format!("{:?}", self.entries())
    }
}

pub(crate) fn has_problem(state: &SourceState, words: &str) -> bool {
    state.problems.iter().any(|problem| problem.reason.contains(words))
}

/// What is shown of an item.
pub(crate) fn shown(state: &SourceState, key: &str) -> Option<String> {
    let item = state.observation.get(&ItemKey::from_bytes(key.as_bytes()))?;
    item.display.as_ref().map(|shown| shown.as_str().to_owned())
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        self.stages.take();
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}
