//! What no single crate can see: whole fleets of real processes, faults between
//! them, and the rules of the house.
//!
//! It holds the harness; the cases stand in `tests/tests/`. Everything here is
//! blocking and plain: a test reads like what an operator would do by hand.

#![allow(clippy::disallowed_methods, reason = "reads what these tests have just made")]

pub mod fleet;
pub mod netns;
pub mod process;
pub mod proxy;
pub mod webhook;
