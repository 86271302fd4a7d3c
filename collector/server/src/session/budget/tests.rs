use super::*;

fn host(name: &str) -> HostName {
    HostName::new(name).unwrap()
}

#[test]
fn a_flood_is_told_once_and_waits_while_others_do_not() {
    let (budgets, start) = (Budgets::default(), Instant::now());
    let burst = usize::try_from(ENTRIES_BURST).unwrap();
    assert!(!budgets.charge(&host("web-1"), burst, start));
    assert_eq!(budgets.wait(&host("web-1"), start), None, "exactly what it may");
    assert!(budgets.charge(&host("web-1"), 1_000, start), "over it, and told");
    assert!(!budgets.charge(&host("web-1"), 1_000, start), "told once");
    assert_eq!(budgets.wait(&host("web-1"), start), Some(Duration::from_secs(10)));
    assert_eq!(budgets.wait(&host("web-2"), start), None);
    assert!(!budgets.charge(&host("web-2"), 1_000, start));
    let later = start + Duration::from_secs(10);
    assert_eq!(budgets.wait(&host("web-1"), later), None, "paid back");
    assert!(!budgets.charge(&host("web-1"), 10, later), "still the same flood");
}

#[test]
fn after_a_long_quiet_a_new_flood_is_told_again() {
    let (budgets, start) = (Budgets::default(), Instant::now());
    let burst = usize::try_from(ENTRIES_BURST).unwrap();
    assert!(budgets.charge(&host("web-1"), burst + 1, start));
    let later = start + Duration::from_secs(3_600);
    assert!(budgets.charge(&host("web-1"), burst + 1, later));
}

#[test]
fn what_is_remembered_is_bounded() {
    let (budgets, start) = (Budgets::default(), Instant::now());
    for number in 0..HOSTS_KEPT {
        budgets.charge(&host(&format!("web-{number}")), 1, start);
    }
    budgets.charge(&host("one-more"), 1, start + Duration::from_secs(60));
    assert_eq!(budgets.0.lock().unwrap().len(), 1);
}
