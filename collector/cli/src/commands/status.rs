//! `driftline status`: how the environments stand.
//!
//! Silent hosts are not green: the exit code says so.

use driftline_api::host::Status;

use super::Context;
use crate::clock;
use crate::failure::Outcome;
use crate::view::status;

pub(super) async fn run(context: &Context) -> Outcome {
    let client = context.client()?;
    let answer: Status = client.get(&["status"], &()).await?;
    let document = status::document(&answer, client.address(), clock::now());
    context.printer.result(&answer, &answer.environments, &document)?;
    Ok(status::exit(&answer))
}
