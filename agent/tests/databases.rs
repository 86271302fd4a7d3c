//! `database_settings` against real servers, each started by hand on a socket
//! in a directory of its own, and against servers that lie.
//!
//! No collector takes part: what arrives at one is the journal's records.
#![allow(clippy::disallowed_methods, reason = "reads and writes files that these tests have just made")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "these are tests, helpers included")]

#[path = "databases/rig.rs"]
mod rig;
#[path = "databases/servers.rs"]
mod servers;

#[path = "databases/check.rs"]
mod check;
#[path = "databases/hostile.rs"]
mod hostile;
#[path = "databases/mariadb.rs"]
mod mariadb;
#[path = "databases/postgres.rs"]
mod postgres;
#[path = "databases/redis.rs"]
mod redis;
#[path = "databases/tls.rs"]
mod tls;
