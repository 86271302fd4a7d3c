//! Changes as people read them.

use driftline_api::change::Side;

use super::*;
use crate::printer::{Style, layout};

fn change(what: What, before: Option<&str>, after: Option<&str>) -> Change {
    let side = |display: &str| Side { display: Some(display.to_owned()), secret: false, line: None, file: None };
    Change {
        id: 7,
        environment: "production".to_owned(),
        host: "web-2".to_owned(),
        role: "web".to_owned(),
        source: "app".to_owned(),
        kind: "env_file".to_owned(),
        path: "/srv/app.env".to_owned(),
        key: "DB_TIMEOUT".to_owned(),
        what,
        before: before.map(side),
        after: after.map(side),
        observed_at: "2026-11-22T08:00:05.123Z".to_owned(),
        unobserved_since: None,
        recorded_at: "2026-11-22T08:00:05.125Z".to_owned(),
        severity: "warning".to_owned(),
        class: "functional".to_owned(),
        verdict: "undetermined".to_owned(),
        marks: Vec::new(),
        evidence: Vec::new(),
        missing: Vec::new(),
        later: Vec::new(),
        actor: None,
        meaning: None,
        record: None,
    }
}

#[test]
fn a_change_is_one_line_of_a_live_view() {
    let changed = line(&change(What::Changed, Some("30s"), Some("60s")));
    assert_eq!(changed, "2026-11-22 08:00:05  warning   production/web-2  app  DB_TIMEOUT: 30s -> 60s");
    assert!(line(&change(What::Added, None, Some(""))).ends_with("DB_TIMEOUT: added (empty)"));
    assert!(line(&change(What::Removed, Some("1"), None)).ends_with("DB_TIMEOUT: removed 1"));
}

#[test]
fn w7_what_nobody_watched_says_so() {
    let mut change = change(What::Changed, Some("1"), Some("2"));
    change.unobserved_since = Some("2026-11-22T07:00:00.000Z".to_owned());
    change.marks = vec!["unobserved".to_owned(), "normaliser_change".to_owned()];
    let note = "unobserved: at some time between 2026-11-22 07:00:00 and 2026-11-22 08:00:05; normaliser change";
    assert!(line(&change).ends_with(&format!("({note})")), "{}", line(&change));
}

#[test]
fn long_values_are_whole_in_80_columns() {
    let long = "api.payments.a-long-name-of-a-host.example";
    let rows = [change(What::Changed, Some(long), Some("short")), change(What::Removed, Some("1"), None)];
    let expected = "\
TIME (UTC)           SEVERITY  HOST              SOURCE  KEY
2026-11-22 08:00:05  warning   production/web-2  app     DB_TIMEOUT
                     api.payments.a-long-name-of-a-host.example -> short
2026-11-22 08:00:05  warning   production/web-2  app     DB_TIMEOUT
                     removed 1
";
    assert_eq!(layout::render(&document(&rows), Style { width: 80, colour: false }), expected);
}

#[test]
fn what_may_not_be_shown_is_not_taken_for_nothing() {
    let mut change = change(What::Changed, Some("1"), Some("2"));
    change.after = Some(Side { display: None, secret: true, line: None, file: None });
    assert!(line(&change).ends_with("1 -> (not shown)"));
}

#[test]
fn a_change_in_an_included_file_says_where() {
    let mut change = change(What::Changed, Some("1"), Some("2"));
    change.path = "/etc/app/app.conf".to_owned();
    change.after.as_mut().unwrap().file = Some("/etc/app/conf.d/x.conf".to_owned());
    change.after.as_mut().unwrap().line = Some(12);
    assert!(line(&change).ends_with("1 -> 2 (conf.d/x.conf:12)"), "{}", line(&change));
}

#[test]
fn events_have_their_message() {
    let event = Event {
        id: 1,
        at: "2026-11-22T08:00:05.123Z".to_owned(),
        what: "gap".to_owned(),
        severity: "critical".to_owned(),
        environment: Some("production".to_owned()),
        host: Some("web-2".to_owned()),
        source: None,
        message: "changes may have gone unseen".to_owned(),
    };
    let expected = "2026-11-22 08:00:05  critical  production/web-2  gap: changes may have gone unseen";
    assert_eq!(event_line(&event), expected);
    let found = layout::render(&events(&[event]), Style { width: 80, colour: false });
    assert!(found.contains("gap    web-2\n") && found.contains("changes may have gone unseen"), "{found}");
}

#[test]
fn what_a_change_means_and_who_made_it_stand_on_its_line() {
    use driftline_api::actor::Meaning;
    let mut change = change(What::Added, None, Some("1"));
    change.meaning = Some(Meaning {
        effect: "opens".to_owned(),
        reach: "any".to_owned(),
        machine: None,
        text: "opens tcp/5432 to any source".to_owned(),
    });
    change.actor = Some(actor("exact", "alice (root): nft add rule"));
    let said = line(&change);
    assert!(
        said.ends_with("DB_TIMEOUT: opens tcp/5432 to any source (added 1; by alice (root): nft add rule)"),
        "{said}"
    );
    change.actor = Some(actor("unknown", "unknown"));
    assert!(line(&change).ends_with("opens tcp/5432 to any source (added 1)"), "nobody is not named");
}

fn actor(confidence: &str, summary: &str) -> Actor {
    Actor {
        confidence: confidence.to_owned(),
        summary: summary.to_owned(),
        evidence: Vec::new(),
        login: None,
        user: None,
        pid: None,
        name: None,
        executable: None,
        command: None,
        parents: Vec::new(),
        session: None,
        tty: None,
        unit: None,
        container: None,
        amended_at: None,
    }
}

#[test]
fn who_it_was_is_one_line_of_a_live_view() {
    let mut one = Amendment {
        id: 9,
        recorded_at: "2026-11-22T08:00:05.123Z".to_owned(),
        environment: "production".to_owned(),
        host: "web-2".to_owned(),
        source: "app".to_owned(),
        record: "00:7".to_owned(),
        severity: "warning".to_owned(),
        changes: 1,
        keys: vec!["DB_TIMEOUT".to_owned()],
        actor: actor("probable", "probably bob: vi"),
    };
    let said = "2026-11-22 08:00:05  warning   production/web-2  app  DB_TIMEOUT: it was probably bob: vi";
    assert_eq!(amendment_line(&one), said);
    one.changes = 3;
    assert!(amendment_line(&one).contains("DB_TIMEOUT and 2 more: it was"), "{}", amendment_line(&one));
    one.keys.clear();
    assert!(amendment_line(&one).contains("  app: it was"), "{}", amendment_line(&one));
}

#[test]
fn a_verdict_stands_first_in_the_note_where_there_was_something_to_judge_by() {
    use driftline_api::judge::{Later, Reason};
    let mut judged = change(What::Changed, Some("30s"), Some("60s"));
    judged.verdict = "out_of_band".to_owned();
    judged.marks = vec!["adopted".to_owned()];
    assert!(line(&judged).ends_with("DB_TIMEOUT: 30s -> 60s (out of band; adopted)"), "{}", line(&judged));
    let because = Reason { what: "judged_again".to_owned(), text: String::new() };
    let (recorded_at, verdict) = (judged.recorded_at.clone(), Some("authorised".to_owned()));
    let later = Later { id: 9, recorded_at, mark: "rejudged".to_owned(), verdict, because };
    let again = Change { later: vec![later], marks: Vec::new(), ..judged.clone() };
    assert!(line(&again).ends_with("60s (out of band, now authorised)"), "{}", line(&again));
    let reason = Reason { what: "blind".to_owned(), text: "nobody watched when it was made".to_owned() };
    let blind = Change { verdict: "undetermined".to_owned(), evidence: vec![reason], marks: Vec::new(), ..judged };
    assert!(line(&blind).ends_with("(undetermined)"), "{}", line(&blind));
}

#[test]
fn what_a_change_is_now_is_one_line_of_a_live_view() {
    use driftline_api::judge::{Reason, Rejudgement};
    let text = "revision 3f2a1c9d3f declared the same content 2 h later".to_owned();
    let one = Rejudgement {
        id: 57,
        recorded_at: "2026-11-22T08:00:05.125Z".to_owned(),
        environment: "production".to_owned(),
        host: "web-2".to_owned(),
        source: "app".to_owned(),
        key: "DB_TIMEOUT".to_owned(),
        change: 41,
        verdict: "out_of_band".to_owned(),
        mark: "adopted".to_owned(),
        new_verdict: None,
        severity: "info".to_owned(),
        because: Reason { what: "adopted_by".to_owned(), text },
    };
    assert_eq!(
        rejudgement_line(&one),
        "2026-11-22 08:00:05  info      production/web-2  app  DB_TIMEOUT: change 41 is adopted: \
         revision 3f2a1c9d3f declared the same content 2 h later"
    );
}
