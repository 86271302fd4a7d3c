//! Parts: an observer that hands on what changed is told apart from one that
//! hands on everything by nothing but its cost.
//!
//! The real journal on a real disk, killed at random instants too.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests, helpers included")]

#[path = "parts/killed.rs"]
mod killed;
#[path = "parts/refused.rs"]
mod refused;
#[path = "parts/rig.rs"]
mod rig;
#[path = "parts/same.rs"]
mod same;
