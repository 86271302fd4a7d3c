//! driftline's benchmark: every number beside a peer or limit measured in the
//! same run, and beside its budget.
//!
//! It listens on loopback alone, writes in a private directory alone, and ends
//! only what it started. Nothing here fails because something was slow.

#![allow(clippy::disallowed_methods, reason = "measures files of its own making, and exits as a program does")]

mod agent;
mod api;
mod burst;
mod collector;
mod compare;
mod engines;
mod files;
mod firewall;
mod fleet;
mod footprint;
mod history;
mod idle;
mod ingest;
mod judging;
mod latency;
mod machine;
mod orchestra;
mod page;
mod peers;
mod proc;
mod scan;
mod sim;
mod sizes;
mod source;
mod state;
mod stats;
mod table;

use std::path::PathBuf;

use table::Section;

/// What every row is told.
#[derive(Debug, Clone)]
struct Setup {
    /// Shorter, for a look: the numbers are not to be published.
    quick: bool,
    /// A private directory on the disk that is measured.
    dir: PathBuf,
}

/// A group of measurements that can be asked for by name.
struct Row {
    name: &'static str,
    run: fn(&Setup) -> Section,
    /// Seconds after which it is given up: several times what it takes.
    seconds_max: u64,
}

/// All of them, in the order of the page.
const ROWS: &[Row] = &[
    Row { name: "latency", run: latency::run, seconds_max: 180 },
    Row { name: "firewall", run: firewall::run, seconds_max: 300 },
    Row { name: "footprint", run: footprint::run, seconds_max: 400 },
    Row { name: "scan", run: scan::run, seconds_max: 300 },
    Row { name: "burst", run: burst::run, seconds_max: 120 },
    Row { name: "ingest", run: ingest::run, seconds_max: 180 },
    Row { name: "compare", run: compare::run, seconds_max: 300 },
    Row { name: "judging", run: judging::run, seconds_max: 240 },
    // Ten million entries, where they are asked for, take a quarter of an hour.
    Row { name: "history", run: history::run, seconds_max: 3_600 },
    Row { name: "engines", run: engines::run, seconds_max: 300 },
    // 10,000 hosts are enrolled one by one first, which takes minutes.
    Row { name: "idle", run: idle::run, seconds_max: 1_500 },
    Row { name: "sizes", run: sizes::run, seconds_max: 60 },
];

/// A runtime for the API and the simulated agents of one row.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

fn main() -> std::process::ExitCode {
    match orchestra::Wanted::from_args(std::env::args().skip(1)) {
        Ok(wanted) => orchestra::run(&wanted),
        Err(reason) => {
            eprintln!("{reason}");
            std::process::ExitCode::from(64)
        }
    }
}
