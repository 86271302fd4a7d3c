//! `driftline compare A B`: where two environments differ.
//!
//! The collector judges; here selectors are checked before they are sent, and
//! the answer becomes an exit code.

use driftline_api::compare::Comparison;
use driftline_compare::Selector;
use serde::Serialize;

use super::Context;
use crate::arguments::commands::Compare;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Output;
use crate::view::{comparison, findings};

#[derive(Serialize)]
struct Query<'a> {
    left: &'a str,
    right: &'a str,
    all: Option<bool>,
}

pub(super) async fn run(context: &Context, arguments: &Compare) -> Outcome {
    for text in [&arguments.left, &arguments.right] {
        text.parse::<Selector>().map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    }
    // A test case for each key, also for those that are equal.
    let all = arguments.all || context.printer.output() == Output::Junit;
    let query = Query { left: &arguments.left, right: &arguments.right, all: all.then_some(true) };
    let answer: Comparison = context.client()?.get(&["compare"], &query).await?;
    let found = || findings::of_comparison(&answer, arguments.fail_on, |_| None);
    context.printer.checked(&answer, &answer.differences, &comparison::document(&answer), found)?;
    for (name, hosts) in [(&answer.left, answer.left_hosts), (&answer.right, answer.right_hosts)] {
        if hosts == 0 {
            context.printer.say(&format!("error: no host matches `{name}`"));
        }
    }
    Ok(comparison::exit(&answer, arguments.fail_on))
}
