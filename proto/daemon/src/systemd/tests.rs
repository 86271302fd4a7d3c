use std::cell::Cell;
use std::rc::Rc;

use super::*;

#[test]
fn without_a_service_manager_nothing_happens() {
    ready();
    status("12 sources\nREADY=1");
    stopping();
}

#[test]
fn the_watchdog_beats_twice_per_limit_but_not_faster_than_a_second() {
    assert_eq!(beat(Duration::from_secs(30)), Duration::from_secs(15));
    assert_eq!(beat(Duration::from_millis(300)), BEAT_MIN);
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_beats_until_it_is_stopped() {
    let stop = CancellationToken::new();
    let beats = Rc::new(Cell::new(0));
    let counted = Rc::clone(&beats);
    let ended = stop.clone();
    tokio::join!(beat_until(stop, Duration::from_secs(15), move || counted.set(counted.get() + 1)), async move {
        tokio::time::sleep(Duration::from_secs(50)).await;
        ended.cancel();
    });
    assert_eq!(beats.get(), 3);
}

#[tokio::test]
async fn no_watchdog_is_no_task() {
    assert_eq!(watchdog(CancellationToken::new()).await, Ok(()));
}

/// Runs a child test with a service manager's socket; gives what was told to
/// it. A process of its own, because the variables are read from there.
fn told_by(test: &str, variables: &[(&str, &str)]) -> Vec<String> {
    use std::os::unix::net::UnixDatagram;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored"])
        .env("NOTIFY_SOCKET", &path)
        .env_remove("WATCHDOG_PID")
        .envs(variables.iter().copied())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed");
    let mut told = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length) = socket.recv(&mut buffer) {
        told.push(String::from_utf8(buffer[..length].to_vec()).unwrap().trim_end().to_owned());
    }
    told
}

#[test]
#[ignore = "run by the tests of the service manager, in its own process"]
fn child_that_lives() {
    ready();
    status("12 sources\nWATCHDOG=trigger\u{1b}");
    stopping();
}

#[tokio::test]
#[ignore = "run by the tests of the service manager, in its own process"]
async fn child_that_beats() {
    let stop = CancellationToken::new();
    let beats = stop.clone();
    tokio::join!(
        async {
            watchdog(beats).await.unwrap();
        },
        async {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            stop.cancel();
        }
    );
}

#[test]
fn the_service_manager_is_told_in_datagrams() {
    let told = told_by("systemd::tests::child_that_lives", &[]);
    assert_eq!(told, ["READY=1", "STATUS=12 sources WATCHDOG=trigger", "STOPPING=1"]);
}

#[test]
fn a_socket_that_is_gone_fails_nothing() {
    let gone = [("NOTIFY_SOCKET", "/nonexistent/notify")];
    assert_eq!(told_by("systemd::tests::child_that_lives", &gone), Vec::<String>::new());
}

#[test]
fn the_watchdog_is_fed_twice_within_its_limit() {
    let told = told_by("systemd::tests::child_that_beats", &[("WATCHDOG_USEC", "2000000")]);
    assert!(told.len() >= 2, "{told:?}");
    assert!(told.iter().all(|line| line == "WATCHDOG=1"), "{told:?}");
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let variables = [("WATCHDOG_USEC", "2000000"), ("WATCHDOG_PID", "1")];
    assert_eq!(told_by("systemd::tests::child_that_beats", &variables), Vec::<String>::new());
}
