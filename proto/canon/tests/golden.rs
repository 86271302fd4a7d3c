//! Golden pairs: what each dialect reads in a file, in a readable form.
//!
//! `DRIFTLINE_BLESS=1` rewrites the expectations; a person reads the
//! difference before it is committed.

#![allow(clippy::unwrap_used, reason = "a golden file that cannot be read fails the test")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use driftline_canon::{DisplayPolicy, EnvDialect, Format, Reading, Value, display, format, key, secret};

const CASES_PER_DIALECT_MIN: usize = 12;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/env_file")
}

fn bytes_of(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn cases(dialect: EnvDialect) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder().join(dialect.as_str()));
    let entries = entries.unwrap_or_else(|e| panic!("{dialect} has no golden files: {e}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "env"));
    paths.sort();
    paths
}

/// Key, kind, value, line, template, display; then the problems as shown.
fn readable(reading: &Reading) -> String {
    let mut text = String::new();
    let reasons = secret::classify_all(&reading.settings);
    for (setting, reason) in reading.settings.iter().zip(reasons) {
        let line = setting.line.map_or("-".to_owned(), |line| line.to_string());
        let _ = match &setting.value {
            Value::Text(value) => writeln!(text, "{line}: {} = text \"{}\"", setting.key, key::escape(value)),
            Value::Template(value) => writeln!(text, "{line}: {} = template \"{}\"", setting.key, key::escape(value)),
            Value::Inherited => writeln!(text, "{line}: {} = inherited", setting.key),
            Value::Content(_) => writeln!(text, "{line}: {} = content", setting.key),
        };
        if let Some(template) = &setting.template {
            let _ = writeln!(text, "    written \"{}\"", key::escape(template));
        }
        if let Some(reason) = reason {
            let _ = writeln!(text, "    secret {reason:?}");
        }
        if let Some(shown) = display::masked(setting, reason, DisplayPolicy::Clear) {
            let _ = writeln!(text, "    shown {}", shown.as_str());
        }
    }
    for problem in &reading.problems {
        let _ = writeln!(text, "{}: {}", problem.kind.as_str(), problem.render("file"));
    }
    text
}

#[test]
fn every_dialect_reads_its_golden_files() {
    let bless = std::env::var_os("DRIFTLINE_BLESS").is_some();
    let mut wrong = String::new();
    for dialect in EnvDialect::ALL {
        let cases = cases(dialect);
        assert!(cases.len() >= CASES_PER_DIALECT_MIN, "{dialect} has {} golden files", cases.len());
        for case in cases {
            let found = readable(&format::read(Format::EnvFile(Some(dialect)), &bytes_of(&case)));
            let expected_at = case.with_extension("expected");
            if bless {
                fs::write(&expected_at, &found).unwrap();
                continue;
            }
            let expected = String::from_utf8(bytes_of(&expected_at)).unwrap();
            if found != expected {
                let _ = writeln!(wrong, "== {}\n-- expected\n{expected}-- found\n{found}", case.display());
            }
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
