//! The stages from watch to attribution over a directory of the test, and what
//! comes out of them.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use driftline_agent::Config;
use driftline_agent::actor;
use driftline_agent::actor::standing::{EvidenceStatus, Standing};
use driftline_agent::attribute::{self, Attribute};
use driftline_agent::journal::{Input, Mark};
use driftline_agent::observe::{self, ObservationNumber, Observed};
use driftline_agent::watch::{Watch, WatchSettings};
use driftline_canon::actor::Actor;
use driftline_canon::{FleetKey, KeyEpoch};
use driftline_daemon::{Clock, Tasks};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Rig {
    _dir: TempDir,
    pub(crate) path: PathBuf,
    inputs: Receiver<(Input, Instant)>,
    standing: Standing,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
    amends: Vec<(ObservationNumber, Actor)>,
}

/// What was observed of a change, and who made it, amended or not.
pub(crate) struct Change {
    pub(crate) observed: Observed,
    pub(crate) at: Instant,
}

impl Rig {
    /// Watches `app.env` with this `[actor]` table.
    pub(crate) fn start(table: &str) -> Self {
        Self::start_noting(table, b"[]")
    }

    /// The same, in the place of a run that noted down these rules of audit.
    pub(crate) fn start_noting(table: &str, rules: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let watched = base.join("etc");
        std::fs::create_dir_all(&watched).unwrap();
        let path = watched.join("app.env");
        std::fs::write(&path, "X=0\n").unwrap();
        let text = format!(
            "state_dir = \"{0}/state\"\n[actor]\n{table}\n[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"{1}\"\n",
            base.display(),
            path.display()
        );
        std::fs::create_dir_all(base.join("state")).unwrap();
        std::fs::write(base.join("state/audit-rules.json"), rules).unwrap();
        let config = Config::parse(Path::new("agent.toml"), &text).unwrap();
        let stop = CancellationToken::new();
        let (tell, told) = channel();
        let (tell_standing, told_standing) = channel();
        let stopping = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let mut tasks = Tasks::new(stopping);
                let mut outputs = stages(&mut tasks, &config, &tell_standing);
                tasks.spawn("collect", async move {
                    while let Some(input) = outputs.recv().await {
                        _ = tell.send((input, Instant::now()));
                    }
                    Ok::<(), std::convert::Infallible>(())
                });
                tasks.join(PATIENCE).await.unwrap();
            });
        });
        let standing = told_standing.recv_timeout(PATIENCE).unwrap();
        let mut rig = Self { _dir: dir, path, inputs: told, standing, stop, thread: Some(thread), amends: Vec::new() };
        rig.ready();
        rig
    }

    fn ready(&mut self) {
        loop {
            if let (Input::Mark(Mark::Durable(tell)), _) = self.inputs.recv_timeout(PATIENCE).unwrap() {
                // Nobody listens any more once the watch has begun.
                _ = tell.send(());
                break;
            }
        }
        // Marks and rules are set by threads of their own.
        std::thread::sleep(Duration::from_millis(150));
    }

    pub(crate) fn standing(&self) -> Vec<EvidenceStatus> {
        self.standing.all()
    }

    /// The next change that is observed.
    pub(crate) fn change(&mut self) -> Change {
        loop {
            match self.inputs.recv_timeout(PATIENCE).expect("a change is observed") {
                (Input::Observed(mut all), at) => {
                    if let Some(observed) = all.pop() {
                        return Change { observed, at };
                    }
                }
                (Input::Amend(amend), _) => self.amends.push((amend.number, amend.actor)),
                (Input::Mark(_), _) => {}
            }
        }
    }

    /// Waits until nothing more comes.
    pub(crate) fn quiet(&mut self, quiet: Duration) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Ok((input, at)) = self.inputs.recv_timeout(quiet) {
            match input {
                Input::Observed(all) => changes.extend(all.into_iter().map(|observed| Change { observed, at })),
                Input::Amend(amend) => self.amends.push((amend.number, amend.actor)),
                Input::Mark(_) => {}
            }
        }
        changes
    }

    /// Who made a change, as it is known in the end.
    pub(crate) fn actor(&self, change: &Change) -> Option<Actor> {
        let amended = self.amends.iter().rev().find(|(number, _)| Some(*number) == change.observed.clue.number);
        amended.map(|(_, actor)| actor.clone()).or_else(|| change.observed.actor.clone())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn stages(tasks: &mut Tasks, config: &Config, standing: &std::sync::mpsc::Sender<Standing>) -> mpsc::Receiver<Input> {
    let (clock, key) = (Clock::system(), FleetKey::new([7; 32], KeyEpoch(1)));
    let actors = actor::start(tasks, config, &clock);
    standing.send(actors.standing.clone()).unwrap();
    let places = actors.places.clone();
    let (observed, seen) = mpsc::channel(attribute::INPUTS);
    let (attributed, outputs) = mpsc::channel(2);
    let ends = attribute::Ends { inputs: seen, outputs: attributed };
    tasks.spawn("attribute", Attribute::new(actors, ends, clock.clone()).run());
    let (wish, wishes) = mpsc::channel(observe::QUEUE_BATCHES);
    let trails = observe::trail::Trails::default();
    let ends = observe::Ends { wishes, observed, trails: trails.clone() };
    observe::start(tasks, ends, &key, &clock);
    let settings = WatchSettings {
        sources: config.sources.clone(),
        reconcile: Duration::from_secs(3600),
        vanished: Vec::new(),
        elsewhere: Vec::new(),
        places,
        trails,
        last_alive_ms: None,
        clock,
    };
    let (ready, _) = oneshot::channel();
    let watch = Watch::new(settings, wish, tasks.stop());
    tasks.spawn_blocking("watch", move || watch.run(&Handle::current(), ready));
    outputs
}

/// Runs a script of a shell as somebody who logged in with that uid.
pub(crate) fn as_login(uid: u32, script: &str) -> bool {
    let script = format!("echo {uid} > /proc/self/loginuid && {script}; true");
    Command::new("sh").args(["-c", &script]).process_group(0).status().unwrap().success()
}

/// Says why a test is not run.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn skip(why: &str) {
    eprintln!("skipped: {why}");
}

/// Whether the test is root and may do everything here.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
