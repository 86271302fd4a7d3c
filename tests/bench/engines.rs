//! The table of engines: the same durable batches into redb and sled.
//!
//! The store's own example does the work; this only reads what it prints.

use crate::Setup;
use crate::table::Section;

pub(crate) fn run(_: &Setup) -> Section {
    Section::default()
}
