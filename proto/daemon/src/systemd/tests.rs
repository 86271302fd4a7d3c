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
