//! Findings, and what they must not show.

use super::super::environ;
use super::*;

fn settings(text: &str) -> Vec<Setting> {
    environ::read(text.replace('\n', "\0").as_bytes()).settings
}

fn reasons(file: &str, process: &str, policy: DisplayPolicy) -> Vec<String> {
    let found = pending(&settings(file), &settings(process), policy, "2026-11-19 08:12 UTC");
    assert!(found.iter().all(|one| one.kind == ProblemKind::Pending && one.place.is_none()));
    found.into_iter().map(|one| one.reason).collect()
}

#[test]
fn a_changed_value_waits_for_a_restart() {
    let found = reasons("DB_TIMEOUT=30s\nPORT=1", "PORT=1\nDB_TIMEOUT=5s\nPATH=/bin", DisplayPolicy::Clear);
    let expected = "DB_TIMEOUT is 30s in the file, 5s in the process, started 2026-11-19 08:12 UTC: restart pending";
    assert_eq!(found, [expected]);
    assert!(reasons("PORT=1", "PORT=1\nPATH=/bin", DisplayPolicy::Clear).is_empty());
}

#[test]
fn a_key_that_the_process_lacks_waits_too() {
    let found = reasons("NEW=hello", "PORT=1", DisplayPolicy::Clear);
    assert_eq!(found, ["NEW is in the file and not in the process, started 2026-11-19 08:12 UTC: restart pending"]);
}

#[test]
fn p4_a_finding_shows_no_secret_and_nothing_against_the_policy() {
    for (file, process, policy) in [
        ("DB_PASSWORD=hunter2", "DB_PASSWORD=hunter3", DisplayPolicy::Clear),
        ("URL=postgres://u:hunter2@h/", "URL=none", DisplayPolicy::Clear),
        ("URL=none", "URL=postgres://u:hunter2@h/", DisplayPolicy::Clear),
        ("MODE=hunter2", "MODE=hunter3", DisplayPolicy::Digest),
    ] {
        let found = reasons(file, process, policy);
        assert_eq!(found.len(), 1, "{file}");
        assert!(!found[0].contains("hunter") && found[0].contains("differs between"), "{found:?}");
    }
}

#[test]
fn a_thousand_differences_are_counted() {
    let text = |value: &str| (0..1000).map(|n| format!("K{n}={value}\n")).collect::<String>();
    let found = reasons(&text("1"), &text("2"), DisplayPolicy::Clear);
    assert_eq!(found.len(), PROBLEMS_MAX);
    assert!(found[PROBLEMS_MAX - 1].starts_with("901 more"), "{}", found[PROBLEMS_MAX - 1]);
}

#[test]
fn processes_that_differ_are_named() {
    let all = |texts: &[&str]| -> Vec<(u32, Vec<Setting>)> {
        texts.iter().zip(10..).map(|(text, pid)| (pid, settings(text))).collect()
    };
    assert_eq!(divided(&all(&["A=1\nB=2", "B=2\nA=1"])), None);
    assert_eq!(divided(&all(&["A=1"])), None);
    let found = divided(&all(&["A=1\nB=2", "A=1\nB=2", "A=hunter2", "A=1\nB=2\nC=1"])).unwrap();
    assert_eq!(found.reason, "pid 10 has another environment than 12, 13: A, B, C; the first one counts");
}
