//! `driftline check`: whether an environment is as it should be, for a pipeline
//! that stops if not.
//!
//! The collector judges; here the answer becomes an exit code, findings, and
//! what GitHub shows of them. What could not be checked is never green.

mod against;
mod files;
mod github;

use driftline_api::compare::{Comparison, Difference};
use driftline_compare::compare::Listing;
use driftline_compare::key_pattern;
use serde::Serialize;

use against::Against;

use super::Context;
use crate::arguments::check::Check;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::findings::Place;
use crate::printer::{Output, markdown};
use crate::side::Typed;
use crate::snapshot;
use crate::view::{comparison, findings};

#[derive(Serialize)]
struct Query<'a> {
    left: &'a str,
    right: &'a str,
    all: Option<bool>,
}

pub(super) async fn run(context: &Context, arguments: &Check) -> Outcome {
    // A test case for each key, also for those that are equal; a key that is
    // asked for and on neither side is no clean check.
    let all = context.printer.output() == Output::Junit || arguments.key.is_some();
    let against = against::of(arguments)?;
    if against == Against::Side(Typed::Asked(arguments.env.clone())) && arguments.from_snapshot.is_none() {
        let said = format!("`{}` is held against itself: nothing would be checked", arguments.env);
        return Err(Failure::new(Exit::Usage, said).hint("`--against desired` or `--against baseline`"));
    }
    let (mut answer, repository) = match &against {
        Against::Files(paths) => {
            let repository = files::read(context, arguments, paths)?;
            (files::compared(context, arguments, &repository, all).await?, Some(repository))
        }
        Against::Side(side) => (compared(context, arguments, side, all).await?, None),
    };
    let met = narrow(&mut answer, arguments.key.as_deref(), context.printer.output());
    let place = |one: &Difference| repository.as_ref()?.place(&one.source, &one.key);
    tell(context, &answer, arguments, place)?;
    if !met {
        context.printer.say(&format!("error: no key matches `{}`", arguments.key.as_deref().unwrap_or_default()));
    }
    let exit = comparison::exit(&answer, arguments.fail_on);
    Ok(if met || exit == Exit::Critical { exit } else { Exit::Inconclusive })
}

/// What the collector says of two sides; where one is a snapshot, they are
/// compared here, and two snapshots need no collector.
async fn compared(context: &Context, arguments: &Check, right: &Typed, all: bool) -> Outcome<Comparison> {
    let (env, from) = (&arguments.env, &arguments.from_snapshot);
    if let (Typed::Asked(right), None) = (right, from) {
        let query = Query { left: env, right, all: all.then_some(true) };
        return context.client()?.get(&["compare"], &query).await;
    }
    let left = match from {
        Some(path) => snapshot::must_open(path)?,
        None => super::snapshot::of_hosts(&context.client()?, env).await?,
    };
    let right = match right {
        Typed::File(path) => snapshot::must_open(path)?,
        Typed::Asked(selector) if selector.contains([':', '@']) => {
            let said = format!("`{selector}` cannot be held against a snapshot: only hosts as they are now can");
            return Err(Failure::new(Exit::Usage, said));
        }
        Typed::Asked(selector) => super::snapshot::of_hosts(&context.client()?, selector).await?,
    };
    snapshot::compared(&left, &right, listing(all))
}

fn listing(all: bool) -> Listing {
    if all { Listing::Everything } else { Listing::Differences }
}

/// Leaves only keys that match, and what is equal only where each key is to be
/// told. Whether any key was there to check.
fn narrow(answer: &mut Comparison, pattern: Option<&str>, output: Output) -> bool {
    let Some(pattern) = pattern else { return true };
    answer.differences.retain(|one| key_pattern::matches(pattern, &one.key));
    let counted = |counts: fn(&Difference) -> bool| {
        let count = answer.differences.iter().filter(|one| !one.metadata && counts(one)).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    };
    answer.keys = counted(|_| true);
    answer.undetermined = counted(|one| one.what == "undetermined");
    answer.differing = counted(|one| one.meant.is_none() && !matches!(one.what.as_str(), "equal" | "undetermined"));
    answer.accepted = counted(|one| one.meant_kind.as_deref() == Some("accepted"));
    answer.expected = counted(|one| one.meant_kind.as_deref() == Some("expected"));
    answer.violations = counted(|one| one.violation.is_some());
    answer.percent = driftline_compare::compare::percent::one_decimal(answer.differing, answer.keys);
    let beside = answer.differences.iter().filter(|one| one.metadata && one.is_finding()).count();
    answer.metadata_differing = u64::try_from(beside).unwrap_or(u64::MAX);
    let met = !answer.differences.is_empty();
    if output != Output::Junit {
        answer.differences.retain(|one| one.what != "equal" || one.violation.is_some());
    }
    met
}

fn tell(
    context: &Context,
    answer: &Comparison,
    arguments: &Check,
    place: impl Fn(&Difference) -> Option<Place>,
) -> Outcome<()> {
    let document = comparison::document(answer);
    let found = || findings::of_comparison(answer, arguments.fail_on, &place);
    context.printer.checked(answer, &answer.differences, &document, found)?;
    let github = github::Github::from_environment();
    // Into any other output they would break it.
    if github.annotates && context.printer.output() == Output::Table {
        context.printer.commands(&github::annotations(&found()))?;
    }
    if let Some(Err(failure)) = github.summary.map(|path| github::append(&path, &markdown::render(&document))) {
        // The check was made; that its summary is not shown changes no verdict.
        context.printer.say(&format!("warning: {}", failure.to_string().trim_start_matches("error: ")));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
