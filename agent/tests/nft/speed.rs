//! How long it takes from a commit to what is handed on, beside `nft monitor`.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::rig::{Follower, Netns};

/// Times of so many commits with so many rules in place: from the command to
/// what is handed on, and to the line of an `nft monitor` beside it.
fn measure(rules: usize, commits: usize) -> Option<(Vec<Duration>, Vec<Duration>)> {
    let netns = Netns::new()?;
    let many: String = (0..rules)
        .map(|at| {
            format!("add rule inet t c ip saddr 10.{}.{}.1 tcp dport {} accept\n", at / 250, at % 250, at % 60_000)
        })
        .collect();
    netns.nft(&format!("table inet t {{ chain c {{ }}; chain d {{ }}; }}\n{many}"));
    let mut follower = Follower::of(&netns);
    follower.until_as_listed(&netns);
    let mut monitor = netns.spawn("nft monitor", Stdio::null());
    let (tell, told) = std::sync::mpsc::channel();
    let lines = BufReader::new(monitor.stdout.take().unwrap());
    let reading = std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok).filter(|line| line.starts_with("add rule")) {
            _ = tell.send((Instant::now(), line));
        }
    });
    std::thread::sleep(Duration::from_secs(1));
    let mut shell = netns.spawn("nft -i", Stdio::piped());
    let mut stdin = shell.stdin.take().unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for at in 0..commits {
        let begin = Instant::now();
        writeln!(stdin, "add rule inet t c udp dport {} accept", at % 60_000 + 1).unwrap();
        stdin.flush().unwrap();
        follower.changes();
        ours.push(begin.elapsed());
        theirs.push(told.recv_timeout(Duration::from_secs(5)).unwrap().0 - begin);
    }
    drop(stdin);
    shell.wait().unwrap();
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    reading.join().unwrap();
    ours.sort_unstable();
    theirs.sort_unstable();
    Some((ours, theirs))
}

fn show(rules: usize, commits: usize) {
    let Some((ours, theirs)) = measure(rules, commits) else { return };
    let at = |all: &[Duration], percent: usize| all[(all.len() - 1) * percent / 100];
    eprintln!(
        "{rules} rules: handed on p50 {:?} p99 {:?}; nft monitor p50 {:?} p99 {:?}",
        at(&ours, 50),
        at(&ours, 99),
        at(&theirs, 50),
        at(&theirs, 99)
    );
}

#[test]
fn a_commit_is_handed_on_soon() {
    let Some((ours, _)) = measure(1000, 50) else { return };
    assert!(ours[ours.len() / 2] < Duration::from_millis(100), "{ours:?}");
}

/// `cargo nextest run --run-ignored all --no-capture speed`.
#[test]
#[ignore = "a measurement"]
fn speed_by_the_number_of_rules() {
    for rules in [10, 1000, 20_000] {
        show(rules, 1000);
    }
}
