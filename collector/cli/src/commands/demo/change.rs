//! One edit by hand, from the rename to the live view and the webhook, and what
//! is said of it.
//!
//! It claims nothing that did not arrive: what was not seen is printed as such.

use std::time::Duration;

use driftline_api::change::{Change, Side};

use super::agents;
use super::checks::Checks;
use super::collector::Collector;
use super::edit::{self, Edit};
use super::live::Live;
use super::place::Place;
use super::webhook::{Call, Webhook};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::document::{Block, Document};
use crate::printer::text;
use crate::view;

/// How long the change may take before the demo says that it was not seen.
const SEEN_S_MAX: u64 = 15;

/// What came of the edit.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) host: String,
    pub(super) edit: Edit,
    /// The change in the live view, and how long after the rename.
    pub(super) live: Option<(Change, Duration)>,
    /// The call of the webhook that tells of it, and how long after the rename.
    pub(super) alert: Option<(Call, Duration)>,
    /// Every call that came meanwhile.
    pub(super) all_calls: Vec<Call>,
}

/// Carries the edit out on a host and waits until it was seen twice.
pub(super) async fn make(
    place: &Place,
    collector: &Collector,
    webhook: &mut Webhook,
    environment: &str,
    (host, edit): (String, Edit),
) -> Outcome<Edited> {
    let mut live = Live::open(&collector.client, environment).await?;
    let folder = agents::folder(place, &host);
    let limit = Duration::from_secs(SEEN_S_MAX);
    let written = edit::apply(&edit, &folder)
        .map_err(|error| Failure::file(Exit::Internal, "edit", &folder.join(&edit.file), &error))?;
    let (seen, calls) = tokio::join!(live.until(&host, &edit.key, limit), webhook.until(&host, &edit.key, limit));
    let live = seen?.map(|(change, at)| (change, at - written));
    let alert = calls.last().filter(|call| call.tells_of(&host, &edit.key));
    let alert = alert.map(|call| (call.clone(), call.at - written));
    Ok(Edited { host, edit, live, alert, all_calls: calls })
}

/// The edit, and the change as it was seen live.
pub(super) fn live_document(heading: &str, edited: &Edited) -> Document {
    let Edited { host, edit, .. } = edited;
    let document = Document::default().heading(heading).text(format!(
        "{host}: {} in {} goes from {} to {}, by rename, announced to nobody.",
        edit.key,
        edit.file,
        edit.before.as_deref().unwrap_or("its default"),
        edit.after
    ));
    match &edited.live {
        None => document.text("The live view did not show it."),
        Some((change, after)) => document
            .text(format!("`driftline watch` showed it {} after the rename:", milliseconds(*after)))
            .text(view::changes::line(change)),
    }
}

/// The alert, whole.
pub(super) fn alert_document(heading: &str, edited: &Edited, width: usize) -> Document {
    let document = Document::default().heading(heading);
    let Some((call, _)) = &edited.alert else { return document.text(arrived(edited)) };
    let mut lines = vec![
        "POST /hook HTTP/1.1".to_owned(),
        format!("driftline-alert-id: {}", call.id),
        format!("driftline-signature: {}", call.signature),
        String::new(),
    ];
    lines.extend(body_lines(call));
    let lines = lines.iter().flat_map(|line| text::folded(&text::safe(line), width)).collect();
    document.text(arrived(edited)).block(Block::Lines(lines))
}

/// The alert, as far as it tells how much the change matters.
pub(super) fn alert_brief(edited: &Edited) -> Document {
    let said = edited.alert.iter().filter_map(|(call, _)| call.alert.as_ref());
    let document = Document::default().text(format!("The alert: {}", arrived(edited)));
    said.fold(document, |document, alert| document.text(format!("{}  {}", alert.severity, alert.summary)))
}

fn arrived(edited: &Edited) -> String {
    let Some((call, after)) = &edited.alert else { return "No alert came.".to_owned() };
    let holds = if call.signed { "the signature holds" } else { "the signature does NOT hold" };
    format!("It arrived {} after the rename; {holds}.", milliseconds(*after))
}

/// The body, indented as a person would read it.
fn body_lines(call: &Call) -> Vec<String> {
    let pretty = call.alert.as_ref().and_then(|alert| serde_json::to_string_pretty(alert).ok());
    pretty.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Notes whether it was seen live and alerted, signed and exact.
pub(super) fn note(checks: &mut Checks, edited: &Edited) {
    let Edited { host, edit, .. } = edited;
    match &edited.live {
        Some((_, after)) => {
            checks.note(true, format!("the change on {host} was seen live after {}", milliseconds(*after)))
        }
        None => checks.note(false, format!("the change on {host} was seen live within {SEEN_S_MAX} s")),
    }
    let Some((call, after)) = &edited.alert else {
        checks.note(false, format!("its webhook was called within {SEEN_S_MAX} s"));
        return;
    };
    checks.note(true, format!("its webhook was called after {}", milliseconds(*after)));
    checks.note(call.signed && !call.id.is_empty(), "the call is signed by the collector, and has an id");
    let exact = told(edited).is_some_and(|change| {
        display(change.before.as_ref()) == edit.before.as_deref()
            && display(change.after.as_ref()) == Some(edit.after.as_str())
    });
    checks.note(exact, format!("it says who and what: {host}, {}, before and after", edit.key));
}

/// Notes whether both the live view and the alert say how much it matters.
pub(super) fn note_severity(checks: &mut Checks, edited: &Edited, expected: &str) {
    let live = edited.live.as_ref().is_some_and(|(change, _)| change.severity == expected);
    let alert = edited.alert.as_ref().and_then(|(call, _)| call.alert.as_ref());
    let alerted = alert.is_some_and(|alert| alert.severity == expected)
        && told(edited).is_some_and(|change| change.severity == expected);
    let Edit { key, after, .. } = &edited.edit;
    checks.note(live && alerted, format!("both say that {key} = {after} on {} is {expected}", edited.host));
}

/// The change of the edit, as the alert tells it.
fn told(edited: &Edited) -> Option<&Change> {
    let Edited { host, edit, .. } = edited;
    let changes = edited.alert.iter().filter_map(|(call, _)| call.alert.as_ref()).flat_map(|alert| &alert.changes);
    changes.into_iter().find(|change| change.host == *host && change.key == edit.key && change.source == edit.source)
}

fn display(side: Option<&Side>) -> Option<&str> {
    side.and_then(|side| side.display.as_deref())
}

fn milliseconds(time: Duration) -> String {
    format!("{}.{} ms", time.as_millis(), time.as_micros() % 1_000 / 100)
}

#[cfg(test)]
pub(super) mod tests;
