//! Which processes a source means: those of a unit's control group, the one of
//! a pid file, or all of an executable.
//!
//! It asks neither systemd nor D-Bus: a unit's control group has its name.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::config::display_path;
use crate::discover::root::Root;

/// Where control groups are mounted: version 2, then the ways of version 1.
const GROUPS: [&str; 3] = ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

/// Control groups that are looked through for one unit: slices have few
/// children, a unit that delegates may have a thousand.
const GROUPS_MAX: usize = 2_000;

/// Processes of one source. A service with more has them all from one parent.
const PROCESSES_MAX: usize = 4_096;

/// Bytes of a pid file, of `stat` and of a command line's first word.
const LINE_BYTES_MAX: u64 = 4_096;

/// Bytes of a control group's list of processes.
const LIST_BYTES_MAX: u64 = 64 * 1024;

/// Whose environment is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// A systemd unit of the system.
    Unit(String),
    /// The process that a file names.
    PidFile(PathBuf),
    /// Every process that runs this program.
    Executable(PathBuf),
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unit(unit) => write!(f, "unit {unit}"),
            Self::PidFile(path) => write!(f, "pid file {}", display_path(path)),
            Self::Executable(path) => write!(f, "executable {}", display_path(path)),
        }
    }
}

/// A process, which a pid alone does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Process {
    /// When it started, in ticks since boot (proc(5), `starttime`).
    pub started: u64,
    /// Its id.
    pub pid: u32,
    /// What it executes, as far as that can be told from the outside: another
    /// program in the same process has another environment.
    pub image: u64,
}

/// The processes that a source means, oldest first, without those that another
/// one of them started: a worker has its environment from its parent.
#[must_use]
pub(crate) fn find(root: &Root, selector: &Selector) -> Vec<Process> {
    let pids = match selector {
        Selector::Unit(unit) => group(root, unit).map(|dir| members(root, &dir)).unwrap_or_default(),
        Selector::PidFile(path) => root.text_of(path, LINE_BYTES_MAX).and_then(|text| pid(&text)).into_iter().collect(),
        Selector::Executable(path) => running(root, path),
    };
    let known: HashSet<u32> = pids.iter().copied().collect();
    let stats = pids.iter().filter_map(|pid| stat(root, *pid).map(|stat| (*pid, stat)));
    let mut found: Vec<Process> = stats
        .filter(|(_, stat)| !known.contains(&stat.parent))
        .map(|(pid, stat)| Process { started: stat.started, pid, image: stat.image })
        .collect();
    found.sort();
    found
}

fn pid(text: &str) -> Option<u32> {
    text.split_whitespace().next()?.parse().ok().filter(|pid| *pid > 0)
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    started: u64,
    image: u64,
}

fn stat(root: &Root, pid: u32) -> Option<Stat> {
    parse_stat(&root.text_of(&of_process(pid, "stat"), LINE_BYTES_MAX)?)
}

/// Parent and start of a process (proc(5)); none for one that has ended. Its
/// name may hold anything, so fields are counted behind its end.
fn parse_stat(text: &str) -> Option<Stat> {
    let (name, behind) = text.rsplit_once(')')?;
    let mut fields = behind.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    // Behind 25 more fields: where arguments and environment lie. The kernel
    // shows them to whom it shows the environment.
    let places: Vec<&str> = fields.skip(25).take(4).collect();
    let mut image = DefaultHasher::new();
    (name, places).hash(&mut image);
    let image = image.finish();
    (!matches!(state, "Z" | "X" | "x")).then_some(Stat { parent, started, image })
}

pub(super) fn of_process(pid: u32, file: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(file)
}

/// The control group of a unit: a directory of its name below slices.
fn group(root: &Root, unit: &str) -> Option<PathBuf> {
    let mut ahead: Vec<PathBuf> = GROUPS.iter().rev().map(PathBuf::from).collect();
    let mut looked = 0;
    while let Some(dir) = ahead.pop() {
        looked += 1;
        if looked > GROUPS_MAX {
            return None;
        }
        for name in root.list(&dir) {
            if name == *unit {
                return Some(dir.join(name));
            }
            if name.as_encoded_bytes().ends_with(b".slice") {
                ahead.push(dir.join(name));
            }
        }
    }
    None
}

/// Every process of a control group and of those below it.
fn members(root: &Root, dir: &Path) -> Vec<u32> {
    let mut ahead = vec![dir.to_owned()];
    let mut pids = Vec::new();
    let mut looked = 0;
    while let Some(dir) = ahead.pop() {
        looked += 1;
        if looked > GROUPS_MAX || pids.len() > PROCESSES_MAX {
            break;
        }
        let list = root.text_of(&dir.join("cgroup.procs"), LIST_BYTES_MAX).unwrap_or_default();
        pids.extend(list.lines().filter_map(pid));
        let below = root.list(&dir).into_iter().map(|name| dir.join(name));
        ahead.extend(below.filter(|below| root.is_dir(below)));
    }
    pids.sort_unstable();
    pids.dedup();
    pids.truncate(PROCESSES_MAX);
    pids
}

/// Processes that run a program. Where its file may not be known, the first
/// word of the command line tells.
fn running(root: &Root, program: &Path) -> Vec<u32> {
    let names = root.list(Path::new("/proc"));
    let pids = names.iter().filter_map(|name| name.to_str()?.parse().ok());
    pids.filter(|pid| runs(root, *pid, program)).take(PROCESSES_MAX).collect()
}

fn runs(root: &Root, pid: u32, program: &Path) -> bool {
    if let Some(target) = root.link(&of_process(pid, "exe")) {
        // An upgrade has taken the file away and the old program still runs.
        let target = target.as_os_str().as_encoded_bytes();
        return target.strip_suffix(b" (deleted)").unwrap_or(target) == program.as_os_str().as_encoded_bytes();
    }
    let line = root.read(&of_process(pid, "cmdline"), LINE_BYTES_MAX).unwrap_or_default();
    line.split(|byte| *byte == 0).next() == Some(program.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests;
