//! The shipping stage against a collector that does as the test says, over
//! real TLS: order, window, acknowledgements, refusals, restores, farewells.
//!
//! The journal is the real one; what it is told is made up, so that every
//! record is known.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helpers included")]

#[path = "shipping/agent.rs"]
mod agent;
#[path = "shipping/collector.rs"]
mod collector;

#[path = "shipping/ending.rs"]
mod ending;
#[path = "shipping/endpoints.rs"]
mod endpoints;
#[path = "shipping/order.rs"]
mod order;
#[path = "shipping/restored.rs"]
mod restored;
#[path = "shipping/told.rs"]
mod told;
