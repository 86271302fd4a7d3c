//! Holds live rules against their dump files whenever one side has changed, as
//! a source of its own: an item for each difference.
//!
//! It reads what the journal knows, and neither rules nor files.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::digest::KeyedDigest;
use driftline_canon::{FleetKey, ItemKey, Observation, Setting, SourceName, Value};
use driftline_daemon::{Clock, Tasks, clock};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Finding, Saved, against_saved};
use crate::firewall::{Backend, FirewallSpec};
use crate::journal::entry::SourceState;
use crate::journal::{Input, JournalReader, Progress};
use crate::observe::{Clue, Observed, Sight};

/// After a change before both sides are compared: who adds a rule and saves it
/// is no finding.
const QUIET: Duration = Duration::from_secs(5);

/// After a comparison, the next one rests this many times as long as it took: it
/// costs four hundredths of a core at most, however long the rules are.
const REST: u32 = 25;

/// Backends whose rules dump files hold.
const BACKENDS: [Backend; 5] =
    [Backend::Nft, Backend::IptablesNft, Backend::Ip6tablesNft, Backend::IptablesLegacy, Backend::Ip6tablesLegacy];

/// What the comparison needs.
#[derive(Debug)]
pub struct Ends {
    /// To the journal.
    pub observed: mpsc::Sender<Input>,
    /// What the journal knows.
    pub reader: JournalReader,
    /// How far it is.
    pub progress: watch::Receiver<Progress>,
    /// The time.
    pub clock: Clock,
}

/// Starts to compare, if the source names its dump files.
pub fn start(tasks: &mut Tasks, spec: &Arc<FirewallSpec>, key: &FleetKey, ends: Ends) {
    let (Some(config), Some(name)) = (spec.config.clone(), spec.at_reboot()) else { return };
    let follower = Follower { spec: Arc::clone(spec), config, name, keyed: key.keyed(), ends, told: None };
    tasks.spawn("firewall saved", follower.run(tasks.stop()));
}

struct Follower {
    spec: Arc<FirewallSpec>,
    /// The sources of the dump files.
    config: SourceName,
    /// Its own source.
    name: SourceName,
    keyed: KeyedDigest,
    ends: Ends,
    /// What was handed on last.
    told: Option<Observation>,
}

impl Follower {
    async fn run(mut self, stop: CancellationToken) -> Result<(), Infallible> {
        let following = async {
            while self.ends.progress.changed().await.is_ok() {
                tokio::time::sleep(QUIET).await;
                self.ends.progress.mark_unchanged();
                let began = clock::monotonic();
                if !self.compare().await {
                    break;
                }
                tokio::time::sleep((clock::monotonic() - began) * REST).await;
            }
        };
        stop.run_until_cancelled(following).await;
        Ok(())
    }

    /// Compares once; false when the journal has ended.
    async fn compare(&mut self) -> bool {
        // What cannot be read for a moment is compared after the next change.
        let Ok(Some(saved)) = self.ends.reader.sources_of(&self.config) else { return true };
        if saved.is_empty() {
            return true;
        }
        let mut settings = Vec::new();
        for backend in BACKENDS {
            let Some(live) = self.live(backend) else { continue };
            let files: Vec<_> = saved.iter().filter(|file| is_for(backend, &file.head.path)).map(as_saved).collect();
            settings.extend(against_saved(&live, &files).iter().map(|finding| setting(backend, finding)));
        }
        let observation = Observation::of_settings(&settings, &self.keyed, self.spec.source.display);
        if self.told.as_ref() == Some(&observation) {
            return true;
        }
        self.told = Some(observation.clone());
        self.hand_on(observation).await
    }

    fn live(&self, backend: Backend) -> Option<Observation> {
        let name = self.spec.name_of(self.spec.places.first()?, backend);
        self.ends.reader.source(&name).ok().flatten().map(|state| state.observation)
    }

    async fn hand_on(&self, observation: Observation) -> bool {
        let observed = Observed {
            name: self.name.clone(),
            path: format!("what is in force against {}", self.config),
            spec: Arc::clone(&self.spec.source),
            sight: Sight::Whole { observation, content: None, unreadable: Vec::new() },
            problems: Vec::new(),
            observed_ms: self.ends.clock.now_ms(),
            unobserved_since_ms: None,
            actor: None,
            clue: Clue::default(),
            meanings: Vec::new(),
        };
        self.ends.observed.send(Input::Observed(vec![observed])).await.is_ok()
    }
}

fn as_saved(state: &SourceState) -> Saved<'_> {
    Saved { path: &state.head.path, observation: &state.observation }
}

/// Whether a dump file is one of a backend, as far as its name tells: those of
/// iptables are written alike for both versions of IP.
fn is_for(backend: Backend, path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let is_v6 = file.contains("v6") || file.contains("ip6") || file.contains("6.rules");
    match backend {
        Backend::IptablesNft | Backend::IptablesLegacy => !is_v6,
        Backend::Ip6tablesNft | Backend::Ip6tablesLegacy => is_v6,
        Backend::Nft | Backend::Ipset => true,
    }
}

fn setting(backend: Backend, finding: &Finding) -> Setting {
    let key = ItemKey::from_bytes(format!("{}: {}", backend.as_str(), finding.about).as_bytes());
    let value = Value::text(finding.what.clone());
    Setting { key, value, line: None, template: None, file: None, secret: false }
}

#[cfg(test)]
mod tests;
