//! What a daemon gives up when it starts, so that its secrets stay with it:
//! core dumps, being traced by its own user, and files that others may read.
//!
//! It drops no capability and enters no sandbox: the units do that.

use std::io;

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask};

/// Forbids core dumps (setrlimit(2), `PR_SET_DUMPABLE`) and makes every new
/// file private (umask 0077). Call it first in `main`.
///
/// # Errors
/// When the kernel refuses, which it has no reason to.
pub fn apply() -> io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(test)]
mod tests;
