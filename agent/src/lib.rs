//! driftline-agent: watches a host's configuration and streams hashed deltas.
//!
//! A change goes through one module after the other: `watch` hears of it,
//! `observe` looks, `diff` says what changed, `journal` makes it durable, `ship`
//! brings it to a collector. It acts on nothing that a collector says but
//! acknowledgements and requests to send again.

pub mod actor;
pub mod attribute;
pub mod cli;
mod commands;
pub mod config;
pub mod database;
pub mod diff;
pub mod discover;
pub mod enroll;
pub mod facts;
pub mod firewall;
pub mod identity;
pub mod journal;
pub mod observe;
pub mod process;
pub mod reload;
pub mod renew;
pub mod resolve;
pub mod run;
pub mod ship;
pub mod status;
pub mod watch;

pub use config::Config;
pub use run::{AgentError, run};
