//! The journal against a naive model: random observations, acknowledgements,
//! folds, epochs, restarts and torn copies.
//!
//! The model is a collector that applies records one by one and an agent that
//! remembers what it saw; after every step both must be what the file says.
#![allow(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use driftline_agent::Config;
use driftline_agent::config::{JournalBounds, SourceSpec};
use driftline_agent::journal::recovery::{self, Opened, STATE_FILE};
use driftline_agent::journal::{
    self, Body, Entry, Gap, Input, Journal, JournalReader, JournalSettings, Mark, Meta, NameHash, Progress, Request,
    StoreError,
};
use driftline_agent::observe::{Clue, Observed, Sight};
use driftline_canon::{Digest, Item, ItemKey, KeyEpoch, Observation, Problem, ProblemKind, SourceName};
use driftline_daemon::Clock;
use proptest::prelude::*;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

const SOURCES: usize = 4;

/// Small enough to be full after a dozen records.
const BYTES_MAX: u64 = 2500;

#[derive(Debug, Clone)]
enum Step {
    See(usize, Vec<(u8, u8)>, Option<u8>),
    Unreadable(usize),
    Gap,
    /// Only the sources of these bits are configured.
    Retain(u8),
    SendAll(usize),
    /// So many hundredths of what is there.
    Ack(u64),
    BeginEpoch,
    Reopen,
    /// A copy of the file, whole and cut after so many hundredths.
    Copy(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let keys = prop::collection::vec((0..8_u8, 0..3_u8), 0..8);
    prop_oneof![
        12 => (0..SOURCES, keys, prop::option::weighted(0.2, 0..3_u8)).prop_map(|(at, keys, problem)| Step::See(at, keys, problem)),
        1 => (0..SOURCES).prop_map(Step::Unreadable),
        1 => Just(Step::Gap),
        1 => (0..16_u8).prop_map(Step::Retain),
        1 => (0..SOURCES).prop_map(Step::SendAll),
        3 => (0..=100_u64).prop_map(Step::Ack),
        1 => Just(Step::BeginEpoch),
        1 => Just(Step::Reopen),
        1 => (0..100_u64).prop_map(Step::Copy),
    ]
}

fn name(at: usize) -> SourceName {
    SourceName::new(format!("source-{at}")).unwrap()
}

fn observation(keys: &[(u8, u8)]) -> Observation {
    let item = |(key, value): &(u8, u8)| Item {
        key: ItemKey::from_bytes(&[b'A' + key]),
        digest: Digest([*value; 32]),
        secret: false,
        display: None,
        line: None,
        file: None,
    };
    Observation::new(keys.iter().map(item).collect())
}

fn spec() -> Arc<SourceSpec> {
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/app.env\"\n";
    Arc::clone(&Config::parse(Path::new("agent.toml"), text).unwrap().sources[0])
}

/// The journal, run on a thread of its own.
struct Open {
    inputs: mpsc::Sender<Input>,
    requests: mpsc::Sender<Request>,
    progress: watch::Receiver<Progress>,
    reader: JournalReader,
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Open {
    fn new(dir: &Path) -> Self {
        let opened = recovery::open(dir, 1).unwrap();
        assert!(opened.lost.is_none(), "{:?}", opened.lost);
        let sender = Journal::progress(&opened.meta);
        let progress = sender.subscribe();
        let (inputs, taken) = mpsc::channel(journal::INPUTS);
        let (requests, asked) = mpsc::channel(journal::REQUESTS);
        let bounds = JournalBounds { bytes_max: BYTES_MAX, age_max_ms: i64::MAX };
        let settings = JournalSettings { state_dir: dir.to_owned(), bounds, key_epoch: KeyEpoch(1) };
        let ends = journal::Ends { inputs: taken, requests: asked, progress: sender };
        let journal = Journal::new(opened, settings, Clock::manual(1_000), ends, CancellationToken::new());
        let reader = journal.reader();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime
                .block_on(async { tokio::task::spawn_blocking(move || journal.run(&Handle::current())).await.unwrap() })
        });
        Self { inputs, requests, progress, reader, thread }
    }

    fn send(&self, input: Input) {
        self.inputs.blocking_send(input).unwrap();
    }

    fn ask(&self, request: Request) {
        self.requests.blocking_send(request).unwrap();
    }

    /// Twice: the first word comes just before the progress is told.
    fn sync(&self) {
        for _ in 0..2 {
            let (tell, told) = oneshot::channel();
            self.send(Input::Mark(Mark::Durable(tell)));
            told.blocking_recv().unwrap();
        }
    }

    fn meta(&self) -> Meta {
        self.progress.borrow().meta.clone()
    }

    fn close(self) {
        drop((self.inputs, self.requests, self.progress, self.reader));
        self.thread.join().unwrap().unwrap();
    }
}

/// What a collector knows of a source.
#[derive(Debug, Clone, PartialEq, Default)]
struct Known {
    items: Observation,
    problems: Vec<String>,
}

type World = BTreeMap<SourceName, Known>;

/// Applies a record; what does not fit leaves the source to be asked for. Only
/// a fold may have dropped the record that made a source known.
fn apply(world: &mut World, asks: &mut HashSet<SourceName>, entry: &Entry, folded: bool) {
    let Some(source) = &entry.source else {
        return;
    };
    match &entry.body {
        Body::Delta(delta) => {
            let known = world.entry(source.name.clone()).or_default();
            match delta.apply(&known.items) {
                Ok(items) => known.items = items,
                Err(_) => _ = asks.insert(source.name.clone()),
            }
        }
        Body::Snapshot(all) => {
            world.entry(source.name.clone()).or_default().items = Observation::new(all.items.clone());
            assert_eq!(world[&source.name].items.root(), all.root, "a snapshot with another root than its items");
            asks.remove(&source.name);
        }
        Body::Problems(problems) => {
            assert!(folded || world.contains_key(&source.name), "problems of {}, which is not known", source.name);
            let known = world.entry(source.name.clone()).or_default();
            known.problems = problems.iter().map(|problem| problem.reason.clone()).collect();
        }
        Body::Retired(_) => {
            world.remove(&source.name);
            asks.remove(&source.name);
        }
        Body::Gap(_) | Body::Amendment(_) => {}
    }
}

struct Model {
    /// What the agent saw last.
    seen: World,
    /// What a collector has that has everything before the first record kept.
    base: World,
    entries: Vec<Entry>,
    meta: Meta,
    acked: u64,
    /// Records were dropped: roots need not fit any more.
    folded: bool,
}

impl Model {
    /// Holds the file against the model, and takes over what is new in it.
    fn check(&mut self, open: &Open, renumbered: bool) {
        let meta = open.meta();
        let records = open.reader.records(0, u64::MAX, usize::MAX).unwrap();
        let seqs: Vec<u64> = records.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (meta.first_seq..meta.next_seq).collect::<Vec<_>>(), "numbers have holes");
        let entries: Vec<Entry> = records.into_iter().map(|(_, entry)| entry).collect();
        let bytes: usize = entries.iter().map(|entry| postcard::to_stdvec(entry).unwrap().len()).sum();
        assert_eq!(meta.bytes, bytes as u64);
        if meta.epoch == self.meta.epoch {
            let gone = self.trim(meta.first_seq - 1);
            assert_eq!(entries[..self.entries.len() - gone], self.entries[gone..], "a record became another one");
        } else {
            // Full: trimmed, then folded, and said so. An epoch that was asked
            // for trims nothing, and may be too much for the journal: then it
            // is folded in the same transaction.
            let said = entries.iter().any(|entry| matches!(&entry.body, Body::Gap(gap) if gap.reason.contains("full")));
            assert!(said || renumbered, "folded without a word");
            if !renumbered {
                self.trim(self.acked);
            }
            self.folded |= said;
            self.acked = 0;
        }
        assert!(meta.bytes <= BYTES_MAX || entries.len() <= 2 * SOURCES + 3, "{} bytes are kept", meta.bytes);
        (self.entries, self.meta) = (entries, meta);
        self.check_state(open);
        self.check_replay(open);
    }

    /// The collector has everything up to there; tells how many records went.
    fn trim(&mut self, seq: u64) -> usize {
        let gone = usize::try_from((seq + 1).saturating_sub(self.meta.first_seq)).unwrap().min(self.entries.len());
        let mut asks = HashSet::new();
        self.entries[..gone].iter().for_each(|entry| apply(&mut self.base, &mut asks, entry, self.folded));
        gone
    }

    fn check_state(&self, open: &Open) {
        for at in 0..SOURCES {
            let found = open.reader.source(&name(at)).unwrap();
            let found = found.map(|state| {
                assert_eq!(state.head.root, state.observation.root());
                let problems = state.problems.iter().map(|problem| problem.reason.clone()).collect();
                Known { items: state.observation, problems }
            });
            assert_eq!(found.as_ref(), self.seen.get(&name(at)), "state of source {at}");
        }
    }

    /// State and journal agree at every place where a session may begin.
    fn check_replay(&mut self, open: &Open) {
        let (mut world, mut asks) = (self.base.clone(), HashSet::new());
        self.check_roots(open, &world, self.meta.first_seq);
        for (at, entry) in self.entries.iter().enumerate() {
            apply(&mut world, &mut asks, entry, self.folded);
            self.check_roots(open, &world, self.meta.first_seq + at as u64 + 1);
        }
        if world == self.seen && asks.is_empty() {
            return;
        }
        assert!(self.folded, "{world:?}\nis not\n{:?}", self.seen);
        // Whatever does not fit shows as another root; the rest is right, with
        // its problems.
        for (name, seen) in &self.seen {
            let fits = !asks.contains(name) && world.get(name).is_some_and(|known| known.items == seen.items);
            assert!(!fits || world[name].problems == seen.problems, "{name} keeps problems that are solved");
        }
    }

    fn check_roots(&self, open: &Open, world: &World, from: u64) {
        if self.folded {
            return;
        }
        let mut told = BTreeMap::new();
        let last = open.reader.next_roots(from, u64::MAX, |next| _ = told.insert(next.source.name, next.root)).unwrap();
        assert_eq!(last + 1, self.meta.next_seq);
        let root_of = |known: Option<&Known>| known.map_or(Observation::default().root(), |known| known.items.root());
        for (name, root) in &told {
            assert_eq!(*root, root_of(world.get(name)), "root of {name} before record {from}");
        }
        let untold: Vec<_> = world.keys().filter(|name| !told.contains_key(name)).collect();
        assert!(untold.is_empty(), "{untold:?} are not told before record {from}");
    }
}

fn observed(at: usize, sight: Sight, problems: Vec<Problem>) -> Input {
    Input::Observed(vec![Observed {
        name: name(at),
        path: format!("/source-{at}"),
        spec: spec(),
        sight,
        problems,
        observed_ms: 1_000,
        unobserved_since_ms: None,
        actor: None,
        clue: Clue::default(),
        meanings: Vec::new(),
    }])
}

fn take(model: &mut Model, open: &Open, step: &Step) {
    match step {
        Step::See(at, keys, problem) => {
            let problems: Vec<Problem> =
                problem.iter().map(|kind| Problem::whole(ProblemKind::Syntax, format!("problem {kind}"))).collect();
            let items = observation(keys);
            let reasons = problems.iter().map(|problem| problem.reason.clone()).collect();
            model.seen.insert(name(*at), Known { items: items.clone(), problems: reasons });
            open.send(observed(
                *at,
                Sight::Whole { observation: items, content: None, unreadable: Vec::new() },
                problems,
            ));
        }
        Step::Unreadable(at) => {
            // Settings stay, metadata is what was seen.
            let known = model.seen.entry(name(*at)).or_default();
            let state = Item { digest: Digest([99; 32]), ..observation(&[(20, 0)]).items()[0].clone() };
            let kept = known.items.items().iter().cloned().chain([state.clone()]);
            *known = Known { items: Observation::new(kept.collect()), problems: vec!["no".to_owned()] };
            let problem = Problem::whole(ProblemKind::Unreadable, "no");
            open.send(observed(*at, Sight::Unreadable { metadata: vec![state] }, vec![problem]));
        }
        Step::Gap => {
            open.send(Input::Mark(Mark::Gap(Gap { from_ms: 1, to_ms: 2, reason: "a test".to_owned() })));
        }
        Step::Retain(bits) => {
            let kept = (0..SOURCES).filter(|at| bits & (1 << at) != 0);
            let kept: HashSet<NameHash> = kept.map(|at| NameHash::of(name(at).as_str())).collect();
            model.seen.retain(|name, _| kept.contains(&NameHash::of(name.as_str())));
            open.send(Input::Mark(Mark::Retain(kept)));
        }
        Step::SendAll(at) => open.ask(Request::SendAll(vec![name(*at)])),
        Step::Ack(part) => {
            let seq = model.meta.first_seq - 1 + model.meta.records() * part / 100;
            model.acked = model.acked.max(seq);
            open.ask(Request::Acked { epoch: model.meta.epoch, seq });
            // One of another epoch counts for nothing.
            open.ask(Request::Acked { epoch: [0; 16], seq: u64::MAX });
        }
        Step::BeginEpoch => open.ask(Request::BeginEpoch { reason: "a test".to_owned() }),
        Step::Reopen | Step::Copy(_) => {}
    }
}

/// What a power cut leaves: everything that was said to be on disk; what a
/// damaged disk leaves: everything, or a word that it is lost.
fn check_copy(dir: &Path, model: &Model, part: u64) {
    let copy = tempfile::tempdir().unwrap();
    let to = copy.path().join(STATE_FILE);
    std::fs::copy(dir.join(STATE_FILE), &to).unwrap();
    let whole = |opened: &Opened| {
        assert_eq!(opened.meta, model.meta);
        let records = opened.store.view().unwrap().records(0, u64::MAX, usize::MAX).unwrap();
        assert!(records.into_iter().map(|(_, entry)| entry).eq(model.entries.iter().cloned()));
    };
    let opened = recovery::open(copy.path(), 2).unwrap();
    assert!(opened.lost.is_none());
    whole(&opened);
    drop(opened);
    std::fs::copy(dir.join(STATE_FILE), &to).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&to).unwrap();
    file.set_len(file.metadata().unwrap().len() * part / 100).unwrap();
    let opened = recovery::open(copy.path(), 3).unwrap();
    match &opened.lost {
        None if part == 0 => assert_eq!(opened.meta.next_seq, 1),
        None => whole(&opened),
        Some(lost) => {
            assert!(lost.aside.exists());
            let told = opened.store.view().unwrap().records(0, u64::MAX, usize::MAX).unwrap();
            assert!(matches!(&told[0].1.body, Body::Gap(gap) if gap.reason.contains("damaged")));
        }
    }
}

fn run(steps: &[Step]) {
    let dir = tempfile::tempdir().unwrap();
    let mut open = Open::new(dir.path());
    let meta = open.meta();
    let (seen, base) = (World::new(), World::new());
    let mut model = Model { seen, base, entries: Vec::new(), meta, acked: 0, folded: false };
    for step in steps {
        take(&mut model, &open, step);
        open.sync();
        model.check(&open, matches!(step, Step::BeginEpoch));
        match step {
            Step::Copy(part) => check_copy(dir.path(), &model, *part),
            Step::Reopen => {
                open.close();
                open = Open::new(dir.path());
                model.check(&open, false);
                model.acked = 0;
            }
            _ => {}
        }
    }
    open.close();
}

/// The same few cases every time; others, and as many as one likes, with
/// `PROPTEST_CASES`.
fn cases() -> ProptestConfig {
    let fixed = proptest::test_runner::RngSeed::Fixed(0x6a6f_7572_6e61_6c00);
    let (cases, rng_seed) = match std::env::var("PROPTEST_CASES") {
        Ok(_) => (ProptestConfig::default().cases, proptest::test_runner::RngSeed::Random),
        Err(_) => (48, fixed),
    };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 200, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]
    #[test]
    fn state_and_journal_agree_at_every_step(steps in prop::collection::vec(step(), 1..40)) {
        run(&steps);
    }
}

#[test]
fn d3_problems_of_a_source_survive_a_full_journal() {
    let mut steps = vec![
        Step::See(0, vec![(0, 0)], None),
        Step::Ack(100),
        Step::See(1, vec![(1, 1)], None),
        Step::See(0, vec![(0, 0)], Some(1)),
    ];
    steps.extend((0..80_u8).map(|round| Step::See(2, (0..8).map(|key| (key, (round + key) % 3)).collect(), None)));
    run(&steps);
}

#[test]
fn a_source_that_goes_and_comes_back_is_told_once() {
    let see = |value| Step::See(0, vec![(0, value)], Some(value));
    run(&[see(0), Step::Ack(100), see(1), Step::Retain(0), see(2), Step::Retain(0), see(0), Step::Reopen, see(2)]);
}
