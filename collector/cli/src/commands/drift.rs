//! `driftline drift`: what is not as it should be, since when, and who began
//! it.
//!
//! The collector keeps it; here it is shown and becomes an exit code. What could
//! not be looked at is never green.

use driftline_api::drift::DriftList;
use serde::Serialize;

use super::Context;
use crate::arguments::drift::Drift;
use crate::failure::Outcome;
use crate::printer::text::safe;
use crate::view::drift as view;

#[derive(Serialize)]
struct Query<'a> {
    env: Option<&'a str>,
    rule: Option<&'a str>,
    severity: Option<&'a str>,
    older_than_s: Option<u64>,
    all: Option<bool>,
}

pub(super) async fn run(context: &Context, arguments: &Drift) -> Outcome {
    let query = Query {
        env: arguments.env.as_deref(),
        rule: arguments.kind.as_deref(),
        severity: arguments.severity.as_deref(),
        older_than_s: arguments.older_than.map(|stretch| stretch.as_secs()),
        all: Some(arguments.all).filter(|all| *all),
    };
    let answer: DriftList = context.client()?.get(&["drift"], &query).await?;
    context.printer.result(&answer, &answer.drifts, &view::document(&answer))?;
    if !answer.unheld.is_empty() {
        let names = safe(&answer.unheld.join(", "));
        context.printer.say(&format!(
            "nothing says what {names} should have: hosts of a role were held against each other alone\n\
             hint: `driftline desired push` declares it"
        ));
    }
    if !answer.unchecked.is_empty() {
        let names = safe(&answer.unchecked.join(", "));
        context.printer.say(&format!("not looked at, shown as last seen: {names}"));
    }
    // Asked for one environment by name that nothing was ever declared for: not checked.
    let unheld = arguments.env.is_some() && !answer.unheld.is_empty();
    Ok(view::exit(&answer, unheld, arguments.fail_on))
}
