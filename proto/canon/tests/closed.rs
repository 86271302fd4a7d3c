//! Closed sets are whole: every dialect and every kind of problem is in the
//! manual, every dialect is fuzzed, and no problem ever shows a value.

#![allow(clippy::unwrap_used, reason = "a property that cannot be set up fails the test")]

use driftline_canon::{EnvDialect, Format, ProblemKind, format};
use proptest::prelude::*;

const MANUAL: &str = include_str!("../../../docs/agent.md");
const FUZZ_ENV_FILE: &str = include_str!("../../../tests/fuzz/fuzz_targets/env_file.rs");

#[test]
fn every_kind_of_problem_is_explained_to_operators() {
    for kind in ProblemKind::ALL {
        let name = format!("`{}`", kind.as_str());
        assert!(MANUAL.lines().any(|line| line.starts_with('|') && line.contains(&name)), "{name} has no row");
    }
}

/// The page about env files may not be written yet; once it is, it is whole.
#[test]
fn every_dialect_is_in_the_manual() {
    use std::io::Read as _;
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/env-files.md");
    let Ok(mut file) = std::fs::File::open(page) else { return };
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    for dialect in EnvDialect::ALL {
        assert!(text.contains(&format!("`{dialect}`")), "{dialect}");
    }
}

#[test]
fn every_dialect_is_fuzzed() {
    assert!(FUZZ_ENV_FILE.contains("EnvDialect::ALL"), "the target must run through all dialects");
}

#[test]
fn every_kind_of_problem_has_one_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = ProblemKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(names.len(), ProblemKind::ALL.len());
    for kind in ProblemKind::ALL {
        assert_eq!(ProblemKind::from_name(kind.as_str()), Some(kind));
        assert_eq!(snake_word(kind), kind.as_str(), "stored and shown by one name");
    }
    for odd in ["", "Syntax", "SYNTAX", "syntax ", "duplicate-key", "unknown"] {
        assert_eq!(ProblemKind::from_name(odd), None, "{odd:?}");
    }
}

/// The word that serde makes of the variant (`rename_all = "snake_case"`).
fn snake_word(kind: ProblemKind) -> String {
    let debug = format!("{kind:?}");
    let mut word = String::new();
    for (at, c) in debug.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            word.push('_');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

#[test]
fn every_kind_that_reading_can_find_is_found_by_some_text() {
    let seen: std::collections::BTreeSet<ProblemKind> = [
        (EnvDialect::Dotenv, &b"=x\n"[..]),
        (EnvDialect::Dotenv, b"A=1\nA=2\n"),
        (EnvDialect::Dotenv, b"A=\xff\n"),
        (EnvDialect::Shell, b"A=$(date)\n"),
        (EnvDialect::Compose, b"E=\nA=${E:?none}\n"),
    ]
    .into_iter()
    .flat_map(|(dialect, text)| format::read(Format::EnvFile(Some(dialect)), text).problems)
    .map(|problem| problem.kind)
    .collect();
    for kind in [ProblemKind::Syntax, ProblemKind::DuplicateKey, ProblemKind::Encoding, ProblemKind::Unresolved] {
        assert!(seen.contains(&kind), "{kind:?} was not among {seen:?}");
    }
}

proptest! {
    /// The secret stands behind a name, in any quoting, well formed or not.
    #[test]
    fn no_problem_of_any_dialect_shows_what_stands_behind_a_name(
        before in "[ \"'`$\\\\{(#;,.:|&<-]{0,6}",
        after in "[ \"'`$\\\\})#;,.:|&<-]{0,6}",
        lines in 1_usize..4,
        name in prop::sample::select(vec!["A", "export A", "A B", " A", "A ", "1A", "ä"]),
    ) {
        let text = format!("{name}={before}hunter2zz{after}\n").repeat(lines);
        for dialect in EnvDialect::ALL.into_iter().map(Some).chain([None]) {
            for problem in format::read(Format::EnvFile(dialect), text.as_bytes()).problems {
                let shown = problem.render("file");
                prop_assert!(!shown.contains("hunter2zz"), "{dialect:?} of {text:?}: {shown}");
            }
        }
    }

    /// Every problem that has a place has one inside of the text.
    #[test]
    fn places_are_inside_the_text(text in "[A-C=\"'`$\\\\{}()# \näé\t]{0,60}") {
        for dialect in EnvDialect::ALL {
            let reading = format::read(Format::EnvFile(Some(dialect)), text.as_bytes());
            for place in reading.problems.iter().filter_map(|problem| problem.place) {
                let line = text.split('\n').nth(usize::try_from(place.line).unwrap() - 1);
                let columns = line.map(|line| line.chars().count() + 1);
                prop_assert!(
                    columns.is_some_and(|columns| (1..=columns).contains(&usize::try_from(place.column).unwrap())),
                    "{dialect} puts a problem of {text:?} at {place:?}"
                );
            }
        }
    }

    /// No setting is given twice, and each has its line.
    #[test]
    fn keys_are_given_once_and_lines_exist(text in "[A-C=\"'$\\\\{}# \n]{0,60}") {
        for dialect in EnvDialect::ALL {
            let reading = format::read(Format::EnvFile(Some(dialect)), text.as_bytes());
            let mut keys: Vec<&str> = reading.settings.iter().map(|one| one.key.as_str()).collect();
            keys.sort_unstable();
            prop_assert!(keys.is_sorted_by(|a, b| a < b), "{dialect} of {text:?}: {keys:?}");
            let lines = u32::try_from(text.split('\n').count()).unwrap();
            let outside = reading.settings.iter().filter_map(|one| one.line).find(|line| !(1..=lines).contains(line));
            prop_assert_eq!(outside, None, "{} of {:?}", dialect, text);
        }
    }
}
