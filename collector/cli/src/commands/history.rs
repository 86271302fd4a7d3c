//! `driftline history KEY`: what one key was, newest first.

use driftline_api::change::ChangeQuery;

use super::{Context, changes};
use crate::arguments::commands::History;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::view;

pub(super) async fn run(context: &Context, arguments: &History) -> Outcome {
    let query = ChangeQuery {
        env: arguments.env.clone(),
        host: arguments.host.clone(),
        source: arguments.source.clone(),
        ..ChangeQuery::default()
    };
    let client = context.client()?;
    let page = changes::all(&client, &["history", &arguments.key], query, arguments.limit).await?;
    changes::say_beginning(context, page.begins_at.as_deref());
    if page.changes.is_empty() {
        let said = format!("no change of `{}` is recorded", arguments.key);
        return Err(Failure::new(Exit::Inconclusive, said)
            .hint("it may be unchanged since it was first seen: `driftline show HOST` lists the keys of a host"));
    }
    context.printer.result(&page, &page.changes, &view::changes::document(&page.changes))?;
    Ok(Exit::Clean)
}
