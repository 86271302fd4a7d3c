//! `driftline revoke`: takes a host's certificate away.
//!
//! What is known of the host stays: its state, its history, its name.

use super::Context;
use crate::arguments::commands::Revoke;
use crate::exit::Exit;
use crate::failure::Outcome;

pub(super) async fn run(context: &Context, arguments: &Revoke) -> Outcome {
    context.client()?.delete(&["hosts", &arguments.host]).await?;
    context.printer.say(&format!(
        "{} is revoked: its agent is cut off\n\
         to let it back in: driftline token create --host {}, then driftline-agent enroll TOKEN there",
        arguments.host, arguments.host
    ));
    Ok(Exit::Clean)
}
