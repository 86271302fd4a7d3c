//! The pure judgement as its callers put it together: what was given goes in
//! through a book, a policy or a side, and what is said of a change, a drift or
//! a plan comes out.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "judgement/across.rs"]
mod across;
#[path = "judgement/drifts.rs"]
mod drifts;
#[path = "judgement/plans.rs"]
mod plans;
#[path = "judgement/rules.rs"]
mod rules;
#[path = "judgement/trails.rs"]
mod trails;
#[path = "judgement/verdicts.rs"]
mod verdicts;
#[path = "judgement/world.rs"]
mod world;
