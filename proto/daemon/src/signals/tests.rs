//! Signals reach every listener of a process, so the cases run one after
//! another in a single test.

use rustix::process::{Signal as Number, getpid, kill_process};

use super::*;

fn raise(signal: Number) {
    kill_process(getpid(), signal).unwrap();
}

#[tokio::test]
async fn each_signal_does_what_it_promises() {
    let stop = CancellationToken::new();
    let signals = stop_on_signals(stop.clone()).unwrap();
    let mut reloads = signals.reloads();
    let reloaded = signals.guard(async {
        raise(Number::HUP);
        reloads.changed().await.unwrap();
        *reloads.borrow()
    });
    assert_eq!(reloaded.await, Ok(1));
    assert!(!stop.is_cancelled(), "a reload is no stop");

    let signals = stop_on_signals(stop.clone()).unwrap();
    let drained = signals.guard(async {
        raise(Number::TERM);
        stop.cancelled().await;
        "drained"
    });
    assert_eq!(drained.await, Ok("drained"));

    let stop = CancellationToken::new();
    let signals = stop_on_signals(stop.clone()).unwrap();
    let stuck = signals.guard(async {
        raise(Number::INT);
        stop.cancelled().await;
        raise(Number::INT);
        std::future::pending::<()>().await;
    });
    assert_eq!(stuck.await, Err(Interrupted));
}
