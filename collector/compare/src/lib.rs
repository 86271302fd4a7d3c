//! Judgement over facts: how severe a change is, where environments differ and
//! what would bring them together.
//!
//! Pure by contract: no I/O, no clock (`now` is a parameter), nothing async. It
//! sees digests and masked displays only.

pub mod acceptance;
pub mod baseline;
pub mod chain;
pub mod classify;
pub mod compare;
pub mod desired;
pub mod drift;
pub mod expect;
pub mod judge;
pub mod key_pattern;
mod made;
pub mod plan;
pub mod policy;
pub mod report;
pub mod selector;
pub mod verdict;
pub mod window;

pub use classify::{Class, Severity};
pub use made::Made;
pub use policy::Policy;
pub use selector::{Selector, SelectorError};
pub use verdict::{Mark, Verdict};
