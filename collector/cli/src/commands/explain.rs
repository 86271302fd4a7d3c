//! `driftline explain ID|KEY`: the whole story of one change or drift, or of one
//! key of a host as it is now.

use driftline_api::drift::DriftDetail;
use driftline_api::explain::Explanation;
use serde::Serialize;

use super::Context;
use crate::arguments::commands::Explain;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::view::{drift, explanation};

/// Which key of which host.
#[derive(Serialize)]
struct Query<'a> {
    host: &'a str,
    key: &'a str,
    source: Option<&'a str>,
}

/// Nothing to ask for beside the id.
#[derive(Serialize)]
struct Nothing {}

pub(super) async fn run(context: &Context, arguments: &Explain) -> Outcome {
    let client = context.client()?;
    if arguments.host.is_none() && arguments.what.starts_with("d-") {
        let answer: DriftDetail = client.get(&["drift", &arguments.what], &Nothing {}).await?;
        context.printer.result(&answer, std::slice::from_ref(&answer), &drift::story(&answer))?;
        return Ok(Exit::Clean);
    }
    let answer: Explanation = match (&arguments.host, arguments.what.parse::<u64>()) {
        (Some(host), _) => {
            let query = Query { host, key: &arguments.what, source: arguments.source.as_deref() };
            client.get(&["explain"], &query).await?
        }
        (None, Ok(_)) => client.get(&["explain", &arguments.what], &Nothing {}).await?,
        (None, Err(_)) => {
            let said = format!("`{}` is not an id of the history", arguments.what);
            return Err(Failure::new(Exit::Usage, said).hint("for a key, say which host has it: `--host NAME`"));
        }
    };
    context.printer.result(&answer, std::slice::from_ref(&answer), &explanation::document(&answer))?;
    Ok(Exit::Clean)
}
