//! How long to wait between two attempts.

use std::path::Path;

use driftline_canon::{FleetKey, KeyEpoch};

use super::*;
use crate::config::Config;
use crate::journal::{Ends as JournalEnds, Journal, JournalSettings, recovery};

#[test]
fn attempts_at_a_server_that_is_gone_become_rare() {
    let state = tempfile::tempdir().unwrap();
    let text = format!(
        "state_dir = \"{}\"\n[[source]]\nkind = \"database_settings\"\nname = \"db\"\nserver = \"redis\"\n\
         connect = \"unix:/nonexistent/s\"\n",
        state.path().display()
    );
    let config = Config::parse(Path::new("agent.toml"), &text).unwrap();
    let opened = recovery::open(state.path(), 0).unwrap();
    let progress = Journal::progress(&opened.meta);
    let (observed, inputs) = mpsc::channel(1);
    let (_ask, requests) = mpsc::channel(1);
    let settings =
        JournalSettings { state_dir: config.state_dir.clone(), bounds: config.journal, key_epoch: KeyEpoch(1) };
    let stop = CancellationToken::new();
    let ends = JournalEnds { inputs, requests, progress };
    let journal = Journal::new(opened, settings, Clock::system(), ends, stop.clone());
    let key = FleetKey::new([7; 32], KeyEpoch(1));
    let ends = Ends {
        observed,
        reader: journal.reader(),
        keyed: key.keyed(),
        keyed_epoch: key.epoch(),
        clock: Clock::system(),
        last_alive_ms: None,
        stop,
    };
    let mut poller = Poller::new(Arc::clone(&config.databases[0]), ends);
    let pauses: Vec<u64> = (0..8)
        .map(|failures| {
            poller.failures = failures;
            poller.pause().as_secs()
        })
        .collect();
    assert_eq!(pauses, [10, 10, 20, 40, 60, 60, 60, 60]);
}
