//! Durable ingest: many simulated agents send as fast as they are acknowledged.
//!
//! An acknowledgement means that the record is on the collector's disk, so the
//! rate is one of durable changes. The agents share the cores with the
//! collector: on a machine of their own it would have more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::api::Api;
use crate::collector::Collector;
use crate::proc::Look;
use crate::sim::{Listener, Member, Speaker};
use crate::source::MadeUp;
use crate::state::metric;
use crate::stats::{Samples, count, duration, pair, per_second, ratio, times};
use crate::table::{Line, Section};
use crate::{Setup, fleet, machine, runtime};

pub(crate) const AGENTS: usize = 50;

/// Items of each agent's source.
pub(crate) const ITEMS: usize = 100;

const BATCHED_MIN: u64 = 100_000;
const SINGLE_MIN: u64 = 20_000;
const ACK_MAX: Duration = Duration::from_millis(20);

/// What the agents do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Items that change in each record.
    pub(crate) items: usize,
    /// Records of one agent that may be on their way.
    pub(crate) window: usize,
    /// Between two records of one agent; zero: as fast as the window allows.
    pub(crate) pause: Duration,
    /// How long.
    pub(crate) lasts: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) records: u64,
    pub(crate) took: Duration,
    pub(crate) acks: Samples,
    /// Records of one commit on average.
    pub(crate) group: String,
    /// The collector's processor time for all of them.
    pub(crate) cpu: Duration,
}

impl Outcome {
    /// The collector's processor time for each of so many items a record.
    fn each(&self, items: usize) -> String {
        duration(self.cpu / u32::try_from(self.records * items as u64).unwrap_or(u32::MAX).max(1))
    }
}

pub(crate) fn run(setup: &Setup) -> Section {
    let lasts = Duration::from_secs(if setup.quick { 3 } else { 10 });
    let collector = Arc::new(Collector::start(&setup.dir, None));
    let api = Api::of(&collector);
    let disk = machine::append_and_sync(&setup.dir, 200);
    let runtime = runtime();
    let members = runtime.block_on(fleet::enrol(&collector, &api, "production", AGENTS));
    let mut fleet = runtime.block_on(start(&members));
    let mut under = |load| runtime.block_on(drive(&collector, &api, &mut fleet, load));
    let batched = under(Load { items: ITEMS, window: 32, pause: Duration::ZERO, lasts });
    let single = under(Load { items: 1, window: 64, pause: Duration::ZERO, lasts });
    // Half the budget of single deltas: 50 agents, one record each 5 ms.
    let paced = under(Load { items: 1, window: 512, pause: Duration::from_millis(5), lasts });
    section(&batched, &single, &paced, &disk)
}

fn section(batched: &Outcome, single: &Outcome, paced: &Outcome, disk: &Samples) -> Section {
    let in_batches = per_second(batched.records * ITEMS as u64, batched.took);
    let singly = per_second(single.records, single.took);
    let alone = per_second(1, disk.p50());
    let at = count(per_second(paced.records, paced.took));
    let commit = |outcome: &Outcome| format!("{} records a commit", outcome.group);
    let lines = vec![
        Line::new(format!("item changes in records of {ITEMS}"), format!("{} /s", count(in_batches)))
            .beside(commit(batched), "")
            .budget("100,000 /s", in_batches >= BATCHED_MIN),
        Line::new("single-item deltas", format!("{} /s", count(singly)))
            .beside(format!("fdatasync one by one {} /s", count(alone)), ratio(singly as f64, alone as f64))
            .budget("20,000 /s", singly >= SINGLE_MIN),
        Line::new("", "").beside(commit(single), ""),
        Line::new(format!("acknowledgement at {at} single deltas/s, p50 / p99"), pair(&paced.acks))
            .beside(format!("append + fdatasync {}", pair(disk)), times(paced.acks.p50(), disk.p50()))
            .budget("p99 20 ms", paced.acks.p99() <= ACK_MAX),
        Line::new("", "").beside(commit(paced), ""),
        Line::new("collector's processor for each item change", batched.each(ITEMS))
            .beside(format!("a single delta {}", single.each(1)), ""),
        Line::new("acknowledgement at full rate, single deltas, p50 / p99", pair(&single.acks)),
        Line::new(format!("acknowledgement at full rate, records of {ITEMS}, p50 / p99"), pair(&batched.acks)),
    ];
    let notes = vec![format!(
        "{AGENTS} simulated agents (real enrolment, mutual TLS, one stream each) with one source of {ITEMS} items; \
         {} s each. At full rate 32 records of {ITEMS} or 64 single deltas of each agent are on their way, so the \
         acknowledgement waits in the queue.",
        batched.took.as_secs()
    )];
    Section { title: "Durable ingest".to_owned(), lines, notes }
}

/// The collector's own count of records per commit, as far as it tells.
fn group(before: &str, after: &str) -> String {
    let grown = |name| Some(metric(after, name)?.saturating_sub(metric(before, name)?));
    match (grown("driftline_collector_records_total"), grown("driftline_collector_commits_total")) {
        (Some(records), Some(commits)) if commits > 0 => format!("{:.1}", records as f64 / commits as f64),
        _ => "unknown".to_owned(),
    }
}

/// One agent that sends.
pub(crate) struct Sender {
    speaker: Speaker,
    listener: Listener,
    source: MadeUp,
}

pub(crate) async fn start(members: &[Member]) -> Vec<Sender> {
    let mut all = Vec::new();
    for (number, member) in members.iter().enumerate() {
        let mut source = MadeUp::new("app", ITEMS, number as u64);
        let mut session = member.connect(&[source.start()]).await.expect("a session");
        session.deliver(source.snapshot()).await.expect("a snapshot is taken");
        let (speaker, listener) = session.split();
        all.push(Sender { speaker, listener, source });
    }
    all
}

pub(crate) async fn drive(collector: &Collector, api: &Api, fleet: &mut Vec<Sender>, load: Load) -> Outcome {
    let before = api.text("/metrics").await;
    let idle = Look::at(collector.pid());
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for sender in fleet.drain(..) {
        running.spawn(send(sender, load, begun + load.lasts));
    }
    let mut acks = Vec::new();
    for (sender, mut times) in running.join_all().await {
        acks.append(&mut times);
        fleet.push(sender);
    }
    let took = begun.elapsed();
    let cpu = Look::at(collector.pid()).since(&idle).cpu;
    let group = group(&before, &api.text("/metrics").await);
    Outcome { records: acks.len() as u64, took, acks: Samples::new(acks), group, cpu }
}

/// Sends until the time is over and all is acknowledged.
async fn send(mut sender: Sender, load: Load, until: Instant) -> (Sender, Vec<Duration>) {
    let mut waiting: VecDeque<(u64, Instant)> = VecDeque::new();
    let mut took = Vec::new();
    let mut next = Instant::now();
    loop {
        let over = Instant::now() >= until;
        if over && waiting.is_empty() {
            return (sender, took);
        }
        let may_send = !over && waiting.len() < load.window;
        tokio::select! {
            acked = sender.listener.acked() => {
                let acked = acked.expect("the stream stands");
                let now = Instant::now();
                while let Some((_, sent)) = waiting.pop_front_if(|(seq, _)| *seq <= acked) {
                    took.push(now - sent);
                }
            }
            () = tokio::time::sleep_until(next.into()), if may_send => {
                let record = sender.source.delta(load.items);
                waiting.push_back((record.seq, Instant::now()));
                sender.speaker.send(record).await.expect("the stream stands");
                next += load.pause;
            }
        }
    }
}
