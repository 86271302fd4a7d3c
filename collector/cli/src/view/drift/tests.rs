use super::*;

fn drift(id: &str, severity: &str, state: &str) -> Drift {
    Drift {
        id: id.to_owned(),
        environment: "production".to_owned(),
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        key: "DB_TIMEOUT".to_owned(),
        rule: "desired".to_owned(),
        what: "differs".to_owned(),
        state: state.to_owned(),
        severity: severity.to_owned(),
        class: "functional".to_owned(),
        opened_at: "2026-08-22T04:30:00.000Z".to_owned(),
        first_opened_at: "2026-08-22T04:30:00.000Z".to_owned(),
        age_s: 92 * 86_400,
        ended_at: None,
        hosts: vec!["web-1".to_owned(), "web-2".to_owned(), "web-3".to_owned()],
        host_count: 5,
        of_hosts: 9,
        expected: Some("30s".to_owned()),
        expected_by: "revision abc".to_owned(),
        actual: Some("5s".to_owned()),
        secret: false,
        headline: "'DB_TIMEOUT' of app is 5s on web-1: revision abc says 30s".to_owned(),
        standing: "open since 2026-08-22, for 92 days".to_owned(),
        opened_by: None,
        acceptance: None,
        reopened: 0,
    }
}

fn list(drifts: Vec<Drift>) -> DriftList {
    DriftList { schema_version: 1, drifts, more: 0, unheld: Vec::new(), unchecked: Vec::new() }
}

fn text(document: &Document) -> String {
    crate::printer::markdown::render(document)
}

#[test]
fn a_row_says_how_old_where_and_who_and_the_sentence_stands_below() {
    let shown = text(&document(&list(vec![drift("d-1", "warning", "open"), drift("d-2", "info", "accepted")])));
    for part in ["d-1", "92 d", "accepted", "production/web", "revision abc says 30s", "driftline plan ID"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(shown.contains("1 drift is open, 0 of them critical. 1 accepted."), "{shown}");
    assert!(text(&document(&list(Vec::new()))).contains("no drift"));
    let all_open = text(&document(&list(vec![drift("d-1", "warning", "open")])));
    assert!(!all_open.contains("| state |") && shown.contains("| state |"), "a column that says one word: {all_open}");
}

#[test]
fn only_open_drift_fails_and_what_was_not_looked_at_is_never_green() {
    let exit_of = |list: &DriftList, fail_on| exit(list, false, fail_on);
    assert_eq!(exit_of(&list(vec![drift("d-1", "critical", "open")]), FailOn::Warning), Exit::Critical);
    assert_eq!(exit_of(&list(vec![drift("d-1", "critical", "accepted")]), FailOn::Info), Exit::Clean);
    assert_eq!(exit_of(&list(vec![drift("d-1", "warning", "open")]), FailOn::Critical), Exit::Clean);
    assert_eq!(exit_of(&list(vec![drift("d-1", "warning", "open")]), FailOn::Warning), Exit::Warning);
    let blind = DriftList { unchecked: vec!["web-3 (silent)".to_owned()], ..list(Vec::new()) };
    assert_eq!(exit_of(&blind, FailOn::Critical), Exit::Inconclusive);
    assert_eq!(exit(&list(Vec::new()), true, FailOn::Critical), Exit::Inconclusive);
    let cut = DriftList { more: 1, ..list(Vec::new()) };
    assert_eq!(exit_of(&cut, FailOn::Never), Exit::Inconclusive);
}

#[test]
fn a_story_tells_the_life_and_what_is_not_known() {
    let one = Drift { reopened: 2, ..drift("d-1", "warning", "open") };
    let told = DriftDetail {
        schema_version: 1,
        drift: one,
        turns: vec!["2026-08-22: it was found".to_owned(), "2026-09-01: it came back".to_owned()],
        opening: None,
        missing: vec!["nobody watched who made it".to_owned()],
        acceptances: Vec::new(),
        toward: None,
    };
    let shown = text(&story(&told));
    for part in
        ["drift d-1", "it came back", "nobody watched who made it", "2 times", "open since", "driftline plan d-1"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn ages_have_one_unit() {
    let said = [0, 60, 7_200, 86_400].map(age);
    assert_eq!(said, ["< 1 min", "1 min", "2 h", "1 d"]);
}
