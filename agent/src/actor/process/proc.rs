//! Reads `/proc/PID` (proc(5)) as fast as it can: the process may end any
//! moment.
//!
//! A process that has ended and was not waited for still tells its user, login
//! and name, no more its program or arguments. It follows no link of the
//! process but the one to its executable, and opens nothing behind it.

use std::fs::File;
use std::io::Read;

use driftline_canon::actor::{self, ACTOR_PARENTS_MAX, ActorText, Parent};
use driftline_canon::display::MASK;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};

use super::super::cgroup::Group;
use super::Process;

/// Bytes of a small file of `/proc/PID`.
const TEXT_BYTES_MAX: u64 = 4096;

/// Bytes of a command line: more than is ever shown of it, so that a cut is
/// seen, and an argument is masked by what stands before it.
const COMMAND_BYTES_MAX: u64 = 16 * 1024;

/// The number that stands for no login and for no session.
const UNSET: u32 = u32::MAX;

/// Major numbers of pseudo terminals (`Documentation/admin-guide/devices.txt`).
const PTS_MAJORS: std::ops::RangeInclusive<u32> = 136..=143;

pub(super) fn look(pid: u32) -> Option<Process> {
    let dir = Dir::open(pid)?;
    let stat = Stat::parse(&dir.text("stat")?)?;
    let status = dir.text("status").unwrap_or_default();
    let number = |name: &str| dir.text(name).and_then(|text| text.trim().parse().ok()).filter(|id| *id != UNSET);
    let (login, session) = (number("loginuid"), number("sessionid"));
    let command = dir.bytes("cmdline", COMMAND_BYTES_MAX).unwrap_or_default();
    let executable = dir.executable();
    let group = dir.text("cgroup").map(|text| Group::of(&text)).unwrap_or_default();
    // `/proc` shows a thread by its own number as well.
    let process = line(&status, "Tgid:").and_then(|id| id.parse().ok()).unwrap_or(pid);
    Some(Process {
        pid: process,
        thread: (process != pid).then_some(pid),
        parent: Some(stat.parent),
        login,
        user: effective(&status),
        session,
        name: Some(ActorText::new(&stat.name)),
        executable: executable.as_deref().map(ActorText::new),
        command: (!command.is_empty()).then(|| self::command(&command)),
        parents: parents(stat.parent),
        tty: stat.tty(),
        unit: group.unit.as_deref().map(ActorText::new),
        container: group.container.as_deref().map(ActorText::new),
    })
}

/// A command line as the kernel keeps it, each argument ended by a NUL.
pub(super) fn command(bytes: &[u8]) -> ActorText {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    let arguments: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    actor::command::masked(&arguments)
}

/// The same without what its last argument says.
pub(super) fn command_cut(bytes: &[u8]) -> Option<ActorText> {
    let whole = bytes.iter().rposition(|byte| *byte == 0)?;
    Some(ActorText::command(&format!("{} {MASK}", command(&bytes[..whole]).as_str())))
}

/// Those that a process descends from; the first process of all says nothing.
pub(super) fn parents(mut pid: u32) -> Vec<Parent> {
    let mut parents = Vec::new();
    while pid > 1
        && parents.len() < ACTOR_PARENTS_MAX
        && let Some(stat) = Dir::open(pid).and_then(|dir| Stat::parse(&dir.text("stat")?))
    {
        parents.push(Parent { pid, name: ActorText::new(&stat.name) });
        pid = stat.parent;
    }
    parents
}

/// `Uid:` has the real, effective, saved and file system's.
fn effective(status: &str) -> Option<u32> {
    line(status, "Uid:")?.split_whitespace().nth(1)?.parse().ok()
}

fn line<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

struct Dir(OwnedFd);

impl Dir {
    /// Held open, so that all that is read is of one process.
    fn open(pid: u32) -> Option<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(format!("/proc/{pid}"), flags, Mode::empty()).ok().map(Self)
    }

    fn bytes(&self, name: &str, max: u64) -> Option<Vec<u8>> {
        let file = rustix::fs::openat(&self.0, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let mut bytes = Vec::with_capacity(512);
        File::from(file).take(max).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.bytes(name, TEXT_BYTES_MAX).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn executable(&self) -> Option<String> {
        let target = rustix::fs::readlinkat(&self.0, "exe", Vec::new()).ok()?;
        let target = target.to_string_lossy();
        Some(target.strip_suffix(" (deleted)").unwrap_or(&target).to_owned())
    }
}

/// What counts of `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    parent: u32,
    tty: u32,
}

impl Stat {
    /// The name may hold anything, so fields are counted behind its end.
    fn parse(text: &str) -> Option<Self> {
        let (head, behind) = text.rsplit_once(')')?;
        let (_, name) = head.split_once('(')?;
        let mut fields = behind.split_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        let tty: i64 = fields.nth(2)?.parse().ok()?;
        Some(Self { name: name.to_owned(), parent, tty: u32::try_from(tty).unwrap_or(0) })
    }

    /// Major in bits 8 to 15, minor in the others.
    fn tty(&self) -> Option<ActorText> {
        let major = (self.tty >> 8) & 0xff;
        let minor = (self.tty & 0xff) | ((self.tty >> 12) & 0xf_ff00);
        let name = match major {
            _ if PTS_MAJORS.contains(&major) => format!("pts/{}", (major - PTS_MAJORS.start()) * 256 + minor),
            4 if minor >= 64 => format!("ttyS{}", minor - 64),
            4 => format!("tty{minor}"),
            _ => return None,
        };
        Some(ActorText::new(&name))
    }
}

#[cfg(test)]
mod tests;
