//! driftline-agent: watches a host's configuration and streams hashed deltas.
//!
//! It acts on nothing that a collector says but acknowledgements and requests to
//! send again.

pub mod enroll;
pub mod identity;
pub mod renew;
