//! What one changed item costs in a source of 10, 1,000 and 20,000: to the root
//! over all of them, and to the journal until it is on disk.
//!
//! `cargo run --release -p driftline-agent --example one_change [DIRECTORY]`; it writes
//! below the directory alone (the system's temporary one by default).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement, not a program"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_agent::Config;
use driftline_agent::config::{JournalBounds, SourceSpec};
use driftline_agent::journal::{self, Input, Journal, JournalSettings, Mark, recovery};
use driftline_agent::observe::part::Account;
use driftline_agent::observe::{Clue, Observed, Sight};
use driftline_canon::display::Masked;
use driftline_canon::{Digest, Item, ItemKey, KeyEpoch, Observation, SourceName};
use driftline_daemon::Clock;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 200;

fn item(at: usize, round: usize) -> Item {
    let rule =
        format!("ip saddr 10.{}.{}.0/24 tcp dport {} ct state new counter accept", at / 256, at % 256, 1000 + at);
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&(round as u64).to_be_bytes());
    Item {
        key: ItemKey::from_bytes(format!("inet filter/input: {rule}").as_bytes()),
        digest: Digest(digest),
        secret: false,
        display: Some(Masked::from_wire(rule)),
        line: None,
        file: None,
    }
}

fn spec() -> Arc<SourceSpec> {
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/app.env\"\n";
    Arc::clone(&Config::parse(Path::new("agent.toml"), text).unwrap().sources[0])
}

fn observed(sight: Sight) -> Input {
    Input::Observed(vec![Observed {
        name: SourceName::new("app").unwrap(),
        path: "/app.env".to_owned(),
        spec: spec(),
        sight,
        problems: Vec::new(),
        observed_ms: 1_000,
        unobserved_since_ms: None,
        actor: None,
        clue: Clue::default(),
        meanings: Vec::new(),
    }])
}

fn whole(items: &[Item]) -> Sight {
    Sight::Whole { observation: Observation::new(items.to_vec()), content: None, unreadable: Vec::new() }
}

struct Running {
    inputs: mpsc::Sender<Input>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    fn start(dir: &Path) -> Self {
        let opened = recovery::open(dir, 1).unwrap();
        let progress = Journal::progress(&opened.meta);
        let (inputs, taken) = mpsc::channel(journal::INPUTS);
        let (_, requests) = mpsc::channel(1);
        let bounds = JournalBounds { bytes_max: 1 << 30, age_max_ms: i64::MAX };
        let settings = JournalSettings { state_dir: dir.to_owned(), bounds, key_epoch: KeyEpoch(1) };
        let ends = journal::Ends { inputs: taken, requests, progress };
        let journal = Journal::new(opened, settings, Clock::system(), ends, CancellationToken::new());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let running = async { tokio::task::spawn_blocking(move || journal.run(&Handle::current())).await };
            runtime.block_on(running).unwrap().unwrap();
        });
        Self { inputs, thread }
    }

    /// Until it is on disk.
    fn take(&self, sight: Sight) -> Duration {
        let (tell, told) = oneshot::channel();
        let began = Instant::now();
        self.inputs.blocking_send(observed(sight)).unwrap();
        self.inputs.blocking_send(Input::Mark(Mark::Durable(tell))).unwrap();
        told.blocking_recv().unwrap();
        began.elapsed()
    }
}

fn show(what: &str, mut all: Vec<Duration>) {
    all.sort();
    let ms = |part: usize| all[(all.len() * part / 100).min(all.len() - 1)].as_secs_f64() * 1e3;
    println!("{what:<44} p50 {:8.3} ms   p99 {:8.3} ms", ms(50), ms(99));
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    format!("{} {}", of("VmHWM"), of("VmRSS"))
}

fn measure(dir: &Path, count: usize) {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let mut items: Vec<Item> = (0..count).map(|at| item(at, 0)).collect();
    let observation = Observation::new(items.clone());
    let roots = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        assert_ne!(observation.root().0, [0; 32]);
        began.elapsed()
    });
    show(&format!("{count} items: root of an observation"), roots.collect());
    let running = Running::start(dir.path());
    let mut account = Account::default();
    running.take(account.whole(observation));
    let (mut roots, mut all) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let changed = item(round * 7919 % count, round + ROUNDS);
        let began = Instant::now();
        let part = account.part([(changed.key.clone(), Some(changed))]).unwrap();
        roots.push(began.elapsed());
        all.push(running.take(part));
    }
    show(&format!("{count} items: a part made, with its root"), roots);
    show(&format!("{count} items: a part to disk"), all);
    println!("{count} items: parts alone: {}", resident());
    let mut all = Vec::new();
    for round in 1..=ROUNDS {
        items[round * 7919 % count] = item(round * 7919 % count, round);
        all.push(running.take(whole(&items)));
    }
    show(&format!("{count} items: whole observation to disk"), all);
    drop(running.inputs);
    running.thread.join().unwrap();
    let bytes = std::fs::metadata(dir.path().join(recovery::STATE_FILE)).unwrap().len();
    println!("{count} items: {} KiB on disk; {}", bytes / 1024, resident());
}

/// What a source of 20,000 items leaves resident: what the observer keeps, and
/// what the allocator does not give back.
fn memory(dir: &Path) {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let running = Running::start(dir.path());
    running.take(whole(&[item(0, 0)]));
    println!("before: {}", resident());
    let mut account = Account::default();
    running.take(account.whole(Observation::new((0..20_000).map(|at| item(at, 0)).collect())));
    println!("20000 items told whole: {}", resident());
    for round in 1..=ROUNDS {
        let changed = item(round * 7919 % 20_000, round);
        running.take(account.part([(changed.key.clone(), Some(changed))]).unwrap());
    }
    println!("and {ROUNDS} parts: {}", resident());
}

fn main() {
    let dir = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    memory(&dir);
    for count in [10, 1_000, 20_000] {
        measure(&dir, count);
    }
}
