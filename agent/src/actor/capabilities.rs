//! Capabilities (capabilities(7)): what each feature needs, and the way to get
//! rid of the rest.
//!
//! It never asks for more than the process has, and leaves what may read every
//! file: without that, root would watch less than it was told to.

use std::io;

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, remove_capability_from_bounding_set,
    set_capabilities,
};

use crate::config::{AuditUse, Config};

/// What a configuration needs beside what everybody may do.
#[must_use]
pub fn needed(config: &Config) -> CapabilitySet {
    let mut needed = CapabilitySet::DAC_READ_SEARCH;
    if config.actor.fanotify {
        needed |= CapabilitySet::SYS_ADMIN | CapabilitySet::SYS_NICE;
    }
    match config.actor.audit {
        AuditUse::Off => {}
        AuditUse::Listen => needed |= CapabilitySet::AUDIT_READ,
        AuditUse::Auto | AuditUse::On => needed |= CapabilitySet::AUDIT_READ | CapabilitySet::AUDIT_CONTROL,
    }
    let processes = config.sources.iter().any(|spec| !spec.is_of_files());
    if processes || config.actor.fanotify || config.actor.audit != AuditUse::Off {
        needed |= CapabilitySet::SYS_PTRACE;
    }
    if config.firewall.is_some() {
        // Another network namespace is entered with SYS_ADMIN; legacy tables
        // are read through a raw socket.
        needed |= CapabilitySet::NET_ADMIN | CapabilitySet::NET_RAW | CapabilitySet::SYS_ADMIN;
        // Who lists a set comes before others, since nobody can destroy it then.
        needed |= CapabilitySet::SYS_NICE;
    }
    if !config.databases.is_empty() {
        // A server's socket may be closed to everybody but its own user.
        needed |= CapabilitySet::DAC_OVERRIDE;
    }
    needed
}

/// Gives up every capability but these, for this thread and all that it starts
/// from now on. Called before there are others.
///
/// # Errors
/// When the kernel refuses; some may be gone by then.
pub fn keep(kept: CapabilitySet) -> io::Result<()> {
    let before = capabilities(None)?;
    // Only who may change the bounding set is able to; others have little.
    if before.effective.contains(CapabilitySet::SETPCAP) {
        for one in CapabilitySet::all().difference(kept).iter() {
            // One that this kernel does not know is not in the set either.
            if capability_is_in_bounding_set(one).unwrap_or(false) {
                remove_capability_from_bounding_set(one)?;
            }
        }
    }
    let after = CapabilitySets {
        effective: before.effective & kept,
        permitted: before.permitted & kept,
        inheritable: before.inheritable & kept,
    };
    set_capabilities(None, after)?;
    Ok(())
}

#[cfg(test)]
mod tests;
