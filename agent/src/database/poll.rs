//! The task that asks one server, again and again, and hands on what it says.
//!
//! A server that is down, slow or hostile costs one connection attempt now and
//! then; its source keeps its last known settings and gets a problem. It never
//! takes silence for a change.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::digest::KeyedDigest;
use driftline_canon::limits::PROBLEMS_MAX;
use driftline_canon::{Item, KeyEpoch, Observation, Problem, SourceName};
use driftline_daemon::Clock;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ask::{Session, Target};
use super::finding::{self, FileReading, Live};
use super::{Answer, DatabaseError};
use crate::config::SourceSpec;
use crate::journal::entry::Fingerprint;
use crate::journal::{Input, JournalReader, chain};
use crate::observe::{Clue, Observed, Sight};

/// The longest pause between two attempts to reach a server that is not there.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Turns until a server is asked for everything although it says that nothing
/// changed: rights are granted and files mended without a word.
const TURNS_TO_FULL: u32 = 30;

/// One `database_settings` source.
#[derive(Debug)]
pub struct DatabaseSpec {
    /// Its name and policy.
    pub source: Arc<SourceSpec>,
    /// Which server.
    pub target: Target,
    /// How often it is asked.
    pub every: Duration,
    /// The `database_config` source of its files, to be held against it.
    pub config: Option<SourceName>,
}

/// What the task needs.
#[derive(Debug)]
pub struct Ends {
    /// To the journal.
    pub observed: mpsc::Sender<Input>,
    /// What the journal knows of the server's files.
    pub reader: JournalReader,
    /// Makes digests.
    pub keyed: KeyedDigest,
    /// Of which key.
    pub keyed_epoch: KeyEpoch,
    /// The time.
    pub clock: Clock,
    /// When the agent last ran; none: never.
    pub last_alive_ms: Option<i64>,
    /// When to end.
    pub stop: CancellationToken,
}

/// The task.
#[derive(Debug)]
pub struct Poller {
    spec: Arc<DatabaseSpec>,
    ends: Ends,
    session: Option<Session>,
    /// What stands for the answer that was handed on last.
    print: Option<[u8; 32]>,
    files: Vec<FileReading>,
    turns: u32,
    failures: u32,
    /// The failure that was told last.
    told: Option<String>,
    /// When the server was seen last.
    seen_ms: Option<i64>,
}

impl Poller {
    /// A task that has not begun.
    #[must_use]
    pub fn new(spec: Arc<DatabaseSpec>, ends: Ends) -> Self {
        let seen_ms = ends.last_alive_ms;
        Self { spec, ends, session: None, print: None, files: Vec::new(), turns: 0, failures: 0, told: None, seen_ms }
    }

    /// Asks until it is stopped.
    ///
    /// # Errors
    /// Never: what goes wrong is a problem of the source.
    pub async fn run(mut self) -> Result<(), Infallible> {
        let stop = self.ends.stop.clone();
        let asking = async {
            while self.turn().await {
                tokio::time::sleep(self.pause()).await;
            }
        };
        stop.run_until_cancelled(asking).await;
        Ok(())
    }

    fn pause(&self) -> Duration {
        let factor = 1_u32 << self.failures.saturating_sub(1).min(5);
        (self.spec.every * factor).min(RETRY_MAX.max(self.spec.every))
    }

    /// One turn; false when the journal has ended.
    async fn turn(&mut self) -> bool {
        let files = self.files();
        let full = self.turns.is_multiple_of(TURNS_TO_FULL) || files != self.files;
        self.turns = self.turns.wrapping_add(1);
        let unless = self.print.filter(|_| !full);
        let asked_ms = self.ends.clock.now_ms();
        match self.ask(unless).await {
            Ok(answer) => {
                self.failures = 0;
                self.files = files;
                let going_on = match answer {
                    Some(answer) => self.answered(answer, asked_ms).await,
                    None => true,
                };
                self.seen_ms = Some(asked_ms);
                going_on
            }
            Err(error) => {
                self.session = None;
                self.print = None;
                self.failures = self.failures.saturating_add(1);
                self.failed(&error, asked_ms).await
            }
        }
    }

    async fn ask(&mut self, unless: Option<[u8; 32]>) -> Result<Option<Answer>, DatabaseError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.spec.target).await?,
        };
        let answer = session.ask(unless).await?;
        self.session = Some(session);
        Ok(answer)
    }

    async fn answered(&mut self, answer: Answer, observed_ms: i64) -> bool {
        if self.told.take().is_some() {
            tracing::info!(source = %self.spec.source.name, "the database server can be asked again");
        }
        let policy = self.spec.source.display;
        let keyed = &self.ends.keyed;
        let observation = Observation::of_settings(&answer.settings, keyed, policy);
        let live = Live { settings: &answer.settings, observation: &observation, origins: &answer.origins };
        let mut problems = answer.problems;
        problems.extend(answer.awaiting.iter().map(|one| finding::awaiting(one, keyed, policy)));
        if !self.files.is_empty() {
            problems.extend(finding::against_files(live, &self.files, keyed));
        }
        problems.truncate(PROBLEMS_MAX);
        let observation = match answer.hidden {
            Some(hidden) => self.with_last_known(observation, hidden),
            None => observation,
        };
        self.print = Some(answer.print);
        self.hand_on(Sight::Whole { observation, content: None, unreadable: Vec::new() }, problems, observed_ms).await
    }

    /// What could not be seen this time stays as it was last known: it is
    /// neither guessed nor taken for removed.
    fn with_last_known(&self, seen: Observation, hidden: fn(&str) -> bool) -> Observation {
        let source = &self.spec.source;
        let Ok(Some(known)) = self.ends.reader.source(&source.name) else { return seen };
        if known.fingerprint != Fingerprint::of(source, self.ends.keyed_epoch) {
            return seen;
        }
        let stays = |item: &&Item| hidden(item.key.as_str()) && seen.get(&item.key).is_none();
        let kept: Vec<Item> = known.observation.items().iter().filter(stays).cloned().collect();
        Observation::new(seen.into_items().into_iter().chain(kept).collect())
    }

    /// Told once for each reason, however often it is tried.
    async fn failed(&mut self, error: &DatabaseError, observed_ms: i64) -> bool {
        let reason = chain(error);
        if self.told.as_ref() == Some(&reason) {
            return true;
        }
        tracing::warn!(source = %self.spec.source.name, error = %reason, "the database server cannot be asked");
        let problems = vec![Problem::whole(error.kind(), reason.clone())];
        self.told = Some(reason);
        self.hand_on(Sight::Unreadable { metadata: Vec::new() }, problems, observed_ms).await
    }

    async fn hand_on(&mut self, sight: Sight, problems: Vec<Problem>, observed_ms: i64) -> bool {
        let observed = Observed {
            name: self.spec.source.name.clone(),
            path: self.spec.target.endpoint.to_string(),
            spec: Arc::clone(&self.spec.source),
            sight,
            problems,
            observed_ms,
            unobserved_since_ms: self.seen_ms,
            actor: None,
            clue: Clue::default(),
            meanings: Vec::new(),
        };
        self.ends.observed.send(Input::Observed(vec![observed])).await.is_ok()
    }

    /// What the journal knows of the server's files. That it cannot be read
    /// for a moment is no reason to tell of differences anew.
    fn files(&self) -> Vec<FileReading> {
        let Some(config) = &self.spec.config else { return Vec::new() };
        let Ok(Some(found)) = self.ends.reader.sources_of(config) else { return self.files.clone() };
        found.into_iter().map(|state| FileReading { path: state.head.path, observation: state.observation }).collect()
    }
}

#[cfg(test)]
mod tests;
