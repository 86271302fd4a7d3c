//! Looks at processes of a made tree, and what they come to.

use driftline_canon::{ItemKey, KeyEpoch};

use super::*;
use crate::config::Config;

const STARTED: u64 = 100 * TICKS_PER_SECOND;

struct Host {
    dir: tempfile::TempDir,
    looker: Looker,
    spec: Arc<SourceSpec>,
    course: Course,
}

impl Host {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().canonicalize().unwrap().join("web.env");
        let text = format!(
            "[[source]]\nkind = \"env_file\"\nname = \"web\"\npath = \"{}\"\n\
             [[source]]\nkind = \"process_env\"\nname = \"web-live\"\nunit = \"web.service\"\nenv_file = \"web\"\n",
            file.display()
        );
        let config = Config::parse("agent.toml".as_ref(), &text).unwrap();
        let key = FleetKey::new([7; 32], KeyEpoch(1));
        let looker = Looker::open(dir.path(), &key, Clock::manual(1)).unwrap();
        let host = Self { dir, looker, spec: Arc::clone(&config.sources[1]), course: Course::default() };
        host.write("proc/stat", "cpu 1\nbtime 1700000000\n");
        host
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self, pid: u32, started: u64, environ: &str) {
        let stat = format!("{pid} (web) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 {started} 99 100\n");
        self.write(&format!("proc/{pid}/stat"), &stat);
        self.write(&format!("proc/{pid}/environ"), environ);
    }

    fn group(&self, pids: &str) {
        self.write("sys/fs/cgroup/system.slice/web.service/cgroup.procs", pids);
    }

    fn look(&mut self) -> Looked {
        self.looker.look(&self.spec, self.spec.process().unwrap(), &mut self.course)
    }

    /// Looks until something is told.
    fn told(&mut self) -> Observed {
        assert!(self.look().observed.is_none(), "what is new is seen twice");
        *self.look().observed.unwrap()
    }
}

fn reasons(observed: &Observed) -> Vec<(ProblemKind, &str)> {
    observed.problems.iter().map(|one| (one.kind, one.reason.as_str())).collect()
}

#[test]
fn a_service_is_read_once_and_again_after_its_restart() {
    let mut host = Host::new();
    host.group("10\n");
    host.run(10, STARTED, "PORT=1\0");
    host.write("web.env", "PORT=1\n");
    let first = host.told();
    let Sight::Whole { observation, .. } = &first.sight else { panic!("{first:?}") };
    assert!(observation.get(&ItemKey::from_bytes(b"PORT")).is_some());
    assert!(first.problems.is_empty() && first.path == "unit web.service");
    let quiet = host.look();
    assert!(quiet.observed.is_none() && quiet.watched.len() == 1 && quiet.again == Duration::from_secs(10));

    host.group("11\n");
    host.run(11, STARTED + 1, "PORT=2\0");
    let second = host.told();
    assert_eq!(
        reasons(&second),
        [(
            ProblemKind::Pending,
            "PORT is 1 in the file, 2 in the process, started 2023-11-14 22:15 UTC: restart pending"
        )]
    );
}

#[test]
fn an_edited_file_waits_for_a_restart() {
    let mut host = Host::new();
    host.group("10\n");
    host.run(10, STARTED, "PORT=1\0DB_PASSWORD=hunter2\0");
    host.write("web.env", "PORT=1\nDB_PASSWORD=hunter2\n");
    assert!(host.told().problems.is_empty());
    host.write("web.env", "PORT=1\nDB_PASSWORD=hunter3\n");
    let found = host.told();
    assert!(found.problems.len() == 1 && found.problems[0].reason.contains("differs between"), "{found:?}");
    assert!(!format!("{found:?}").contains("hunter"));
}

#[test]
fn a_service_that_is_down_is_a_problem_and_no_change() {
    let mut host = Host::new();
    host.group("10\n");
    host.run(10, STARTED, "PORT=1\0");
    host.told();
    host.group("");
    let down = host.told();
    assert!(matches!(&down.sight, Sight::Unreadable { metadata } if metadata.is_empty()));
    assert_eq!(reasons(&down)[0].0, ProblemKind::Missing);
    assert!(host.look().observed.is_none());
}

#[test]
fn a_restart_within_a_second_is_no_problem() {
    let mut host = Host::new();
    host.group("10\n");
    host.run(10, STARTED, "PORT=1\0");
    host.told();
    host.group("");
    assert!(host.look().observed.is_none());
    host.group("11\n");
    host.run(11, STARTED + 50, "PORT=1\0");
    assert!(reasons(&host.told()).is_empty());
}

#[test]
fn processes_with_different_environments_are_named() {
    let mut host = Host::new();
    host.group("10\n11\n");
    host.run(10, STARTED, "PORT=1\0");
    host.run(11, STARTED + 1, "PORT=2\0");
    let found = host.told();
    assert_eq!(reasons(&found)[0].1, "pid 10 has another environment than 11: PORT; the first one counts");
}
