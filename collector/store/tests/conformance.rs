//! One suite that every engine passes: what it says of one, it says of each.
//!
//! No engine is named in a test, and none is left out.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "conformance/chain.rs"]
mod chain;
#[path = "conformance/cut.rs"]
mod cut;
#[path = "conformance/documents.rs"]
mod documents;
#[path = "conformance/history.rs"]
mod history;
#[path = "conformance/model.rs"]
mod model;
#[path = "conformance/opening.rs"]
mod opening;
#[path = "conformance/outbox.rs"]
mod outbox;
#[path = "support/samples.rs"]
mod samples;
#[path = "conformance/state.rs"]
mod state;
#[path = "conformance/then.rs"]
mod then;

use std::path::Path;

use driftline_store::{EngineKind, Store, StoreOptions, Writer};

/// A small cache, so that tests go to the disk too.
fn options() -> StoreOptions {
    StoreOptions { cache_bytes: 1024 * 1024, now_ms: 5, ..StoreOptions::default() }
}

fn open(dir: &Path, engine: EngineKind) -> Store {
    Store::open(dir, engine, options()).unwrap()
}

/// Runs a test over a new store of each engine.
fn each_engine(test: impl Fn(&Store, &mut Writer)) {
    for engine in EngineKind::ALL {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path(), engine);
        let mut writer = store.writer().unwrap();
        test(&store, &mut writer);
    }
}
