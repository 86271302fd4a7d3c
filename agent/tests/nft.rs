//! The live ruleset of nftables, followed in network namespaces of this kernel:
//! what is handed on is held against what `nft -j list ruleset` says.
//!
//! No journal and no collector takes part.
#![allow(clippy::disallowed_methods, reason = "reads and writes files that these tests have just made")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "these are tests, helpers included")]

#[path = "nft/rig.rs"]
mod rig;

#[path = "nft/cases.rs"]
mod cases;
#[path = "nft/firewalld.rs"]
mod firewalld;

#[path = "nft/faults.rs"]
mod faults;
#[path = "nft/random.rs"]
mod random;
