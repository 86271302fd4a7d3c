use driftline_api::change::Event;

use super::*;

fn page(events: &[&str]) -> EventPage {
    let event = |what: &&str| Event {
        id: 1,
        at: String::new(),
        what: (*what).to_owned(),
        severity: "info".to_owned(),
        environment: None,
        host: None,
        source: None,
        message: String::new(),
    };
    EventPage { schema_version: 1, events: events.iter().map(event).collect(), next: None, begins_at: None }
}

#[test]
fn only_losses_that_came_since_are_said() {
    let before = losses(&page(&["gap", "host_connected"]));
    assert_eq!(difference(&before, &losses(&page(&["gap", "source_added"]))), "none");
    let after = losses(&page(&["gap", "gap", "root_mismatch", "token_used"]));
    assert_eq!(difference(&before, &after), "1 gap 1 root_mismatch");
}

#[test]
fn a_burst_ends_with_the_last_turn_in_every_file() {
    let dir = tempfile::tempdir().unwrap();
    burst(dir.path(), Instant::now() - WITHIN);
    let last = |number| driftline_tests::process::read_text(&path(dir.path(), number));
    assert!(last(0).starts_with("TURN=10\n") && last(FILES - 1).starts_with("TURN=10\n"), "{}", last(0));
}
