//! Golden pairs: what each dialect reads in a file, in a readable form.
//!
//! `DRIFTLINE_BLESS=1` rewrites the expectations; a person reads the
//! difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a golden file that cannot be read fails the test")]

#[path = "support/readable.rs"]
mod readable;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use driftline_canon::{EnvDialect, Format, format};

use readable::{bytes_of, check_expected, files_that_end, readable};

const CASES_PER_DIALECT_MIN: usize = 12;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/env_file")
}

#[test]
fn every_dialect_reads_its_golden_files() {
    let mut wrong = String::new();
    for dialect in EnvDialect::ALL {
        let cases = files_that_end(&folder().join(dialect.as_str()), "env");
        assert!(cases.len() >= CASES_PER_DIALECT_MIN, "{dialect} has {} golden files", cases.len());
        for case in cases {
            let reading = format::read(Format::EnvFile(Some(dialect)), &bytes_of(&case));
            wrong.extend(check_expected(&case, &readable(&reading)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_folder_is_of_an_unknown_dialect() {
    let known: BTreeSet<&str> = EnvDialect::ALL.into_iter().map(EnvDialect::as_str).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(known.contains(name.to_str().unwrap()), "{}", name.display());
    }
}
