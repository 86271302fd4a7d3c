//! `driftline demo`: the whole of driftline on this machine, and one change.
//!
//! Real programs, real tokens, real TLS, in a private directory on loopback; it
//! touches nothing else, and leaves nothing behind unless it is asked to.

mod agents;
mod canary;
mod change;
mod checks;
mod children;
mod collector;
mod edit;
mod firewall;
mod hand;
mod live;
mod place;
mod shop;
mod story;
mod webhook;

use super::Context;
use crate::arguments::commands::Demo;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Printer;
use checks::Checks;
use children::Children;
use place::Place;
use shop::Shop;

pub(super) async fn run(context: &Context, arguments: &Demo) -> Outcome {
    let shop = Shop::load(arguments.from.as_deref())?;
    // Before anything is made: what it needs is there.
    place::program("driftline-collector")?;
    place::program("driftline-agent")?;
    let place = Place::new()?;
    let mut children = Children::default();
    let told = tokio::select! {
        told = tell(context.printer, arguments, &place, &shop, &mut children) => told,
        stopped = stop_asked() => stopped.map(|()| Told::Interrupted),
    };
    context.printer.say("\nstopping the collector and the agents");
    children.stop(context.printer).await;
    if arguments.keep {
        context.printer.say(&format!("kept: {}", place.path().display()));
    } else {
        place.remove()?;
    }
    match told? {
        Told::Whole(checks) if checks.all_hold() => Ok(Exit::Clean),
        Told::Whole(_) => Ok(Exit::Inconclusive),
        // Ctrl-C is how a demo that waits is meant to end.
        Told::Interrupted if arguments.once => Ok(Exit::Inconclusive),
        Told::Interrupted => Ok(Exit::Clean),
    }
}

/// How far the story came.
enum Told {
    Whole(Checks),
    Interrupted,
}

async fn tell(
    printer: Printer,
    arguments: &Demo,
    place: &Place,
    shop: &Shop,
    children: &mut Children,
) -> Outcome<Told> {
    let story::Told { checks, collector, webhook, namespace } = story::tell(printer, place, shop, children).await?;
    if arguments.once {
        return Ok(Told::Whole(checks));
    }
    hand::go_on(printer, place, &collector, shop, (webhook, namespace.as_ref())).await?;
    // Everything goes on running until somebody stops it.
    std::future::pending().await
}

/// Waits until somebody wants it to end: Ctrl-C or SIGTERM.
async fn stop_asked() -> Outcome<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let cannot = |error| Failure::new(Exit::Internal, format!("cannot wait for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    // A closed terminal must not leave daemons behind.
    let mut closed = signal(SignalKind::hangup()).map_err(cannot)?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.map_err(cannot),
        _ = terminate.recv() => Ok(()),
        _ = closed.recv() => Ok(()),
    }
}
