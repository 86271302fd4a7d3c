//! `driftline compare A B`: where two sides differ.
//!
//! The collector judges; here sides are checked before they are sent, and the
//! answer becomes an exit code.

use driftline_api::compare::Comparison;
use driftline_api::snapshot::Snapshot;
use driftline_compare::compare::Listing;
use serde::Serialize;

use super::Context;
use crate::arguments::commands::Compare;
use crate::clock;
use crate::exit::{Exit, FailOn};
use crate::failure::{Failure, Outcome};
use crate::printer::{Output, text};
use crate::side::{Typed, typed};
use crate::snapshot;
use crate::time_text::rfc3339;
use crate::view::{comparison, findings};

#[derive(Serialize)]
struct Query<'a> {
    left: &'a str,
    right: &'a str,
    all: Option<bool>,
}

pub(super) async fn run(context: &Context, arguments: &Compare) -> Outcome {
    let now = clock::now();
    let (left, right) = (typed(&arguments.left, now)?, typed(&arguments.right, now)?);
    let then = arguments.at.map(|when| rfc3339(when.at(now)));
    if let (Typed::Asked(left), Typed::Asked(right)) = (&left, &right) {
        let at = |asked: &String| match &then {
            Some(then) if may_have_time(asked) => format!("{asked}@{then}"),
            _ => asked.clone(),
        };
        return ask(context, (at(left), at(right)), arguments.all, arguments.fail_on).await;
    }
    if then.is_some() {
        return Err(Failure::new(Exit::Usage, "a snapshot is of one time: `--at` means nothing to it"));
    }
    let (left, right) = (taken(context, &left).await?, taken(context, &right).await?);
    files(context, (&left, &right), arguments.all, arguments.fail_on)
}

/// A snapshot from its file, or of hosts as they are now.
async fn taken(context: &Context, side: &Typed) -> Outcome<Snapshot> {
    match side {
        Typed::File(path) => snapshot::must_open(path),
        Typed::Asked(selector) if selector.contains([':', '@']) => {
            let said = format!("`{selector}` cannot be compared with a snapshot: only hosts as they are now can");
            Err(Failure::new(Exit::Usage, said))
        }
        Typed::Asked(selector) => super::snapshot::of_hosts(&context.client()?, selector).await,
    }
}

/// Compares two snapshots here, prints the answer and says how it ends.
pub(super) fn files(context: &Context, (left, right): (&Snapshot, &Snapshot), all: bool, fail_on: FailOn) -> Outcome {
    let all = every_key(context, all);
    let listing = if all { Listing::Everything } else { Listing::Differences };
    let answer = snapshot::compared(left, right, listing)?;
    tell(context, &answer, fail_on)?;
    Ok(comparison::exit(&answer, fail_on))
}

/// Whether equal keys are wanted: for JUnit, a test case for each key.
fn every_key(context: &Context, all: bool) -> bool {
    all || context.printer.output() == Output::Junit
}

fn tell(context: &Context, answer: &Comparison, fail_on: FailOn) -> Outcome<()> {
    let found = || findings::of_comparison(answer, fail_on, |_| None);
    context.printer.checked(answer, &answer.differences, &comparison::document(answer), found)
}

/// Whether a side may have a time, and none is written.
fn may_have_time(asked: &str) -> bool {
    !asked.contains('@') && !asked.starts_with("baseline:") && !asked.starts_with("revision:")
}

/// Has the collector compare two sides, prints the answer and says how it ends.
pub(super) async fn ask(context: &Context, sides: (String, String), all: bool, fail_on: FailOn) -> Outcome {
    let all = every_key(context, all);
    let query = Query { left: &sides.0, right: &sides.1, all: all.then_some(true) };
    let answer: Comparison = context.client()?.get(&["compare"], &query).await?;
    tell(context, &answer, fail_on)?;
    for (name, hosts) in [(&answer.left, answer.left_hosts), (&answer.right, answer.right_hosts)] {
        if hosts == 0 {
            context.printer.say(&format!("error: no host matches `{}`", text::safe(name)));
        }
    }
    Ok(comparison::exit(&answer, fail_on))
}
