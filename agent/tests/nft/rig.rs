//! A namespace, the follower of its ruleset, and what it hands on.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use driftline_agent::config::{Pattern, ReadAs, SourceSpec};
use driftline_agent::firewall::desk::{Commits, Desk};
use driftline_agent::firewall::namespace::{Name, Namespace};
use driftline_agent::firewall::tools::Tools;
use driftline_agent::firewall::{Ends, FirewallSpec, nft};
use driftline_agent::journal::{self, Input, Journal, JournalSettings, Mark, recovery};
use driftline_agent::observe::{Observed, Sight};
use driftline_canon::digest::KeyedDigest;
use driftline_canon::{DisplayPolicy, FleetKey, Format, KeyEpoch, Observation, SourceKind, SourceName, delta};
use driftline_daemon::{Clock, Tasks};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Long enough for a busy machine, short against a hanging test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// So seldom that no test waits for it.
pub(crate) const NEVER: Duration = Duration::from_secs(3600);

/// A network namespace that ends with the test.
pub(crate) struct Netns(pub(crate) String);

impl Netns {
    /// None without root, aloud; never where it counts.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let out = Command::new("id").arg("-u").output().unwrap();
        if out.stdout.trim_ascii() != b"0" {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "this case must run here, and needs root");
            eprintln!("left out: needs root");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let netns = Self(format!("dl-nft-{}-{number}", std::process::id()));
        netns.add();
        Some(netns)
    }

    pub(crate) fn add(&self) {
        checked("ip", &["netns", "add", &self.0]);
    }

    pub(crate) fn delete(&self) {
        checked("ip", &["netns", "del", &self.0]);
    }

    pub(crate) fn place(&self) -> Namespace {
        Namespace::Named(Name::new(&self.0).unwrap())
    }

    /// Runs a line of shell inside, which must succeed.
    pub(crate) fn run(&self, line: &str) -> String {
        let out = checked("ip", &["netns", "exec", &self.0, "sh", "-ec", line]);
        String::from_utf8(out.stdout).unwrap()
    }

    /// One transaction.
    pub(crate) fn nft(&self, commands: &str) {
        let out = self.try_nft(commands);
        assert!(out.status.success(), "{commands}: {}", String::from_utf8_lossy(&out.stderr));
    }

    /// One transaction, which may be refused.
    pub(crate) fn try_nft(&self, commands: &str) -> Output {
        let mut child = self.spawn("nft -f -", Stdio::piped());
        child.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    pub(crate) fn spawn(&self, line: &str, stdin: Stdio) -> Child {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, "sh", "-c", &format!("exec {line}")]).stdin(stdin);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Sends a packet to itself.
    pub(crate) fn packet(&self) {
        let send = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))";
        self.run(&format!("ip link set lo up; python3 -c \"{send}\""));
    }

    /// What a listing says, under the key of these tests.
    pub(crate) fn listed(&self) -> Observation {
        let listing = self.run("nft -j list ruleset");
        let reading = driftline_canon::format::read(Format::NftJson, listing.as_bytes());
        Observation::of_settings(&reading.settings, &keyed(), DisplayPolicy::Clear)
    }

    /// Processes inside that run this program.
    pub(crate) fn processes(&self, program: &str) -> Vec<String> {
        let all = self.run(&format!("ip netns pids {}", self.0));
        let is =
            |pid: &&str| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == program);
        all.split_whitespace().filter(is).map(str::to_owned).collect()
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        // Its test may have removed it.
        _ = Command::new("ip").args(["netns", "del", &self.0]).output();
    }
}

fn key() -> FleetKey {
    FleetKey::new([7; 32], KeyEpoch(1))
}

fn keyed() -> KeyedDigest {
    key().keyed()
}

pub(crate) fn checked(program: &str, arguments: &[&str]) -> Output {
    let out = Command::new(program).args(arguments).output().unwrap();
    assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    out
}

/// What was handed on.
#[derive(Debug)]
pub(crate) enum Told {
    /// Changes as `+KEY` or `-KEY`, and what stood beside them.
    Seen { changes: Vec<String>, observed: Box<Observed>, part: bool },
    /// A gap and its reason.
    Gap(String),
}

/// A follower that runs.
pub(crate) struct Follower {
    told: Receiver<Input>,
    pub(crate) state: Observation,
    pub(crate) commits: watch::Receiver<Commits>,
    stop: CancellationToken,
    stands: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    _state: tempfile::TempDir,
}

impl Follower {
    pub(crate) fn of(netns: &Netns) -> Self {
        Self::with(netns, Tools::system(), Duration::from_millis(200), NEVER)
    }

    pub(crate) fn with(netns: &Netns, tools: Tools, poll: Duration, reconcile: Duration) -> Self {
        let source = SourceSpec {
            name: SourceName::new("firewall").unwrap(),
            kind: SourceKind::Firewall,
            pattern: Pattern::Path(PathBuf::new()),
            dialect: None,
            reading: ReadAs::Content,
            display: DisplayPolicy::Clear,
            file_bytes_max: 0,
        };
        let place = netns.place();
        let spec = Arc::new(FirewallSpec {
            source: Arc::new(source),
            places: vec![place.clone()],
            poll,
            reconcile,
            config: None,
        });
        let state = tempfile::tempdir().unwrap();
        let state_dir = state.path().to_owned();
        let (tell, told) = std::sync::mpsc::channel();
        let (commit, commits) = watch::channel(Commits::default());
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let stands = Arc::new(AtomicBool::new(false));
        let standing = Arc::clone(&stands);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut tasks = Tasks::new(stopping);
                let (observed, mut inputs) = mpsc::channel(journal::INPUTS);
                let journal = journal(state_dir, &tasks);
                let (_, legacy) = watch::channel(Default::default());
                let ends =
                    Ends { observed, reader: journal.reader(), clock: Clock::system(), last_alive_ms: None, legacy };
                let desk = Desk::new(spec, place, &key(), ends);
                tasks.spawn("nft", nft::run(desk, tools, commit, tasks.stop()));
                let passing = async {
                    while let Some(input) = inputs.recv().await {
                        while standing.load(Ordering::Relaxed) {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                        _ = tell.send(input);
                    }
                };
                let (joined, ()) = tokio::join!(tasks.join(PATIENCE), passing);
                joined.unwrap();
            });
        });
        let thread = Some(thread);
        Self { told, state: Observation::default(), commits, stop, thread, stands, _state: state }
    }

    /// The journal takes nothing from now on, or does again.
    pub(crate) fn stand(&self, still: bool) {
        self.stands.store(still, Ordering::Relaxed);
    }

    /// The next that is handed on; none if nothing is in that time.
    pub(crate) fn next_within(&mut self, time: Duration) -> Option<Told> {
        let input = match self.told.recv_timeout(time) {
            Ok(input) => input,
            Err(RecvTimeoutError::Timeout) => return None,
            Err(RecvTimeoutError::Disconnected) => panic!("the follower has ended"),
        };
        Some(match input {
            Input::Observed(mut all) => self.take(all.remove(0)),
            Input::Mark(Mark::Gap(gap)) => Told::Gap(gap.reason),
            other => panic!("{other:?}"),
        })
    }

    fn take(&mut self, observed: Observed) -> Told {
        let mut part = false;
        let change = match &observed.sight {
            Sight::Whole { observation, .. } => {
                let change = delta::diff(&self.state, observation);
                self.state = observation.clone();
                change
            }
            Sight::Part { delta, .. } => {
                self.state = delta.apply(&self.state).expect("a part follows from what was handed on");
                part = true;
                Some(delta.clone())
            }
            Sight::Unreadable { .. } => None,
        };
        let say = |change: &delta::ItemChange| {
            let sign = if change.after.is_some() { '+' } else { '-' };
            format!("{sign}{}", change.key)
        };
        let changes = change.map(|delta| delta.changes.iter().map(say).collect()).unwrap_or_default();
        Told::Seen { changes, observed: Box::new(observed), part }
    }

    pub(crate) fn next(&mut self) -> Told {
        self.next_within(PATIENCE).expect("something is handed on")
    }

    /// The next changes of rules, chains and sets, the order of rules left out,
    /// and the name of the process that made them.
    pub(crate) fn changes(&mut self) -> (Vec<String>, Option<String>) {
        match self.next() {
            Told::Seen { changes, observed, part } => {
                assert!(part, "it was listed: {observed:?}");
                let changes = changes.into_iter().filter(|one| !one.contains("@order")).collect();
                (changes, observed.clue.made_by.map(|it| it.name))
            }
            Told::Gap(reason) => panic!("a gap: {reason}"),
        }
    }

    /// Waits until what was handed on is what a listing says, and gives all
    /// gaps on the way.
    pub(crate) fn until_as_listed(&mut self, netns: &Netns) -> Vec<String> {
        let (begin, mut gaps) = (Instant::now(), Vec::new());
        loop {
            let wanted = netns.listed();
            while self.state.root() != wanted.root() {
                match self.next_within(Duration::from_millis(500)) {
                    Some(Told::Gap(reason)) => gaps.push(reason),
                    Some(Told::Seen { .. }) => {}
                    None => break,
                }
            }
            if self.state.root() == wanted.root() {
                return gaps;
            }
            assert!(begin.elapsed() < PATIENCE, "{:#?}", delta::diff(&self.state, &wanted));
        }
    }

    /// Nothing more is handed on.
    pub(crate) fn is_quiet(&mut self) {
        let told = self.next_within(Duration::from_millis(400));
        assert!(told.is_none(), "{told:?}");
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.stand(false);
        self.stop.cancel();
        if let Some(thread) = self.thread.take().filter(|_| !std::thread::panicking()) {
            thread.join().unwrap();
        }
    }
}

/// One that nothing is written to: for its reader.
fn journal(state_dir: PathBuf, tasks: &Tasks) -> Journal {
    let opened = recovery::open(&state_dir, 1).unwrap();
    let progress = Journal::progress(&opened.meta);
    let (_, inputs) = mpsc::channel(1);
    let (_, requests) = mpsc::channel(1);
    let bounds = driftline_agent::config::JournalBounds { bytes_max: 1 << 30, age_max_ms: i64::MAX };
    let settings = JournalSettings { state_dir, bounds, key_epoch: KeyEpoch(1) };
    Journal::new(opened, settings, Clock::system(), journal::Ends { inputs, requests, progress }, tasks.stop())
}
