//! `driftline host forget NAME --env ENVIRONMENT`: a host that is gone for good.
//!
//! The history keeps what the host did, and that it was forgotten, and by whom.

use serde::Serialize;

use super::Context;
use crate::arguments::commands::HostForget;
use crate::exit::Exit;
use crate::failure::Outcome;

#[derive(Serialize)]
struct Query<'a> {
    env: &'a str,
}

pub(super) async fn forget(context: &Context, arguments: &HostForget) -> Outcome {
    let query = Query { env: &arguments.env };
    context.client()?.act(&["hosts", &arguments.host, "forget"], &query).await?;
    context.printer.say(&format!(
        "{} is forgotten: its state is gone, its history stays, its certificates stay refused",
        arguments.host
    ));
    Ok(Exit::Clean)
}
