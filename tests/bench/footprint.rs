//! What the agent costs: memory and processor time, idle and at work.
//!
//! Two agents at once, each idle over its own files: one with few, one with
//! many. Then the small one's files change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use driftline_tests::process::Running;

use crate::agent::{Agent, source};
use crate::api::Api;
use crate::collector::Collector;
use crate::peers;
use crate::proc::{Look, Spent};
use crate::stats::{bytes, core_share, count, ratio};
use crate::table::{Line, Section};
use crate::{Setup, files, runtime, state};

const MIB: u64 = 1024 * 1024;

const FEW: usize = 1000;

/// Share of a core, in percent, that an idle agent may take.
const IDLE_MAX: f64 = 0.05;

/// Changes per second of an agent at work.
const WORK_PER_SECOND: u64 = 100;

/// After the first scan, for what follows it: acknowledgements, trimming, the
/// first heartbeats.
const SETTLE: Duration = Duration::from_secs(15);

/// An agent that runs over files of its own.
struct Idle {
    files: PathBuf,
    count: usize,
    process: Running,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let many = if setup.quick { 10_000 } else { 100_000 };
    let lasts = Duration::from_secs(if setup.quick { 10 } else { 60 });
    let collector = Collector::start(&setup.dir, None);
    let api = Api::of(&collector);
    let mut idle = [FEW, many].map(|count| start(&setup.dir, &collector, &api, count));
    std::thread::sleep(SETTLE);
    let before = idle.each_ref().map(|agent| Look::at(agent.process.id()));
    std::thread::sleep(lasts);
    let after = idle.each_ref().map(|agent| Look::at(agent.process.id()));
    let mut section = Section { title: "The agent's cost".to_owned(), ..Section::default() };
    for (number, agent) in idle.iter().enumerate() {
        idle_lines(&mut section.lines, agent, &after[number], &after[number].since(&before[number]));
    }
    let (most, spent, changes) = work(&idle[0], lasts / 2);
    work_lines(&mut section.lines, &most, &spent, changes);
    section.notes = vec![format!(
        "The agent as it is shipped: built with `--profile dist-agent`, in the environment of its unit. \
         `file` sources by one glob, {} s idle and half of that at work, no reconciliation within (it comes every 300 s). Children would \
         count with it; this agent has none. Anonymous memory is the part that is no file's; the rest is mapped text of the program, which the kernel can drop. Pss counts pages \
         shared with other processes in parts.",
        lasts.as_secs()
    )];
    for agent in &mut idle {
        let _ = agent.process.stop();
    }
    section.notes.extend(reconciliation(&setup.dir, &collector, &api, &idle[1]));
    section
}

fn start(dir: &Path, collector: &Collector, api: &Api, count: usize) -> Idle {
    let files = dir.join(format!("files-{count}"));
    files::many(&files, count);
    let name = format!("idle-{count}");
    let runtime = runtime();
    let sources = source("file", "many", &files.join(files::GLOB));
    let agent = runtime.block_on(Agent::enrol(dir, collector, api, &name, &sources));
    let entries = state::entries(api, &runtime);
    let (process, _) = agent.start();
    state::wait_for_entries(api, &runtime, entries, count);
    Idle { files, count, process }
}

fn idle_lines(lines: &mut Vec<Line>, agent: &Idle, look: &Look, spent: &Spent) {
    let few = agent.count == FEW;
    let max = if few { 8 } else { 40 } * MIB;
    let name = count(agent.count as u64);
    let memory = Line::new(format!("resident, idle, {name} files"), bytes(look.resident));
    let memory = match peers::inotifywait_memory(&agent.files) {
        Some(peer) => {
            memory.beside(format!("inotifywait -r {}", bytes(peer)), ratio(look.resident as f64, peer as f64))
        }
        None => memory,
    };
    lines.push(memory.budget(bytes(max).replace(".00", "").replace(".0", ""), look.resident <= max));
    lines.push(Line::new("anonymous / Pss of it", format!("{} / {}", bytes(look.anonymous), bytes(look.proportional))));
    let share = 100.0 * spent.cpu.as_secs_f64() / spent.within.as_secs_f64();
    lines.push(
        Line::new(format!("processor, idle, {name} files"), core_share(spent.cpu, spent.within))
            .budget("0.05 % of a core", share <= IDLE_MAX),
    );
    let wakes = spent.wakes_per_second();
    lines.push(Line::new("wake-ups of all its threads", format!("{wakes:.2} /s")).budget("1 /s", wakes <= 1.0));
}

fn work_lines(lines: &mut Vec<Line>, most: &Look, spent: &Spent, changes: u64) {
    let rate = changes as f64 / spent.within.as_secs_f64();
    let what = format!("resident at {rate:.0} changes/s, {} files, most", count(FEW as u64));
    lines.push(Line::new(what, bytes(most.resident)).budget("12 MiB", most.resident <= 12 * MIB));
    let memory = format!("{} / {}", bytes(most.anonymous), bytes(most.proportional));
    lines.push(Line::new("anonymous / Pss of it", memory));
    let each = spent.cpu / u32::try_from(changes.max(1)).expect("few changes");
    lines.push(
        Line::new(format!("processor at {rate:.0} changes/s"), core_share(spent.cpu, spent.within))
            .beside("per change", format!("{} µs", each.as_micros())),
    );
}

/// One file after the other changes, evenly; the look with the most memory.
fn work(agent: &Idle, lasts: Duration) -> (Look, Spent, u64) {
    let pid = agent.process.id();
    let first = Look::at(pid);
    let mut most = first;
    let (begun, mut changes) = (Instant::now(), 0_u64);
    while begun.elapsed() < lasts {
        let number = usize::try_from(changes).expect("few changes");
        let path = files::path_of(&agent.files, number % agent.count);
        std::fs::write(path, files::content(number, number / agent.count + 1)).expect("a file of ours");
        changes += 1;
        if changes.is_multiple_of(WORK_PER_SECOND) {
            let look = Look::at(pid);
            most = if look.resident > most.resident { look } else { most };
        }
        let due = Duration::from_millis(1000 * changes / WORK_PER_SECOND);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    (most, Look::at(pid).since(&first), changes)
}

/// What comparing every file with the disk costs, from an agent that does it
/// every ten seconds instead of every 300.
fn reconciliation(dir: &Path, collector: &Collector, api: &Api, many: &Idle) -> Option<String> {
    const EVERY_S: u64 = 10;
    let runtime = runtime();
    let sources = source("file", "many", &many.files.join(files::GLOB));
    let settings = format!("reconcile_s = {EVERY_S}");
    let agent = runtime.block_on(Agent::enrol_with(dir, collector, api, "reconciling", &sources, &settings));
    let entries = state::entries(api, &runtime);
    let (process, _) = agent.start();
    state::wait_for_entries(api, &runtime, entries, many.count);
    std::thread::sleep(SETTLE);
    let before = Look::at(process.id());
    std::thread::sleep(Duration::from_secs(2 * EVERY_S));
    let spent = Look::at(process.id()).since(&before);
    let once = spent.cpu.as_secs_f64() * EVERY_S as f64 / spent.within.as_secs_f64();
    Some(format!(
        "One reconciliation of {} files takes {:.2} s of processor time: every 300 s that is {:.2} % of a core beside \
         the idle share above.",
        count(many.count as u64),
        once,
        once / 3.0
    ))
}
