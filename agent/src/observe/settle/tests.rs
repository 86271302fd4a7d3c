use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::Config;

struct Drive {
    settle: Settle,
    begin: Instant,
    now_ms: u64,
}

impl Drive {
    fn new() -> Self {
        Self { settle: Settle::default(), begin: driftline_daemon::clock::monotonic(), now_ms: 0 }
    }

    fn now(&self) -> Instant {
        self.begin + Duration::from_millis(self.now_ms)
    }

    fn at(&mut self, ms: u64) -> &mut Self {
        self.now_ms = ms;
        self
    }

    fn add(&mut self, id: u32, urgency: Urgency) -> &mut Self {
        let now = self.now();
        self.settle.add(look(id, urgency), now);
        self
    }

    fn due(&mut self) -> Vec<(u32, bool)> {
        let now = self.now();
        self.settle.take(10, now).into_iter().map(|due| (due.look.id.0, due.settled)).collect()
    }

    fn done(&mut self, id: u32, unsettled: bool) -> Ruling {
        let now = self.now();
        self.settle.done(SourceId(id), unsettled, now)
    }
}

fn look(id: u32, urgency: Urgency) -> Look {
    let text = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/a\"\n";
    let spec = Arc::clone(&Config::parse(Path::new("x"), text).unwrap().sources[0]);
    Look {
        id: SourceId(id),
        dir: Path::new("/").into(),
        name: OsStr::new("a").into(),
        spec,
        urgency,
        unobserved_since_ms: None,
        polled: None,
    }
}

#[test]
fn a_finished_write_is_due_at_once() {
    let mut drive = Drive::new();
    assert_eq!(drive.add(1, Urgency::Now).due(), [(1, false)]);
    assert_eq!(drive.done(1, false), Ruling::Keep);
    assert!(drive.settle.is_empty());
}

#[test]
fn w8_an_open_file_is_due_after_quiet() {
    let mut drive = Drive::new();
    drive.add(1, Urgency::Settle);
    assert_eq!(drive.at(200).add(1, Urgency::Settle).at(300).due(), []);
    assert_eq!(drive.at(450).due(), [(1, true)]);
}

#[test]
fn w8_an_open_file_is_due_at_the_latest_after_two_seconds() {
    let mut drive = Drive::new();
    for ms in (0..2000).step_by(100) {
        drive.at(ms).add(1, Urgency::Settle);
        assert_eq!(drive.due(), [], "at {ms}");
    }
    assert_eq!(drive.at(2000).due(), [(1, true)]);
    assert_eq!(drive.done(1, true), Ruling::Keep, "no time is left");
}

#[test]
fn w8_closing_ends_the_wait() {
    let mut drive = Drive::new();
    drive.add(1, Urgency::Settle);
    assert_eq!(drive.at(10).add(1, Urgency::Now).due(), [(1, false)]);
    assert_eq!(drive.settle.deadline(), None);
}

#[test]
fn w8_what_was_torn_or_written_meanwhile_is_looked_at_again() {
    let mut drive = Drive::new();
    assert_eq!(drive.add(1, Urgency::Now).due(), [(1, false)]);
    assert_eq!(drive.done(1, true), Ruling::Discard);
    assert_eq!(drive.at(250).due(), [(1, true)]);
    drive.add(1, Urgency::Settle);
    assert_eq!(drive.done(1, false), Ruling::Discard);
    assert_eq!(drive.at(500).due(), [(1, true)]);
    assert_eq!(drive.done(1, false), Ruling::Keep);
}

#[test]
fn a_source_is_never_looked_at_twice_at_once() {
    let mut drive = Drive::new();
    assert_eq!(drive.add(1, Urgency::Now).due(), [(1, false)]);
    drive.add(1, Urgency::Now).add(1, Urgency::Now);
    assert_eq!(drive.due(), []);
    assert_eq!(drive.done(1, false), Ruling::Keep);
    assert_eq!(drive.due(), [(1, false)]);
    assert_eq!(drive.done(1, false), Ruling::Keep);
    assert_eq!(drive.due(), []);
}

#[test]
fn stopping_waits_for_no_quiet() {
    let mut drive = Drive::new();
    drive.add(1, Urgency::Settle);
    drive.settle.hurry();
    assert_eq!(drive.due(), [(1, false)]);
    assert_eq!(drive.done(1, true), Ruling::Keep);
}
