//! Golden documents: every type of this crate as the JSON that operators'
//! scripts read, once with every field and once with no optional one.
//!
//! `DRIFTLINE_BLESS=1` rewrites the files; a person reads the difference before
//! it is committed. A field that is renamed, dropped or made required shows
//! here, not at a customer's.

#![allow(clippy::unwrap_used, reason = "a golden file that cannot be read fails the test")]

#[path = "golden/policy.rs"]
mod policy;
#[path = "golden/samples.rs"]
mod samples;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use driftline_api::change::What;
use driftline_api::compare::CellState;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Every room of the crate: the types in them are counted against the files.
const ROOMS: &[(&str, &str)] = &[
    ("actor", include_str!("../src/actor.rs")),
    ("alert", include_str!("../src/alert.rs")),
    ("baseline", include_str!("../src/baseline.rs")),
    ("change", include_str!("../src/change.rs")),
    ("compare", include_str!("../src/compare.rs")),
    ("desired", include_str!("../src/desired.rs")),
    ("drift", include_str!("../src/drift.rs")),
    ("explain", include_str!("../src/explain.rs")),
    ("host", include_str!("../src/host.rs")),
    ("judge", include_str!("../src/judge.rs")),
    ("operator", include_str!("../src/operator.rs")),
    ("policy", include_str!("../src/policy.rs")),
    ("problem", include_str!("../src/problem.rs")),
    ("report", include_str!("../src/report.rs")),
    ("snapshot", include_str!("../src/snapshot.rs")),
    ("token", include_str!("../src/token.rs")),
    ("window", include_str!("../src/window.rs")),
];

/// Documents that an operator sends: a key that is not known is a mistake of
/// theirs. All others are read by older programs too, which skip what they do
/// not know.
const STRICT: &[&str] = &[
    "AcceptanceRequest",
    "ChangeQuery",
    "TokenRequest",
    "BaselineRequest",
    "DesiredPush",
    "Declared",
    "DeclaredSource",
    "DeclaredItem",
    "SnapshotRequest",
    "CompareRequest",
    "PolicyPush",
    "PolicyTrial",
    "WindowOpen",
    "OperatorAdd",
    "OperatorRotate",
];

/// Fields that are always written but were added later, so that they may be
/// missing in what an older collector sent.
const ADDED: [(&str, &str); 1] = [("Alert", "more_changes")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn text_of(path: &Path) -> String {
    let mut text = String::new();
    let mut file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.read_to_string(&mut text).unwrap();
    text
}

/// One type's two documents, as text and as what reads them.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    full: String,
    least: String,
    read: fn(&str) -> Result<String, String>,
}

/// A type with a document that has every field, and one that has none but the
/// required ones.
pub(crate) fn case<T: Serialize + DeserializeOwned + PartialEq>(name: &'static str, full: &T, least: &T) -> Case {
    let written = |document: &T| {
        let text = pretty(document);
        assert!(serde_json::from_str::<T>(&text).unwrap() == *document, "{name} changes on its way: {text}");
        text
    };
    let read =
        |text: &str| serde_json::from_str::<T>(text).map(|document| pretty(&document)).map_err(|e| e.to_string());
    Case { name, full: written(full), least: written(least), read }
}

fn pretty<T: Serialize>(document: &T) -> String {
    serde_json::to_string_pretty(document).unwrap() + "\n"
}

fn files(case: &Case) -> [(PathBuf, &str); 2] {
    [
        (folder().join(format!("{}.json", case.name)), &case.full),
        (folder().join(format!("{}.least.json", case.name)), &case.least),
    ]
}

#[test]
fn every_document_is_the_golden_one() {
    let bless = std::env::var_os("DRIFTLINE_BLESS").is_some();
    let mut wrong = String::new();
    for case in samples::all() {
        for (path, found) in files(&case) {
            if bless {
                fs::write(&path, found).unwrap();
                continue;
            }
            let expected = text_of(&path);
            if found != expected {
                let _ = writeln!(wrong, "== {}\n-- expected\n{expected}-- found\n{found}", path.display());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_golden_document_is_read_and_written_again_byte_for_byte() {
    for case in samples::all() {
        for (path, _) in files(&case) {
            let text = text_of(&path);
            assert_eq!((case.read)(&text), Ok(text.clone()), "{}", path.display());
        }
    }
}

#[test]
fn every_type_has_its_golden_documents_and_no_document_is_without_a_type() {
    let mut types = BTreeSet::new();
    for (room, source) in ROOMS {
        let declared = source.lines().filter_map(|line| {
            line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))?.split([' ', '(', ';']).next()
        });
        let before = types.len();
        types.extend(declared);
        assert!(types.len() > before, "no type was found in {room}.rs: the test reads it wrongly");
    }
    let sampled: BTreeSet<&str> = samples::all().iter().map(|case| case.name).collect();
    assert_eq!(sampled, types);
    let there: BTreeSet<String> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let wanted: BTreeSet<String> =
        types.iter().flat_map(|name| [format!("{name}.json"), format!("{name}.least.json")]).collect();
    assert_eq!(there, wanted);
}

#[test]
fn every_room_of_the_crate_is_looked_at() {
    let library = include_str!("../src/lib.rs");
    let rooms: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(rooms, Vec::from_iter(ROOMS.iter().map(|(room, _)| *room)));
}

/// The fields of the struct of that name, in the source's order.
fn declared_fields(name: &str) -> Vec<String> {
    let head = format!("pub struct {name} {{");
    let source = ROOMS.iter().find_map(|(_, source)| source.split_once(&head)).map(|(_, body)| body);
    let body = source.unwrap_or_default().split("\n}").next().unwrap_or_default();
    let field = |line: &str| Some(line.trim().strip_prefix("pub ")?.split_once(':')?.0.to_owned());
    body.lines().filter_map(field).collect()
}

#[test]
fn the_full_document_has_every_field_under_its_own_name() {
    for case in samples::all() {
        let Value::Object(full) = serde_json::from_str(&case.full).unwrap() else { continue };
        let written: BTreeSet<String> = full.keys().cloned().collect();
        let declared: BTreeSet<String> = declared_fields(case.name).into_iter().collect();
        assert_eq!(written, declared, "{}", case.name);
    }
}

#[test]
fn exactly_the_optional_fields_may_be_missing() {
    for case in samples::all() {
        let Value::Object(full) = serde_json::from_str(&case.full).unwrap() else { continue };
        let Value::Object(least) = serde_json::from_str(&case.least).unwrap() else { panic!("{}", case.name) };
        for key in full.keys() {
            let mut without = full.clone();
            without.remove(key);
            let read = (case.read)(&Value::Object(without).to_string());
            let optional = !least.contains_key(key) || ADDED.contains(&(case.name, key));
            assert_eq!(read.is_ok(), optional, "{} without {key}", case.name);
            if !optional {
                assert!(read.unwrap_err().starts_with(&format!("missing field `{key}`")), "{}", case.name);
            }
        }
    }
}

#[test]
fn an_optional_field_is_left_out_rather_than_null() {
    for case in samples::all() {
        assert!(!case.full.contains("null") && !case.least.contains("null"), "{}", case.name);
    }
}

#[test]
fn a_field_of_a_later_version_is_skipped_but_for_what_operators_send() {
    for case in samples::all() {
        let Value::Object(mut document) = serde_json::from_str(&case.full).unwrap() else { continue };
        document.insert("added_later".to_owned(), Value::from(1));
        let read = (case.read)(&Value::Object(document).to_string());
        if STRICT.contains(&case.name) {
            assert!(read.unwrap_err().starts_with("unknown field `added_later`"), "{}", case.name);
        } else {
            assert_eq!(read, Ok(case.full.clone()), "{}", case.name);
        }
    }
}

#[test]
fn a_field_of_another_type_is_refused() {
    for case in samples::all() {
        let Value::Object(full) = serde_json::from_str(&case.full).unwrap() else { continue };
        for (key, value) in &full {
            let mut document = full.clone();
            let other = if value.is_string() { Value::from(7) } else { Value::from("seven") };
            document.insert(key.clone(), other);
            assert!((case.read)(&Value::Object(document).to_string()).is_err(), "{}.{key}", case.name);
        }
    }
}

#[test]
fn every_answer_of_its_own_says_its_version() {
    for case in samples::all() {
        let says = case.full.contains("\n  \"schema_version\": 1,");
        let page = [
            "Page",
            "List",
            "Detail",
            "Comparison",
            "Explanation",
            "Verification",
            "Status",
            "WhoAmI",
            "Alert",
            "Snapshot",
            "PolicyOutcome",
        ]
        .iter()
        .any(|end| case.name.ends_with(end));
        assert_eq!(says, page, "{}", case.name);
    }
}

#[test]
fn words_of_closed_sets_are_known_exactly() {
    let what = [(What::Added, "added"), (What::Removed, "removed"), (What::Changed, "changed")];
    for (value, word) in what {
        assert_eq!(serde_json::to_value(value).unwrap(), word);
        assert_eq!(serde_json::from_value::<What>(word.into()).unwrap(), value);
    }
    let states = [
        (CellState::Value, "value"),
        (CellState::Missing, "missing"),
        (CellState::Split, "split"),
        (CellState::Unknown, "unknown"),
    ];
    for (value, word) in states {
        assert_eq!(serde_json::to_value(value).unwrap(), word);
        assert_eq!(serde_json::from_value::<CellState>(word.into()).unwrap(), value);
    }
    for odd in ["", "Added", "ADDED", "added ", "renamed", "values"] {
        let error = serde_json::from_value::<What>(odd.into()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("unknown variant `{odd}`, expected one of `added`, `removed`")), "{error}");
        let error = serde_json::from_value::<CellState>(odd.into()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("unknown variant `{odd}`, expected one of `value`, `missing`")), "{error}");
    }
}
