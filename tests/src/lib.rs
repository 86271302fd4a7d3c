//! What no single crate can see: whole fleets of real processes, faults between
//! them, and the rules of the house.
//!
//! It holds the harness; the cases stand in `tests/tests/`.
