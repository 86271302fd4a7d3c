//! The story's last part: somebody opens the firewall of a host, with `nft` and
//! with `iptables`, in a network namespace that the demo makes for itself.
//!
//! The rules of this machine are neither read nor changed. Where a namespace
//! cannot be made it says why, and that is no failure.

use std::process::Stdio;
use std::time::{Duration, Instant};

use driftline_api::change::Change;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::agents;
use super::checks::Checks;
use super::children::Children;
use super::collector::Collector;
use super::place::Place;
use super::shop::Shop;
use super::story::show;
use super::webhook::Webhook;
use crate::failure::Outcome;
use crate::printer::Printer;
use crate::printer::document::Document;
use crate::view;

/// The host whose rules are watched.
const HOST: &str = "edge-1";

/// How long an alert may take before the demo says that none came.
const ALERT_S_MAX: u64 = 15;

/// What is loaded before anybody opens anything.
const RULES: &str = "table inet shop {\n chain input {\n  type filter hook input priority 0; policy drop;\n  \
                     iif lo accept\n  ct state established,related accept\n  tcp dport 443 accept\n }\n}\n";

/// One rule that somebody adds: the command, the key of the change, and what
/// its meaning must say.
struct Opening {
    command: &'static [&'static str],
    key: &'static str,
    opens: &'static str,
    by: &'static str,
}

const OPENINGS: [Opening; 2] = [
    Opening {
        command: &["nft", "add", "rule", "inet", "shop", "input", "tcp", "dport", "5432", "accept"],
        key: "inet shop/input: tcp dport 5432 accept",
        opens: "opens tcp/5432 to any source",
        by: "nft",
    },
    Opening {
        command: &["iptables", "-A", "INPUT", "-p", "tcp", "--dport", "6379", "-j", "ACCEPT"],
        key: "filter/INPUT: -p tcp -m tcp --dport 6379 -j ACCEPT",
        opens: "tcp/6379",
        by: "iptables",
    },
];

/// A network namespace; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one.
    ///
    /// # Errors
    /// Why that cannot be, for the operator.
    async fn make(place: &Place) -> Result<Self, String> {
        let name = place.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        run(Command::new("ip").args(["netns", "add", &name]), "").await?;
        let made = Self { name };
        made.run(&["nft", "-f", "-"], RULES).await?;
        made.run(&["iptables", "-P", "INPUT", "DROP"], "").await?;
        Ok(made)
    }

    /// Its name, as `ip netns` knows it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    async fn run(&self, command: &[&str], input: &str) -> Result<(), String> {
        run(Command::new("ip").args(["netns", "exec", &self.name]).args(command), input).await
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // Nothing more can be done for one that stays.
        let _ = std::process::Command::new("ip").args(["netns", "del", &self.name]).stdin(Stdio::null()).status();
    }
}

/// Runs a program to its end; the error is the last line that it said.
async fn run(command: &mut Command, input: &str) -> Result<(), String> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| format!("`{program}` cannot be run: {error}");
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that ends early says why itself.
        _ = pipe.write_all(input.as_bytes()).await;
    }
    let done = child.wait_with_output().await.map_err(failed)?;
    let said = String::from_utf8_lossy(&done.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned);
    if done.status.success() { Ok(()) } else { Err(last.unwrap_or_else(|| format!("`{program}`: {}", done.status))) }
}

/// Lets a host join whose firewall is watched, and opens it twice. Gives the
/// namespace, so that it can be opened by hand afterwards.
pub(super) async fn open(
    printer: Printer,
    checks: &mut Checks,
    (place, shop, collector): (&Place, &Shop, &Collector),
    children: &mut Children,
    webhook: &mut Webhook,
) -> Outcome<Option<Namespace>> {
    let document = Document::default().heading("6. Somebody opens the firewall of a host");
    let namespace = match Namespace::make(place).await {
        Ok(namespace) => namespace,
        Err(reason) => {
            let said = format!("Left out: it needs root, `ip`, `nft` and `iptables` ({reason}).");
            show(printer, &document.text(said))?;
            return Ok(None);
        }
    };
    let (production, _) = shop.production()?;
    agents::join_firewall(place, (&production.name, HOST, namespace.name()), collector, children).await?;
    let text = format!("{HOST} of {} joins, with a firewall of its own in a network namespace.", production.name);
    show(printer, &document.text(text))?;
    for opening in &OPENINGS {
        show(printer, &told(opening, &namespace, checks, webhook).await)?;
    }
    Ok(Some(namespace))
}

async fn told(opening: &Opening, namespace: &Namespace, checks: &mut Checks, webhook: &mut Webhook) -> Document {
    let document = Document::default().text(format!("$ {}", opening.command.join(" ")));
    let begun = Instant::now();
    if let Err(reason) = namespace.run(opening.command, "").await {
        checks.note(false, format!("`{}` adds a rule: {reason}", opening.by));
        return document.text(reason);
    }
    let calls = webhook.until(HOST, opening.key, Duration::from_secs(ALERT_S_MAX)).await;
    let call = calls.last().filter(|call| call.tells_of(HOST, opening.key));
    let changes = call.iter().filter_map(|call| call.alert.as_ref()).flat_map(|alert| &alert.changes);
    let Some((call, change)) = call.zip(changes.into_iter().find(|change| change.key == opening.key)) else {
        checks.note(false, format!("an alert tells of the rule by `{}`", opening.by));
        return document.text("No alert came.");
    };
    let ms = (call.at - begun).as_millis();
    note(opening, change, call.signed, checks);
    document.text(format!("Alert after {ms} ms, start of the command included:")).text(view::changes::line(change))
}

fn note(opening: &Opening, change: &Change, signed: bool, checks: &mut Checks) {
    let Opening { opens, by, .. } = opening;
    let meaning = change.meaning.as_ref().is_some_and(|meaning| meaning.text.contains(opens));
    checks.note(signed && meaning, format!("the alert says what the rule by `{by}` does: {opens}"));
    let named = change.actor.as_ref().is_some_and(|actor| {
        let name = actor.name.as_deref().or(actor.executable.as_deref()).unwrap_or_default();
        actor.pid.is_some() && name.contains(by)
    });
    checks.note(named, format!("it names the process: `{by}`, with its id"));
}
