//! A unit of a real systemd: booted in a container of its own, over this host's
//! `/usr`, which it cannot write, and an empty `/` in memory.
//!
//! It knows nothing of this host's systemd, and this host's knows nothing of it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas, problems};

/// Set inside of the container.
const INSIDE: &str = "DRIFTLINE_BOOTED";

/// Seconds for boot, test and halt: they take three.
const CONTAINER_S_MAX: &str = "120";

/// Whether such a container can be had: as root it must, unless this is itself
/// a container that may not make one.
fn may_boot() -> bool {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("skipped: booting a container needs root");
        return false;
    }
    let works = |command: &mut Command| command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !works(Command::new("unshare").args(["--mount", "--pid", "--fork", "--mount-proc", "true"])) {
        eprintln!("skipped: this machine gives no namespaces");
        return false;
    }
    let there = works(Command::new("systemd-nspawn").arg("--version").stdout(Stdio::null()));
    assert!(there, "`systemd-nspawn` is not installed; tests/run installs it");
    true
}

#[test]
fn a_unit_of_a_booted_systemd_waits_for_its_restart() {
    if !may_boot() {
        return;
    }
    let shared = tempfile::tempdir().unwrap();
    let unit = "[Unit]\nDefaultDependencies=no\nSuccessAction=exit\nFailureAction=exit\n\
         [Service]\nType=oneshot\nStandardOutput=file:/shared/out\nStandardError=file:/shared/err\n\
         ExecStart=/tests --exact booted::inside_of_it --ignored --nocapture\n";
    fs::write(shared.path().join("inner.service"), format!("{unit}Environment={INSIDE}=1\n")).unwrap();
    let bind = |option: &str, from: &std::path::Path, to: &str| format!("--{option}={}:{to}", from.display());
    let output = Command::new("timeout")
        .args([CONTAINER_S_MAX, "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes"])
        .args(["--register=no", "--keep-unit", "--private-network", "--console=pipe"])
        .arg(format!("--machine=driftline-{}", std::process::id()))
        .arg(bind("bind-ro", &std::env::current_exe().unwrap(), "/tests"))
        .arg(bind("bind", shared.path(), "/shared"))
        .arg(bind("bind-ro", &shared.path().join("inner.service"), "/etc/systemd/system/inner.service"))
        .args(["--boot", "systemd.unit=inner.service", "systemd.firstboot=off", "systemd.condition-first-boot=no"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = |name: &str| fs::read_to_string(shared.path().join(name)).unwrap_or_default();
    let console = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let (out, err) = (said("out"), said("err"));
    assert!(out.contains("1 passed") && output.status.success(), "{out}\n{err}\n{console}");
}

fn systemctl(arguments: &[&str]) {
    let output = Command::new("systemctl").args(arguments).output().unwrap();
    assert!(output.status.success(), "systemctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "runs in its own process, inside of the container that the test above boots"]
fn inside_of_it() {
    if std::env::var_os(INSIDE).is_none() {
        return;
    }
    let rig = Rig::new()
        .source("env_file", "web", "web.env")
        .table("kind = \"process_env\"\nname = \"web-live\"\nunit = \"web.service\"\nenv_file = \"web\"\npoll_s = 1\n");
    rig.write("web.env", "DB_TIMEOUT=30s\nDB_PASSWORD=hunter2\n");
    let service = format!(
        "[Unit]\nDefaultDependencies=no\n[Service]\nEnvironmentFile={}\nExecStart=sleep 600\n",
        rig.path("web.env").display()
    );
    fs::create_dir_all("/run/systemd/system").unwrap();
    fs::write("/run/systemd/system/web.service", service).unwrap();
    systemctl(&["daemon-reload"]);
    systemctl(&["start", "web.service"]);
    let running = rig.start();
    running.until_value("web-live", "DB_TIMEOUT", Some("30s"));
    assert_eq!(problems(&running.records(), "web-live"), []);

    rig.replace("web.env", "DB_TIMEOUT=5s\nDB_PASSWORD=hunter3\n");
    let reason = running.until_problem("web-live", ProblemKind::Pending);
    assert!(reason.contains("restart pending"), "{reason}");
    let all = format!("{:?}", problems(&running.records(), "web-live"));
    assert!(all.contains("DB_TIMEOUT is 5s in the file, 30s in the process, started "), "{all}");
    assert_eq!(running.value("web-live", "DB_TIMEOUT").as_deref(), Some("30s"), "it runs as before");

    systemctl(&["restart", "web.service"]);
    running.until_value("web-live", "DB_TIMEOUT", Some("5s"));
    running.until_no_problem("web-live");
    let changed = deltas(&running.records(), "web-live");
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(!format!("{:?}", running.records()).contains("hunter"));
}
