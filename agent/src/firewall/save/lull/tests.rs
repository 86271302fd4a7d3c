use super::*;

const MS: Duration = Duration::from_millis(1);

fn lull() -> (Lull, Instant) {
    (Lull::default(), driftline_daemon::clock::monotonic())
}

#[test]
fn sets_that_nobody_works_on_are_listed_at_once() {
    let (lull, now) = lull();
    assert_eq!(lull.over(now), None);
}

#[test]
fn a_script_is_over_a_moment_after_its_last_run() {
    let (mut lull, now) = lull();
    for run in 0..5 {
        lull.began(now + 10 * run * MS);
        lull.ended(now + (10 * run + 3) * MS);
    }
    let ended = now + 43 * MS;
    assert_eq!(lull.over(ended), Some(ended + QUIET));
    assert_eq!(lull.over(ended + QUIET), None);
    lull.ended(now + Duration::from_secs(60));
    let again = now + Duration::from_secs(60);
    assert_eq!(lull.over(again), Some(again + QUIET), "the script before does not count");
}

#[test]
fn runs_without_end_are_not_waited_for_without_end() {
    let (mut lull, now) = lull();
    let mut listed = Vec::new();
    for at in (0..2000).step_by(10) {
        if lull.over(now + at * MS).is_none() {
            listed.push(at);
        }
        lull.began(now + at * MS);
        lull.ended(now + (at + 5) * MS);
    }
    assert_eq!(listed, [0, 500, 1000, 1500]);
}

#[test]
fn one_that_runs_is_waited_for_up_to_a_limit() {
    let (mut lull, now) = lull();
    lull.began(now);
    assert_eq!(lull.over(now + 1999 * MS), Some(now + RUN_MAX));
    lull.began(now + 1999 * MS);
    assert_eq!(lull.over(now + RUN_MAX), None);
}

#[test]
fn a_listing_gives_way_a_few_times_and_then_stands() {
    let (mut lull, mut now) = lull();
    for _ in 0..GIVES_WAY_MAX {
        assert!(lull.gives_way());
        lull.gave_way(now);
        assert!(lull.over(now).is_some(), "whoever made it give way is at work");
        now += RUN_MAX;
    }
    assert!(!lull.gives_way());
    lull.listed();
    assert!(lull.gives_way());
}
