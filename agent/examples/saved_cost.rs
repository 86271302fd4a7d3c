//! What it costs to follow tables of iptables and sets of ipset: one look, with
//! 10, 1,000 and 20,000 rules; the time from a change to the journal; and the
//! processor's time while nothing changes.
//!
//! `cargo run --release -p driftline-agent --example saved_cost`, as root; it makes
//! network namespaces of its own and removes them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a measurement, not a program"
)]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/saved/rig.rs"]
mod rig;

use std::fmt::Write;
use std::time::{Duration, Instant};

use driftline_agent::firewall::tools::{Bounds, Tools};
use driftline_canon::digest::KeyedDigest;
use driftline_canon::{DisplayPolicy, FleetKey, Format, KeyEpoch, Observation, format};
use rig::{Netns, Rig};
use tokio::runtime::Runtime;

const SIZES: [usize; 3] = [10, 1_000, 20_000];

/// The programs of one backend: to load, to save; and how it is read.
const BACKENDS: [(&str, &str, &str, &[&str], Format); 3] = [
    ("iptables-nft", "iptables-nft-restore", "iptables-nft-save", &[], Format::IptablesSave),
    ("iptables-legacy", "iptables-legacy-restore", "iptables-legacy-save", &[], Format::IptablesSave),
    ("ipset", "ipset restore", "ipset", &["save"], Format::IpsetSave),
];

fn main() {
    let keyed = FleetKey::new([7; 32], KeyEpoch(1)).keyed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("one look: rules, program, reading (median of 7)");
    for (name, load, save, arguments, format) in BACKENDS {
        for size in SIZES {
            let Some(netns) = Netns::new() else { return };
            fill(&netns, load, size);
            let (mut programs, mut readings) = (Vec::new(), Vec::new());
            for _ in 0..7 {
                let began = Instant::now();
                let text = printed(&runtime, &netns, save, arguments);
                programs.push(began.elapsed());
                let began = Instant::now();
                read(&text, format, &keyed);
                readings.push(began.elapsed());
            }
            println!("  {name} {size}: {:.1} ms, {:.1} ms", ms(median(programs)), ms(median(readings)));
        }
    }
    println!("from the end of `iptables-legacy -A` to the journal (of 20)");
    SIZES.into_iter().for_each(latency);
    println!("processor's time of agent and programs in 20 s without changes");
    idle("nothing loaded", "true");
    idle(
        "a legacy table of each family and a set, polled every 2 s",
        "iptables-legacy -L; ip6tables-legacy -L; ipset create a hash:ip",
    );
}

fn fill(netns: &Netns, load: &str, size: usize) {
    let mut text = if load.starts_with("ipset") { "create a hash:ip\n" } else { "*filter\n" }.to_owned();
    for at in 0..size {
        let address = format!("10.{}.{}.{}", at >> 16, (at >> 8) & 255, at & 255);
        let line = if load.starts_with("ipset") {
            writeln!(text, "add a {address}")
        } else {
            writeln!(text, "-A INPUT -s {address}/32 -p tcp -m tcp --dport {} -j ACCEPT", at % 60_000 + 1)
        };
        line.unwrap();
    }
    if !load.starts_with("ipset") {
        text.push_str("COMMIT\n");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    netns.run(&format!("{load} <{}", file.path().display()));
}

fn printed(runtime: &Runtime, netns: &Netns, save: &'static str, arguments: &[&str]) -> Vec<u8> {
    let tool = Tools::system().find(save).unwrap();
    runtime.block_on(tool.run(arguments, &netns.place(), Bounds::default())).unwrap()
}

fn read(text: &[u8], format: Format, keyed: &KeyedDigest) {
    let reading = format::read(format, text);
    assert_eq!(reading.problems, []);
    std::hint::black_box(Observation::of_settings(&reading.settings, keyed, DisplayPolicy::Clear));
}

fn latency(size: usize) {
    let Some(netns) = Netns::new() else { return };
    fill(&netns, "iptables-legacy-restore", size);
    let agent = Rig::of(&netns).start();
    agent.until("it was seen", |agent| agent.has_records(1));
    let mut all = Vec::new();
    let mut took = Duration::from_millis(50);
    for at in 0..20 {
        // Behind a look hints wait four times as long as it took.
        std::thread::sleep(took * 4);
        netns.run(&format!("iptables-legacy -A INPUT -p udp --dport {} -j ACCEPT", 50_000 + at));
        let began = Instant::now();
        // The first look is the first record.
        agent.until("the change is known", |agent| agent.has_records(at + 2));
        took = began.elapsed();
        all.push(took);
    }
    all.sort();
    println!("  {size} rules: p50 {:.1} ms, worst {:.1} ms", ms(all[10]), ms(all[19]));
}

fn idle(what: &str, line: &str) {
    let Some(netns) = Netns::new() else { return };
    netns.run(line);
    let agent = Rig::new(netns.place(), Tools::system(), Duration::from_secs(2)).start();
    std::thread::sleep(Duration::from_secs(2));
    let before = spent();
    std::thread::sleep(Duration::from_secs(20));
    let used = spent() - before;
    println!("  {what}: {used} ms, {:.3} % of a core", f64::from(used) / 200.0);
    drop(agent);
}

/// Milliseconds of processor time of this process and the ended ones that it
/// started, in steps of 10 (proc(5), utime, stime, cutime, cstime).
fn spent() -> u32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_ascii_whitespace().skip(11).take(4);
    fields.map(|ticks| ticks.parse::<u32>().unwrap() * 10).sum()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
