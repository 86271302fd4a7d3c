//! How files are written: renamed over, in place, in pieces, not at all.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::rig::{Rig, deltas, of};

#[test]
fn a_change_is_one_delta_with_the_key_and_its_value() {
    let rig = Rig::with_app();
    rig.write("app.env", "PORT=80\nHOST=a\n");
    let agent = rig.start();
    rig.write("app.env", "PORT=81\nHOST=a\n");
    let records = agent.until_value("app", "PORT", Some("81"));
    assert_eq!(deltas(&records, "app"), [["PORT=81"]]);
    assert!(of(&records, "app").last().unwrap().unobserved_since_ms.is_none());
}

#[test]
fn w3_atomic_rename_over_the_file() {
    let rig = Rig::with_app();
    rig.write("app.env", "PORT=1\n");
    let agent = rig.start();
    for round in 2..6 {
        rig.replace("app.env", &format!("PORT={round}\n"));
        agent.until_value("app", "PORT", Some(&round.to_string()));
    }
    assert_eq!(deltas(&agent.records(), "app"), [["PORT=2"], ["PORT=3"], ["PORT=4"], ["PORT=5"]]);
}

#[test]
fn w3_a_to_b_to_a_within_a_second_is_two_changes() {
    let rig = Rig::with_app();
    rig.write("app.env", "PORT=1\n");
    let agent = rig.start();
    rig.replace("app.env", "PORT=2\n");
    std::thread::sleep(Duration::from_millis(50));
    rig.replace("app.env", "PORT=1\n");
    let records = agent.until("two changes", |records| deltas(records, "app").len() == 2);
    assert_eq!(deltas(&records, "app"), [["PORT=2"], ["PORT=1"]]);
}

#[test]
fn w3_the_way_editors_save() {
    let rig = Rig::with_app();
    rig.write("app.env", "PORT=1\n");
    let agent = rig.start();
    // vim with `backupcopy=no`: the old file moves away, a new one is written.
    fs::rename(rig.path("app.env"), rig.path("app.env~")).unwrap();
    rig.write("app.env", "PORT=2\n");
    fs::remove_file(rig.path("app.env~")).unwrap();
    agent.until_value("app", "PORT", Some("2"));
    // sed -i: a temporary file with the old mode, renamed.
    rig.replace("app.env", "PORT=3\n");
    agent.until_value("app", "PORT", Some("3"));
    // A hard link in its place.
    rig.write("other.env", "PORT=4\n");
    fs::remove_file(rig.path("app.env")).unwrap();
    fs::hard_link(rig.path("other.env"), rig.path("app.env")).unwrap();
    agent.until_value("app", "PORT", Some("4"));
}

#[test]
fn w8_a_file_is_never_seen_half_written() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\nB=1\n");
    let agent = rig.start();
    for round in 2..5 {
        let mut file = fs::File::create(rig.path("app.env")).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        writeln!(file, "A={round}").unwrap();
        file.flush().unwrap();
        std::thread::sleep(Duration::from_millis(120));
        writeln!(file, "B={round}").unwrap();
        drop(file);
        agent.until_value("app", "B", Some(&round.to_string()));
    }
    assert_eq!(deltas(&agent.records(), "app"), [["A=2", "B=2"], ["A=3", "B=3"], ["A=4", "B=4"]]);
}

#[test]
fn w8_a_file_that_is_emptied_first_is_never_seen_empty() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\nB=1\n");
    let agent = rig.start();
    rig.write("app.env", "");
    std::thread::sleep(Duration::from_millis(80));
    rig.write("app.env", "A=2\nB=1\n");
    let records = agent.until_value("app", "A", Some("2"));
    assert_eq!(deltas(&records, "app"), [["A=2"]]);
    // An empty file that stays so is meant.
    rig.write("app.env", "");
    agent.until_value("app", "A", None);
}

#[test]
fn w8_a_writer_that_never_closes_is_read_at_the_latest_after_two_seconds() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=0\n");
    let agent = rig.start();
    let mut file = OpenOptions::new().append(true).open(rig.path("app.env")).unwrap();
    let begin = Instant::now();
    let mut seen = None;
    for round in 0..60 {
        writeln!(file, "K{round}=1").unwrap();
        std::thread::sleep(Duration::from_millis(60));
        if seen.is_none() && !deltas(&agent.records(), "app").is_empty() {
            seen = Some(begin.elapsed());
        }
    }
    let seen = seen.expect("it was never read");
    assert!((1900..3000).contains(&seen.as_millis()), "after {seen:?}");
    agent.until_value("app", "K59", Some("1"));
}

#[test]
fn w13_deleted_and_back() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    let agent = rig.start();
    fs::remove_file(rig.path("app.env")).unwrap();
    let records = agent.until_value("app", "@state", Some("absent"));
    assert_eq!(deltas(&records, "app").last().unwrap().len(), 5, "{records:?}");
    assert_eq!(agent.value("app", "A"), None);
    agent.until_problem("app", driftline_canon::ProblemKind::Missing);
    rig.write("app.env", "A=1\n");
    agent.until_value("app", "A", Some("1"));
    agent.until_no_problem("app");
}

#[test]
fn w14_mode_only() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    fs::set_permissions(rig.path("app.env"), fs::Permissions::from_mode(0o600)).unwrap();
    let agent = rig.start();
    fs::set_permissions(rig.path("app.env"), fs::Permissions::from_mode(0o644)).unwrap();
    let records = agent.until_value("app", "@mode", Some("0644"));
    assert_eq!(deltas(&records, "app"), [["@mode=0644"]]);
}

#[test]
fn w14_owner_only() {
    if crate::confined::left_out() {
        return;
    }
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\n");
    let agent = rig.start();
    std::os::unix::fs::chown(rig.path("app.env"), Some(1), Some(54_321)).unwrap();
    let records = agent.until_value("app", "@group", Some("54321"));
    assert_eq!(deltas(&records, "app"), [["@group=54321", "@owner=daemon"]]);
}

#[test]
fn w15_rewritten_without_a_difference_is_no_change() {
    let rig = Rig::with_app();
    rig.write("app.env", "A=1\nB=two words\n");
    let agent = rig.start();
    rig.write("app.env", "A=1\nB=two words\n");
    rig.replace("app.env", "# a comment\n\nB=\"two words\"\n\nA=1\n");
    agent.settle();
    assert_eq!(deltas(&agent.records(), "app"), Vec::<Vec<String>>::new());
    rig.write("app.env", "A=2\nB=two words\n");
    let records = agent.until_value("app", "A", Some("2"));
    assert_eq!(deltas(&records, "app"), [["A=2"]]);
}
