//! `driftline desired push | show | list | diff | init`: what CI/CD declares.
//!
//! Files are read and digested here, where they are; what is sent has digests
//! and masked displays. What a push sets off is the collector's business.

mod init;
mod push;

use driftline_api::desired::{RevisionDetail, RevisionList};
use serde::Serialize;

use super::{Context, compare};
use crate::arguments::desired::{Desired, DesiredDiff, DesiredList, DesiredShow};
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::view::desired as view;

pub(super) async fn run(context: &Context, arguments: &Desired) -> Outcome {
    match arguments {
        Desired::Push(arguments) => push::run(context, arguments).await,
        Desired::Show(arguments) => show(context, arguments).await,
        Desired::List(arguments) => list(context, arguments).await,
        Desired::Diff(arguments) => diff(context, arguments).await,
        Desired::Init(arguments) => init::run(context, arguments).await,
    }
}

#[derive(Serialize)]
struct Query<'a> {
    env: Option<&'a str>,
    revision: Option<&'a str>,
}

async fn show(context: &Context, arguments: &DesiredShow) -> Outcome {
    let query = Query { env: arguments.env.as_deref(), revision: arguments.revision.as_deref() };
    let answer: RevisionDetail = context.client()?.get(&["desired", "show"], &query).await?;
    context.printer.result(&answer, &answer.items, &view::detail(&answer))?;
    Ok(Exit::Clean)
}

async fn list(context: &Context, arguments: &DesiredList) -> Outcome {
    let query = Query { env: arguments.env.as_deref(), revision: None };
    let answer: RevisionList = context.client()?.get(&["desired"], &query).await?;
    context.printer.result(&answer, &answer.revisions, &view::list(&answer))?;
    Ok(Exit::Clean)
}

async fn diff(context: &Context, arguments: &DesiredDiff) -> Outcome {
    if let (Some(left), Some(right)) = (&arguments.left, &arguments.right) {
        let sides = (format!("revision:{left}"), format!("revision:{right}"));
        return compare::ask(context, sides, false, arguments.fail_on).await;
    }
    let env = arguments.env.as_deref().unwrap_or_default();
    let selector = push::selector((env, arguments.role.as_deref(), arguments.host.as_deref()))?;
    compare::ask(context, (format!("desired:{selector}"), selector.to_string()), false, arguments.fail_on).await
}
