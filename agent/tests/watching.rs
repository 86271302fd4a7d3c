//! The cases W1 to W15 over the real stages: a directory is changed as the
//! case says, and the journal is read.
//!
//! No collector takes part: what arrives at one is the journal's records.
#![allow(clippy::disallowed_methods, reason = "reads and writes files that these tests have just made")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "these are tests, helpers included")]

#[path = "watching/rig.rs"]
mod rig;

#[path = "watching/booted.rs"]
mod booted;
#[path = "watching/bounds.rs"]
mod bounds;
#[path = "watching/confined.rs"]
mod confined;
#[path = "watching/down.rs"]
mod down;
#[path = "watching/included.rs"]
mod included;
#[path = "watching/links.rs"]
mod links;
#[path = "watching/mounted.rs"]
mod mounted;
#[path = "watching/odd.rs"]
mod odd;
#[path = "watching/pace.rs"]
mod pace;
#[path = "watching/running.rs"]
mod running;
#[path = "watching/writes.rs"]
mod writes;
