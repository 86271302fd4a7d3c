//! A real journal and a real shipping stage, told what was observed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftline_agent::Config;
use driftline_agent::config::{JournalBounds, SourceSpec};
use driftline_agent::identity::Identity;
use driftline_agent::journal::{self, Input, Journal, JournalReader, JournalSettings, Mark, Progress, recovery};
use driftline_agent::observe::{Clue, ObservationNumber, Observed, Sight};
use driftline_agent::ship::Shipping;
use driftline_agent::status::{Link, StatusBoard};
use driftline_canon::{
    Actor, Digest, FleetKey, Item, ItemKey, KeyEpoch, Meaning, Observation, Problem, ProblemKind, Root, SourceName,
};
use driftline_daemon::{Clock, Tasks};
use driftline_wire::PeerIdentity;
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::collector::{Ca, PATIENCE};

const URI: &str = "driftline://agent/a-1/host/web-1/env/production/role/web";

/// Settings of a source, by key.
pub(crate) type Keys<'a> = &'a [(&'a str, u8)];

/// A running agent without its watch.
pub(crate) struct Agent {
    inputs: Option<mpsc::Sender<Input>>,
    pub(crate) reader: JournalReader,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) board: StatusBoard,
    pub(crate) stop: CancellationToken,
    shipping: Option<Shipping>,
    reloading: CancellationToken,
    tasks: Tasks,
    spec: Arc<SourceSpec>,
    at_ms: i64,
    pub(crate) known: BTreeMap<String, Observation>,
}

fn identity(ca: &Ca) -> Identity {
    let (certificate, key) = ca.issue(SanType::URI(URI.try_into().unwrap()), ExtendedKeyUsagePurpose::ClientAuth);
    Identity {
        peer: PeerIdentity::from_certificate(&certificate).unwrap(),
        certificate,
        ca: ca.der.to_vec(),
        key: Zeroizing::new(key.serialize_der()),
        enrol: Vec::new(),
        ingest: Vec::new(),
        fleet_key: FleetKey::new([7; 32], KeyEpoch(1)),
        not_before_ms: 0,
        not_after_ms: i64::MAX,
        confirmed: true,
    }
}

fn database() -> Arc<SourceSpec> {
    let text = "[[source]]\nkind = \"database_config\"\nserver = \"postgresql\"\nname = \"pg\"\npath = \"/pg.conf\"\n";
    Arc::clone(&Config::parse(Path::new("agent.toml"), text).unwrap().sources[0])
}

fn spec() -> Arc<SourceSpec> {
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/app.env\"\n";
    Arc::clone(&Config::parse(Path::new("agent.toml"), text).unwrap().sources[0])
}

pub(crate) fn observation(keys: Keys<'_>) -> Observation {
    let item = |(key, value): &(&str, u8)| Item {
        key: ItemKey::from_bytes(key.as_bytes()),
        digest: Digest([*value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    };
    Observation::new(keys.iter().map(item).collect())
}

impl Agent {
    /// An agent that ships from the beginning.
    pub(crate) fn start(state_dir: &Path, ca: &Ca, endpoints: &[&str]) -> Self {
        let mut agent = Self::idle(state_dir, ca, endpoints);
        agent.ship();
        agent
    }

    /// Over a state directory that outlives it. It ships when it is told to:
    /// sources that appear during Hello would begin a session anew.
    pub(crate) fn idle(state_dir: &Path, ca: &Ca, endpoints: &[&str]) -> Self {
        let clock = Clock::system();
        let stop = CancellationToken::new();
        let mut tasks = Tasks::new(stop.clone());
        let opened = recovery::open(state_dir, clock.now_ms()).unwrap();
        let sender = Journal::progress(&opened.meta);
        let progress = sender.subscribe();
        let (inputs, taken) = mpsc::channel(journal::INPUTS);
        let (requests, asked) = mpsc::channel(journal::REQUESTS);
        let bounds = JournalBounds { bytes_max: 64 * 1024 * 1024, age_max_ms: 3_600_000 };
        let settings = JournalSettings { state_dir: state_dir.to_owned(), bounds, key_epoch: KeyEpoch(1) };
        let ends = journal::Ends { inputs: taken, requests: asked, progress: sender };
        let journal = Journal::new(opened, settings, clock.clone(), ends, stop.clone());
        let reader = journal.reader();
        tasks.spawn_blocking("journal", move || journal.run(&Handle::current()));
        let identity = identity(ca);
        let board = StatusBoard::new(&identity);
        let shipping = Shipping {
            state_dir: state_dir.to_owned(),
            identity,
            endpoints: endpoints.iter().map(|&endpoint| endpoint.to_owned()).collect(),
            instance: recovery::new_epoch(),
            reader: reader.clone(),
            requests,
            progress: progress.clone(),
            board: board.clone(),
            clock,
            reloading: CancellationToken::new(),
            stop: stop.clone(),
        };
        let (spec, known, at_ms) = (spec(), BTreeMap::new(), driftline_daemon::clock::now_ms());
        Self {
            inputs: Some(inputs),
            reloading: shipping.reloading.clone(),
            shipping: Some(shipping),
            reader,
            progress,
            board,
            stop,
            tasks,
            spec,
            at_ms,
            known,
        }
    }

    /// Its certificate ends so long from now, by a clock that is the test's.
    pub(crate) fn certificate_for(&mut self, life_ms: i64) -> Clock {
        let now_ms = driftline_daemon::clock::now_ms();
        let shipping = self.shipping.as_mut().unwrap();
        shipping.clock = Clock::manual(now_ms);
        (shipping.identity.not_before_ms, shipping.identity.not_after_ms) = (now_ms, now_ms + life_ms);
        shipping.clock.clone()
    }

    /// Begins to ship.
    pub(crate) fn ship(&mut self) {
        self.tasks.spawn("ship", self.shipping.take().unwrap().run());
    }

    /// A source was seen so; returns once that is on disk.
    pub(crate) async fn see(&mut self, name: &str, keys: Keys<'_>) {
        self.see_all(name, observation(keys), Vec::new()).await;
    }

    /// The same with one problem.
    pub(crate) async fn see_problem(&mut self, name: &str, keys: Keys<'_>, reason: &str) {
        let problem = Problem::whole(ProblemKind::Syntax, reason);
        self.see_all(name, observation(keys), vec![problem]).await;
    }

    /// The same by an observation of that number, as somebody's doing.
    pub(crate) async fn see_by(
        &mut self,
        name: &str,
        keys: Keys<'_>,
        number: u64,
        actor: Option<Actor>,
        meanings: Vec<(ItemKey, Meaning)>,
    ) {
        let clue = Clue { number: Some(ObservationNumber(number)), ..Clue::default() };
        self.take(name, observation(keys), Vec::new(), |observed| Observed { actor, clue, meanings, ..observed }).await;
    }

    /// Tells the journal something; returns once that is on disk.
    pub(crate) async fn say(&mut self, input: Input) {
        let inputs = self.inputs.as_ref().unwrap();
        inputs.send(input).await.unwrap();
        let (tell, told) = oneshot::channel();
        inputs.send(Input::Mark(Mark::Durable(tell))).await.unwrap();
        tokio::time::timeout(PATIENCE, told).await.unwrap().unwrap();
    }

    pub(crate) async fn see_all(&mut self, name: &str, observation: Observation, problems: Vec<Problem>) {
        self.take(name, observation, problems, |observed| observed).await;
    }

    async fn take(
        &mut self,
        name: &str,
        observation: Observation,
        problems: Vec<Problem>,
        more: impl FnOnce(Observed) -> Observed,
    ) {
        self.known.insert(name.to_owned(), observation.clone());
        self.at_ms += 1;
        let observed = Observed {
            name: SourceName::new(name).unwrap(),
            path: format!("/{name}"),
            spec: Arc::clone(&self.spec),
            sight: Sight::Whole { observation, content: None, unreadable: Vec::new() },
            problems,
            observed_ms: self.at_ms,
            unobserved_since_ms: None,
            actor: None,
            clue: Clue::default(),
            meanings: Vec::new(),
        };
        self.say(Input::Observed(vec![more(observed)])).await;
    }

    /// One root over all that was seen last.
    pub(crate) fn root(&self) -> Root {
        let roots: Vec<(&str, Root)> = self.known.iter().map(|(name, seen)| (name.as_str(), seen.root())).collect();
        Root::of_sources(roots.iter().map(|(name, root)| (*name, root)))
    }

    pub(crate) async fn until_link(&self, what: &str, is: impl Fn(&Link) -> bool) -> Link {
        for _ in 0..PATIENCE.as_millis() / 10 {
            let link = self.board.read().link;
            if is(&link) {
                return link;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{what}: {:?}", self.board.read().link);
    }

    /// Sources that are seen from now on are of a database.
    pub(crate) fn is_database(&mut self) {
        self.spec = database();
    }

    /// What follows is a reload and no stop.
    pub(crate) fn reload(&mut self) {
        self.reloading.cancel();
    }

    /// Asks it to stop, as SIGTERM does: the pipeline ends first.
    pub(crate) fn begin_to_stop(&mut self) {
        self.stop.cancel();
        self.inputs = None;
        self.shipping = None;
    }

    /// Stops it; panics when that takes longer than it may.
    pub(crate) async fn stopped_within(mut self, grace: Duration) {
        self.begin_to_stop();
        drop(self.progress);
        self.tasks.join(grace).await.unwrap();
    }

    pub(crate) async fn stop(self) {
        self.stopped_within(PATIENCE).await;
    }
}
