//! Sizes, docs and the shape of the tree.
//!
//! Generated code, tests and examples are left out of the sizes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{read, root, rust_files, tracked};

const FILE_LINES_MAX: usize = 500;
const FILE_LINES_P95: usize = 400;
const MAIN_LINES_MAX: usize = 30;
const TEST_RATIO_MIN: f64 = 0.8;

/// What may stand at the top, and nothing else.
const TOP: &[&str] = &[
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "agent",
    "clippy.toml",
    "collector",
    "deny.toml",
    "docs",
    "packaging",
    "proto",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "systemd",
    "tests",
];

fn is_generated(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "gen")
}

fn is_test(path: &Path) -> bool {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    path.starts_with("tests")
        || parts.iter().any(|part| part == "tests" || part == "examples" || part == "benches")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn production() -> Vec<PathBuf> {
    rust_files().into_iter().filter(|path| !is_test(path) && !is_generated(path)).collect()
}

fn lines(path: &Path) -> usize {
    read(path).lines().count()
}

#[test]
fn the_top_of_the_tree_is_the_charter_s() {
    let found: BTreeSet<String> = tracked()
        .iter()
        .filter_map(|path| path.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned()))
        .collect();
    let strange: Vec<_> = found.iter().filter(|name| !TOP.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "not in the charter: {strange:?}");
}

#[test]
fn files_stay_small() {
    let mut sizes: Vec<(usize, PathBuf)> = production().into_iter().map(|path| (lines(&path), path)).collect();
    sizes.sort();
    let over: Vec<_> = sizes.iter().filter(|(size, _)| *size > FILE_LINES_MAX).collect();
    assert!(over.is_empty(), "over {FILE_LINES_MAX} lines: {over:?}");
    let p95 = sizes[sizes.len() * 95 / 100].0;
    assert!(p95 <= FILE_LINES_P95, "p95 of file sizes is {p95}, the bar is {FILE_LINES_P95}");
    for (size, path) in sizes.iter().filter(|(_, path)| path.ends_with("main.rs")) {
        assert!(*size <= MAIN_LINES_MAX, "{} has {size} lines: `main` parses and exits", path.display());
    }
}

/// Lines of code of a text: blank lines and comments are none, so that what is
/// asked of documentation weighs on neither side.
fn code(text: &str) -> usize {
    text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn tests_weigh_as_much_as_the_bar_asks() {
    let (mut tests, mut production) = (0, 0);
    for path in rust_files().iter().filter(|path| !is_generated(path)) {
        let text = read(path);
        // Unit tests within a file stand at its end.
        let (own, inline) = text.split_once("\n#[cfg(test)]\nmod tests {").unwrap_or((text.as_str(), ""));
        let (own, inline) = (code(own), code(inline));
        let (ours, theirs) = if is_test(path) { (own + inline, 0) } else { (inline, own) };
        tests += ours;
        production += theirs;
    }
    let ratio = tests as f64 / production as f64;
    assert!(ratio >= TEST_RATIO_MIN, "{ratio:.2} lines of tests per line of production, the bar is {TEST_RATIO_MIN}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in production().iter().chain(&rust_files()) {
        if is_generated(path) || path.ends_with("tests.rs") {
            continue;
        }
        let text = read(path);
        let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
        assert!(first.starts_with("//! "), "{} does not begin with what it is for", path.display());
    }
}

#[test]
fn modules_are_named_files() {
    let found: Vec<_> = rust_files().into_iter().filter(|path| path.ends_with("mod.rs")).collect();
    assert!(found.is_empty(), "`foo.rs` beside `foo/`, no `mod.rs`: {found:?}");
}

#[test]
fn nothing_is_left_half_done() {
    let marks = ["todo!(", "unimplemented!(", "#[ignore", "FIXME", "XXX:", "TODO"];
    for path in rust_files().iter().filter(|path| !path.starts_with("tests/tests/tidy")) {
        let text = read(path);
        for (number, line) in text.lines().enumerate() {
            for mark in marks {
                // What a test runs in a process of its own is no test by itself.
                let child = mark.starts_with("#[ignore") && line.contains("in its own process");
                assert!(child || !line.contains(mark), "{}:{}: {mark}", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn one_place_reads_the_clock_and_one_touches_the_ca_key() {
    for path in production() {
        let text = read(&path);
        if !path.starts_with("proto/daemon") {
            assert!(!text.contains("SystemTime::now"), "{} reads the wall clock", path.display());
        }
        if !path.ends_with("ca.rs") && !path.components().any(|part| part.as_os_str() == "ca") {
            assert!(!text.contains("ca-key.pem"), "{} names the CA key file", path.display());
        }
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let home = std::env::var("HOME").unwrap_or_default();
    let here = format!("{}/", root().display());
    for path in tracked() {
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for trace in [&here, &format!("{home}/")] {
            if trace.len() > 3 && trace != "/root/" {
                assert!(!text.contains(trace.as_str()), "{} names {trace}", path.display());
            }
        }
    }
}
