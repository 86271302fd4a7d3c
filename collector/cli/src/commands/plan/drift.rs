//! `driftline plan d-17`: what would end one drift.
//!
//! Which way it goes is the collector's to say, and always towards what is
//! wanted; whether what is there should be wanted instead is for a person, who
//! is told how to say so.

use driftline_api::drift::DriftDetail;
use serde::Serialize;

use super::super::Context;
use super::{given, is_wanted, print, say_unchecked};
use crate::arguments::plan::Plan as Arguments;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// Nothing to ask for beside the id.
#[derive(Serialize)]
struct Nothing {}

pub(super) async fn run(context: &Context, arguments: &Arguments) -> Outcome {
    let answer: DriftDetail = context.client()?.get(&["drift", &arguments.target], &Nothing {}).await?;
    let drift = &answer.drift;
    let Some(toward) = &answer.toward else {
        if matches!(drift.state.as_str(), "resolved" | "adopted") {
            context.printer.say(&format!("nothing to do: {} is {}", drift.id, drift.standing));
            return Ok(Exit::Clean);
        }
        let said = format!("the collector does not say what would end {}", drift.id);
        return Err(Failure::new(Exit::Inconclusive, said).hint("it is of an older version: update it"));
    };
    if !is_wanted(arguments, &toward.difference) {
        context.printer.say(&format!("nothing to do: {} is not among what `--key` and `--severity` ask for", drift.id));
        return Ok(Exit::Clean);
    }
    let plan = given::toward(&drift.environment, toward);
    print(context, &plan, arguments.form())?;
    if drift.state == "accepted" {
        context.printer.say(&format!("{} is {}", drift.id, drift.standing));
    } else if let Some(instead) = instead(&drift.rule) {
        context.printer.say(&format!("if what is there is right: {instead}"));
    }
    say_unchecked(context, &toward.unchecked);
    Ok(if plan.open.is_empty() && toward.unchecked.is_empty() { Exit::Clean } else { Exit::Inconclusive })
}

/// What a person does who wants what is there.
fn instead(rule: &str) -> Option<&'static str> {
    match rule {
        "desired" => Some("push it with `driftline desired push`, or accept it"),
        "baseline" => Some("approve it with `driftline baseline approve`, or accept it"),
        "at_reboot" => Some("save the rules that are in force"),
        "role" => Some("set it on the other hosts, or accept it"),
        _ => None,
    }
}
