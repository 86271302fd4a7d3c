//! Live tables of iptables and sets of ipset, in network namespaces of this
//! kernel and with programs that misbehave; what the journal says is read.
//!
//! No collector takes part, and nobody follows nftables: what it would tell is
//! told by the tests.
#![allow(clippy::disallowed_methods, reason = "reads and writes files that these tests have just made")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "these are tests, helpers included")]

#[path = "saved/rig.rs"]
mod rig;

#[allow(dead_code, reason = "what the tests of the actor ask of it is not asked here")]
#[path = "actor/kernel.rs"]
mod lease;

#[path = "saved/audited.rs"]
mod audited;
#[path = "saved/beside.rs"]
mod beside;
#[path = "saved/kernel.rs"]
mod kernel;
#[path = "saved/programs.rs"]
mod programs;
#[path = "saved/quiet.rs"]
mod quiet;
#[path = "saved/ufw.rs"]
mod ufw;
