use super::*;
use crate::table::Line;

fn about() -> About {
    About { machine: "2 cores".to_owned(), load: "0.10".to_owned(), date: "2026-01-01".to_owned(), quick: false }
}

fn sections() -> Vec<Section> {
    vec![Section { title: "Sizes".to_owned(), lines: vec![Line::new("agent", "7 MiB")], notes: Vec::new() }]
}

#[test]
fn remarks_survive_the_next_run() {
    let first = page(&about(), &sections(), "The agent is large because of its clothes.\n\nSecond paragraph.");
    let second = page(&about(), &sections(), &remarks_of(&first));
    assert_eq!(first, second);
    assert!(second.contains("Second paragraph."));
}

#[test]
fn a_page_without_remarks_has_none() {
    assert_eq!(remarks_of(""), "");
    assert_eq!(remarks_of("# Benchmarks\n\nold page"), "");
    assert_eq!(remarks_of(&page(&about(), &sections(), "")), "");
}

#[test]
fn the_page_says_when_on_what_and_how_again() {
    let text = page(&about(), &sections(), "");
    for part in ["2026-01-01", "2 cores", "load 0.10", "## Sizes", "tests/bench/run --quick"] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("quick run"));
    assert!(page(&About { quick: true, ..about() }, &[], "").contains("quick run"));
}
