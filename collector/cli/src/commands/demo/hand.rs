//! How to go on by hand while everything runs, and the alerts that come of it.
//!
//! What is to be pasted is never cut and never coloured; an alert is shown as
//! it came, believed or not.

use std::path::Path;

use super::agents;
use super::collector::Collector;
use super::firewall::Namespace;
use super::place::{self, Place};
use super::shop::{DATABASE_FILE, Shop};
use super::story::show;
use super::webhook::{Call, Webhook};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::printer::Printer;
use crate::printer::document::{Block, Document};
use crate::printer::text::{pad, quoted, safe, wrap};
use crate::view;

/// What is said of the demo's collector.
struct Hand {
    facts: Vec<(&'static str, String)>,
    commands: Vec<String>,
}

/// Says how to go on, and then every alert until somebody stops it all.
pub(super) async fn go_on(
    printer: Printer,
    place: &Place,
    collector: &Collector,
    shop: &Shop,
    (mut webhook, namespace): (Webhook, Option<&Namespace>),
) -> Outcome<()> {
    let mut hand = hand(place, collector, shop)?;
    hand.facts.extend(namespace.map(|one| ("or a firewall", format!("ip netns exec {} nft", one.name()))));
    show(printer, &hand.document())?;
    while let Some(call) = webhook.next().await {
        printer.data(&alert(&call, printer.style().width))?;
    }
    Ok(())
}

fn hand(place: &Place, collector: &Collector, shop: &Shop) -> Outcome<Hand> {
    let (production, other) = shop.production()?;
    let host = production.hosts.first().map_or("", String::as_str);
    let file = production.files.first().map_or("", |file| file.name.as_str());
    let [ingest, enrol, _] = collector.ports;
    let environment = place.at("env");
    let text = environment_file(&place::programs()?, &place.operator_config());
    input::write_private(&environment, text.as_bytes())
        .map_err(|error| Failure::file(Exit::Internal, "write", &environment, &error))?;
    let word = |path: &Path| quoted(&path.to_string_lossy());
    let mut facts = vec![
        ("API", collector.client.address().to_owned()),
        ("agents at", format!("127.0.0.1:{ingest} (enrol at 127.0.0.1:{enrol})")),
        ("access token", word(&place.at("operator/operator.token"))),
        ("file to edit", word(&agents::folder(place, host).join(file))),
    ];
    let database = production.database.as_ref();
    facts.extend(database.map(|of| ("or this one", word(&agents::folder(place, &of.host).join(DATABASE_FILE)))));
    Ok(Hand {
        facts,
        commands: vec![
            format!(". {}", word(&environment)),
            "driftline status".to_owned(),
            "driftline changes --since 10m".to_owned(),
            format!("driftline compare {} {}", quoted(production.name.as_str()), quoted(other.name.as_str())),
            format!("driftline show {}", quoted(host)),
            "driftline verify".to_owned(),
            "driftline watch    # until Ctrl-C".to_owned(),
        ],
    })
}

impl Hand {
    fn document(&self) -> Document {
        let names = self.facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let fact = |(name, value): &(&str, String)| format!("{}  {value}", pad(name, names));
        Document::default()
            .heading("Go on by hand")
            .block(Block::Lines(self.facts.iter().map(fact).collect()))
            .text("In another terminal:")
            .block(Block::Lines(self.commands.clone()))
            .text("Alerts are shown here as their webhook receives them. Ctrl-C stops everything and removes the directory.")
    }
}

/// What a shell reads to find the programs and the configuration: one short line
/// to paste, however long the paths are.
fn environment_file(programs: &Path, config: &Path) -> String {
    let word = |path: &Path| quoted(&path.to_string_lossy());
    format!(
        "# Read by a shell: how to reach the collector of this demo.\n\
         export PATH={}:\"$PATH\"\nexport DRIFTLINE_CONFIG={}\n",
        word(programs),
        word(config)
    )
}

/// An alert that came of what somebody did: its changes as a live view shows
/// them.
fn alert(call: &Call, width: usize) -> String {
    let signature = if call.signed { "signature holds" } else { "signature does NOT hold" };
    let mut lines = vec![format!("alert {} at the webhook ({signature}):", safe(&call.id))];
    match &call.alert {
        None => lines.push("  it is not understood".to_owned()),
        Some(alert) => {
            let changes = alert.changes.iter().map(view::changes::line);
            let told = changes.chain(alert.events.iter().map(view::changes::event_line));
            let told = told.flat_map(|line| wrap(&safe(&line), width.saturating_sub(2)));
            lines.extend(told.map(|line| format!("  {line}")));
            if alert.more_changes > 0 {
                lines.push(format!("  and {} more", alert.more_changes));
            }
        }
    }
    format!("\n{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests;
