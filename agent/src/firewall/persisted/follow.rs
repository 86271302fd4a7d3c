//! Holds live rules against their dump files whenever one side has changed, as
//! a source of its own: an item for each difference.
//!
//! It reads what the journal knows, and neither rules nor files.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::digest::KeyedDigest;
use driftline_canon::{FleetKey, Format, Item, ItemKey, Observation, Problem, ProblemKind, Setting, SourceName, Value};
use driftline_daemon::{Clock, Tasks, clock};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{Finding, Language, Saved, against_saved, is_empty, language_of};
use crate::firewall::{Backend, FirewallSpec};
use crate::journal::entry::{SourceState, Way};
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
    told: Option<(Observation, Vec<Problem>)>,
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
        let live: Vec<_> = BACKENDS.into_iter().filter_map(|backend| Some((backend, self.live(backend)?))).collect();
        let (mut settings, mut kept, mut problems) = (Vec::new(), Vec::new(), Vec::new());
        for (backend, rules) in &live {
            let files: Vec<_> = saved.iter().filter(|file| is_for(*backend, &file.head.path)).collect();
            if let Some(problem) = unreadable(*backend, rules, &files) {
                problems.push(problem);
                kept.extend(self.findings_of(*backend));
                continue;
            }
            // What iptables saves is loaded by one of its two kinds.
            if is_empty(&rules.observation) && live.iter().any(|other| stands_for(other, *backend)) {
                continue;
            }
            let files: Vec<_> = files.into_iter().map(as_saved).collect();
            let found = against_saved(&rules.observation, language(*backend), &files);
            settings.extend(found.iter().map(|finding| setting(*backend, finding)));
        }
        let found = Observation::of_settings(&settings, &self.keyed, self.spec.source.display);
        let observation = Observation::new(kept.into_iter().chain(found.into_items()).collect());
        let told = Some((observation.clone(), problems.clone()));
        if self.told == told {
            return true;
        }
        self.told = told;
        self.hand_on(observation, problems).await
    }

    fn live(&self, backend: Backend) -> Option<SourceState> {
        let name = self.spec.name_of(self.spec.places.first()?, backend);
        self.ends.reader.source(&name).ok().flatten()
    }

    /// What was found last of a backend, in this run or an earlier one.
    fn findings_of(&self, backend: Backend) -> Vec<Item> {
        let found = match &self.told {
            Some((observation, _)) => Some(observation.clone()),
            None => self.ends.reader.source(&self.name).ok().flatten().map(|state| state.observation),
        };
        let prefix = key_of(backend, "");
        let all = found.map(Observation::into_items).unwrap_or_default();
        all.into_iter().filter(|item| item.key.as_str().starts_with(&prefix)).collect()
    }

    async fn hand_on(&self, observation: Observation, problems: Vec<Problem>) -> bool {
        let observed = Observed {
            name: self.name.clone(),
            path: format!("what is in force against {}", self.config),
            spec: Arc::clone(&self.spec.source),
            sight: Sight::Whole { observation, content: None, unreadable: Vec::new() },
            problems,
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
    let (path, observation) = (state.head.path.as_str(), &state.observation);
    let named = match &state.fingerprint.way {
        Way::Named(format) => Format::from_name(format).and_then(language_in),
        _ => None,
    };
    let language = named.or_else(|| language_of(observation)).or_else(|| language_by_name(path));
    Saved { language, path, observation }
}

/// The language of a format.
fn language_in(format: Format) -> Option<Language> {
    match format {
        Format::Nft | Format::NftJson => Some(Language::Nft),
        Format::IptablesSave => Some(Language::Iptables),
        _ => None,
    }
}

/// The language of a backend.
fn language(backend: Backend) -> Language {
    if backend == Backend::Nft { Language::Nft } else { Language::Iptables }
}

/// The language of a file that holds nothing, as far as its name tells.
fn language_by_name(path: &str) -> Option<Language> {
    let has = |parts: &[&str]| parts.iter().any(|part| path.contains(part));
    if has(&["nft"]) {
        return Some(Language::Nft);
    }
    has(&["iptables", "ip6tables", "rules.v", "/ufw/"]).then_some(Language::Iptables)
}

/// Whether the rules of another backend are those that files of this one, which
/// holds none, load.
fn stands_for((other, rules): &(Backend, SourceState), backend: Backend) -> bool {
    let of_version = |backend| (language(backend), is_for(backend, "rules.v6"));
    let is_it = *other < backend || !is_empty(&rules.observation);
    *other != backend && is_it && of_version(*other) == of_version(backend)
}

/// Why one side is not known now.
fn unreadable(backend: Backend, live: &SourceState, files: &[&SourceState]) -> Option<Problem> {
    let is_unknown = |problem: &&Problem| problem.place.is_none() && problem.kind == ProblemKind::Unreadable;
    let missing = |problem: &&Problem| is_unknown(problem) || problem.kind == ProblemKind::Missing;
    let of_live = live.problems.iter().find(missing).map(|problem| ("what is in force", problem));
    let of_files = || files.iter().find_map(|file| Some((&*file.head.path, file.problems.iter().find(is_unknown)?)));
    let (side, problem) = of_live.or_else(of_files)?;
    let reason =
        format!("{}: {side} cannot be read, findings are those of before: {}", backend.as_str(), problem.reason);
    Some(Problem::whole(ProblemKind::Unreadable, reason))
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

fn key_of(backend: Backend, about: &str) -> String {
    format!("{}: {about}", backend.as_str())
}

fn setting(backend: Backend, finding: &Finding) -> Setting {
    let key = ItemKey::from_bytes(key_of(backend, &finding.about).as_bytes());
    let value = Value::text(finding.what.clone());
    Setting { key, value, line: None, template: None, file: None, secret: false }
}

#[cfg(test)]
mod tests;
