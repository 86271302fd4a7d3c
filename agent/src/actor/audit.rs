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
use std::sync::Arc;

use rustix::io::Errno;

use super::bell::Bell;
use super::places::Places;
use super::process::Process;
use super::standing::{Live, Standing};
use super::tidings::{Key, Telling, Touch};
use crate::config::AuditUse;
use driftline_canon::Evidence;
use event::{Assembly, Event};
use link::{Buffer, Listener};
use record::{Fields, Kind};
use rule::Rule;
use rules::Rules;

/// The key of our rules, for `ausearch -k`.
pub const KEY: &str = "driftline";

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
            if let Err(error) = self.bell.wait(&[self.listener.descriptor()]) {
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
        heard.lost += assembly.take_lost();
        heard
    }

    /// What an event touched, of what anybody wants to know.
    fn touch(&self, event: Event, last: &mut Last) -> Option<Touch> {
        if event.process.pid == std::process::id() {
            return None;
        }
        let mut keys: Vec<Key> = event.filter.map(Key::Filter).into_iter().collect();
        for file in event.files.iter().cloned() {
            let wanted = event.ours
                || file.path.as_deref().and_then(|path| path.parent()).is_some_and(|dir| self.places.is_wanted(dir));
            if wanted {
                keys.extend(file.path.map(Key::Path));
                keys.extend(file.inode.map(|(device, inode)| Key::Inode(device, inode)));
            }
        }
        (!keys.is_empty()).then(|| {
            let by = match last.take_if(|(told, _)| *told == event.process) {
                Some((_, by)) => by,
                None => Arc::new(completed(event.process.clone())),
            };
            *last = Some((event.process, Arc::clone(&by)));
            Touch { at_ms: event.at_ms, keys, by, evidence: Evidence::Audit }
        })
    }
}

/// What audit does not say of a process is in `/proc`, if that lives; if not,
/// its parent may.
fn completed(told: Process) -> Process {
    match Process::look(told.pid) {
        Some(seen) if seen.name == told.name => told.with(&seen),
        _ => told.with_parents(),
    }
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
