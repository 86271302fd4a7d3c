//! driftline-collector: admit -> classify -> judge -> record -> notify.
//!
//! One writer moves state, history and outbox together; everything that is
//! told to anybody was on disk before. It cannot make an agent read or run
//! anything.

pub mod admit;
pub mod app;
pub mod apply;
pub mod baseline;
pub mod ca;
pub mod classify;
pub mod commands;
pub mod config;
pub mod desired;
pub mod drift;
pub mod enrol;
pub mod error;
pub mod event;
pub mod grant;
pub mod hex;
pub mod http;
pub mod identity;
pub mod ingest;
pub mod judge;
pub mod keep;
pub mod live;
pub mod metrics;
pub mod notify;
pub mod pem;
pub mod pepper;
pub mod policy;
pub mod record;
pub mod render;
pub mod schedule;
pub mod session;
pub mod silence;
pub mod state;
#[cfg(test)]
mod testing;
pub mod x509;

pub use app::{App, Bound, bind, run};
pub use config::Config;
pub use error::ServerError;
