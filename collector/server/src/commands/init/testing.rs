//! A collector that was just made, for tests of what comes after.
#![allow(clippy::unwrap_used, reason = "test support")]

use super::{InitArguments, create};

/// A directory with `state/`, `collector.toml` and `operator/` of a new
/// collector.
pub(in crate::commands) fn initialised() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    create(&InitArguments {
        dir: path("state"),
        config: path("collector.toml"),
        names: vec!["collector.example".to_owned()],
        operator: "admin".to_owned(),
        operator_config: Some(path("operator/cli.toml")),
        ingest_listen: None,
        enrol_listen: None,
        api_listen: None,
    })
    .unwrap();
    dir
}
