//! `driftline plan A B`: what would make A like B, to be read and carried out
//! by a person.
//!
//! The collector compares, `compare::plan` turns differences into steps; here
//! the one is handed to the other. Nothing is carried out, and no value is
//! asked for.

mod given;

use driftline_api::SCHEMA_VERSION;
use driftline_api::compare::Comparison;
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
    let form = arguments.form();
    // What is equal tells where lines stand, and is context in a diff.
    let all = matches!(form, Form::Env | Form::Diff).then_some(true);
    let query = Query { left: &arguments.target, right: &arguments.reference, all };
    let mut answer: Comparison = context.client()?.get(&["compare"], &query).await?;
    let least = arguments.severity.as_deref().and_then(Severity::from_name).unwrap_or(Severity::Info);
    answer.differences.retain(|one| {
        let is_wanted = arguments.key.as_deref().is_none_or(|pattern| key_pattern::matches(pattern, &one.key));
        let is_step = is_wanted && one.meant.is_none() && view::severity(&one.severity) >= least;
        one.what == "equal" || is_step
    });
    let plan = given::plan(&answer);
    print(context, &plan, form)?;
    for host in &answer.unchecked {
        context.printer.say(&format!("not connected, planned from what was last seen: {host}"));
    }
    let is_sure =
        plan.open.is_empty() && answer.unchecked.is_empty() && answer.left_hosts > 0 && answer.right_hosts > 0;
    Ok(if is_sure { Exit::Clean } else { Exit::Inconclusive })
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
