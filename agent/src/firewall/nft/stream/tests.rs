//! Events and lines that belong together, and those that do not.

use serde_json::json;

use super::*;
use crate::firewall::event::Spot;

fn table() -> TableId {
    TableId { family: 1, name: "t".into() }
}

fn rule(handle: u64, gone: bool) -> Event {
    let what = What::Rule { chain: "c".into(), spot: Spot::End, sets: Vec::new() };
    Event::Object { table: table(), what, handle, gone }
}

fn elements(set: &str) -> Event {
    Event::Object { table: table(), what: What::Elements { set: set.into(), lasting: true }, handle: 0, gone: false }
}

fn line(kind: &str, name: &str, handle: u64) -> Line {
    let member = if kind == "rule" { "chain" } else { "name" };
    let object = json!({"family": "inet", "table": "t", member: name, "handle": handle});
    Line { gone: false, kind: kind.into(), object }
}

fn model() -> Model {
    let mut model = Model::default();
    let set = |name: &str, flags: &str| json!({"set": {"family": "inet", "table": "t", "name": name, "type": "ipv4_addr", "flags": [flags]}});
    model.take(&set("plain", "constant"));
    model.take(&set("ranges", "interval"));
    model
}

/// How far the lines bring the first transaction, and how many are left.
fn matched(events: Vec<Event>, lines: Vec<Line>) -> Result<(Matched, usize), Astray> {
    let mut stream = Stream::default();
    events.into_iter().try_for_each(|event| stream.take(event, 5))?;
    stream.close(Some(2), None, 5);
    let mut lines = lines.into();
    let done = stream.done[0].complete(&model(), &mut lines)?;
    Ok((done, lines.len()))
}

#[test]
fn each_event_takes_its_line() {
    assert_eq!(matched(vec![rule(1, false), rule(2, false)], vec![line("rule", "c", 1)]), Ok((Matched::NotYet, 0)));
    let lines = vec![line("rule", "c", 1), line("rule", "c", 2), line("rule", "c", 3)];
    assert_eq!(matched(vec![rule(1, false), rule(9, true), rule(2, false)], lines), Ok((Matched::All, 1)));
    assert_eq!(matched(vec![rule(9, true)], Vec::new()), Ok((Matched::All, 0)));
}

#[test]
fn lines_that_nobody_waits_for_are_passed_over() {
    let lines = vec![line("element", "ranges", 0), line("chain", "__chain0", 4), line("element", "plain", 0)];
    assert_eq!(matched(vec![elements("ranges"), elements("plain")], lines), Ok((Matched::All, 0)));
}

#[test]
fn lines_that_do_not_fit_are_not_believed() {
    for wrong in [line("rule", "c", 7), line("rule", "d", 1), line("chain", "c", 1)] {
        assert!(matched(vec![rule(1, false)], vec![wrong.clone()]).is_err(), "{wrong:?}");
    }
}

#[test]
fn elements_that_are_not_said_hold_nothing_up() {
    assert_eq!(matched(vec![elements("plain"), rule(1, false)], vec![line("rule", "c", 1)]), Ok((Matched::All, 0)));
    let mut stream = Stream::default();
    stream.take(elements("plain"), 5).unwrap();
    stream.close(Some(2), None, 5);
    let first = &mut stream.done[0];
    assert_eq!(first.complete(&model(), &mut VecDeque::new()), Ok(Matched::NotYet));
    assert!(first.waits_for_elements());
    first.give_up();
    assert_eq!(first.complete(&model(), &mut VecDeque::new()), Ok(Matched::All));
}

#[test]
fn a_transaction_ends_with_its_generation() {
    let mut stream = Stream::default();
    stream.take(rule(1, true), 5).unwrap();
    assert!(stream.is_open() && stream.done.is_empty());
    stream.take(Event::Generation { id: 8, pid: 1, name: "init".into() }, 6).unwrap();
    assert!(!stream.is_open());
    let done = &stream.done[0];
    assert_eq!((done.generation, done.heard_ms, done.made_by.as_ref().map(|it| it.pid)), (Some(8), 6, Some(1)));
    assert!(stream.take(Event::Malformed, 7).is_err());
}
