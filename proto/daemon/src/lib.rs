//! What every driftline daemon agrees with its host: the clock, named tasks,
//! signals, readiness, exit codes, strict configuration, log lines and files
//! that only their owner may read.
//!
//! It knows nothing of items, agents or collectors, and it opens no
//! connection: a daemon puts its own work between these pieces.

pub mod clock;
pub mod config;
pub mod exit;
pub mod files;
pub mod hardening;
pub mod log;
pub mod signals;
pub mod systemd;
pub mod tasks;
pub mod tls;

pub use clock::Clock;
pub use config::ConfigError;
pub use exit::{Exit, ExitKind};
pub use tasks::{Group, TaskFailure, Tasks};
