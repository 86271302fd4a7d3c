//! Golden pairs: what each format reads in a file, in a readable form.
//!
//! `golden/<format>/<case>.in` is read, with what it includes from the same
//! folder, and held against `<case>.expected`. `DRIFTLINE_BLESS=1` rewrites
//! the expectations; a person reads the difference before it is committed. Env
//! files have a folder per dialect and a test of their own.

#![allow(clippy::unwrap_used, reason = "a golden file that cannot be read fails the test")]

#[path = "support/folder_files.rs"]
mod folder_files;
#[path = "support/readable.rs"]
mod readable;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use driftline_canon::Format;
use driftline_canon::format::{self, FileName};

use folder_files::FolderFiles;
use readable::{bytes_of, check_expected, files_that_end, readable};

const CASES_PER_FORMAT_MIN: usize = 12;

const MANUAL: &str = include_str!("../../../docs/formats.md");

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The folder of a format; env files have theirs for longer than this test.
fn folder(format: Format) -> PathBuf {
    let name = if matches!(format, Format::EnvFile(_)) { "env_file" } else { format.as_str() };
    golden().join(name)
}

fn formats() -> impl Iterator<Item = Format> {
    Format::ALL.iter().copied().filter(|format| !matches!(format, Format::EnvFile(_)))
}

#[test]
fn every_format_reads_its_golden_files() {
    let mut wrong = String::new();
    for format in formats() {
        let folder = folder(format);
        let cases = files_that_end(&folder, "in");
        assert!(cases.len() >= CASES_PER_FORMAT_MIN, "{format} has {} golden files", cases.len());
        for case in cases {
            let name: FileName = case.file_name().unwrap().to_str().unwrap().into();
            let mut files = FolderFiles::new(&folder);
            let reading = format::read_with(format, &bytes_of(&case), Some(&name), &mut files);
            wrong.extend(check_expected(&case, &readable(&reading)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_expectation_is_left_without_its_case() {
    for format in formats() {
        for expected in files_that_end(&folder(format), "expected") {
            assert!(expected.with_extension("in").exists(), "{}", expected.display());
        }
    }
}

/// The fuzzer's first inputs are the golden files: it finds the format by the
/// folder's place among the folders, in byte order.
#[test]
fn every_format_has_a_folder_and_every_folder_a_format() {
    let wanted: BTreeSet<PathBuf> = Format::ALL.iter().copied().map(folder).collect();
    let found = std::fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(found.collect::<BTreeSet<_>>(), wanted);
    let mut by_name: Vec<Format> = Format::ALL.to_vec();
    by_name.sort_by_key(|format| format.as_str());
    assert!(by_name.iter().copied().map(folder).is_sorted(), "folders are in the order of the names");
}

#[test]
fn every_format_has_a_row_in_the_manual() {
    for format in Format::ALL {
        let row = format!("| `{format}` |");
        assert_eq!(MANUAL.lines().filter(|line| line.starts_with(&row)).count(), 1, "{format}");
    }
}

#[test]
fn every_format_has_one_name_of_its_own() {
    let names: BTreeSet<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
    assert_eq!(names.len(), Format::ALL.len());
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(*format));
    }
    assert_eq!(Format::from_name("no-such-format"), None);
}
