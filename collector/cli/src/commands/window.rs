//! `driftline window open | close | list`: when changes are expected.

use driftline_api::window::{WindowInfo, WindowList, WindowOpen};
use serde::Serialize;

use super::Context;
use crate::arguments::window::{self, Window};
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Output;
use crate::printer::document::{Document, Table};
use crate::printer::text::safe;
use crate::time_text;

pub(super) async fn run(context: &Context, arguments: &Window) -> Outcome {
    match arguments {
        Window::Open(arguments) => open(context, arguments).await,
        Window::Close(arguments) => {
            context.client()?.delete(&["windows", &arguments.id.to_string()]).await?;
            context.printer.say(&format!("window {} is closed", arguments.id));
            Ok(Exit::Clean)
        }
        Window::List(arguments) => list(context, arguments).await,
    }
}

async fn open(context: &Context, arguments: &window::WindowOpen) -> Outcome {
    let request = WindowOpen {
        selector: selector(arguments)?,
        source: arguments.source.clone(),
        actor: arguments.actor.clone(),
        ticket: arguments.ticket.clone(),
        seconds: arguments.long.as_secs(),
    };
    let opened: WindowInfo = context.client()?.post(&["windows"], &request).await?;
    if matches!(context.printer.output(), Output::Json | Output::Ndjson) {
        context.printer.row(&opened)?;
        return Ok(Exit::Clean);
    }
    context.printer.data(&format!("{}\n", opened.id))?;
    let until = safe(&time_text::short(&opened.until));
    context.printer.say(&format!("window {} for {} is open until {until} UTC", opened.id, safe(&opened.selector)));
    Ok(Exit::Clean)
}

/// The selector that the flags make.
fn selector(arguments: &window::WindowOpen) -> Outcome<String> {
    let part = |key: &str, value: Option<&str>| value.map(|value| format!("{key}={value}"));
    let parts = [
        part("env", Some(&arguments.env)),
        part("role", arguments.role.as_deref()),
        part("host", arguments.host.as_deref()),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(",");
    let selector: driftline_compare::Selector =
        text.parse().map_err(|error| Failure::new(Exit::Usage, format!("{error}")))?;
    Ok(selector.to_string())
}

#[derive(Serialize)]
struct Query<'a> {
    env: Option<&'a str>,
    all: bool,
}

async fn list(context: &Context, arguments: &window::WindowList) -> Outcome {
    let query = Query { env: arguments.env.as_deref(), all: arguments.all };
    let answer: WindowList = context.client()?.get(&["windows"], &query).await?;
    context.printer.result(&answer, &answer.windows, &document(&answer, arguments.all))?;
    Ok(Exit::Clean)
}

fn document(answer: &WindowList, all: bool) -> Document {
    if answer.windows.is_empty() {
        let said = if all { "no window was ever opened" } else { "no window is open" };
        return Document::default().text(said);
    }
    let now = clock::now();
    let mut table = Table::new(&["id", "status", "for", "only", "ticket", "opened", "by", "until (utc)"]);
    for window in &answer.windows {
        let actor = window.actor.as_ref().map(|actor| format!("by {actor}"));
        let only = [window.source.clone(), actor].into_iter().flatten().collect::<Vec<_>>().join(", ");
        table.row([
            window.id.to_string(),
            window.status.clone(),
            window.selector.clone(),
            only,
            window.ticket.clone(),
            time_text::age(&window.from, now),
            window.opened_by.clone(),
            time_text::short(&window.until),
        ]);
    }
    Document::default().table(table)
}
