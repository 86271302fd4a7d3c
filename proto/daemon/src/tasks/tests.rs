use std::io;

use super::*;

const GRACE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn no_task_is_no_failure() {
    Tasks::new(CancellationToken::new()).join(GRACE).await.unwrap();
}

#[tokio::test]
async fn the_first_failure_stops_the_rest_and_is_the_one_reported() {
    let mut tasks = Tasks::new(CancellationToken::new());
    let stop = tasks.stop();
    tasks.spawn("patient", async move {
        stop.cancelled().await;
        Err(io::Error::other("second"))
    });
    tasks.spawn("broken", async { Err(io::Error::other("first")) });
    let failure = tasks.join(GRACE).await.unwrap_err();
    assert_eq!(failure.to_string(), "task `broken` failed");
    assert_eq!(failure.source().unwrap().to_string(), "first");
}

#[tokio::test]
async fn a_panic_is_a_failure_with_its_name() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.spawn("buggy", async {
        let none: Option<i32> = None;
        assert!(none.is_some(), "a bug");
        Ok::<(), io::Error>(())
    });
    let failure = tasks.join(GRACE).await.unwrap_err();
    assert_eq!(failure.to_string(), "task `buggy` panicked: a bug");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_stop_is_named_after_the_grace() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.spawn("deaf", std::future::pending::<Result<(), io::Error>>());
    tasks.spawn("deaf-too", std::future::pending::<Result<(), io::Error>>());
    tasks.spawn("good", async { Ok::<(), io::Error>(()) });
    let stop = tasks.stop();
    stop.cancel();
    let began = Instant::now();
    let failure = tasks.join(GRACE).await.unwrap_err();
    assert_eq!(failure.to_string(), "did not stop within 5 s: deaf, deaf-too");
    assert_eq!(began.elapsed().as_secs(), GRACE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_not_hidden_by_those_that_end_late() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.spawn("deaf", std::future::pending::<Result<(), io::Error>>());
    tasks.spawn("broken", async { Err(io::Error::other("disk full")) });
    assert_eq!(tasks.join(GRACE).await.unwrap_err().to_string(), "task `broken` failed");
}

#[tokio::test]
async fn blocking_tasks_are_owned_too() {
    let mut tasks = Tasks::new(CancellationToken::new());
    let stop = tasks.stop();
    tasks.spawn_blocking("thread", move || {
        stop.cancel();
        Err::<(), _>(io::Error::other("no disk"))
    });
    assert_eq!(tasks.len(), 1);
    assert!(matches!(tasks.join(GRACE).await, Err(TaskFailure::Failed { name: "thread", .. })));
}

#[tokio::test]
async fn a_group_takes_no_more_than_its_limit() {
    let group = Group::new("connection", 2, CancellationToken::new());
    for _ in 0..2 {
        let stop = group.stop();
        group.spawn(async move { stop.cancelled().await }).unwrap();
    }
    let full = group.spawn(async {}).unwrap_err();
    assert_eq!(full.to_string(), "2 `connection` tasks are running, which is the limit");
    assert_eq!(group.len(), 2);
    group.join(GRACE).await.unwrap();
    assert!(group.is_empty());
}

#[tokio::test]
async fn a_group_has_room_again_when_a_task_ends() {
    let group = Group::new("connection", 1, CancellationToken::new());
    let (done, wait) = tokio::sync::oneshot::channel::<()>();
    group.spawn(async move { _ = wait.await }).unwrap();
    assert!(group.spawn(async {}).is_err());
    done.send(()).unwrap();
    while !group.is_empty() {
        tokio::task::yield_now().await;
    }
    group.spawn(async {}).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_group_names_what_does_not_end() {
    let group = Group::new("connection", 4, CancellationToken::new());
    group.spawn(std::future::pending()).unwrap();
    let failure = group.join(GRACE).await.unwrap_err();
    assert_eq!(failure.to_string(), "did not stop within 5 s: connection");
    assert!(group.spawn(async {}).is_err(), "a group that ended takes nothing");
}
