//! D2, D4: a full disk, and a network that cuts, delays, freezes and half-closes.

use std::fs;
use std::process::Command;
use std::time::Duration;

use driftline_tests::fleet::{APP_ENV, Agent, Fleet};
use driftline_tests::process::{eventually, succeed};
use driftline_tests::proxy::Proxy;

use super::{Writer, assert_unbroken, counter_changes, event_kinds, wait_for_counter, write_counter};

/// A fleet whose one agent reaches its collector through a proxy, with its
/// first counter there.
fn behind_a_proxy() -> (Fleet, Proxy, Agent) {
    let fleet = Fleet::start();
    let proxy = Proxy::start(format!("127.0.0.1:{}", fleet.ingest_port));
    let mut agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.configure(&format!("endpoints = [\"127.0.0.1:{}\"]", proxy.port()), APP_ENV);
    write_counter(&agent.files(), 1);
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 1);
    (fleet, proxy, agent)
}

#[test]
fn d4_cuts_delays_half_closed_and_frozen_connections_are_caught_up_in_order() {
    let (fleet, proxy, agent) = behind_a_proxy();

    let writer = Writer::start(&agent, 1, Duration::from_millis(10));
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(200));
        proxy.cut();
        std::thread::sleep(Duration::from_millis(200));
        proxy.half_close();
        proxy.delay(Duration::from_millis(50));
        std::thread::sleep(Duration::from_millis(300));
        proxy.delay(Duration::ZERO);
    }
    // Nothing passes and nobody says so, longer than the keep-alive waits.
    proxy.freeze(true);
    std::thread::sleep(Duration::from_secs(25));
    proxy.freeze(false);
    proxy.cut();
    let last = writer.stop();
    wait_for_counter(&fleet, "web-1", last);
    assert_unbroken(&counter_changes(&fleet), 1, last);
    let kinds = event_kinds(&fleet);
    assert!(!kinds.iter().any(|kind| kind == "root_mismatch" || kind == "sequence_gap"), "{kinds:?}");
}

#[test]
fn d4_five_seconds_of_latency_only_delay() {
    let (fleet, proxy, agent) = behind_a_proxy();
    proxy.delay(Duration::from_secs(5));
    write_counter(&agent.files(), 2);
    wait_for_counter(&fleet, "web-1", 2);
    assert_unbroken(&counter_changes(&fleet), 1, 2);
}

/// A small file system of its own over a directory, gone when dropped.
struct SmallDisk {
    at: std::path::PathBuf,
}

impl SmallDisk {
    fn mount(at: &std::path::Path, mib: u32) -> Self {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={mib}m,mode=0700");
        let _ = succeed(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at));
        Self { at: at.to_path_buf() }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

#[test]
fn d2_a_full_disk_of_the_collector_holds_changes_back_and_resumes_by_itself() {
    if !is_root() {
        assert!(std::env::var_os("CI").is_none(), "CI runs as root: this test must not be left out");
        eprintln!("left out: mounting a small file system needs root");
        return;
    }
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    let mut agent = agent;
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 1);
    fleet.stop_collector();

    // The same state again, on a disk with little room.
    let state = fleet.path("collector");
    let kept = fleet.path("collector.kept");
    fs::rename(&state, &kept).unwrap();
    let disk = SmallDisk::mount(&state, 24);
    let _ = succeed(Command::new("cp").arg("-a").arg(kept.join(".")).arg(&state));
    fleet.start_collector();
    fleet.wait_for_host("web-1", "connected");

    let filler = state.join("filler");
    let fill = Command::new("dd").args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}", filler.display())).output();
    assert!(!fill.unwrap().status.success(), "the disk never became full");
    let writer = Writer::start(&agent, 1, Duration::from_millis(2));
    eventually("the collector says that its disk is full", || {
        let log = fleet.collector_log().to_lowercase();
        (log.contains("no space") || log.contains("disk full") || log.contains("disk is full")).then_some(())
    });
    let last = writer.stop();
    fs::remove_file(filler).unwrap();
    wait_for_counter(&fleet, "web-1", last);
    assert_unbroken(&counter_changes(&fleet), 1, last);
    fleet.stop_collector();
    drop(disk);
}

/// Set in the process that has a network of its own.
const OWN_NETWORK: &str = "DRIFTLINE_TEST_OWN_NETWORK";

/// Whether this process has a network of its own, in which loopback can be made
/// bad. If not, it runs the test again in one, and fails with it.
fn in_own_network(test: &str) -> bool {
    if std::env::var_os(OWN_NETWORK).is_some() {
        return true;
    }
    let own = std::env::current_exe().unwrap();
    let script = r#"ip link set lo up && exec "$0" "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", script]).arg(own).args(["--exact", test, "--nocapture"]).env(OWN_NETWORK, "1");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    false
}

#[test]
fn d4_a_network_that_loses_every_tenth_packet_loses_no_change() {
    if !is_root() {
        assert!(std::env::var_os("CI").is_none(), "CI runs as root: this test must not be left out");
        eprintln!("left out: a network namespace needs root");
        return;
    }
    if !in_own_network("faults::d4_a_network_that_loses_every_tenth_packet_loses_no_change") {
        return;
    }
    let fleet = Fleet::start();
    let mut agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 1);
    // Both ways: what the agent sends, and what acknowledges it.
    let rules = format!(
        "add table inet loss\nadd chain inet loss in {{ type filter hook input priority 0; }}\n\
         add rule inet loss in tcp dport {port} numgen random mod 10 0 drop\n\
         add rule inet loss in tcp sport {port} numgen random mod 10 0 drop\n",
        port = fleet.ingest_port
    );
    fs::write(fleet.path("loss.nft"), rules).unwrap();
    let _ = succeed(Command::new("nft").arg("-f").arg(fleet.path("loss.nft")));
    let writer = Writer::start(&agent, 1, Duration::from_millis(10));
    std::thread::sleep(Duration::from_secs(5));
    let last = writer.stop();
    wait_for_counter(&fleet, "web-1", last);
    assert_unbroken(&counter_changes(&fleet), 1, last);
    let kinds = event_kinds(&fleet);
    assert!(!kinds.iter().any(|kind| kind == "root_mismatch" || kind == "sequence_gap"), "{kinds:?}");
}

#[test]
fn d2_a_read_only_state_directory_is_refused_by_its_name() {
    if !is_root() {
        assert!(std::env::var_os("CI").is_none(), "CI runs as root: this test must not be left out");
        eprintln!("left out: mounting needs root");
        return;
    }
    let fleet = Fleet::start();
    let mut agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    write_counter(&agent.files(), 1);
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 1);
    agent.stop();
    let state = agent.state_dir();
    let _ = succeed(Command::new("mount").arg("--bind").args([&state, &state]));
    let read_only = SmallDisk { at: state.clone() };
    let _ = succeed(Command::new("mount").args(["-o", "remount,bind,ro"]).arg(&state));
    let done = driftline_tests::process::output(&mut fleet.agent_command(&agent, "run"));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success(), "{said}");
    assert!(said.contains(&state.display().to_string()) && said.to_lowercase().contains("read-only"), "{said}");
    drop(read_only);
    write_counter(&agent.files(), 2);
    fleet.run(&mut agent);
    wait_for_counter(&fleet, "web-1", 2);
    assert_unbroken(&counter_changes(&fleet), 1, 2);
}
