//! Records into events: what the kernel says of one system call comes as
//! several records with one number, and those of several calls may mix.
//!
//! Pure. It holds a bounded number of events; the oldest is given up for
//! another one, and that is said.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::PathBuf;

use driftline_canon::actor::{self, ActorText};

use super::super::process::Process;
use super::record::{Fields, Kind, Stamp};
use super::syscall;

/// Events of which records are still to come. Each processor has one under way
/// at a time, and sends its records one after the other.
pub const OPEN_MAX: usize = 64;

/// Files of one event. A rename has five; what is more is an `execve` with its
/// interpreters, and those touch nothing.
pub const FILES_MAX: usize = 16;

/// Bytes of a command line from which on it may be cut: the kernel cuts it at 128
/// (`MAX_PROCTITLE_AUDIT_LEN`), and takes off what cannot be printed at the end,
/// such as half a character.
const TITLE_BYTES_CUT: usize = 120;

/// How long the record of the call may come behind that of the packet filter:
/// both are of one call.
const ALONE_MS: u64 = 10;

/// How long what was told without its call waits for it.
const FORGOTTEN_MS: u64 = 10_000;

/// A file that a system call touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its path, without `.` and `..`; none if the call had none.
    pub path: Option<PathBuf>,
    /// Device and inode.
    pub inode: Option<(u64, u64)>,
}

/// Which of the packet filters was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// nftables.
    Nft,
    /// Legacy iptables, ip6tables and their kin.
    Legacy,
}

/// What one event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When the system call began.
    pub at_ms: i64,
    /// Who called.
    pub process: Process,
    /// Files that it changed; none for a call that changes none.
    pub files: Vec<Touched>,
    /// The packet filter that it changed.
    pub filter: Option<Filter>,
    /// It was told of by a rule of ours.
    pub ours: bool,
    /// The command line may have been cut by the kernel.
    pub cut: bool,
}

#[derive(Debug, Clone)]
struct Open {
    stamp: Stamp,
    process: Process,
    called: bool,
    changes: bool,
    ours: bool,
    cwd: Option<PathBuf>,
    paths: Vec<Touched>,
    title: Option<Vec<u8>>,
    filter: Option<Filter>,
    /// Who changed the packet filter: a thread, by its own number.
    thread: Option<u32>,
    /// It was told as far as it came.
    told: bool,
}

/// Events under way.
#[derive(Debug, Default)]
pub struct Assembly {
    open: VecDeque<Open>,
    lost: u64,
}

impl Assembly {
    /// Takes a record; gives the event that it ends.
    pub fn take(&mut self, kind: Kind, stamp: Stamp, fields: Fields<'_>) -> Option<Event> {
        if kind == Kind::Config {
            return None;
        }
        let at = self.open.iter().position(|open| open.stamp.serial == stamp.serial);
        if kind == Kind::End {
            return at.and_then(|at| self.open.remove(at)).and_then(Open::finish);
        }
        let at = at.unwrap_or_else(|| self.begin(stamp));
        self.open[at].add(kind, fields);
        None
    }

    fn begin(&mut self, stamp: Stamp) -> usize {
        if self.open.len() >= OPEN_MAX {
            self.lost += u64::from(self.open.pop_front().is_some_and(|open| !open.told));
        }
        self.open.push_back(Open {
            stamp,
            process: Process::default(),
            called: false,
            changes: false,
            ours: false,
            cwd: None,
            paths: Vec::new(),
            title: None,
            filter: None,
            thread: None,
            told: false,
        });
        self.open.len() - 1
    }

    /// Whether something waits for more that may never come.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.open.iter().any(Open::is_alone)
    }

    /// Changes of packet filters of which nothing more came for [`ALONE_MS`]: a
    /// process that ran before audit was on has no record of its call, and
    /// nothing ends what is said of it. If more comes, it is told again.
    pub fn overdue(&mut self, now_ms: i64) -> Vec<Event> {
        self.open.retain(|open| !open.told || now_ms.abs_diff(open.stamp.at_ms) < FORGOTTEN_MS);
        let late = |open: &&mut Open| open.is_alone() && now_ms.abs_diff(open.stamp.at_ms) >= ALONE_MS;
        let told = self.open.iter_mut().filter(late).filter_map(|open| {
            open.told = true;
            open.clone().finish()
        });
        told.collect()
    }

    /// Events given up since the last call.
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }
}

impl Open {
    /// A change of a packet filter without its call, that was not told yet.
    fn is_alone(&self) -> bool {
        self.filter.is_some() && !self.called && !self.told
    }

    fn add(&mut self, kind: Kind, fields: Fields<'_>) {
        match kind {
            Kind::Syscall => self.syscall(fields),
            Kind::Path => self.path(fields),
            Kind::Cwd => self.cwd = fields.path("cwd"),
            Kind::Proctitle => self.title = fields.untrusted("proctitle").map(Cow::into_owned),
            Kind::Execve => {
                let arguments = fields.arguments();
                let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
                self.process.command = (!arguments.is_empty()).then(|| actor::command::masked(&arguments));
            }
            Kind::Netfilter => self.netfilter(fields),
            Kind::End | Kind::Config => {}
        }
    }

    fn syscall(&mut self, fields: Fields<'_>) {
        let (Some(pid), true) = (fields.number("pid"), fields.raw("success") != Some(b"no")) else {
            return;
        };
        self.called = true;
        self.ours = fields.untrusted("key").is_some_and(|key| *key == *super::KEY.as_bytes());
        self.changes = self.ours || syscall::changes(fields);
        let command = self.process.command.take();
        self.process = Process {
            pid,
            parent: fields.number("ppid"),
            login: fields.id("auid"),
            user: fields.id("euid"),
            session: fields.id("ses"),
            name: fields.text("comm").map(|name| ActorText::new(&name)),
            executable: fields.text("exe").map(|path| ActorText::new(&path)),
            command,
            tty: fields
                .raw("tty")
                .filter(|tty| *tty != b"(none)")
                .map(|tty| ActorText::new(&String::from_utf8_lossy(tty))),
            ..Process::default()
        };
    }

    fn path(&mut self, fields: Fields<'_>) {
        let kind = fields.raw("nametype").or_else(|| fields.raw("objtype"));
        if matches!(kind, Some(b"PARENT" | b"UNKNOWN")) || self.paths.len() >= FILES_MAX {
            return;
        }
        self.paths.push(Touched { path: fields.path("name"), inode: fields.inode() });
    }

    fn netfilter(&mut self, fields: Fields<'_>) {
        self.filter = Some(filter(fields));
        let fields = fields.from_last("family");
        self.thread = fields.number("pid");
        if !self.called
            && let Some(pid) = self.thread
        {
            self.process.pid = pid;
            self.process.name = fields.text("comm").map(|name| ActorText::new(&name));
        }
    }

    fn finish(mut self) -> Option<Event> {
        if self.process.pid == 0 || (!self.called && self.filter.is_none()) {
            return None;
        }
        let mut cut = false;
        if self.process.command.is_none()
            && let Some(title) = self.title.filter(|title| is_of(title, &self.process))
        {
            cut = title.len() >= TITLE_BYTES_CUT;
            self.process.command =
                if cut { Process::command_of_cut(&title) } else { Some(Process::command_of(&title)) };
        }
        self.process.thread = self.thread.filter(|thread| *thread != self.process.pid);
        let cwd = self.cwd;
        let absolute = |touched: Touched| Touched {
            path: touched
                .path
                .and_then(|path| normal(&cwd.as_deref().map_or_else(|| path.clone(), |cwd| cwd.join(&path)))),
            ..touched
        };
        let files = if self.changes { self.paths.into_iter().map(absolute).collect() } else { Vec::new() };
        let event =
            Event { at_ms: self.stamp.at_ms, process: self.process, files, filter: self.filter, ours: self.ours, cut };
        (!event.files.is_empty() || event.filter.is_some()).then_some(event)
    }
}

/// `op=nft_…` is nftables, `op=xt_replace`, `xt_register`, `replace` the others. A
/// table may have any name, and stands in front as it is.
pub(super) fn filter(fields: Fields<'_>) -> Filter {
    let nft = fields.from_last("family").raw("op").is_some_and(|op| op.starts_with(b"nft"));
    if nft { Filter::Nft } else { Filter::Legacy }
}

/// Whether a command line is of a process: the kernel keeps the one of before an
/// `exec`. One of its words names the program, or what it calls itself.
fn is_of(title: &[u8], process: &Process) -> bool {
    let base = |text: &[u8]| text.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
    let known =
        [&process.name, &process.executable].map(|text| text.as_ref().map(|text| base(text.as_str().as_bytes())));
    let mut words = title.split(|byte| *byte == 0).map(base);
    words.any(|word| known.iter().flatten().any(|name| !name.is_empty() && word.starts_with(name)))
}

/// An absolute path without `.` and `..`, as the text says; links are not
/// followed.
fn normal(path: &std::path::Path) -> Option<PathBuf> {
    use std::path::Component;
    if !path.is_absolute() {
        return None;
    }
    let mut out = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::ParentDir => _ = out.pop(),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests;
