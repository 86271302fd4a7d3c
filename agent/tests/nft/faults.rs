//! What goes wrong: losses, strangers, children that die, programs that are not
//! there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use driftline_agent::firewall::event::Event;
use driftline_agent::firewall::netlink::{Asker, BUFFER_BYTES_MIN, Ear, NetlinkError};
use driftline_agent::firewall::tools::Tools;
use driftline_canon::ProblemKind;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::rig::{Follower, NEVER, Netns, PATIENCE, Told};

const BASE: &str = "table inet t { chain c { tcp dport 1 accept; }; }\n";

#[test]
fn f4_what_was_lost_is_said_and_the_generation_says_where_to_go_on() {
    let Some(netns) = Netns::new() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut ear = Ear::open(&netns.place(), 1).unwrap();
        let asker = Asker::open(&netns.place()).unwrap();
        let before = asker.generation().unwrap();
        let rules: String = (0..2000).map(|at| format!("add rule inet t c tcp dport {at} accept\n")).collect();
        netns.nft(&format!("{BASE}{rules}"));
        assert!(matches!(ear.hear().await, Err(NetlinkError::Overrun)));
        assert_eq!(asker.generation().unwrap(), before + 1);
        ear.make_room(1 << 20);
        // The kernel adds nothing more before what waits is taken.
        while tokio::time::timeout(Duration::from_millis(50), ear.hear()).await.is_ok() {}
        netns.nft("add table inet again\n");
        let mut heard = Vec::new();
        while !heard.iter().any(|event| matches!(event, Event::Generation { .. })) {
            heard.extend(ear.hear().await.unwrap_or_default());
        }
    });
}

#[test]
fn f4_a_burst_that_is_larger_than_any_buffer_ends_well() {
    let Some(netns) = Netns::new() else { return };
    netns.nft(BASE);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    // Behind a journal that takes nothing, what is told waits in the kernel, and
    // there is less room than for this.
    follower.stand(true);
    let long = "x".repeat(120);
    let rules: String =
        (0..3000).map(|at| format!("add rule inet t c tcp dport {at} log prefix \"{long}\" accept\n")).collect();
    for _ in 0..(3 * BUFFER_BYTES_MIN / (3000 * 2 * 200)) {
        netns.nft(&rules);
        netns.nft("flush chain inet t c\n");
    }
    netns.nft("add rule inet t c tcp dport 77 accept\n");
    follower.stand(false);
    let gaps = follower.until_as_listed(&netns);
    // Either of the two who listen may be the first that had no room.
    let is_loss =
        |reason: &String| reason.contains("more changes than there was room for") || reason.contains("has lost events");
    assert!(gaps.iter().any(is_loss), "{gaps:?}");
    // From there on each is told again.
    netns.nft("add rule inet t c tcp dport 78 accept\n");
    assert_eq!(follower.changes().0, ["+inet t/c: tcp dport 78 accept"]);
}

/// Sends bytes to a port of netlink as any process with the right may.
const SEND: &str = r#"
import socket, struct, sys
port = int(sys.argv[1])
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
name = b"forged\0\0"
attr = struct.pack("=HH", 4 + len(name), 1) + name
table = struct.pack("=IHHII", 20 + len(attr), 10 << 8, 0, 0, 0) + struct.pack("=BBH", 1, 0, 0) + attr
gen = struct.pack("=HH", 8, 1) + struct.pack(">I", 99999) + struct.pack("=HH", 8, 2) + struct.pack(">I", 1)
done = struct.pack("=IHHII", 20 + len(gen), 10 << 8 | 15, 0, 0, 0) + struct.pack("=BBH", 0, 0, 0) + gen
s.sendto(table + done, (port, 0))
s.sendto(table + done, (0, 1 << 6))
"#;

#[test]
fn f5_a_process_that_speaks_like_the_kernel_is_not_believed() {
    let Some(netns) = Netns::new() else { return };
    netns.nft(BASE);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    // Every socket that listens to commits, ours and that of `nft monitor`.
    let sockets = netns.run("cat /proc/net/netlink");
    let ports: Vec<&str> = sockets
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|one| one.len() > 4 && one[1] == "12" && one[3] != "00000000" && one[3] != "groups")
        .map(|one| one[2])
        .collect();
    assert!(ports.len() >= 2, "{sockets}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), SEND).unwrap();
    for port in ports {
        netns.run(&format!("python3 {} {port}", file.path().display()));
    }
    // Nothing came of it but a listing at most, and what follows is told.
    netns.nft("add rule inet t c tcp dport 2 accept\n");
    follower.until_as_listed(&netns);
    assert!(!follower.state.items().iter().any(|item| item.key.as_str().contains("forged")));
}

/// A program `nft` that does something before it becomes the real one.
fn nft_that(dir: &Path, before: &str) -> Tools {
    let program = dir.join("nft");
    std::fs::write(&program, format!("#!/bin/sh\n{before}\nexec /usr/sbin/nft \"$@\"\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    Tools::below([dir.to_owned()])
}

#[test]
fn f5_a_process_that_has_taken_the_port_of_nft_monitor_keeps_nobody_from_hearing() {
    let Some(netns) = Netns::new() else { return };
    netns.nft(BASE);
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let tools = nft_that(
        dir.path(),
        &format!(
            "if [ \"$2\" = monitor ]; then\n  echo $$ > {at}/new; /bin/mv {at}/new {at}/pid\n  \
             while [ ! -e {at}/taken ]; do /bin/sleep 0.01; done\nfi"
        ),
    );
    let mut follower = Follower::with(&netns, tools, NEVER, NEVER);
    let begin = Instant::now();
    let pid = loop {
        match std::fs::read_to_string(dir.path().join("pid")) {
            Ok(pid) => break pid.trim().parse::<u32>().unwrap(),
            Err(_) => assert!(begin.elapsed() < PATIENCE, "`nft monitor` is not started"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // What any user may do of a number that is still to come.
    let taken = netns.place().within(|| {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(rustix::net::netlink::NETFILTER),
        )?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(pid, 0)).map(|()| socket)
    });
    let _held = taken.unwrap().unwrap();
    std::fs::write(dir.path().join("taken"), "").unwrap();
    assert_eq!(follower.until_as_listed(&netns), Vec::<String>::new());
    netns.nft("add rule inet t c tcp dport 2 accept\n");
    assert_eq!(follower.changes().0, ["+inet t/c: tcp dport 2 accept"]);
}

#[test]
fn the_death_of_nft_monitor_is_noticed_and_made_good() {
    let Some(netns) = Netns::new() else { return };
    netns.nft(BASE);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    let pids = netns.processes("nft");
    assert_eq!(pids.len(), 1);
    netns.run(&format!("kill -9 {}", pids[0]));
    netns.nft("add rule inet t c tcp dport 2 accept\n");
    let Told::Gap(reason) = follower.next() else { panic!("no gap") };
    assert!(reason.contains("`nft monitor` has ended"), "{reason}");
    follower.until_as_listed(&netns);
    netns.nft("add rule inet t c tcp dport 3 accept\n");
    assert_eq!(follower.changes().0, ["+inet t/c: tcp dport 3 accept"]);
}

#[test]
fn without_nft_the_problem_says_what_is_missing() {
    let Some(netns) = Netns::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let tools = Tools::below([dir.path().to_owned()]);
    let mut follower = Follower::with(&netns, tools, Duration::from_millis(200), NEVER);
    let Told::Seen { observed, .. } = follower.next() else { panic!("a gap") };
    assert_eq!(observed.problems[0].kind, ProblemKind::Missing);
    assert!(observed.problems[0].reason.contains("`nft` is not installed"), "{:?}", observed.problems);
    // It is looked for again.
    std::os::unix::fs::symlink("/usr/sbin/nft", dir.path().join("nft")).unwrap();
    netns.nft(BASE);
    follower.until_as_listed(&netns);
}

#[test]
fn a_model_that_is_wrong_is_found_out_and_corrected() {
    let Some(netns) = Netns::new() else { return };
    netns.nft("table inet t { set d { type ipv4_addr; size 9; flags dynamic; }; chain c { type filter hook output priority 0; add @d { ip daddr } ; }; }\n");
    let mut follower = Follower::with(&netns, Tools::system(), NEVER, Duration::from_secs(1));
    follower.until_as_listed(&netns);
    // A packet adds an element, and the kernel tells nobody.
    netns.packet();
    assert!(netns.run("nft list set inet t d").contains("127.0.0.1"), "no packet was seen");
    netns.nft("add table inet more\n");
    let gaps = follower.until_as_listed(&netns);
    assert!(gaps.iter().any(|reason| reason.contains("was not as the kernel had told")), "{gaps:?}");
}

#[test]
fn no_name_of_an_object_becomes_a_command() {
    let Some(netns) = Netns::new() else { return };
    netns.nft(BASE);
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    netns.nft("add table inet x-y.z; add set inet x-y.z a.b-c { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }\n");
    follower.until_as_listed(&netns);
    netns.nft("add element inet x-y.z a.b-c { 11.0.0.0/8 }\n");
    assert_eq!(follower.changes().0.len(), 1);
    follower.until_as_listed(&netns);
}

#[test]
fn f8_what_comes_while_all_is_listed_again_is_a_gap_and_nobodys() {
    let Some(netns) = Netns::new() else { return };
    let sets: String = (0..20).map(|at| format!(" set s{at} {{ type ipv4_addr; flags interval; }}\n")).collect();
    netns.nft(&format!("{BASE}table inet w {{\n{sets}}}\n"));
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().display();
    let tools = nft_that(
        dir.path(),
        &format!(
            "if [ \"$2\" = list ] && [ -e {at}/slow ]; then\n  /bin/mv {at}/slow {at}/begun\n  \
             while [ ! -e {at}/go ]; do /bin/sleep 0.01; done\nfi"
        ),
    );
    let mut follower = Follower::with(&netns, tools, NEVER, NEVER);
    follower.until_as_listed(&netns);
    std::fs::write(dir.path().join("slow"), "").unwrap();
    // More ranges than are listed one by one.
    let elements: String = (0..20).map(|at| format!("add element inet w s{at} {{ 10.0.0.0/8 }}\n")).collect();
    netns.nft(&elements);
    let begin = Instant::now();
    while !dir.path().join("begun").exists() {
        assert!(begin.elapsed() < PATIENCE, "nothing is listed again");
        std::thread::sleep(Duration::from_millis(5));
    }
    netns.nft("add rule inet t c tcp dport 22 accept\n");
    netns.nft("flush chain inet t c\n");
    std::fs::write(dir.path().join("go"), "").unwrap();
    let Told::Gap(reason) = follower.next() else { panic!("no gap") };
    assert!(reason.contains("3 transactions were seen as one"), "{reason}");
    let Told::Seen { observed, .. } = follower.next() else { panic!("two gaps") };
    assert_eq!(observed.clue.made_by, None);
    follower.until_as_listed(&netns);
}
