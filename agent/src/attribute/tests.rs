use std::path::Path;
use std::sync::Arc;

use driftline_canon::{Confidence, Evidence, Observation};
use tokio::sync::watch;

use super::*;
use crate::actor::audit::event::Filter;
use crate::actor::places::Places;
use crate::actor::process::Process;
use crate::actor::standing::Standing;
use crate::config::{Config, SourceSpec};
use crate::journal::{Gap, Mark};
use crate::observe::{Clue, MadeBy, PacketFilter, Sight};

struct Rig {
    inputs: mpsc::Sender<Input>,
    outputs: mpsc::Receiver<Input>,
    told: mpsc::Sender<Tidings>,
    _stage: tokio::task::JoinSet<Result<(), Infallible>>,
    spec: Arc<SourceSpec>,
}

const AT: i64 = 1_000_000;

impl Rig {
    /// A stage whose evidence, if `covered`, is that of audit rules for `/etc`.
    fn start(covered: bool) -> Self {
        let (inputs, seen) = mpsc::channel(INPUTS);
        let (attributed, outputs) = mpsc::channel(2);
        let (told, touches) = mpsc::channel(64);
        let (writers, _) = mpsc::channel(1);
        let places = Places::default();
        if covered {
            places.audited(vec![crate::actor::audit::rule::Rule::Tree("/etc".into())], true);
        }
        let actors = Actors {
            places,
            standing: Standing::default(),
            touches,
            legacy: watch::channel(Default::default()).1,
            writers,
        };
        let ends = Ends { inputs: seen, outputs: attributed };
        let mut stage = tokio::task::JoinSet::new();
        stage.spawn(Attribute::new(actors, ends, Clock::manual(AT)).run());
        let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/etc/a\"\n";
        let spec = Arc::clone(&Config::parse(Path::new("agent.toml"), text).unwrap().sources[0]);
        Self { inputs, outputs, told, _stage: stage, spec }
    }

    fn observed(&self, name: &str, observed_ms: i64) -> Observed {
        let files = vec![Path::new("/etc").join(name)];
        Observed {
            name: SourceName::new(name).unwrap(),
            path: name.to_owned(),
            spec: Arc::clone(&self.spec),
            sight: Sight::Whole { observation: Observation::new(Vec::new()), content: None, unreadable: Vec::new() },
            problems: Vec::new(),
            observed_ms,
            unobserved_since_ms: None,
            actor: None,
            meanings: Vec::new(),
            clue: Clue { by_event: true, files, ..Clue::default() },
        }
    }

    async fn see(&self, name: &str, observed_ms: i64) {
        self.inputs.send(Input::Observed(vec![self.observed(name, observed_ms)])).await.unwrap();
    }

    async fn tell(&self, name: &str, pid: u32, at_ms: i64) {
        let by = Arc::new(Process { user: Some(0), ..Process::unseen(pid) });
        let keys = vec![Key::Path(Path::new("/etc").join(name))];
        self.told.send(Tidings::Touches(vec![Touch { at_ms, keys, by, evidence: Evidence::Audit }])).await.unwrap();
    }

    /// What comes out next: a source and its actor's process, or what else.
    async fn next(&mut self) -> (String, Option<u32>) {
        match self.outputs.recv().await.unwrap() {
            Input::Observed(mut all) => {
                assert_eq!(all.len(), 1);
                let observed = all.pop().unwrap();
                (observed.name.as_str().to_owned(), observed.actor.and_then(|actor| actor.pid))
            }
            Input::Amend(amend) => (format!("amend {} {}", amend.source, amend.number.0), amend.actor.pid),
            Input::Mark(_) => ("mark".to_owned(), None),
        }
    }
}

#[tokio::test]
async fn evidence_that_is_there_goes_with_the_change_at_once() {
    let mut rig = Rig::start(true);
    rig.tell("a", 5, AT - 1).await;
    tokio::task::yield_now().await;
    let begin = Instant::now();
    rig.see("a", AT).await;
    assert_eq!(rig.next().await, ("a".to_owned(), Some(5)));
    assert!(begin.elapsed() < WAIT_MAX);
}

#[tokio::test]
async fn a_change_waits_for_its_evidence_and_no_longer_than_that() {
    let mut rig = Rig::start(true);
    let begin = Instant::now();
    rig.see("a", AT).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    rig.tell("a", 5, AT).await;
    assert_eq!(rig.next().await, ("a".to_owned(), Some(5)));
    assert!(begin.elapsed() < WAIT_MAX);
    let begin = Instant::now();
    rig.see("a", AT + 100).await;
    assert_eq!(rig.next().await, ("a".to_owned(), None));
    let waited = begin.elapsed();
    assert!(waited >= WAIT_MAX && waited < 2 * WAIT_MAX + Duration::from_millis(100), "{waited:?}");
}

#[tokio::test]
async fn evidence_that_comes_behind_amends_once() {
    let mut rig = Rig::start(true);
    rig.see("a", AT).await;
    assert_eq!(rig.next().await, ("a".to_owned(), None));
    rig.tell("b", 4, AT).await;
    rig.tell("a", 5, AT).await;
    assert_eq!(rig.next().await, ("amend a 1".to_owned(), Some(5)));
    rig.tell("a", 6, AT).await;
    rig.see("b", AT + 10).await;
    assert_eq!(rig.next().await.0, "b");
}

#[tokio::test]
async fn where_nobody_would_tell_nothing_waits() {
    let mut rig = Rig::start(false);
    let begin = Instant::now();
    for _ in 0..20 {
        rig.see("a", AT).await;
        assert_eq!(rig.next().await, ("a".to_owned(), None));
    }
    assert!(begin.elapsed() < WAIT_MAX * 10);
}

#[tokio::test]
async fn one_source_stays_in_order_and_holds_up_no_other() {
    let mut rig = Rig::start(true);
    rig.see("a", AT).await;
    // It does not come of an event, so it need not wait; but the first does.
    let mut second = rig.observed("a", AT + 1);
    second.clue.by_event = false;
    let mut other = rig.observed("b", AT + 1);
    other.clue.by_event = false;
    rig.inputs.send(Input::Observed(vec![second])).await.unwrap();
    rig.inputs.send(Input::Observed(vec![other])).await.unwrap();
    assert_eq!(rig.next().await.0, "b");
    let Input::Observed(all) = rig.outputs.recv().await.unwrap() else { panic!("observations") };
    assert_eq!(all.iter().map(|one| one.observed_ms).collect::<Vec<_>>(), [AT, AT + 1]);
}

#[tokio::test]
async fn a_mark_passes_nothing() {
    let mut rig = Rig::start(true);
    rig.see("a", AT).await;
    let gap = Gap { from_ms: 1, to_ms: 2, reason: "a test".to_owned() };
    rig.inputs.send(Input::Mark(Mark::Gap(gap))).await.unwrap();
    assert_eq!(rig.next().await.0, "a");
    assert_eq!(rig.next().await.0, "mark");
}

#[tokio::test]
async fn waits_of_a_burst_overlap_and_nothing_is_dropped() {
    const COUNT: usize = 10_000;
    let mut rig = Rig::start(true);
    let begin = Instant::now();
    let inputs = rig.inputs.clone();
    let all: Vec<Observed> = (0..COUNT).map(|n| rig.observed(&format!("s{n}"), AT)).collect();
    let mut senders = tokio::task::JoinSet::new();
    senders.spawn(async move {
        for observed in all {
            inputs.send(Input::Observed(vec![observed])).await.unwrap();
        }
    });
    let mut count = 0;
    while count < COUNT {
        match rig.outputs.recv().await.unwrap() {
            Input::Observed(all) => count += all.len(),
            other => panic!("{other:?}"),
        }
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn the_end_waits_for_nobody() {
    let mut rig = Rig::start(true);
    rig.see("a", AT).await;
    tokio::task::yield_now().await;
    let begin = Instant::now();
    drop(rig.inputs);
    let Some(Input::Observed(_)) = rig.outputs.recv().await else { panic!("the observation is handed on") };
    assert!(rig.outputs.recv().await.is_none());
    assert!(begin.elapsed() < WAIT_MAX);
}

#[tokio::test]
async fn the_process_that_the_kernel_named_with_the_change_is_exact() {
    let mut rig = Rig::start(false);
    let mut observed = rig.observed("a", AT);
    let name = driftline_daemon::files::read_limited(Path::new("/proc/self/comm"), 64).unwrap();
    let name = String::from_utf8(name).unwrap();
    observed.clue.made_by = Some(MadeBy::new(std::process::id(), name.trim_end()));
    rig.inputs.send(Input::Observed(vec![observed])).await.unwrap();
    let Input::Observed(all) = rig.outputs.recv().await.unwrap() else { panic!("an observation") };
    let actor = all[0].actor.clone().unwrap();
    assert_eq!((actor.confidence, actor.pid), (Confidence::Exact, Some(std::process::id())));
    assert_eq!(actor.evidence, [Evidence::Netlink, Evidence::Proc]);
    let mut gone = rig.observed("a", AT + 1);
    gone.clue.made_by = Some(MadeBy::new(u32::MAX - 1, "nft"));
    rig.inputs.send(Input::Observed(vec![gone])).await.unwrap();
    let Input::Observed(all) = rig.outputs.recv().await.unwrap() else { panic!("an observation") };
    let actor = all[0].actor.clone().unwrap();
    assert_eq!((actor.name.unwrap().as_str(), actor.user), ("nft", None));
    assert_eq!(actor.evidence, [Evidence::Netlink]);
}

#[tokio::test]
async fn a_source_that_shows_no_values_shows_no_arguments() {
    let mut rig = Rig::start(true);
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/etc/a\"\ndisplay = \"digest\"\n";
    rig.spec = Arc::clone(&Config::parse(Path::new("agent.toml"), text).unwrap().sources[0]);
    let by =
        Process { user: Some(0), command: Some(Process::command_of(b"sed\0-i\0s/A=1/A=2/")), ..Process::unseen(5) };
    let keys = vec![Key::Path("/etc/a".into())];
    let touch = Touch { at_ms: AT, keys, by: Arc::new(by), evidence: Evidence::Audit };
    rig.told.send(Tidings::Touches(vec![touch])).await.unwrap();
    tokio::task::yield_now().await;
    rig.see("a", AT).await;
    let Input::Observed(all) = rig.outputs.recv().await.unwrap() else { panic!("an observation") };
    assert_eq!(all[0].actor.as_ref().unwrap().command.as_ref().unwrap().as_str(), "sed");
}

/// An observation of live rules.
fn rules(rig: &Rig, name: &str, filter: Option<PacketFilter>) -> Observed {
    let mut observed = rig.observed(name, AT);
    observed.clue.files = Vec::new();
    observed.clue.filter = filter;
    observed
}

/// Somebody commits to a packet filter, and who is found of an observation.
async fn blamed(filter: PacketFilter, observed: impl Fn(&Rig) -> Observed) -> Option<(u32, Confidence)> {
    let mut rig = Rig::start(true);
    let by = Arc::new(Process { user: Some(0), ..Process::unseen(5) });
    let touch = Touch { at_ms: AT - 100, keys: vec![Key::Filter(filter)], by, evidence: Evidence::Audit };
    rig.told.send(Tidings::Touches(vec![touch])).await.unwrap();
    tokio::task::yield_now().await;
    rig.inputs.send(Input::Observed(vec![observed(&rig)])).await.unwrap();
    let Some(Input::Observed(all)) = rig.outputs.recv().await else { panic!("an observation") };
    all[0].actor.as_ref().map(|actor| (actor.pid.unwrap(), actor.confidence))
}

const OWN: Option<u64> = Some(4_026_531_840);

#[tokio::test]
async fn who_commits_to_nftables_has_changed_no_set_of_ipset_and_no_comparison() {
    let nft = PacketFilter { filter: Filter::Nft, network: OWN };
    for name in ["firewall/ipset", "firewall/at-reboot", "firewall/legacy-net/ipset"] {
        assert_eq!(blamed(nft, |rig| rules(rig, name, None)).await, None, "{name}");
    }
    let found = blamed(nft, |rig| rules(rig, "firewall/nft", Some(nft))).await;
    assert_eq!(found, Some((5, Confidence::Exact)));
    // A name is no backend.
    assert_eq!(blamed(nft, |rig| rules(rig, "firewall/legacy-net/nft", Some(nft))).await, found);
    let legacy = PacketFilter { filter: Filter::Legacy, network: OWN };
    assert_eq!(blamed(nft, |rig| rules(rig, "firewall/iptables-legacy", Some(legacy))).await, None);
}

#[tokio::test]
async fn who_changes_legacy_tables_of_another_namespace_is_nobody_here() {
    let here = PacketFilter { filter: Filter::Legacy, network: OWN };
    let observed = |rig: &Rig| rules(rig, "firewall/iptables-legacy", Some(here));
    assert_eq!(blamed(here, observed).await, Some((5, Confidence::Exact)));
    assert_eq!(blamed(PacketFilter { network: Some(7), ..here }, observed).await, None);
    // Of one that has ended nobody can say where it was.
    let ended = PacketFilter { network: None, ..here };
    assert_eq!(blamed(ended, observed).await, Some((5, Confidence::Probable)));
    let nowhere = |rig: &Rig| rules(rig, "firewall/iptables-legacy", Some(ended));
    assert_eq!(blamed(ended, nowhere).await, Some((5, Confidence::Probable)));
}

#[tokio::test]
async fn a_thread_that_committed_is_the_process_that_audit_names() {
    let mut rig = Rig::start(true);
    let nft = PacketFilter { filter: Filter::Nft, network: OWN };
    let thread = u32::MAX - 2;
    let by = Process { user: Some(0), login: Some(1000), thread: Some(thread), ..Process::unseen(8) };
    let touch = Touch { at_ms: AT, keys: vec![Key::Filter(nft)], by: Arc::new(by), evidence: Evidence::Audit };
    rig.told.send(Tidings::Touches(vec![touch])).await.unwrap();
    tokio::task::yield_now().await;
    let mut observed = rules(&rig, "firewall/nft", Some(nft));
    // It has ended: of it no more is known than what the kernel said.
    observed.clue.made_by = Some(MadeBy::new(thread, "firewalld"));
    rig.inputs.send(Input::Observed(vec![observed])).await.unwrap();
    let Some(Input::Observed(all)) = rig.outputs.recv().await else { panic!("an observation") };
    let actor = all[0].actor.clone().unwrap();
    assert_eq!((actor.pid, actor.login.map(|login| login.uid)), (Some(8), Some(1000)));
    assert_eq!(actor.evidence, [Evidence::Audit, Evidence::Netlink]);
}
