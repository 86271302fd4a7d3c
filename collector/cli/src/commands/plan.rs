//! `driftline plan A B`: what would make A like B, to be read and carried out
//! by a person; `driftline plan d-17`: what would end a drift.
//!
//! The collector compares, `compare::plan` turns differences into steps; here
//! the one is handed to the other. Nothing is carried out, and no value is
//! asked for.

mod drift;
mod given;

use driftline_api::SCHEMA_VERSION;
use driftline_api::compare::{Comparison, Difference};
use driftline_compare::drift::Drift;
use driftline_compare::plan::{Form, Plan};
use driftline_compare::{Severity, key_pattern};
use serde::Serialize;

use super::Context;
use crate::arguments::plan::Plan as Arguments;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Output;
use crate::view;

#[derive(Serialize)]
struct Query<'a> {
    left: &'a str,
    right: &'a str,
    all: Option<bool>,
}

pub(super) async fn run(context: &Context, arguments: &Arguments) -> Outcome {
    match &arguments.reference {
        Some(reference) => between(context, arguments, reference).await,
        None if Drift::number_of(&arguments.target).is_some() => drift::run(context, arguments).await,
        None => {
            let said = format!("`{}` is no drift, and the side that it is to be like is missing", arguments.target);
            Err(Failure::new(Exit::Usage, said).hint("`driftline plan A B`, or `driftline plan d-17`"))
        }
    }
}

async fn between(context: &Context, arguments: &Arguments, reference: &str) -> Outcome {
    let form = arguments.form();
    // What is equal tells where lines stand, and is context in a diff.
    let all = matches!(form, Form::Env | Form::Diff).then_some(true);
    let query = Query { left: &arguments.target, right: reference, all };
    let mut answer: Comparison = context.client()?.get(&["compare"], &query).await?;
    answer.differences.retain(|one| one.what == "equal" || (one.meant.is_none() && is_wanted(arguments, one)));
    let plan = given::plan(&answer);
    print(context, &plan, form)?;
    say_unchecked(context, &answer.unchecked);
    let is_sure =
        plan.open.is_empty() && answer.unchecked.is_empty() && answer.left_hosts > 0 && answer.right_hosts > 0;
    Ok(if is_sure { Exit::Clean } else { Exit::Inconclusive })
}

fn say_unchecked(context: &Context, unchecked: &[String]) {
    for host in unchecked {
        context.printer.say(&format!("not connected, planned from what was last seen: {host}"));
    }
}

/// Whether a difference is among those that are asked for.
fn is_wanted(arguments: &Arguments, one: &Difference) -> bool {
    let least = arguments.severity.as_deref().and_then(Severity::from_name).unwrap_or(Severity::Info);
    let is_named = arguments.key.as_deref().is_none_or(|pattern| key_pattern::matches(pattern, &one.key));
    is_named && view::severity(&one.severity) >= least
}

fn print(context: &Context, plan: &Plan, form: Form) -> Outcome<()> {
    match context.printer.output() {
        Output::Table => context.printer.data(&plan.render(form)),
        Output::Json | Output::Ndjson => {
            let document = PlanDocument {
                schema_version: SCHEMA_VERSION,
                target: &plan.target,
                reference: &plan.reference,
                steps: u64::try_from(plan.changes().count()).unwrap_or(u64::MAX),
                format: form.as_str(),
                text: plan.render(form),
            };
            context.printer.row(&document)
        }
        Output::Markdown => context.printer.data(&format!("```\n{}```\n", plan.render(form).replace("```", "` ` `"))),
        _ => Err(Failure::new(Exit::Usage, "a plan has forms of its own: use `--format`, or `--output json`")),
    }
}

/// A plan for scripts.
#[derive(Serialize)]
struct PlanDocument<'a> {
    schema_version: u32,
    target: &'a str,
    reference: &'a str,
    steps: u64,
    format: &'a str,
    text: String,
}
