//! What an item is: from the bytes of a configuration format to items and
//! problems, and from items to digests, roots, deltas and masked displays.
//!
//! Pure by contract: nothing here reads a file, a clock or an environment
//! variable, nothing is random, nothing is async. Values live only in
//! [`Setting`]s, on the host; what travels is an [`Item`], which has none.

pub mod actor;
pub mod count;
pub mod delta;
pub mod digest;
pub mod display;
pub mod format;
pub mod item;
pub mod key;
pub mod limits;
pub mod meaning;
pub mod name;
pub mod pairs;
mod printable;
pub mod problem;
pub mod secret;
pub mod token;
pub mod value;

pub use actor::{Actor, Confidence, Evidence};
pub use count::count;
pub use delta::{ApplyError, Delta, ItemChange, diff};
pub use digest::{Digest, FleetKey, KeyEpoch, Root};
pub use display::{DisplayPolicy, Masked};
pub use format::{EnvDialect, FileName, Format, Reading, Setting};
pub use item::position::Position;
pub use item::{Item, Observation};
pub use key::ItemKey;
pub use meaning::{Effect, Meaning, Reach};
pub use name::{AgentId, Environment, HostName, NameError, Role, SourceKind, SourceName};
pub use pairs::Pairs;
pub use problem::{Place, Problem, ProblemKind};
pub use secret::SecretReason;
pub use token::{EnrolmentToken, TokenError};
pub use value::{Bytes, Value};

/// Version of the canonical form. It moves whenever the same bytes would give
/// other keys or digests than before, so that a collector can tell "the parser
/// changed" from "the file changed".
pub const CANONICAL_FORM: u32 = 2;
