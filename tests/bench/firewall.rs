//! From an nftables commit to the alert, with few and with many rules in place.
//!
//! The clock runs from the kernel's own word that it has committed, as a netlink
//! socket of this program hears it, until the receiver has read the whole alert;
//! beside it from just before the command is handed to a running `nft -i`, which
//! reads what is in place before it commits. `nft monitor` sees the same commits
//! and is timed from the same word. It measures no rule but the one that is added.

mod kernel;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use driftline_tests::netns::{Namespace, Nft};
use driftline_tests::process::{PATIENCE, eventually};
use driftline_tests::webhook::{Webhook, changes};
use sha2::{Digest as _, Sha256};

use crate::agent::Agent;
use crate::api::Api;
use crate::collector::Collector;
use crate::proc::{Look, Spent};
use crate::stats::{Samples, bytes, core_share, duration, pair, times};
use crate::table::{Line, Section};
use crate::{Setup, runtime};
use kernel::Commits;

const P50_MAX: Duration = Duration::from_millis(5);
const P99_MAX: Duration = Duration::from_millis(25);

/// Rules in place.
const IN_PLACE: [usize; 3] = [10, 1_000, 20_000];

/// What the agent may have more with the most of them than with the fewest.
const MORE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Between two commits, so that nothing of the last is still going on.
const PAUSE: Duration = Duration::from_millis(5);

/// Commits that are not counted.
const WARM_UP: usize = 20;

/// How long the agent is left alone before it is looked at.
const REST: Duration = Duration::from_secs(10);

/// The first port of the rules that are added; those in place are below.
const FIRST_PORT: usize = 30_000;

/// What one run showed.
struct Run {
    /// From the kernel's word to the alert, and to the line of `nft monitor`.
    ours: Samples,
    monitor: Samples,
    /// From the command to the alert, and to the kernel's word.
    command: Samples,
    nft: Samples,
    /// At rest, when all of them were over.
    idle: Spent,
    after: Look,
    named: usize,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let count = if setup.quick { 100 } else { 1000 };
    let title = "From an nftables commit to the webhook".to_owned();
    let mut lines = Vec::new();
    let mut least = None;
    for rules in IN_PLACE {
        let Some(run) = measure(&setup.dir.join(rules.to_string()), rules, count) else {
            return Section { title, lines, notes: vec!["Not measured: it needs root, `ip` and `nft`.".to_owned()] };
        };
        lines.extend(times_of(&run, rules));
        lines.push(Line::new("changes that name pid and process", format!("{} of {count}", run.named)));
        lines.extend(cost_of(&run, *least.get_or_insert(run.after.resident), rules == IN_PLACE[2]));
    }
    let notes = vec![format!(
        "{count} commits of one rule each, by one `nft -i` in a network namespace of its own, real agent, real collector, \
         TLS on loopback, signed webhook. The next commit follows the last one's alert by {} ms. The clock starts when \
         the benchmark's own netlink socket hears the kernel say that the commit is done (the message of the new \
         generation). `nft monitor` runs in the same namespace at the same time and is timed from the same moment. What \
         `nft -i` does before that, reading the rules that are in place and having the kernel commit, is the \
         other line. Ratios are of the p50. Resident memory is that of the agent and of its child, `nft -j monitor`, \
         together; pages that both map count twice.",
        PAUSE.as_millis()
    )];
    Section { title, lines, notes }
}

/// How long it took.
fn times_of(run: &Run, rules: usize) -> [Line; 3] {
    let kept = run.ours.p50() <= P50_MAX && run.ours.p99() <= P99_MAX;
    let commit = Line::new(format!("commit -> webhook, {rules} rules in place, p50 / p99"), pair(&run.ours))
        .budget("5 ms / 25 ms", kept)
        .beside(format!("nft monitor alone {}", pair(&run.monitor)), times(run.ours.p50(), run.monitor.p50()));
    let command = Line::new("command -> webhook", pair(&run.command))
        .beside(format!("of it nft and the kernel until the commit {}", pair(&run.nft)), "");
    let (hashed, took) = root(rules);
    let root = Line::new("of it the root of all rules", duration(took))
        .beside(format!("it is the SHA-256 of {}", bytes(hashed)), "");
    [commit, root, command]
}

/// What the root of so many rules takes alone: the hash of every key and digest,
/// which the wire's form of it asks for at each change. Bytes, and the time.
fn root(rules: usize) -> (u64, Duration) {
    const LENGTH_AND_DIGEST: usize = 8 + 32;
    let pair = |number| format!("inet bench/input: {}", in_place(number)).len() + LENGTH_AND_DIGEST;
    let all = vec![0x5a_u8; (0..rules).map(pair).sum()];
    let once = || {
        let begun = Instant::now();
        std::hint::black_box(Sha256::digest(&all));
        begun.elapsed()
    };
    (all.len() as u64, (0..5).map(|_| once()).min().unwrap_or_default())
}

/// What the agent and its child cost.
fn cost_of(run: &Run, least: u64, most: bool) -> [Line; 2] {
    let Look { resident, children, .. } = run.after;
    let more = resident.saturating_sub(least);
    let memory = Line::new("agent resident, with its child", bytes(resident))
        .beside(format!("of it nft -j monitor {}", bytes(children)), "");
    let memory =
        if most { memory.budget(format!("{} more, of 20 MiB", bytes(more)), more <= MORE_BYTES_MAX) } else { memory };
    let idle = format!("{}, {:.2} /s", core_share(run.idle.cpu, run.idle.within), run.idle.wakes_per_second());
    [memory, Line::new("their processor and wake-ups when idle", idle)]
}

fn measure(dir: &Path, rules: usize, count: usize) -> Option<Run> {
    let namespace = Namespace::new()?;
    std::fs::create_dir_all(dir).expect("a directory of this run's own");
    fill(&namespace, rules);
    let webhook = Collector::webhook();
    let collector = Collector::start(dir, Some(&webhook));
    let runtime = runtime();
    let api = Api::of(&collector);
    let source = format!(
        "\n[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nown = false\nnamespaces = [\"{}\"]\n",
        namespace.name()
    );
    let agent = runtime.block_on(Agent::enrol(dir, &collector, &api, "web-1", &source));
    let (process, _) = agent.start();
    let mut nft = namespace.interactive();
    first_alert(&webhook, &mut nft, rules);
    let monitor = Monitor::start(&namespace)?;
    let commits = Commits::hear(namespace.name());
    let mut port = FIRST_PORT;
    let mut named = 0;
    let [mut ours, mut theirs, mut command, mut before] = [const { Vec::new() }; 4];
    for turn in 0..WARM_UP + count {
        std::thread::sleep(PAUSE);
        port += 1;
        commits.forget();
        let begun = Instant::now();
        nft.say(&format!("add rule inet bench input tcp dport {port} accept"));
        let committed = commits.next_of(nft.id());
        let (at, is_named) = alerted(&webhook, turn, port);
        let seen = monitor.said(port);
        if turn >= WARM_UP {
            // Whoever is woken first may be another than this program.
            ours.push(at.saturating_duration_since(committed));
            theirs.push(seen.saturating_duration_since(committed));
            command.push(at - begun);
            before.push(committed - begun);
            named += usize::from(is_named);
        }
    }
    drop(monitor);
    std::thread::sleep(Duration::from_secs(2));
    let rest = Look::at(process.id());
    std::thread::sleep(REST);
    let after = Look::at(process.id());
    Some(Run {
        ours: Samples::new(ours),
        monitor: Samples::new(theirs),
        command: Samples::new(command),
        nft: Samples::new(before),
        idle: after.since(&rest),
        after,
        named,
    })
}

/// A base chain with as many rules as wanted, no two alike.
fn fill(namespace: &Namespace, rules: usize) {
    let mut script =
        "table inet bench {\n chain input {\n  type filter hook input priority 0; policy drop;\n".to_owned();
    for number in 0..rules {
        script.push_str(&format!("  {}\n", in_place(number)));
    }
    script.push_str(" }\n}\n");
    namespace.nft(&script);
}

fn in_place(number: usize) -> String {
    let (high, low, port) = (number / 250, number % 250 + 1, 1 + number % 20_000);
    format!("ip saddr 10.{}.{}.{low} tcp dport {port} accept", high / 250, high % 250)
}

/// Commits until the first alert comes: the first observation may still be on
/// its way.
fn first_alert(webhook: &Webhook, nft: &mut Nft, rules: usize) {
    // Whoever reads all rules begins anew when one comes meanwhile.
    let pause = Duration::from_millis(200 + rules as u64 / 10);
    let mut port = 100;
    eventually("the first alert of a rule", || {
        port += 1;
        nft.say(&format!("add rule inet bench input udp dport {port} accept"));
        std::thread::sleep(pause);
        webhook.calls().iter().any(|call| changes(call).any(|change| is_of(change, "udp dport"))).then_some(())
    });
}

fn is_of(change: &serde_json::Value, text: &str) -> bool {
    change["key"].as_str().is_some_and(|key| key.contains(text))
}

/// When the alert of that port's rule was read, and whether it names a process.
fn alerted(webhook: &Webhook, turn: usize, port: usize) -> (Instant, bool) {
    let rule = format!("tcp dport {port} accept");
    // Each turn before made one call at least, so none of those is looked at.
    webhook.wait(turn, |call| {
        let change = changes(call).find(|change| is_of(change, &rule))?;
        let actor = &change["actor"];
        Some((call.at, actor["pid"].is_u64() && actor["name"] == "nft"))
    })
}

/// `nft monitor`, its lines with the moment each was read.
struct Monitor {
    child: Child,
    lines: Receiver<(String, Instant)>,
}

impl Monitor {
    fn start(namespace: &Namespace) -> Option<Self> {
        let mut command = namespace.command(&["nft", "monitor"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let (to, lines) = channel();
        let out = BufReader::new(child.stdout.take()?);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = to.send((line, Instant::now()));
            }
        });
        // It says nothing when it begins to listen.
        std::thread::sleep(Duration::from_secs(1));
        Some(Self { child, lines })
    }

    fn said(&self, port: usize) -> Instant {
        let wanted = format!("tcp dport {port} ");
        loop {
            let (line, at) = self.lines.recv_timeout(PATIENCE).expect("nft monitor says what happens");
            if line.contains(&wanted) {
                return at;
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests;
