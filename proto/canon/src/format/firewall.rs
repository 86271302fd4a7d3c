//! Rule dumps and the files of firewalls: iptables, ipset, nftables, ufw and
//! firewalld.
//!
//! Brings rules into one form, so that a listing and a file by hand that load
//! the same rules compare equal. It judges no rule: what it opens is for those
//! who read the items. Counters, handles, generated remarks and the dates in
//! comments are noise.

mod address;
mod comment;
mod firewalld;
mod ipset;
mod iptables;
pub mod meaning;
mod model;
mod names;
mod nft;
mod nft_json;
pub mod objects;

use super::Reading;
use super::gather::Gather;
use super::includes::{FileName, Files};
use super::lines::unreadable;

/// Reads what `iptables-save` and `ip6tables-save` print, and what
/// `iptables-restore` takes. Each table begins empty.
#[must_use]
pub(super) fn read_iptables(bytes: &[u8]) -> Reading {
    with_gather(bytes, |gather| iptables::read(bytes, iptables::Dialect::Save, gather))
}

/// Reads the rule files of ufw, which are loaded into tables that hold rules
/// already.
#[must_use]
pub(super) fn read_ufw(bytes: &[u8]) -> Reading {
    with_gather(bytes, |gather| iptables::read(bytes, iptables::Dialect::Ufw, gather))
}

/// Reads what `nft list ruleset` prints, and what `nft -f` takes.
#[must_use]
pub(super) fn read_nft(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    with_gather(bytes, |gather| nft::read(bytes, name, files, gather))
}

/// Reads what `nft -j list ruleset` prints.
#[must_use]
pub(super) fn read_nft_json(bytes: &[u8]) -> Reading {
    with_gather(bytes, |gather| nft_json::read(bytes, gather))
}

/// Reads what `ipset save` prints.
#[must_use]
pub(super) fn read_ipset(bytes: &[u8]) -> Reading {
    with_gather(bytes, |gather| ipset::read(bytes, gather))
}

/// Reads a file of firewalld: a zone, policy, service, set or direct rules.
#[must_use]
pub(super) fn read_firewalld(bytes: &[u8]) -> Reading {
    firewalld::read(bytes)
}

fn with_gather(bytes: &[u8], read: impl FnOnce(&mut Gather)) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    read(&mut gather);
    gather.finish(bytes)
}

#[cfg(test)]
mod tests;
