//! The real stages over a temporary directory, and what their journal says.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftline_agent::Config;
use driftline_agent::actor::places::Places;
use driftline_agent::actor::standing::Standing;
use driftline_agent::journal::{self, Body, Entry, Journal, JournalSettings, StoreError, recovery};
use driftline_agent::observe;
use driftline_agent::run::Stages;
use driftline_agent::watch::{Watch, WatchSettings};
use driftline_canon::{FleetKey, ItemKey, KeyEpoch, ProblemKind, SourceName};
use driftline_daemon::{Clock, Tasks};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine, short against a hanging test.
const PATIENCE: Duration = Duration::from_secs(15);

/// A directory to be watched, and a state directory.
pub(crate) struct Rig {
    dir: tempfile::TempDir,
    state: tempfile::TempDir,
    sources: String,
    agent: String,
    clock: Clock,
    key: FleetKey,
}

/// The running stages.
pub(crate) struct Running {
    stages: Option<Stages>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            state: tempfile::tempdir().unwrap(),
            sources: String::new(),
            agent: String::new(),
            clock: Clock::system(),
            key: FleetKey::new([7; 32], KeyEpoch(1)),
        }
    }

    /// With one env file `app` at `app.env`.
    pub(crate) fn with_app() -> Self {
        Self::new().source("env_file", "app", "app.env")
    }

    pub(crate) fn source(mut self, kind: &str, name: &str, path: &str) -> Self {
        let path = self.path(path);
        let table = format!("[[source]]\nkind = \"{kind}\"\nname = \"{name}\"\npath = \"{}\"\n", path.display());
        self.sources.push_str(&table);
        self
    }

    /// A table as it is written.
    pub(crate) fn table(mut self, text: &str) -> Self {
        self.sources.push_str(&format!("[[source]]\n{text}"));
        self
    }

    pub(crate) fn agent(mut self, line: &str) -> Self {
        self.agent.push_str(line);
        self.agent.push('\n');
        self
    }

    pub(crate) fn forget_sources(&mut self) {
        self.sources.clear();
    }

    pub(crate) fn state_dir(&self) -> &Path {
        self.state.path()
    }

    pub(crate) fn rekey(&mut self) {
        self.key = FleetKey::new([8; 32], KeyEpoch(2));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // The temporary directory may itself be reached through a link.
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes beside the file and renames over it, as careful programs do.
    pub(crate) fn replace(&self, name: &str, text: &str) {
        let beside = self.path(&format!("{name}.new"));
        fs::write(&beside, text).unwrap();
        fs::rename(beside, self.path(name)).unwrap();
    }

    pub(crate) fn config(&self) -> Config {
        let text = format!("state_dir = \"{}\"\n[agent]\n{}{}", self.state.path().display(), self.agent, self.sources);
        Config::parse(Path::new("agent.toml"), &text).unwrap()
    }

    /// Starts the stages and waits until everything was seen once.
    pub(crate) fn start(&self) -> Running {
        self.start_by(Stages::start)
    }

    /// The same with a gate between the watch stage and the rest: shut, it
    /// makes the watch stage stand still once a few looks wait.
    pub(crate) fn start_gated(&self) -> (Running, Gate) {
        let (gate, opened) = watch::channel(true);
        let running = self.start_by(move |tasks, config, key, clock| gated(tasks, config, key, clock, opened));
        (running, Gate(gate))
    }

    fn start_by(
        &self,
        start: impl FnOnce(&mut Tasks, &Config, &FleetKey, &Clock) -> Started + Send + 'static,
    ) -> Running {
        let (config, key, clock) = (self.config(), self.key.clone(), self.clock.clone());
        let stop = CancellationToken::new();
        let (tell, told) = std::sync::mpsc::channel();
        let stopping = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut tasks = Tasks::new(stopping);
                let (ready, stages) = start(&mut tasks, &config, &key, &clock).unwrap();
                tasks.spawn("tell", async move {
                    ready.await.unwrap();
                    tell.send(stages).unwrap();
                    Ok::<(), std::convert::Infallible>(())
                });
                tasks.join(PATIENCE).await.unwrap();
            });
        });
        let stages = told.recv_timeout(PATIENCE).unwrap();
        Running { stages: Some(stages), stop, thread: Some(thread) }
    }
}

type Started = Result<(oneshot::Receiver<()>, Stages), StoreError>;

/// Holds looks up until it is opened.
pub(crate) struct Gate(watch::Sender<bool>);

impl Gate {
    pub(crate) fn shut(&self) {
        self.0.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }
}

/// [`Stages::start`], with small queues and the gate.
fn gated(
    tasks: &mut Tasks,
    config: &Config,
    key: &FleetKey,
    clock: &Clock,
    mut opened: watch::Receiver<bool>,
) -> Started {
    let stop = tasks.stop();
    let found = recovery::open(&config.state_dir, clock.now_ms())?;
    let sender = Journal::progress(&found.meta);
    let progress = sender.subscribe();
    let (observed, inputs) = mpsc::channel(journal::INPUTS);
    let (requests, asked) = mpsc::channel(journal::REQUESTS);
    let (tell_ready, ready) = oneshot::channel();
    let settings =
        JournalSettings { state_dir: config.state_dir.clone(), bounds: config.journal, key_epoch: key.epoch() };
    let ends = journal::Ends { inputs, requests: asked, progress: sender };
    let journal = Journal::new(found, settings, clock.clone(), ends, stop.clone());
    let reader = journal.reader();
    tasks.spawn_blocking("journal", move || journal.run(&Handle::current()));
    let (wish, mut held) = mpsc::channel(1);
    let (pass, wishes) = mpsc::channel(1);
    tasks.spawn("gate", async move {
        while let Some(wish) = held.recv().await {
            // The gate is gone only when the test is.
            _ = opened.wait_for(|open| *open).await;
            if pass.send(wish).await.is_err() {
                break;
            }
        }
        Ok::<(), std::convert::Infallible>(())
    });
    let trails = observe::trail::Trails::default();
    let ends = observe::Ends { wishes, observed, trails: trails.clone() };
    let busy = observe::start(tasks, ends, key, clock);
    let settings = WatchSettings {
        sources: config.sources.clone(),
        reconcile: config.reconcile,
        vanished: Vec::new(),
        elsewhere: Vec::new(),
        trails,
        places: Places::default(),
        last_alive_ms: None,
        clock: clock.clone(),
    };
    let watch = Watch::new(settings, wish, stop);
    tasks.spawn_blocking("watch", move || watch.run(&Handle::current(), tell_ready));
    Ok((ready, Stages { reader, requests, progress, busy, standing: Standing::default() }))
}

impl Running {
    fn stages(&self) -> &Stages {
        self.stages.as_ref().unwrap()
    }

    /// Every record so far.
    pub(crate) fn records(&self) -> Vec<Entry> {
        let all = self.stages().reader.records(1, u64::MAX, usize::MAX).unwrap();
        all.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Waits until the records satisfy `enough`.
    pub(crate) fn until(&self, what: &str, enough: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        let begin = Instant::now();
        loop {
            let records = self.records();
            if enough(&records) {
                // The condition may look at the state, which is newer.
                return self.records();
            }
            assert!(begin.elapsed() < PATIENCE, "{what}: {}", describe(&records));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until that key has that value (none: it is not there).
    pub(crate) fn until_value(&self, source: &str, key: &str, value: Option<&str>) -> Vec<Entry> {
        self.wait_for_value(source, key, value);
        self.records()
    }

    /// The same where the records are too many to be read each time.
    pub(crate) fn wait_for_value(&self, source: &str, key: &str, value: Option<&str>) {
        let begin = Instant::now();
        while self.value(source, key).as_deref() != value {
            assert!(begin.elapsed() < PATIENCE, "{source} {key} never became {value:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn until_problem(&self, source: &str, kind: ProblemKind) -> String {
        let reason = |records: &[Entry]| problems(records, source).into_iter().find(|(found, _)| *found == kind);
        let records = self.until(&format!("{source} has a problem {kind:?}"), |records| reason(records).is_some());
        reason(&records).unwrap().1
    }

    pub(crate) fn until_no_problem(&self, source: &str) {
        self.until(&format!("{source} has no problem"), |records| problems(records, source).is_empty());
    }

    /// What is shown of an item now.
    pub(crate) fn value(&self, source: &str, key: &str) -> Option<String> {
        let state = self.stages().reader.source(&SourceName::new(source).unwrap()).unwrap()?;
        let key = ItemKey::from_canonical(key.to_owned()).unwrap();
        let item = state.observation.get(&key)?;
        Some(item.display.as_ref().map_or_else(|| "?".to_owned(), |display| display.as_str().to_owned()))
    }

    /// Where an item stands: the included file, and the line.
    pub(crate) fn stands(&self, source: &str, key: &str) -> Option<(Option<String>, Option<u32>)> {
        let state = self.stages().reader.source(&SourceName::new(source).unwrap()).unwrap()?;
        let item = state.observation.get(&ItemKey::from_canonical(key.to_owned()).unwrap())?;
        Some((item.file.as_deref().map(str::to_owned), item.line))
    }

    /// What was written so far is all there is to come: waits for quiet.
    pub(crate) fn settle(&self) {
        std::thread::sleep(Duration::from_millis(400));
    }

    pub(crate) fn requests(&self) -> tokio::sync::mpsc::Sender<driftline_agent::journal::Request> {
        self.stages().requests.clone()
    }

    pub(crate) fn progress(&self) -> driftline_agent::journal::Progress {
        self.stages().progress.borrow().clone()
    }

    /// Waits until so many sources are polled or cannot be read; names them.
    pub(crate) fn until_degraded(&self, count: u32) -> Vec<String> {
        let begin = Instant::now();
        while self.progress().degraded != count {
            assert!(begin.elapsed() < PATIENCE, "{:?}", self.progress());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.progress().troubles.into_iter().map(|trouble| trouble.name).collect()
    }

    /// Stops as SIGTERM does.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.cancel();
        self.stages = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

pub(crate) fn of<'a>(records: &'a [Entry], source: &str) -> Vec<&'a Entry> {
    let is_of = |entry: &&Entry| entry.source.as_ref().is_some_and(|found| found.name.as_str() == source);
    records.iter().filter(is_of).collect()
}

/// Deltas as `KEY=shown` and `-KEY`, one list per delta, metadata left out
/// where `settings` says so.
pub(crate) fn deltas(records: &[Entry], source: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for entry in of(records, source) {
        if let Body::Delta(delta) = &entry.body {
            let text = |change: &driftline_canon::ItemChange| match &change.after {
                None => format!("-{}", change.key),
                Some(item) => format!("{}={}", change.key, item.display.as_ref().map_or("?", |text| text.as_str())),
            };
            all.push(delta.changes.iter().map(text).collect());
        }
    }
    all
}

/// The open problems of a source.
pub(crate) fn problems(records: &[Entry], source: &str) -> Vec<(ProblemKind, String)> {
    let last = of(records, source).into_iter().rev().find_map(|entry| match &entry.body {
        Body::Problems(problems) => Some(problems.clone()),
        _ => None,
    });
    last.unwrap_or_default().into_iter().map(|problem| (problem.kind, problem.reason)).collect()
}

pub(crate) fn gaps(records: &[Entry]) -> Vec<(i64, i64, String)> {
    let gap = |entry: &Entry| match &entry.body {
        Body::Gap(gap) => Some((gap.from_ms, gap.to_ms, gap.reason.clone())),
        _ => None,
    };
    records.iter().filter_map(gap).collect()
}

fn describe(records: &[Entry]) -> String {
    records.iter().map(|entry| format!("\n  {entry:?}")).collect()
}
