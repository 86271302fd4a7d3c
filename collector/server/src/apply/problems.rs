//! Problems: the whole list of a source, held against the list before.
//!
//! A problem that only moved to another line is the same problem.

use driftline_canon::Problem;
use driftline_store::{EntryBody, EventKind, HostRecord, SourceRecord};
use driftline_wire::SourceRef;

use super::{At, new_source};
use crate::event;
use crate::record::Draft;

/// Events that one list makes of each kind at most; the last says how many
/// more there are. A file of garbage must not become a flood.
const EVENTS_MAX: usize = 10;

pub(super) fn apply(
    draft: &mut Draft<'_>,
    at: &At<'_>,
    named: SourceRef,
    stored: Option<SourceRecord>,
    open: Vec<Problem>,
) {
    let path = named.path.clone();
    let mut source = stored.unwrap_or_else(|| new_source(at, named));
    source.path = path;
    let (opened, solved) = difference(&source.problems, &open);
    let mut entries = events(at.host, &source, EventKind::Problem, &opened);
    entries.extend(events(at.host, &source, EventKind::ProblemSolved, &solved));
    draft.append(entries);
    source.problems = open;
    draft.put_source(source);
}

/// What came, and what went.
fn difference<'a>(before: &'a [Problem], after: &'a [Problem]) -> (Vec<&'a Problem>, Vec<&'a Problem>) {
    let same = |a: &Problem, b: &Problem| a.kind == b.kind && a.reason == b.reason;
    let missing_in = |of: &'a [Problem], from: &'a [Problem]| {
        let mut left: Vec<&Problem> = from.iter().collect();
        let mut missing = Vec::new();
        for problem in of {
            match left.iter().position(|other| same(problem, other)) {
                Some(index) => _ = left.swap_remove(index),
                None => missing.push(problem),
            }
        }
        missing
    };
    (missing_in(after, before), missing_in(before, after))
}

fn events(host: &HostRecord, source: &SourceRecord, kind: EventKind, problems: &[&Problem]) -> Vec<EntryBody> {
    let say = |text: String| event::of_source(host, &source.source, kind, text);
    let solved = if kind == EventKind::ProblemSolved { "solved: " } else { "" };
    let one = |problem: &&Problem| match problem.place {
        Some(place) => format!("{solved}{}:{}:{}: {}", source.path, place.line, place.column, problem.reason),
        None => format!("{solved}{}: {}", source.path, problem.reason),
    };
    let mut entries: Vec<EntryBody> = problems.iter().take(EVENTS_MAX).map(one).map(say).collect();
    if problems.len() > EVENTS_MAX {
        entries.push(say(format!("{solved}{}: {} more like these", source.path, problems.len() - EVENTS_MAX)));
    }
    entries
}

#[cfg(test)]
mod tests {
    use driftline_canon::{Place, ProblemKind};

    use super::*;

    fn problem(reason: &str, line: u32) -> Problem {
        Problem::at(ProblemKind::Syntax, Place { line, column: 1 }, reason, None)
    }

    #[test]
    fn a_problem_that_moved_is_neither_new_nor_solved() {
        let (before, after) = ([problem("a", 1)], [problem("b", 1), problem("a", 2)]);
        let (opened, solved) = difference(&before, &after);
        assert_eq!(opened, [&after[0]]);
        assert!(solved.is_empty());
    }

    #[test]
    fn two_of_a_kind_are_two() {
        let (before, after) = ([problem("a", 1), problem("a", 2)], [problem("a", 1)]);
        let (opened, solved) = difference(&before, &after);
        assert!(opened.is_empty());
        assert_eq!(solved.len(), 1);
    }
}
