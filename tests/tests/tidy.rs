//! Rules of the house that a machine can hold: the arrows between crates, what
//! each may link, sizes, module docs, licences and the shape of the tree.
//!
//! It reads the tree and `cargo metadata`; it builds and changes nothing. A rule
//! that stands in the way of clearer code is changed here, with its reason.

#![allow(clippy::disallowed_methods, reason = "reads the sources of this repository")]

#[path = "tidy/crates.rs"]
mod crates;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/pages.rs"]
mod pages;

use std::path::{Path, PathBuf};

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every Rust file that git tracks or would track, relative to the root.
fn rust_files() -> Vec<PathBuf> {
    tracked().into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")).collect()
}

/// Every file that git tracks or would track, relative to the root.
fn tracked() -> Vec<PathBuf> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    assert!(output.status.success(), "git ls-files failed");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(PathBuf::from).filter(|path| root().join(path).is_file()).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
