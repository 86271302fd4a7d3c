//! From an nftables commit to the alert, with few and with many rules in place.
//!
//! The clock runs from just before the command is handed to a running `nft -i`,
//! so that the commit itself is within it, until the receiver has read the
//! whole alert. `nft monitor` beside it sees the same commits.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use driftline_tests::netns::{Namespace, Nft};
use driftline_tests::process::{PATIENCE, eventually};
use driftline_tests::webhook::{Webhook, changes};

use crate::agent::Agent;
use crate::api::Api;
use crate::collector::Collector;
use crate::proc::Look;
use crate::stats::{Samples, bytes, core_share, pair, times};
use crate::table::{Line, Section};
use crate::{Setup, runtime};

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
    ours: Samples,
    monitor: Samples,
    resident: u64,
    idle: String,
    wakes: f64,
    named: usize,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let count = if setup.quick { 100 } else { 1000 };
    let title = "From an nftables commit to the webhook".to_owned();
    let mut lines = Vec::new();
    let mut notes = Vec::new();
    let mut least = None;
    for rules in IN_PLACE {
        let Some(run) = measure(&setup.dir.join(rules.to_string()), rules, count) else {
            return Section { title, lines, notes: vec!["Not measured: it needs root, `ip` and `nft`.".to_owned()] };
        };
        let kept = run.ours.p50() <= P50_MAX && run.ours.p99() <= P99_MAX;
        lines.push(
            Line::new(format!("commit -> webhook, {rules} rules in place, p50 / p99"), pair(&run.ours))
                .budget("5 ms / 25 ms", kept)
                .beside(format!("nft monitor alone {}", pair(&run.monitor)), times(run.ours.p50(), run.monitor.p50())),
        );
        lines.push(Line::new("changes that name pid and process", format!("{} of {count}", run.named)));
        let more = run.resident.saturating_sub(*least.get_or_insert(run.resident));
        let memory = Line::new("agent resident", bytes(run.resident));
        lines.push(if more > 0 && rules == IN_PLACE[2] {
            memory.budget(format!("{} more, of 20 MiB", bytes(more)), more <= MORE_BYTES_MAX)
        } else {
            memory
        });
        lines.push(Line::new("its processor and wake-ups when idle", format!("{}, {:.2} /s", run.idle, run.wakes)));
    }
    notes.push(format!(
        "{count} commits of one rule each, by one `nft -i` in a network namespace of its own, real agent, real collector, \
         TLS on loopback, signed webhook. The next commit follows the last one's alert by {} ms. `nft monitor` runs in \
         the same namespace at the same time. Ratios are of the p50.",
        PAUSE.as_millis()
    ));
    Section { title, lines, notes }
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
    first_alert(&webhook, &mut nft);
    let monitor = Monitor::start(&namespace)?;
    let mut port = FIRST_PORT;
    let mut named = 0;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..WARM_UP + count {
        std::thread::sleep(PAUSE);
        port += 1;
        let begun = Instant::now();
        nft.say(&format!("add rule inet bench input tcp dport {port} accept"));
        let (at, is_named) = alerted(&webhook, turn, port);
        let seen = monitor.said(port) - begun;
        if turn >= WARM_UP {
            ours.push(at - begun);
            theirs.push(seen);
            named += usize::from(is_named);
        }
    }
    drop(monitor);
    std::thread::sleep(Duration::from_secs(2));
    let before = Look::at(process.id());
    std::thread::sleep(REST);
    let after = Look::at(process.id());
    let spent = after.since(&before);
    Some(Run {
        ours: Samples::new(ours),
        monitor: Samples::new(theirs),
        resident: after.resident,
        idle: core_share(spent.cpu, spent.within),
        wakes: spent.wakes_per_second(),
        named,
    })
}

/// A base chain with as many rules as wanted, no two alike.
fn fill(namespace: &Namespace, rules: usize) {
    let mut script =
        "table inet bench {\n chain input {\n  type filter hook input priority 0; policy drop;\n".to_owned();
    for number in 0..rules {
        let (high, low, port) = (number / 250, number % 250 + 1, 1 + number % 20_000);
        script.push_str(&format!("  ip saddr 10.{}.{}.{low} tcp dport {port} accept\n", high / 250, high % 250));
    }
    script.push_str(" }\n}\n");
    namespace.nft(&script);
}

/// Commits until the first alert comes: the first observation may still be on
/// its way.
fn first_alert(webhook: &Webhook, nft: &mut Nft) {
    let mut port = 100;
    eventually("the first alert of a rule", || {
        port += 1;
        nft.say(&format!("add rule inet bench input udp dport {port} accept"));
        std::thread::sleep(Duration::from_millis(200));
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
