//! `driftline baseline approve | show | diff | list`: what was approved.
//!
//! The collector copies what it knows; nothing is read here.

use driftline_api::baseline::{BaselineDetail, BaselineList as Approvals, BaselineRequest};
use driftline_compare::Selector;
use serde::Serialize;

use super::{Context, compare};
use crate::arguments::baseline::{Baseline, BaselineApprove};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::view::baseline as view;

pub(super) async fn run(context: &Context, arguments: &Baseline) -> Outcome {
    match arguments {
        Baseline::Approve(arguments) => approve(context, arguments).await,
        Baseline::Show(arguments) => {
            let number = arguments.number.to_string();
            let answer: BaselineDetail = context.client()?.get(&["baselines", &number], &()).await?;
            context.printer.result(&answer, &answer.items, &view::detail(&answer))?;
            Ok(Exit::Clean)
        }
        Baseline::Diff(arguments) => {
            selector(&arguments.selector)?;
            let sides = (format!("baseline:{}", arguments.selector), arguments.selector.clone());
            compare::ask(context, sides, false, arguments.fail_on).await
        }
        Baseline::List(arguments) => list(context, arguments.env.as_deref()).await,
    }
}

async fn approve(context: &Context, arguments: &BaselineApprove) -> Outcome {
    selector(&arguments.selector)?;
    let request = BaselineRequest {
        selector: arguments.selector.clone(),
        source: arguments.source.clone(),
        reason: arguments.reason.clone(),
    };
    let answer: BaselineDetail = context.client()?.post(&["baselines"], &request).await?;
    context.printer.result(&answer, std::slice::from_ref(&answer.baseline), &view::approved(&answer))?;
    // Not all that was asked for is approved.
    Ok(if answer.skipped.is_empty() { Exit::Clean } else { Exit::Inconclusive })
}

#[derive(Serialize)]
struct Query<'a> {
    env: Option<&'a str>,
}

async fn list(context: &Context, env: Option<&str>) -> Outcome {
    let answer: Approvals = context.client()?.get(&["baselines"], &Query { env }).await?;
    context.printer.result(&answer, &answer.baselines, &view::list(&answer))?;
    Ok(Exit::Clean)
}

fn selector(text: &str) -> Outcome<Selector> {
    text.parse().map_err(|error: driftline_compare::SelectorError| Failure::new(Exit::Usage, error.to_string()))
}
