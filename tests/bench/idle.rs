//! Starting, and standing by: how soon the daemons are ready, what an idle
//! connection costs the collector, and how soon all are back after it was
//! killed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_tests::process::read_text;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::agent::{Agent, source};
use crate::api::Api;
use crate::collector::Collector;
use crate::proc::Look;
use crate::sim::{Member, Session};
use crate::source::MadeUp;
use crate::stats::{Samples, bytes, core_share, count, duration};
use crate::table::{Line, Section};
use crate::{Setup, files, fleet, runtime};

const READY_MAX: Duration = Duration::from_millis(200);
const BACK_MAX: Duration = Duration::from_secs(60);
const EACH_MAX: u64 = 48 * 1024;
const SHARE_MAX: f64 = 5.0;

/// Starts of each daemon; the middle one counts.
const STARTS: usize = 5;

/// Files that the agent watches in the measurement of its start.
const FILES: usize = 1000;

/// Descriptors that are needed beside one per connection.
const SPARE: usize = 500;

/// How long one simulated agent waits before it tries again.
const RETRY: Duration = Duration::from_millis(500);

pub(crate) fn run(setup: &Setup) -> Section {
    let mut collector = Collector::start(&setup.dir, None);
    let api = Api::of(&collector);
    let runtime = runtime();
    let agent = agent_starts(setup, &collector, &api, &runtime);
    let restarts = Samples::new((0..STARTS).map(|_| collector.restart()).collect());
    let mut lines = vec![
        Line::new(format!("agent, start -> ready, {} files known", count(FILES as u64)), duration(agent.p50()))
            .budget("200 ms", agent.p50() <= READY_MAX),
        Line::new("collector, start -> ready, after kill -9", duration(restarts.p50())),
    ];
    let wanted = if setup.quick { 200 } else { many() };
    let connections = wanted.min(descriptors().saturating_sub(SPARE));
    lines.extend(connected(collector, &api, &runtime, connections, setup.quick));
    let notes = vec![
        "Simulated agents with one open stream and one source each, a heartbeat every ten seconds. Memory per \
         connection is the growth of the collector's resident memory, kernel buffers not included. After kill -9 the \
         collector is started at once; each agent tries every 0.5 s; \"all back\" is from the start of the new process."
            .to_owned(),
    ];
    Section { title: "Starting and standing by".to_owned(), lines, notes }
}

fn agent_starts(setup: &Setup, collector: &Collector, api: &Api, runtime: &Runtime) -> Samples {
    let files = setup.dir.join("files");
    files::many(&files, FILES);
    let sources = source("file", "many", &files.join(files::GLOB));
    let agent = runtime.block_on(Agent::enrol(&setup.dir, collector, api, "web-1", &sources));
    // The first one finds everything new.
    let start = |_| {
        let (mut process, ready) = agent.start();
        std::thread::sleep(Duration::from_secs(1));
        let _ = process.stop();
        ready
    };
    Samples::new((0..=STARTS).map(start).skip(1).collect())
}

fn connected(collector: Collector, api: &Api, runtime: &Runtime, wanted: usize, quick: bool) -> Vec<Line> {
    let collector = Arc::new(collector);
    let members = runtime.block_on(fleet::enrol(&collector, api, "production", wanted));
    let mut collector = Arc::into_inner(collector).expect("nobody else holds it any more");
    // A fresh process, so that what enrolment left in memory is not counted.
    collector.restart();
    std::thread::sleep(Duration::from_secs(1));
    let empty = Look::at(collector.pid());
    let agents = members.into_iter().enumerate().map(Simulated::new).collect();
    let (standing, first) = runtime.block_on(stand(agents, Instant::now()));
    std::thread::sleep(Duration::from_secs(if quick { 2 } else { 12 }));
    let before = Look::at(collector.pid());
    std::thread::sleep(Duration::from_secs(if quick { 5 } else { 20 }));
    let after = Look::at(collector.pid());
    let spent = after.since(&before);

    let begun = Instant::now();
    collector.restart();
    let agents = runtime.block_on(standing.join_all());
    let (_standing, back) = runtime.block_on(stand(agents, begun));
    lines(wanted, &empty, &after, &spent, first, back)
}

fn lines(
    connections: usize,
    empty: &Look,
    full: &Look,
    spent: &crate::proc::Spent,
    first: Duration,
    back: Duration,
) -> Vec<Line> {
    let number = count(connections as u64);
    let each = full.resident.saturating_sub(empty.resident) / connections.max(1) as u64;
    let share = 100.0 * spent.cpu.as_secs_f64() / spent.within.as_secs_f64();
    let all = bytes(full.resident);
    vec![
        Line::new(format!("collector, per idle connection, {number} of them"), bytes(each))
            .beside(format!("{all} in all"), "")
            .budget("48 KiB", each <= EACH_MAX),
        Line::new("collector's processor meanwhile", core_share(spent.cpu, spent.within))
            .budget("5 % of a core", share <= SHARE_MAX),
        Line::new("all connected the first time", duration(first)),
        Line::new("all back after kill -9 of the collector", duration(back)).budget("60 s", back <= BACK_MAX),
    ]
}

/// Streams that stand; each gives its agent back when it ends.
type Standing = JoinSet<Simulated>;

/// A simulated agent and what the collector has of it.
struct Simulated {
    member: Member,
    source: MadeUp,
}

impl Simulated {
    fn new((number, member): (usize, Member)) -> Self {
        Self { member, source: MadeUp::new("app", 1, number as u64) }
    }

    /// Connects; the first time it sends what it has.
    async fn connect(&mut self) -> Result<Session, String> {
        if self.source.seq() > 0 {
            return self.member.connect(&[self.source.now()]).await;
        }
        let mut session = self.member.connect(&[self.source.start()]).await?;
        session.deliver(self.source.snapshot()).await?;
        Ok(session)
    }

    /// Connects as often as it takes, says when, and stands by until the
    /// collector ends the stream.
    async fn stand(mut self, ready: mpsc::Sender<Instant>) -> Self {
        let session = loop {
            match self.connect().await {
                Ok(session) => break session,
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        };
        let _ = ready.send(Instant::now()).await;
        drop(ready);
        let _ = session.idle(self.source.sources_root(), self.source.seq()).await;
        self
    }
}

/// Connects all at once, as after a restart; gives the time from `begun` until
/// the last one stood.
async fn stand(agents: Vec<Simulated>, begun: Instant) -> (Standing, Duration) {
    let mut standing = JoinSet::new();
    let (ready, mut all) = mpsc::channel(agents.len().max(1));
    for agent in agents {
        standing.spawn(agent.stand(ready.clone()));
    }
    drop(ready);
    let mut last = begun;
    while let Some(at) = all.recv().await {
        last = last.max(at);
    }
    (standing, last - begun)
}

/// Simulated agents: 1,000, or as many as the caller's environment says.
fn many() -> usize {
    let said = std::env::var("DRIFTLINE_BENCH_AGENTS").ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(1000)
}

/// How many descriptors this process, and what it starts, may have.
fn descriptors() -> usize {
    let limits = read_text("/proc/self/limits".as_ref());
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|soft| soft.parse().ok()).unwrap_or(1024)
}
