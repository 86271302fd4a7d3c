//! The kernel's audit subsystem, which all tests of this machine share: one at a
//! time, and left as it was found, also when a test fails.

use std::fs::File;

use driftline_agent::actor::audit::KEY;
use driftline_agent::actor::audit::link::Control;
use rustix::fs::FlockOperation;

pub(crate) struct AuditLease {
    _lock: File,
    control: Control,
    enabled: u32,
}

impl AuditLease {
    /// Waits for its turn; why there is none on this machine.
    pub(crate) fn take() -> Result<Self, String> {
        let lock =
            File::create(std::env::temp_dir().join("driftline-audit.lock")).map_err(|error| error.to_string())?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive).map_err(|error| error.to_string())?;
        let mut control = Control::open().map_err(|error| format!("audit: {error}"))?;
        let status = control.status().map_err(|error| format!("audit: {error}"))?;
        if status.enabled == 2 {
            return Err("audit is locked on this machine".to_owned());
        }
        Ok(Self { _lock: lock, control, enabled: status.enabled })
    }

    pub(crate) fn enable(&mut self, on: bool) {
        self.control.enable(on).unwrap();
    }

    pub(crate) fn is_enabled(&mut self) -> bool {
        self.control.status().unwrap().enabled != 0
    }

    /// The process of the audit daemon; 0: none.
    pub(crate) fn daemon(&mut self) -> u32 {
        self.control.status().unwrap().daemon
    }

    /// Rules that carry our key.
    pub(crate) fn rules(&mut self) -> Vec<Vec<u8>> {
        let is_ours = |rule: &Vec<u8>| rule.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        self.control.rules().unwrap().into_iter().filter(is_ours).collect()
    }

    pub(crate) fn add(&mut self, rule: &[u8]) {
        self.control.add(rule).unwrap();
    }
}

impl Drop for AuditLease {
    fn drop(&mut self) {
        for rule in self.control.rules().unwrap_or_default() {
            if rule.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
                _ = self.control.delete(&rule);
            }
        }
        _ = self.control.enable(self.enabled != 0);
    }
}
