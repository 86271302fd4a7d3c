//! Words that are sides, and words that are paths.

use super::*;
use crate::exit::FailOn;

#[test]
fn desired_and_baseline_are_those_of_the_environment() {
    assert_eq!(side("desired", "production"), "desired:production");
    assert_eq!(side("baseline", "env=production,role=web"), "baseline:env=production,role=web");
    assert_eq!(side("production", "staging"), "production");
    assert_eq!(side("desired:staging", "production"), "desired:staging");
}

fn meant(words: &[&str]) -> Outcome<Against> {
    of(&Check {
        env: "staging".to_owned(),
        against: words.iter().map(|&word| word.to_owned()).collect(),
        map: None,
        source: None,
        kind: None,
        from_snapshot: None,
        key: None,
        fail_on: FailOn::Warning,
    })
}

#[test]
fn a_name_is_an_environment_and_what_has_a_slash_is_a_path() {
    let dir = tempfile::tempdir().unwrap();
    let text = |name: &str| dir.path().join(name).display().to_string();
    let asked = |word: &str| Against::Side(Typed::Asked(word.to_owned()));
    assert_eq!(meant(&["production"]).unwrap(), asked("production"));
    assert_eq!(meant(&["desired"]).unwrap(), asked("desired:staging"));
    assert_eq!(meant(&["revision:v1.2/3"]).unwrap(), asked("revision:v1.2/3"));
    // Nothing by that name is there: a name may hold a dot.
    assert_eq!(meant(&["eu.production"]).unwrap(), asked("eu.production"));
    std::fs::write(text("app.env"), "A=1\n").unwrap();
    std::fs::write(text("config.json"), "{\"a\": 1}").unwrap();
    std::fs::write(text("taken.json"), "{\"driftline_snapshot\": 99}").unwrap();
    let files = |words: &[String]| Against::Files(words.iter().map(PathBuf::from).collect());
    let directory = dir.path().display().to_string();
    for word in [text("app.env"), text("config.json"), directory.clone()] {
        assert_eq!(meant(&[&word]).unwrap(), files(std::slice::from_ref(&word)), "{word}");
    }
    assert_eq!(meant(&[&format!("file:{directory}")]).unwrap(), files(&[directory]));
    let (one, other) = (text("app.env"), text("config.json"));
    assert_eq!(meant(&[&one, &other]).unwrap(), files(&[one.clone(), other.clone()]));
    // A snapshot is one, also of a version that nobody reads.
    assert_eq!(meant(&[&text("taken.json")]).unwrap_err().exit(), Exit::Inconclusive);
}

#[test]
fn j9_a_path_that_is_not_there_is_no_clean_check() {
    for words in [&["./nowhere"][..], &["./nowhere", "./nothing"], &["production", "staging"]] {
        assert_eq!(meant(words).unwrap_err().exit(), Exit::Inconclusive, "{words:?}");
    }
}
