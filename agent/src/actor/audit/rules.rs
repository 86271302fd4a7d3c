//! Our rules in the kernel: set where that is allowed, taken out at the end
//! whatever happens, and those of a run that crashed before.
//!
//! It never touches a rule without our key, nor anything of a configuration
//! that is locked.

use std::path::{Path, PathBuf};

use driftline_daemon::files;
use serde::{Deserialize, Serialize};

use super::KEY;
use super::link::{AuditStatus, Control};
use super::rule::{self, Rule};
use crate::actor::standing::Live;
use crate::config::AuditUse;

/// Locked until the next boot (`AUDIT_LOCKED`).
const LOCKED: u32 = 2;

/// The file within the state directory that says which rules are set.
const NOTE: &str = "audit-rules.json";

/// Bytes of it: 128 rules of the longest paths.
const NOTE_BYTES_MAX: usize = 1024 * 1024;

/// What is written down before it is done, so that the next run can undo what
/// one that crashed has left.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    rules: Vec<Rule>,
    /// Audit was off and is switched on.
    enabled: bool,
}

impl Note {
    /// Notes of before had the rules alone.
    fn read(bytes: &[u8]) -> Self {
        let rules = || Some(Self { rules: serde_json::from_slice(bytes).ok()?, enabled: false });
        serde_json::from_slice(bytes).ok().or_else(rules).unwrap_or_default()
    }
}

/// The rules that are set; taken out when it is dropped.
#[derive(Debug)]
pub(super) struct Rules {
    usage: AuditUse,
    control: Option<Control>,
    /// Where the rules are written down.
    note: PathBuf,
    status: Option<AuditStatus>,
    set: Vec<Rule>,
    /// Audit was off and we switched it on.
    enabled: bool,
    /// A rule of somebody keeps records of packet filters from everybody.
    hides_filters: bool,
    more: bool,
    failed: Option<String>,
}

impl Rules {
    /// Sets what is wanted, as far as that is allowed.
    pub(super) fn set(usage: AuditUse, (wanted, more): &(Vec<Rule>, bool), state_dir: &Path) -> Self {
        let control = Control::open().ok();
        let mut rules = Self {
            usage,
            control,
            note: state_dir.join(NOTE),
            status: None,
            set: Vec::new(),
            enabled: false,
            hides_filters: false,
            more: *more,
            failed: None,
        };
        rules.read_status();
        if rules.status.is_some_and(|status| status.enabled != LOCKED) {
            rules.take_out_stale();
        }
        if rules.usage == AuditUse::On && rules.status.is_some_and(|status| status.enabled == 0) {
            rules.enable();
        }
        // A path that is no text cannot be written down.
        if rules.may_set() && rules.note_down(wanted) {
            wanted.iter().for_each(|rule| rules.add(rule));
        }
        rules.list();
        rules
    }

    /// Switches audit on, if that can be written down.
    fn enable(&mut self) {
        self.enabled = true;
        let done = self.note_down(&[]) && self.control.as_mut().is_some_and(|control| control.enable(true).is_ok());
        if !done {
            self.enabled = false;
            self.note_down(&[]);
        }
        self.read_status();
    }

    fn read_status(&mut self) {
        self.status = self.control.as_mut().and_then(|control| control.status().ok());
    }

    /// Only where audit is on and not locked; beside auditd only if we are
    /// told to.
    fn may_set(&self) -> bool {
        self.status.is_some_and(|status| may_set(self.usage, status))
    }

    fn add(&mut self, rule: &Rule) {
        let (Some(bytes), Some(control)) = (rule.encode(KEY), self.control.as_mut()) else {
            return;
        };
        match control.add(&bytes) {
            Ok(()) => self.set.push(rule.clone()),
            // Its directory is not there.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => self.failed = Some(error.to_string()),
        }
    }

    /// Rules of a run that crashed: it wrote them down before it set them.
    fn take_out_stale(&mut self) {
        let bytes = files::read_limited(&self.note, NOTE_BYTES_MAX).unwrap_or_default();
        let note = Note::read(&bytes);
        for rule in &note.rules {
            if self.delete(rule) {
                tracing::info!(path = %rule.path().display(), "a rule of audit that an earlier run left behind is taken out");
            }
        }
        // With a daemon it is somebody's.
        let is_ours = note.enabled && self.status.is_some_and(|status| status.enabled == 1 && status.daemon == 0);
        if is_ours && self.control.as_mut().is_some_and(|control| control.enable(false).is_ok()) {
            tracing::info!("audit, which an earlier run had switched on, is switched off");
            self.note_down(&[]);
            self.read_status();
        }
    }

    fn delete(&mut self, rule: &Rule) -> bool {
        let (Some(bytes), Some(control)) = (rule.encode(KEY), self.control.as_mut()) else {
            return false;
        };
        control.delete(&bytes).is_ok()
    }

    /// What is not written down could stay behind.
    fn note_down(&self, rules: &[Rule]) -> bool {
        let note = Note { rules: rules.to_vec(), enabled: self.enabled };
        let text = serde_json::to_vec(&note).unwrap_or_default();
        files::write_private(&self.note, &text).is_ok()
    }

    /// Somebody changed the audit subsystem: looks at it again. True if that
    /// is news.
    pub(super) fn changed(&mut self) -> bool {
        let before = (self.status, self.hides_filters);
        self.read_status();
        let there = self.list();
        let gone = are_gone(&self.set, there.as_deref());
        if gone {
            // Whoever took them out does not want them: they stay out.
            tracing::warn!("somebody has taken rules of driftline out of audit, they stay out until the next start");
            for rule in std::mem::take(&mut self.set) {
                self.delete(&rule);
            }
            self.failed = Some("somebody has taken them out".to_owned());
        }
        gone || (self.status, self.hides_filters) != before
    }

    /// All rules of the host; none if the kernel does not say.
    fn list(&mut self) -> Option<Vec<Vec<u8>>> {
        let there = self.control.as_mut().and_then(|control| control.rules().ok())?;
        self.hides_filters = there.iter().any(|bytes| rule::hides_filters(bytes));
        Some(there)
    }

    /// Whether each change of a packet filter is told of.
    pub(super) fn tells_filters(&self) -> bool {
        self.is_enabled() && !self.hides_filters
    }

    /// The rules that are set.
    pub(super) fn live(&self) -> &[Rule] {
        if self.is_enabled() { &self.set } else { &[] }
    }

    /// Whether records of system calls come at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.status.is_some_and(|status| status.enabled != 0)
    }

    /// Whether it is known that none come.
    pub(super) fn is_off(&self) -> bool {
        self.status.is_some_and(|status| status.enabled == 0)
    }

    /// What there is to say.
    pub(super) fn standing(&self) -> Live {
        let Some(status) = self.status else {
            return Live::Yes("it listens; whether audit is on is not known without CAP_AUDIT_CONTROL".to_owned());
        };
        if status.enabled == 0 {
            return Live::No("audit is off in the kernel: `audit = \"on\"` in `[actor]` would switch it on".to_owned());
        }
        let rules = match self.set.len() {
            0 if status.enabled == LOCKED => "its configuration is locked: no rules of ours".to_owned(),
            0 if status.daemon != 0 && self.usage == AuditUse::Auto => {
                "no rules of ours beside auditd: `audit = \"on\"` would add them".to_owned()
            }
            0 => "no rules of ours".to_owned(),
            count if self.more => format!("{count} rules of ours, more are not set"),
            count => format!("{count} rules of ours"),
        };
        let failed = self.failed.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        Live::Yes(format!("{rules}{failed}"))
    }
}

fn may_set(usage: AuditUse, status: AuditStatus) -> bool {
    match usage {
        AuditUse::On => status.enabled == 1,
        AuditUse::Auto => status.enabled == 1 && status.daemon == 0,
        AuditUse::Listen | AuditUse::Off => false,
    }
}

/// Whether somebody has taken any of these out. Where the kernel does not say
/// which there are, nobody has.
fn are_gone(set: &[Rule], there: Option<&[Vec<u8>]>) -> bool {
    there.is_some_and(|there| !set.iter().all(|rule| there.iter().any(|bytes| rule.is(bytes, KEY))))
}

impl Drop for Rules {
    fn drop(&mut self) {
        self.read_status();
        let Some(status) = self.status.filter(|status| status.enabled != LOCKED) else {
            return;
        };
        for rule in std::mem::take(&mut self.set) {
            self.delete(&rule);
        }
        if std::mem::take(&mut self.enabled) && status.daemon == 0 {
            _ = self.control.as_mut().map(|control| control.enable(false));
        }
        self.note_down(&[]);
    }
}

#[cfg(test)]
mod tests;
