//! Evidence from the kernel's audit subsystem: who called what, on which files,
//! with the login behind it.
//!
//! It listens beside auditd and never in its place. Rules of our own are added
//! only where the configuration and the host allow it, carry our key, and are
//! taken out at the end; a locked configuration is left alone.

pub mod event;
pub mod link;
pub mod record;
pub mod rule;
mod rules;
mod syscall;

use std::convert::Infallible;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;

use super::bell::Bell;
use super::places::Places;
use super::process::Process;
use super::standing::{Live, Standing};
use super::tidings::{Key, Telling, Touch};
use crate::config::AuditUse;
use crate::observe::PacketFilter;
use driftline_canon::Evidence;
use event::{Assembly, Event, Touched};
use link::{Buffer, Listener};
use record::{Fields, Kind};
use rule::Rule;
use rules::Rules;

/// The key of our rules, for `ausearch -k`.
pub const KEY: &str = "driftline";

/// After what time it is looked whether more was said of a change of a packet
/// filter.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Records that are read before what they say is handed on.
const RECORDS_MAX: usize = 256;

/// What the source needs.
#[derive(Debug)]
pub(super) struct Audit {
    pub(super) listener: Listener,
    pub(super) usage: AuditUse,
    pub(super) state_dir: std::path::PathBuf,
    pub(super) wanted: (Vec<Rule>, bool),
    pub(super) places: Places,
    pub(super) standing: Standing,
    pub(super) telling: Telling,
    pub(super) bell: Bell,
    pub(super) stop: tokio_util::sync::CancellationToken,
}

/// The process of the last event as audit told of it, and with the rest: one
/// process makes several calls.
type Last = Option<(Process, Arc<Process>)>;

impl Audit {
    /// Listens until it is stopped.
    pub(super) fn run(self) -> Result<(), Infallible> {
        let mut rules = Rules::set(self.usage, &self.wanted, &self.state_dir);
        self.tell(&rules);
        let mut assembly = Assembly::default();
        let mut buffer = Buffer::default();
        let mut last = None;
        while !self.stop.is_cancelled() {
            // What may never be ended is looked at again by itself.
            let patience = assembly.is_waiting().then_some(LOOK_AGAIN);
            if let Err(error) = self.bell.wait(&[self.listener.descriptor()], patience) {
                self.standing.set(Evidence::Audit, Live::No(format!("it cannot be waited for: {error}")));
                break;
            }
            let heard = self.hear(&mut assembly, &mut buffer, &mut last);
            if !heard.touches.is_empty() {
                self.telling.send(heard.touches);
            }
            if heard.lost > 0 {
                self.telling.lost(Evidence::Audit, heard.lost);
            }
            if heard.legacy || heard.lost > 0 {
                self.telling.legacy_changed();
            }
            // The kernel does not say that it was switched on.
            if (heard.changed || (heard.any && rules.is_off())) && rules.changed() {
                self.tell(&rules);
            }
        }
        self.places.audited(Vec::new(), false);
        self.telling.tells_legacy(false);
        Ok(())
    }

    fn tell(&self, rules: &Rules) {
        self.places.audited(rules.live().to_vec(), rules.tells_filters());
        self.telling.tells_legacy(rules.tells_filters());
        self.standing.set(Evidence::Audit, rules.standing());
    }

    fn hear(&self, assembly: &mut Assembly, buffer: &mut Buffer, last: &mut Last) -> Heard {
        let mut heard = Heard::default();
        for _ in 0..RECORDS_MAX {
            let message = match self.listener.next(buffer) {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(error) if is_loss(&error) => {
                    heard.lost += 1;
                    continue;
                }
                Err(_) => break,
            };
            let Some(kind) = Kind::of(message.kind) else {
                continue;
            };
            let Some((stamp, fields)) = record::parse(message.payload) else {
                continue;
            };
            heard.any = true;
            heard.changed |= kind == Kind::Config && is_news(fields);
            // A process from before audit was on has no more than this record.
            heard.legacy |= kind == Kind::Netfilter && event::filter(fields) == event::Filter::Legacy;
            if let Some(event) = assembly.take(kind, stamp, fields) {
                heard.touches.extend(self.touch(event, last));
            }
        }
        for event in assembly.overdue(driftline_daemon::clock::now_ms()) {
            heard.touches.extend(self.touch(event, last));
        }
        heard.lost += assembly.take_lost();
        heard
    }

    /// What an event touched, of what anybody wants to know.
    fn touch(&self, event: Event, last: &mut Last) -> Option<Touch> {
        if event.process.pid == std::process::id() {
            return None;
        }
        let filter = |filter| Key::Filter(PacketFilter { filter, network: network_of(event.process.pid) });
        let mut keys: Vec<Key> = event.filter.map(filter).into_iter().collect();
        for file in &event.files {
            let path = file.path.as_deref();
            if event.ours || path.and_then(Path::parent).is_some_and(|dir| self.places.is_wanted(dir)) {
                keys.extend(path.filter(|_| event.ours || is_there(file)).map(|path| Key::Path(path.to_owned())));
                keys.extend(file.inode.map(|(device, inode)| Key::Inode(device, inode)));
            }
        }
        (!keys.is_empty()).then(|| {
            let by = match last.take_if(|(told, _)| *told == event.process) {
                Some((_, by)) => by,
                None => Arc::new(completed(event.process.clone(), event.cut)),
            };
            *last = Some((event.process, Arc::clone(&by)));
            Touch { at_ms: event.at_ms, keys, by, evidence: Evidence::Audit }
        })
    }
}

/// The network namespace of a process, if it lives: audit tells of packet
/// filters of all of them, and not which.
fn network_of(pid: u32) -> Option<u64> {
    std::fs::metadata(format!("/proc/{pid}/ns/net")).ok().map(|namespace| namespace.ino())
}

/// What audit does not say of a process is in `/proc`, if that lives; if not,
/// its parent may.
fn completed(mut told: Process, cut: bool) -> Process {
    match Process::look(told.pid) {
        Some(seen) if seen.name == told.name => {
            if cut && seen.command.is_some() {
                told.command = None;
            }
            // It may have been named by one of its threads.
            Process { pid: seen.pid, ..told.with(&seen) }
        }
        _ => told.with_parents(),
    }
}

/// Whether a file is at its path for us as it was for who called: that may see
/// another root.
fn is_there(file: &Touched) -> bool {
    let (Some(path), Some((device, inode))) = (&file.path, file.inode) else { return false };
    // Of layered filesystems and of subvolumes the kernel names another device.
    let has_none = |device: u64| rustix::fs::major(device) == 0;
    std::fs::symlink_metadata(path).is_ok_and(|found| {
        found.ino() == inode && (found.dev() == device || (has_none(found.dev()) && has_none(device)))
    })
}

/// Rules that follow their file are none, nor those that are added, unless they
/// keep records from everybody.
fn is_news(fields: Fields<'_>) -> bool {
    match fields.raw("op") {
        Some(b"updated_rules") => false,
        Some(b"add_rule") => fields.number("list") == Some(rule::FILTER_EXCLUDE),
        _ => true,
    }
}

#[derive(Debug, Default)]
struct Heard {
    touches: Vec<Touch>,
    lost: u64,
    changed: bool,
    /// Any record at all.
    any: bool,
    /// A packet filter before nftables was changed.
    legacy: bool,
}

fn is_loss(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NOBUFS)
}

#[cfg(test)]
mod tests;
