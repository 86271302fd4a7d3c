//! Stage 1, admit: who may speak, where its records go on, and which of them
//! are new. Pure decisions; the session acts on them.

pub mod identity;
pub mod instance;
pub mod sequence;
pub mod skew;
