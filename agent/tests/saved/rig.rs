//! A namespace, the reader of it, and what its journal says.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use driftline_agent::actor::tidings::Legacy;
use driftline_agent::config::{Pattern, ReadAs, SourceSpec};
use driftline_agent::firewall::desk::{Commit, Commits, Desk};
use driftline_agent::firewall::namespace::{Name, Namespace};
use driftline_agent::firewall::netlink::Asker;
use driftline_agent::firewall::tools::Tools;
use driftline_agent::firewall::{Ends, FirewallSpec, save};
use driftline_agent::journal::entry::SnapshotReason;
use driftline_agent::journal::{self, Body, Entry, Journal, JournalReader, JournalSettings, Request, recovery};
use driftline_canon::{DisplayPolicy, FleetKey, KeyEpoch, ProblemKind, SourceKind, SourceName};
use driftline_daemon::{Clock, Tasks};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine, short against a hanging test.
const PATIENCE: Duration = Duration::from_secs(20);

/// So seldom that no test waits for it.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

/// A network namespace that ends with the test.
pub(crate) struct Netns(String);

impl Netns {
    /// None without root, aloud; never where it counts.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if !rustix_is_root() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "this case must run here, and needs root");
            eprintln!("left out: needs root");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("dl-saved-{}-{number}", std::process::id());
        checked("ip", &["netns", "add", &name]);
        Some(Self(name))
    }

    pub(crate) fn place(&self) -> Namespace {
        Self::named(&self.0)
    }

    /// One that another test has made.
    pub(crate) fn named(name: &str) -> Namespace {
        Namespace::Named(Name::new(name).unwrap())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Runs a line of shell inside, which must succeed.
    pub(crate) fn run(&self, line: &str) -> String {
        let out = checked("ip", &["netns", "exec", &self.0, "sh", "-ec", line]);
        String::from_utf8(out.stdout).unwrap()
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        // Its test may have removed it.
        _ = Command::new("ip").args(["netns", "del", &self.0]).output();
    }
}

fn rustix_is_root() -> bool {
    let out = Command::new("id").arg("-u").output().unwrap();
    out.stdout.trim_ascii() == b"0"
}

fn checked(program: &str, arguments: &[&str]) -> Output {
    let out = Command::new(program).args(arguments).output().unwrap();
    assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    out
}

/// Where it is read, by which programs, and how often.
pub(crate) struct Rig {
    pub(crate) place: Namespace,
    pub(crate) tools: Tools,
    pub(crate) poll: Duration,
    /// Whether audit is listened to.
    audit: bool,
    state: tempfile::TempDir,
}

impl Rig {
    pub(crate) fn new(place: Namespace, tools: Tools, poll: Duration) -> Self {
        Self { place, tools, poll, audit: false, state: tempfile::tempdir().unwrap() }
    }

    /// The same, with audit listened to.
    pub(crate) fn audited(self) -> Self {
        Self { audit: true, ..self }
    }

    /// With the host's programs, and no polling.
    pub(crate) fn of(netns: &Netns) -> Self {
        Self::new(netns.place(), Tools::system(), NEVER)
    }

    fn spec(&self) -> FirewallSpec {
        let source = SourceSpec {
            name: SourceName::new("firewall").unwrap(),
            kind: SourceKind::Firewall,
            pattern: Pattern::Path(PathBuf::new()),
            dialect: None,
            reading: ReadAs::Content,
            display: DisplayPolicy::Clear,
            file_bytes_max: 0,
        };
        let places = vec![self.place.clone()];
        FirewallSpec { source: Arc::new(source), places, poll: self.poll, reconcile: NEVER, config: None }
    }

    pub(crate) fn start(&self) -> Running {
        let (spec, place, tools) = (Arc::new(self.spec()), self.place.clone(), self.tools.clone());
        let state_dir = self.state.path().to_owned();
        let stop = CancellationToken::new();
        let audit = self.audit;
        let (commit, commits) = watch::channel(Commits::default());
        let (tell, told) = std::sync::mpsc::channel();
        let stopping = stop.clone();
        let named = (Arc::clone(&spec), place.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut tasks = Tasks::new(stopping);
                let legacy = if audit { listen(&mut tasks) } else { watch::channel(Legacy::default()).1 };
                let started = start(&mut tasks, (state_dir, legacy.clone()), spec, (place, tools), commits);
                tell.send((started, legacy)).unwrap();
                tasks.join(PATIENCE).await.unwrap();
            });
        });
        let ((reader, requests), legacy) = told.recv_timeout(PATIENCE).unwrap();
        Running { reader, requests: Some(requests), named, commit, legacy, stop, thread: Some(thread) }
    }
}

/// Listens to audit, changes nothing of it, and forgets what is told of who
/// makes changes.
fn listen(tasks: &mut Tasks) -> watch::Receiver<Legacy> {
    let text = "[actor]\naudit = \"listen\"\nfanotify = false\n\
                [[source]]\nkind = \"file\"\nname = \"none\"\npath = \"/nonexistent\"\n";
    let config = driftline_agent::Config::parse(std::path::Path::new("agent.toml"), text).unwrap();
    let mut actors = driftline_agent::actor::start(tasks, &config, &Clock::system());
    let (legacy, stop) = (actors.legacy.clone(), tasks.stop());
    tasks.spawn("forget", async move {
        stop.run_until_cancelled(async { while actors.touches.recv().await.is_some() {} }).await;
        Ok::<(), std::convert::Infallible>(())
    });
    legacy
}

fn start(
    tasks: &mut Tasks,
    (state_dir, legacy): (PathBuf, watch::Receiver<Legacy>),
    spec: Arc<FirewallSpec>,
    (place, tools): (Namespace, Tools),
    commits: watch::Receiver<Commits>,
) -> (JournalReader, mpsc::Sender<Request>) {
    let (clock, key) = (Clock::system(), FleetKey::new([7; 32], KeyEpoch(1)));
    let found = recovery::open(&state_dir, clock.now_ms()).unwrap();
    let last_alive_ms = (found.meta.alive_ms > 0).then_some(found.meta.alive_ms);
    let progress = Journal::progress(&found.meta);
    let (observed, inputs) = mpsc::channel(journal::INPUTS);
    let (requests, asked) = mpsc::channel(journal::REQUESTS);
    let bounds = driftline_agent::config::JournalBounds { bytes_max: 1 << 30, age_max_ms: i64::MAX };
    let settings = JournalSettings { state_dir, bounds, key_epoch: key.epoch() };
    let ends = journal::Ends { inputs, requests: asked, progress };
    let journal = Journal::new(found, settings, clock.clone(), ends, tasks.stop());
    let reader = journal.reader();
    tasks.spawn_blocking("journal", move || journal.run(&Handle::current()));
    let ends = Ends { observed, reader: reader.clone(), clock, last_alive_ms, legacy };
    let desk = Desk::new(spec, place, &key, ends);
    tasks.spawn("save", save::run(desk, tools, commits, tasks.stop()));
    (reader, requests)
}

/// The running reader.
pub(crate) struct Running {
    reader: JournalReader,
    /// The journal ends when nobody asks it any more.
    requests: Option<mpsc::Sender<Request>>,
    named: (Arc<FirewallSpec>, Namespace),
    commit: watch::Sender<Commits>,
    legacy: watch::Receiver<Legacy>,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Tells of a commit of nftables.
    pub(crate) fn commit(&self) {
        let place = &self.named.1;
        // Nobody but root may ask.
        self.commit_that_made(Asker::open(place).and_then(|asker| asker.generation()).unwrap_or(1));
    }

    /// The same of one that made this generation, for both versions of IP.
    pub(crate) fn commit_that_made(&self, generation: u32) {
        let last = Commit { generation, made_by: None, observed_ms: driftline_daemon::clock::now_ms() };
        self.commit.send_modify(|commits| {
            commits.ip.add(1, Some(last.clone()));
            commits.ip6.add(1, Some(last));
        });
    }

    /// The reasons of all gaps.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let all = self.reader.records(1, u64::MAX, usize::MAX).unwrap();
        let reason = |(_, entry): (u64, Entry)| match entry.body {
            Body::Gap(gap) => Some(gap.reason),
            _ => None,
        };
        all.into_iter().filter_map(reason).collect()
    }

    /// Waits until audit tells of legacy tables, or does no longer.
    pub(crate) fn until_audited(&self, live: bool) {
        self.until(&format!("audit tells of legacy tables: {live}"), |agent| agent.legacy.borrow().live == live);
    }

    /// The source of a backend.
    pub(crate) fn source(&self, backend: &str) -> String {
        match &self.named.1 {
            Namespace::Own => format!("firewall/{backend}"),
            Namespace::Named(name) => format!("firewall/{name}/{backend}"),
        }
    }

    /// Every record of a backend.
    pub(crate) fn records(&self, backend: &str) -> Vec<Entry> {
        let source = self.source(backend);
        let all = self.reader.records(1, u64::MAX, usize::MAX).unwrap();
        let is_of = |entry: &Entry| entry.source.as_ref().is_some_and(|found| found.name.as_str() == source);
        all.into_iter().map(|(_, entry)| entry).filter(is_of).collect()
    }

    /// Whether so many records were written.
    pub(crate) fn has_records(&self, number: u64) -> bool {
        !self.reader.records(number, u64::MAX, 1).unwrap().is_empty()
    }

    /// What is known of a backend, as `KEY=shown`; none without a source.
    pub(crate) fn items(&self, backend: &str) -> Option<Vec<String>> {
        let name = SourceName::new(self.source(backend)).unwrap();
        let state = self.reader.source(&name).unwrap()?;
        let shown = |item: &driftline_canon::Item| {
            format!("{}={}", item.key, item.display.as_ref().map_or("?", |display| display.as_str()))
        };
        Some(state.observation.items().iter().map(shown).collect())
    }

    /// The open problems of a backend.
    pub(crate) fn problems(&self, backend: &str) -> Vec<(ProblemKind, String)> {
        let name = SourceName::new(self.source(backend)).unwrap();
        let state = self.reader.source(&name).unwrap();
        let problems = state.map(|state| state.problems).unwrap_or_default();
        problems.into_iter().map(|problem| (problem.kind, problem.reason)).collect()
    }

    /// Changes of a backend, as `KEY=shown` and `-KEY`, one list per delta; a
    /// first look as one line.
    pub(crate) fn changes(&self, backend: &str) -> Vec<Vec<String>> {
        let of = |entry: Entry| match entry.body {
            Body::Delta(delta) => Some(delta.changes.iter().map(change).collect()),
            Body::Snapshot(first) if first.reason == SnapshotReason::First => Some(vec!["first".to_owned()]),
            _ => None,
        };
        self.records(backend).into_iter().filter_map(of).collect()
    }

    /// What the last record of a backend means, as `KEY: meaning`.
    pub(crate) fn meanings(&self, backend: &str) -> Vec<String> {
        let last = self.records(backend).pop().unwrap();
        let meant = last.beside.meanings;
        meant.into_iter().map(|(key, meaning)| format!("{key}: {}", meaning.text.as_str())).collect()
    }

    /// Waits until it is so.
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !is_so(self) {
            assert!(begin.elapsed() < PATIENCE, "{what}: {}", self.describe());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a backend has an item whose text holds that.
    pub(crate) fn until_item(&self, backend: &str, part: &str) {
        let has =
            |running: &Self| running.items(backend).is_some_and(|items| items.iter().any(|one| one.contains(part)));
        self.until(&format!("{backend} has {part}"), has);
    }

    /// Waits until a backend has a problem, and gives its reason.
    pub(crate) fn until_problem(&self, backend: &str, kind: ProblemKind) -> String {
        let find = |running: &Self| running.problems(backend).into_iter().find(|(found, _)| *found == kind);
        self.until(&format!("{backend} has a problem {kind:?}"), |running| find(running).is_some());
        find(self).unwrap().1
    }

    pub(crate) fn until_no_problem(&self, backend: &str) {
        self.until(&format!("{backend} has no problem"), |running| running.problems(backend).is_empty());
    }

    /// What was caused so far is all there is to come: waits for quiet.
    pub(crate) fn settle(&self) {
        std::thread::sleep(Duration::from_millis(500));
    }

    fn describe(&self) -> String {
        let all = self.reader.records(1, u64::MAX, usize::MAX).unwrap();
        // Entries of large sources are told by their beginning.
        all.iter().map(|(_, entry)| format!("\n  {entry:?}").chars().take(2_000).collect::<String>()).collect()
    }

    fn end(&mut self) {
        self.stop.cancel();
        self.requests = None;
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

fn change(change: &driftline_canon::ItemChange) -> String {
    match &change.after {
        None => format!("-{}", change.key),
        Some(item) => format!("{}={}", change.key, item.display.as_ref().map_or("?", |text| text.as_str())),
    }
}
