use super::*;

#[test]
fn ticks_are_read_behind_a_name_with_spaces_and_parentheses() {
    let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 17 9 9 20 0 4 0 100 1000 50";
    assert_eq!(ticks(stat), 267);
    assert_eq!(ticks(""), 0);
}

#[test]
fn numbers_are_found_by_their_name() {
    let text = "VmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\nvoluntary_ctxt_switches:\t17\n";
    assert_eq!(kib(text, "VmRSS:"), 2 * 1024 * 1024);
    assert_eq!(number(text, "voluntary_ctxt_switches:"), 17);
    assert_eq!(number(text, "Pss:"), 0);
}

#[test]
fn this_process_is_seen_working() {
    let before = Look::at(std::process::id());
    let begun = Instant::now();
    let mut sum = 0u64;
    while begun.elapsed() < Duration::from_millis(60) {
        sum = std::hint::black_box(sum.wrapping_add(1));
    }
    let after = Look::at(std::process::id());
    let spent = after.since(&before);
    assert!(spent.cpu >= Duration::from_millis(5), "{spent:?}");
    assert!(after.resident > 0 && after.anonymous <= after.resident, "{after:?}");
    assert!(peak(std::process::id()) >= after.resident / 2);
}

#[test]
fn a_family_ends_together() {
    let mut parent = Command::new("sh").args(["-c", "sleep 600 & wait"]).spawn().unwrap();
    let child = driftline_tests::process::eventually("a child", || {
        let children = threads(parent.id()).map(|dir| read_text(&dir.join("children"))).collect::<String>();
        children.split_whitespace().next().and_then(|id| id.parse::<u32>().ok())
    });
    end_family(parent.id(), true);
    parent.wait().unwrap();
    driftline_tests::process::eventually("the child ended", || {
        let status = read_text(&of(child, "status"));
        (status.is_empty() || status.contains("State:\tZ")).then_some(())
    });
}

#[test]
fn what_children_have_resident_is_counted_and_said() {
    let alone = Look::at(std::process::id()).children;
    let mut parent = Command::new("sh").args(["-c", "sleep 600 & wait"]).spawn().unwrap();
    let look = driftline_tests::process::eventually("a child with memory", || {
        let look = Look::at(parent.id());
        (look.children > 0).then_some(look)
    });
    assert!(look.resident > look.children, "the parent has memory of its own: {look:?}");
    assert!(Look::at(std::process::id()).children >= alone + look.resident, "children of children count");
    end_family(parent.id(), true);
    parent.wait().unwrap();
}
