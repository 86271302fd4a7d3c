//! A reading as text that a person can check, for golden files.
//!
//! Shows values in clear: the files it is compared with hold no real ones.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use driftline_canon::{DisplayPolicy, Reading, Value, display, key, secret};

/// Key, kind, value, line, template, display; then the problems as shown.
pub(crate) fn readable(reading: &Reading) -> String {
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
        if let Some(file) = &setting.file {
            let _ = writeln!(text, "    in {file}");
        }
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

/// The files of a folder whose names end so, in byte order.
pub(crate) fn files_that_end(folder: &Path, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == end));
    paths.sort();
    paths
}

/// All bytes of a file.
pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Holds what was found against the `.expected` file beside the case; with
/// `DRIFTLINE_BLESS=1` it is written instead. Says what differs.
pub(crate) fn check_expected(case: &Path, found: &str) -> Option<String> {
    let expected_at = case.with_extension("expected");
    if std::env::var_os("DRIFTLINE_BLESS").is_some() {
        fs::write(&expected_at, found).unwrap();
        return None;
    }
    let expected = String::from_utf8(bytes_of(&expected_at)).unwrap();
    (found != expected).then(|| format!("== {}\n-- expected\n{expected}-- found\n{found}\n", case.display()))
}
