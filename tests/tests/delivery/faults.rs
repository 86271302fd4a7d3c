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
