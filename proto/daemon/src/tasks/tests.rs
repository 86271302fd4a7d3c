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
    assert_eq!(
        full.to_string(),
        "no more `connection` tasks are taken: 2 are running, which is the limit, or they are to stop"
    );
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

#[tokio::test]
async fn a_task_that_ends_well_stops_nobody() {
    let mut tasks = Tasks::new(CancellationToken::new());
    let stop = tasks.stop();
    let (done, wait) = tokio::sync::oneshot::channel::<()>();
    tasks.spawn("short", async move {
        done.send(()).unwrap();
        Ok::<(), io::Error>(())
    });
    tasks.spawn("long", async move {
        _ = wait.await;
        tokio::task::yield_now().await;
        if stop.is_cancelled() { Err(io::Error::other("stopped by one that ended well")) } else { Ok(()) }
    });
    assert_eq!(tasks.len(), 2);
    tasks.join(GRACE).await.unwrap();
}

#[tokio::test]
async fn a_panic_tells_what_it_can() {
    for (what, payload) in [
        ("words", Box::new("words") as Box<dyn std::any::Any + Send>),
        ("made up", Box::new("made up".to_owned())),
        ("no message", Box::new(7_u8)),
    ] {
        let mut tasks = Tasks::new(CancellationToken::new());
        tasks.spawn("buggy", async move {
            if !payload.is::<bool>() {
                std::panic::resume_unwind(payload);
            }
            Ok::<(), io::Error>(())
        });
        let failure = tasks.join(GRACE).await.unwrap_err();
        assert_eq!(failure.to_string(), format!("task `buggy` panicked: {what}"));
    }
}

#[tokio::test]
async fn a_panic_stops_the_rest_too() {
    let mut tasks = Tasks::new(CancellationToken::new());
    let stop = tasks.stop();
    tasks.spawn_blocking("buggy", || -> Result<(), io::Error> { std::panic::resume_unwind(Box::new("bug")) });
    tasks.spawn("patient", async move {
        stop.cancelled().await;
        Ok::<(), io::Error>(())
    });
    assert!(matches!(tasks.join(GRACE).await, Err(TaskFailure::Panicked { name: "buggy", .. })));
}

#[tokio::test(start_paused = true)]
async fn a_failure_within_the_grace_is_still_the_one_reported() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.stop().cancel();
    tasks.spawn("flushing", async {
        tokio::time::sleep(GRACE / 2).await;
        Err(io::Error::other("disk full"))
    });
    assert_eq!(tasks.join(GRACE).await.unwrap_err().to_string(), "task `flushing` failed");
}

#[tokio::test(start_paused = true)]
async fn the_grace_begins_with_the_stop_and_not_before() {
    let mut tasks = Tasks::new(CancellationToken::new());
    let stop = tasks.stop();
    tasks.spawn("long", async move {
        tokio::time::sleep(100 * GRACE).await;
        stop.cancel();
        tokio::time::sleep(GRACE / 2).await;
        Ok::<(), io::Error>(())
    });
    tasks.join(GRACE).await.unwrap();
}

#[tokio::test]
async fn a_group_of_no_place_takes_nothing() {
    let group = Group::new("connection", 0, CancellationToken::new());
    assert_eq!(group.spawn(async {}), Err(GroupFull { name: "connection", limit: 0 }));
    group.join(GRACE).await.unwrap();
}

#[tokio::test]
async fn a_group_that_was_asked_to_stop_takes_nothing() {
    let stop = CancellationToken::new();
    let group = Group::new("connection", 5, stop.child_token());
    group.spawn(async {}).unwrap();
    stop.cancel();
    assert!(group.spawn(async {}).is_err());
    group.join(GRACE).await.unwrap();
}

#[tokio::test]
async fn a_task_of_a_group_that_panics_frees_its_place() {
    let group = Group::new("connection", 1, CancellationToken::new());
    group.spawn(async { std::panic::resume_unwind(Box::new("a bug for one peer")) }).unwrap();
    while !group.is_empty() {
        tokio::task::yield_now().await;
    }
    let clone = group.clone();
    clone.spawn(std::future::pending()).unwrap();
    assert!(group.spawn(async {}).is_err(), "clones share the places");
    assert_eq!(group.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_counts_each_that_is_late() {
    let group = Group::new("connection", 4, CancellationToken::new());
    for _ in 0..3 {
        group.spawn(std::future::pending()).unwrap();
    }
    group.spawn(async {}).unwrap();
    let failure = group.join(GRACE).await.unwrap_err();
    assert_eq!(failure.to_string(), "did not stop within 5 s: connection, connection, connection");
}
