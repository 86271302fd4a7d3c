//! The environment of real processes: started, restarted with another one,
//! ended, and held against the file.

use std::path::Path;
use std::process::{Child, Command};

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas, problems};

/// A program that runs until it is ended.
struct Service(Child);

impl Service {
    fn start(program: &Path, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        Self(command.arg("600").env_clear().envs(environment.iter().copied()).spawn().unwrap())
    }

    fn end(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn rig(selector: &str) -> Rig {
    let rig = Rig::new().source("env_file", "web", "web.env");
    std::fs::copy("/bin/sleep", rig.path("service")).unwrap();
    let path = rig.path("service").display().to_string();
    let selector = selector.replace("SERVICE", &path).replace("PID", &rig.path("service.pid").display().to_string());
    rig.table(&format!("kind = \"process_env\"\nname = \"web-live\"\nenv_file = \"web\"\npoll_s = 1\n{selector}"))
}

#[test]
fn a_restart_with_another_environment_is_a_change_and_a_stop_is_none() {
    let rig = rig("executable = \"SERVICE\"\n");
    rig.write("web.env", "DB_TIMEOUT=30s\nDB_PASSWORD=hunter2\n");
    let first = Service::start(&rig.path("service"), &[("DB_TIMEOUT", "30s"), ("DB_PASSWORD", "hunter2")]);
    let running = rig.start();
    running.until_value("web-live", "DB_TIMEOUT", Some("30s"));
    assert_eq!(problems(&running.records(), "web-live"), []);

    first.end();
    let reason = running.until_problem("web-live", ProblemKind::Missing);
    assert!(reason.contains("no such process runs"), "{reason}");
    assert_eq!(running.value("web-live", "DB_TIMEOUT").as_deref(), Some("30s"));

    let second = Service::start(&rig.path("service"), &[("DB_TIMEOUT", "5s"), ("DB_PASSWORD", "hunter3")]);
    let records = running.until_value("web-live", "DB_TIMEOUT", Some("5s"));
    let changed = deltas(&records, "web-live");
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].contains(&"DB_TIMEOUT=5s".to_owned()), "{changed:?}");
    let found = problems(&running.records(), "web-live");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .any(|(_, reason)| reason.starts_with("DB_TIMEOUT is 30s in the file, 5s in the process, started 2"))
    );
    assert!(!format!("{:?}", running.records()).contains("hunter"));

    // The file follows: nothing is pending any more.
    rig.replace("web.env", "DB_TIMEOUT=5s\nDB_PASSWORD=hunter3\n");
    running.until_no_problem("web-live");
    second.end();
}

#[test]
fn the_process_of_a_pid_file_compares_with_its_file() {
    let rig = rig("pid_file = \"PID\"\n");
    rig.write("web.env", "PORT=8080\nNAME='a b'\n");
    let service = Service::start(&rig.path("service"), &[("PORT", "8080"), ("NAME", "a b"), ("INVOCATION_ID", "1")]);
    rig.write("service.pid", &format!("{}\n", service.0.id()));
    let running = rig.start();
    running.until_value("web-live", "NAME", Some("a b"));
    let state = |name: &str| running.value(name, "PORT");
    assert_eq!(state("web"), state("web-live"));
    assert_eq!(running.value("web-live", "INVOCATION_ID"), None);
    assert_eq!(problems(&running.records(), "web-live"), []);
    service.end();
}
