//! What the kernel says about a process and its children: memory, CPU time,
//! wake-ups.
//!
//! It only reads `/proc`; sums are over the threads and children that live at
//! that moment.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use driftline_tests::process::read_text;

/// One look at a process and all that came from it: what it has others do for it
/// counts as its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    at: Instant,
    /// Resident bytes (`VmRSS`), each process by itself: what two of them map
    /// counts twice.
    pub(crate) resident: u64,
    /// How many of those are of its children.
    pub(crate) children: u64,
    /// Resident bytes that are its own and no file's (`RssAnon`).
    pub(crate) anonymous: u64,
    /// Proportional share (`Pss`): pages shared with others count in parts.
    pub(crate) proportional: u64,
    cpu: Duration,
    voluntary: u64,
}

/// What a process did between two looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Time between the looks.
    pub(crate) within: Duration,
    /// Processor time, user and system.
    pub(crate) cpu: Duration,
    /// Voluntary context switches: how often it was woken.
    pub(crate) wakes: u64,
}

impl Look {
    /// Looks at a process and its children.
    pub(crate) fn at(pid: u32) -> Self {
        let at = Instant::now();
        let mut all = Self::alone(pid, at);
        for child in children(pid).into_iter().map(|pid| Self::alone(pid, at)) {
            all.resident += child.resident;
            all.children += child.resident;
            all.anonymous += child.anonymous;
            all.proportional += child.proportional;
            all.cpu += child.cpu;
            all.voluntary += child.voluntary;
        }
        all
    }

    fn alone(pid: u32, at: Instant) -> Self {
        let status = read_text(&of(pid, "status"));
        let rollup = read_text(&of(pid, "smaps_rollup"));
        Self {
            at,
            resident: kib(&status, "VmRSS:"),
            children: 0,
            anonymous: kib(&status, "RssAnon:"),
            proportional: kib(&rollup, "Pss:"),
            cpu: cpu(pid),
            voluntary: threads(pid)
                .map(|dir| number(&read_text(&dir.join("status")), "voluntary_ctxt_switches:"))
                .sum(),
        }
    }

    /// What was spent since an earlier look.
    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        Spent {
            within: self.at - earlier.at,
            cpu: self.cpu.saturating_sub(earlier.cpu),
            wakes: self.voluntary.saturating_sub(earlier.voluntary),
        }
    }
}

impl Spent {
    /// Wake-ups per second.
    pub(crate) fn wakes_per_second(&self) -> f64 {
        self.wakes as f64 / self.within.as_secs_f64().max(1e-9)
    }
}

/// The most that a process ever had resident (`VmHWM`).
pub(crate) fn peak(pid: u32) -> u64 {
    kib(&read_text(&of(pid, "status")), "VmHWM:")
}

/// Processor time so far. The scheduler's nanoseconds of the living threads, or
/// the clock ticks of the whole process where those are more (threads ended).
fn cpu(pid: u32) -> Duration {
    let run = |dir: PathBuf| read_text(&dir.join("schedstat")).split(' ').next().and_then(|ns| ns.parse::<u64>().ok());
    let scheduler = Duration::from_nanos(threads(pid).filter_map(run).sum());
    scheduler.max(Duration::from_millis(10 * ticks(&read_text(&of(pid, "stat")))))
}

/// `utime + stime` of `/proc/PID/stat` (proc(5), fields 14 and 15), in the
/// 1/100 s that Linux reports to user space on every architecture of ours.
fn ticks(stat: &str) -> u64 {
    // The name in parentheses may hold anything, so fields count from its end.
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn of(pid: u32, file: &str) -> PathBuf {
    format!("/proc/{pid}/{file}").into()
}

fn threads(pid: u32) -> impl Iterator<Item = PathBuf> {
    let dir = std::fs::read_dir(of(pid, "task"));
    dir.into_iter().flatten().flatten().map(|entry| entry.path())
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|field| field.parse().ok()).unwrap_or_default()
}

fn kib(text: &str, name: &str) -> u64 {
    number(text, name) * 1024
}

/// All that came from a process and live.
fn children(pid: u32) -> Vec<u32> {
    let mut family = Vec::new();
    let mut open = vec![pid];
    while let Some(parent) = open.pop() {
        for thread in threads(parent) {
            let children = read_text(&thread.join("children"));
            let children: Vec<u32> = children.split_whitespace().filter_map(|id| id.parse().ok()).collect();
            open.extend(&children);
            family.extend(children);
        }
    }
    family
}

/// Kills a process and all that came from it: for a row that failed, whose
/// children nobody owns any more.
pub(crate) fn end_family(pid: u32, also_itself: bool) {
    for id in also_itself.then_some(pid).into_iter().chain(children(pid)) {
        let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
    }
}

#[cfg(test)]
mod tests;
