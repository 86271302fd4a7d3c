//! `driftline show HOST`: one host, its sources, items and problems.

use driftline_api::host::HostDetail;

use super::Context;
use crate::arguments::commands::Show;
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::view::hosts;

pub(super) async fn run(context: &Context, arguments: &Show) -> Outcome {
    let mut answer: HostDetail = context.client()?.get(&["hosts", &arguments.host], &()).await?;
    if let Some(source) = &arguments.source {
        answer.sources.retain(|one| one.source == *source);
        if answer.sources.is_empty() {
            let said = format!("{} has no source `{source}`", arguments.host);
            return Err(Failure::new(Exit::Inconclusive, said).hint("without `--source` all of them are shown"));
        }
    }
    context.printer.result(&answer, &answer.sources, &hosts::detail(&answer, clock::now()))?;
    let known = !hosts::is_unwell(&answer.host) && answer.host.degraded_sources == 0;
    Ok(if known { Exit::Clean } else { Exit::Inconclusive })
}
