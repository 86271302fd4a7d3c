//! Real children, started and ended by their ids.

use std::time::Instant;

use super::*;
use crate::printer::Output;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[tokio::test]
async fn children_end_with_sigterm_in_turn() {
    let dir = tempfile::tempdir().unwrap();
    let mut children = Children::default();
    children.start("first", &mut shell("exec sleep 60"), dir.path().join("first.log")).unwrap();
    children.start("second", &mut shell("exec sleep 60"), dir.path().join("second.log")).unwrap();
    children.check().unwrap();
    let begun = Instant::now();
    children.stop(Printer::for_terminal(Output::Table)).await;
    assert!(begun.elapsed() < Duration::from_secs(GRACE_S_MAX), "none had to be killed");
    assert!(children.running.is_empty());
}

#[tokio::test]
async fn a_child_that_ended_by_itself_is_named_with_the_end_of_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut children = Children::default();
    let script = "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo cannot bind >&2; exit 78";
    children.start("the collector", &mut shell(script), dir.path().join("log")).unwrap();
    let failure = loop {
        match children.check() {
            Ok(()) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(failure) => break failure.to_string(),
        }
    };
    assert!(failure.starts_with("error: the collector ended (exit status: 78):\nline 5\n"), "{failure}");
    assert!(failure.ends_with("cannot bind"), "{failure}");
}

#[tokio::test]
async fn a_step_that_fails_repeats_what_it_said() {
    assert!(succeed("fine", &mut shell("exit 0")).await.is_ok());
    let failure = succeed("init", &mut shell("echo 'error: no room' >&2; exit 70")).await.unwrap_err().to_string();
    assert_eq!(failure, "error: init failed (exit status: 70):\nerror: no room");
    assert!(succeed("none", &mut Command::new("/nonexistent/program")).await.is_err());
}

#[tokio::test]
async fn what_is_configured_for_real_daemons_does_not_reach_them() {
    let script = "test -z \"$NOTIFY_SOCKET\" && test \"$NO_COLOR\" = 1";
    let mut command = shell(script);
    command.env("NOTIFY_SOCKET", "/run/notify");
    succeed("environment", &mut command).await.unwrap();
}
