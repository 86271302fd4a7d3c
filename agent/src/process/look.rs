//! One look at the processes of a source: whether they are the ones that were
//! seen before, and if not, what their environment is.
//!
//! Between fork and exec a process has its parent's environment. So what is new
//! counts once it has been seen twice.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::digest::KeyedDigest;
use driftline_canon::limits::PROBLEMS_MAX;
use driftline_canon::{FleetKey, Format, Observation, Problem, ProblemKind, Setting, format};
use driftline_daemon::{Clock, clock};
use zeroize::Zeroizing;

use super::find::{self, Process, Selector};
use super::{EnvFile, ProcessSource, compare, environ};
use crate::config::{Pattern, SourceSpec};
use crate::discover::root::Root;
use crate::observe::examine::{What, examine};
use crate::observe::stamp::Signature;
use crate::observe::{Clue, Observed, Sight};

/// How long something new must stay as it is, and a service be away, before it
/// counts: a program is executed within milliseconds, and a restart takes less.
pub(super) const SETTLE: Duration = Duration::from_secs(1);

/// Bytes of an environment: the kernel takes at most 6 MiB of arguments and
/// environment (execve(2)).
const ENVIRON_BYTES_MAX: u64 = 6 * 1024 * 1024;

/// Processes of one source whose environments are held against each other.
const COMPARED_MAX: usize = 64;

/// Ticks of a second in `/proc` (`USER_HZ`, the same on every machine that the
/// agent is built for).
const TICKS_PER_SECOND: u64 = 100;

/// Looks at processes below one root.
#[derive(Debug)]
pub struct Looker {
    root: Root,
    keyed: KeyedDigest,
    clock: Clock,
}

/// What looks at one source have come to.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// What was told last.
    told: Option<Sign>,
    /// What was seen last and is to be seen again before it is told.
    candidate: Option<Sign>,
}

/// What is compared between two looks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sign {
    processes: Vec<Process>,
    file: Signature,
}

/// What a look came to.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) observed: Option<Box<Observed>>,
    /// When to look again.
    pub(super) again: Duration,
    /// Processes whose end would be news.
    pub(super) watched: Vec<Process>,
}

impl Looker {
    /// Looks below `root`; env files are read where they are.
    ///
    /// # Errors
    /// When `root` cannot be opened.
    pub fn open(root: &Path, key: &FleetKey, clock: Clock) -> io::Result<Self> {
        Ok(Self { root: Root::open(root)?, keyed: key.keyed(), clock })
    }

    pub(super) fn look(&self, spec: &Arc<SourceSpec>, source: &ProcessSource, course: &mut Course) -> Looked {
        let processes = find::find(&self.root, &source.selector);
        let file = source.file.as_ref().map(|file| Signature::of_path(&file.path)).unwrap_or_default();
        let sign = Sign { processes: processes.clone(), file };
        if course.told.as_ref() == Some(&sign) {
            course.candidate = None;
            return Looked { observed: None, again: source.poll, watched: processes };
        }
        if course.candidate.replace(sign.clone()).as_ref() != Some(&sign) {
            return Looked { observed: None, again: SETTLE, watched: Vec::new() };
        }
        let observed = Box::new(self.observe(spec, source, &processes));
        if find::find(&self.root, &source.selector) != processes {
            // They changed while they were read.
            return Looked { observed: None, again: SETTLE, watched: Vec::new() };
        }
        course.told = course.candidate.take();
        Looked { observed: Some(observed), again: source.poll, watched: processes }
    }

    fn observe(&self, spec: &Arc<SourceSpec>, source: &ProcessSource, processes: &[Process]) -> Observed {
        let (sight, problems) = match processes.first() {
            None => {
                let reason = format!("{}: no such process runs; its settings stay as they were last", source.selector);
                (kept(), vec![Problem::whole(ProblemKind::Missing, reason)])
            }
            Some(first) => match self.read(*first) {
                Ok(bytes) => self.read_all(spec, source, processes, &bytes),
                Err(error) => (kept(), vec![unreadable(*first, &error)]),
            },
        };
        Observed {
            name: spec.name.clone(),
            path: spec.path_display(),
            spec: Arc::clone(spec),
            sight,
            problems,
            observed_ms: self.clock.now_ms(),
            unobserved_since_ms: None,
            actor: None,
            clue: Clue::default(),
            meanings: Vec::new(),
        }
    }

    fn read_all(
        &self,
        spec: &SourceSpec,
        source: &ProcessSource,
        processes: &[Process],
        bytes: &[u8],
    ) -> (Sight, Vec<Problem>) {
        let first = environ::read(bytes);
        let mut problems = first.problems;
        let mut all = vec![(processes[0].pid, first.settings)];
        for process in processes.iter().take(COMPARED_MAX).skip(1) {
            match self.read(*process) {
                Ok(bytes) => all.push((process.pid, environ::read(&bytes).settings)),
                Err(error) => problems.push(unreadable(*process, &error)),
            }
        }
        problems.extend(compare::divided(&all));
        let settings = &all[0].1;
        if let Some(wanted) = source.file.as_ref().and_then(|file| read_file(file, spec.file_bytes_max)) {
            problems.extend(compare::pending(&wanted, settings, spec.display, &self.started(processes[0])));
        }
        problems.truncate(PROBLEMS_MAX);
        let observation = Observation::of_settings(settings, &self.keyed, spec.display);
        (Sight::Whole { observation, content: None, unreadable: Vec::new() }, problems)
    }

    fn read(&self, process: Process) -> io::Result<Zeroizing<Vec<u8>>> {
        let path = find::of_process(process.pid, "environ");
        self.root.try_read(&path, ENVIRON_BYTES_MAX).map(Zeroizing::new)
    }

    /// When a process started, to the minute. An age would be another text with
    /// every look.
    fn started(&self, process: Process) -> String {
        let text = self.root.text(Path::new("/proc/stat")).unwrap_or_default();
        let boot_s = text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse::<u64>().ok()).unwrap_or(0);
        let ms = boot_s.saturating_add(process.started / TICKS_PER_SECOND).saturating_mul(1000);
        let text = clock::format_ms(i64::try_from(ms).unwrap_or(i64::MAX));
        format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
    }
}

/// Settings stay as they were last known.
fn kept() -> Sight {
    Sight::Unreadable { metadata: Vec::new() }
}

fn unreadable(process: Process, error: &io::Error) -> Problem {
    let pid = process.pid;
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let reason = format!("the agent may not read the environment of pid {pid}: that takes CAP_SYS_PTRACE");
            Problem::whole(ProblemKind::Unreadable, reason)
        }
        _ => Problem::whole(ProblemKind::Host, format!("the environment of pid {pid} could not be read: {error}")),
    }
}

/// The settings of an env file; none where it cannot be read, which its own
/// source says.
fn read_file(file: &EnvFile, bytes_max: u64) -> Option<Vec<Setting>> {
    let What::File(opened, _) = examine(&file.path).what else {
        return None;
    };
    let mut bytes = Zeroizing::new(Vec::new());
    opened.take(bytes_max).read_to_end(&mut bytes).ok()?;
    Some(format::read(Format::EnvFile(file.dialect), &bytes).settings)
}

impl SourceSpec {
    /// What it asks for, if it is about processes.
    pub(super) fn process(&self) -> Option<&ProcessSource> {
        match &self.pattern {
            Pattern::Process(source) => Some(source),
            Pattern::Path(_) | Pattern::Glob(_) => None,
        }
    }
}

/// What `driftline-agent check` says of a source, now.
#[must_use]
pub(crate) fn described(root: &Path, selector: &Selector) -> String {
    let found = Root::open(root).map(|root| find::find(&root, selector)).unwrap_or_default();
    let pids: Vec<String> = found.iter().take(COMPARED_MAX).map(|one| one.pid.to_string()).collect();
    match pids.as_slice() {
        [] => "does not run now, would be watched once it does".to_owned(),
        [pid] => format!("pid {pid} would be watched"),
        pids => format!("pids {} would be watched", pids.join(", ")),
    }
}

#[cfg(test)]
mod tests;
