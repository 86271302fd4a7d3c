use super::*;

fn now() -> i32 {
    getpriority_process(Some(gettid())).unwrap()
}

#[test]
fn a_thread_comes_first_as_long_as_that_is_held_and_no_longer() {
    // Priorities are a thread's own.
    let thread = std::thread::spawn(|| {
        let before = now();
        let first = First::now();
        let during = now();
        let may = first.is_some();
        drop(first);
        (before, during, may, now())
    });
    let (before, during, may, after) = thread.join().unwrap();
    assert_eq!(before, after);
    assert_eq!(during, if may { FIRST } else { before }, "who may not goes on as he was");
}

#[test]
fn one_that_is_given_up_is_put_back_too() {
    let thread = std::thread::spawn(|| {
        let before = now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let listing = async {
            let _first = First::now();
            std::future::pending::<()>().await;
        };
        let moment = std::time::Duration::from_millis(5);
        let ended = runtime.block_on(async { tokio::time::timeout(moment, listing).await });
        assert!(ended.is_err());
        (before, now())
    });
    let (before, after) = thread.join().unwrap();
    assert_eq!(before, after);
}
