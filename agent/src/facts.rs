//! What the agent tells about its host: names and versions, its boot, its own
//! memory.
//!
//! It runs no program and looks at no other process.

use driftline_daemon::files::read_limited;
use driftline_wire::convert::HostFacts;
use sysinfo::System;

/// Bytes of `/proc/self/status`, which has some 1,500.
const PROC_BYTES_MAX: usize = 16 * 1024;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Facts of this host, now.
#[must_use]
pub fn host() -> HostFacts {
    HostFacts {
        hostname: hostname(),
        os: System::long_os_version().unwrap_or_default(),
        kernel: System::kernel_version().unwrap_or_default(),
        architecture: System::cpu_arch(),
        agent_resident_bytes: resident_bytes(),
    }
}

/// The host's own name, without its domain.
#[must_use]
pub fn hostname() -> String {
    let name = System::host_name().unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The kernel's name of this boot (random(4)).
#[must_use]
pub fn boot_id() -> String {
    let bytes = read_limited(BOOT_ID.as_ref(), PROC_BYTES_MAX).unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Resident memory of this process (`/proc/self/status`, proc(5): `VmRSS`).
#[must_use]
pub fn resident_bytes() -> u64 {
    let bytes = read_limited("/proc/self/status".as_ref(), PROC_BYTES_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kib: u64 = line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    kib.saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_has_facts() {
        let facts = host();
        assert!(!facts.kernel.is_empty() && !facts.architecture.is_empty());
        assert!(!facts.hostname.contains('.'));
        assert!(facts.agent_resident_bytes > 1024 * 1024);
        assert_eq!(boot_id().len(), 36);
    }
}
