use proptest::prelude::*;

use super::*;

#[test]
fn v1_keys_are_these_bytes() {
    // Fixtures of format 1: they never change; a new format gets new ones.
    assert_eq!(source_key("web-1", "app"), b"web-1\0app");
    assert_eq!(item_key("web-1", "app", "DB_HOST"), b"web-1\0app\0DB_HOST");
    assert_eq!(joined(&["production"], &7_u64.to_be_bytes()), b"production\0\0\0\0\0\0\0\0\x07");
    assert_eq!(due_key(-1, 2), b"\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\x02");
    assert_eq!(ordered(0), [0x80, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((hour(7_200_000), hour(-1), minute(60_000), minute(-1)), (2, -1, 1, -1));
    assert_eq!(Flags { change: true, severity: Severity::Critical }.encode(), [1, 2]);
    assert_eq!(Flags { change: false, severity: Severity::Info }.encode(), [0, 0]);
    assert_eq!((FORMAT, FORMAT_OLDEST), (5, 1));
}

#[test]
fn v1_tables_have_these_names_and_prefixes() {
    use Table::*;
    let tables = [
        (Meta, "meta"),
        (Hosts, "hosts"),
        (Sources, "sources"),
        (Items, "items"),
        (History, "history"),
        (ByEnvironment, "by_environment"),
        (ByHost, "by_host"),
        (ByKey, "by_key"),
        (Hours, "hours"),
        (Counts, "counts"),
        (Tokens, "tokens"),
        (Operators, "operators"),
        (OperatorTokens, "operator_tokens"),
        (Outbox, "outbox"),
        (OutboxDue, "outbox_due"),
        (ByOpens, "by_opens"),
        (Amended, "amended"),
        (Documents, "documents"),
        (ByVerdict, "by_verdict"),
        (Rejudged, "rejudged"),
    ];
    for (prefix, (table, name)) in (1..).zip(tables) {
        assert_eq!((table.prefix(), table.name()), (prefix, name));
    }
}

#[test]
fn v4_keys_are_these_bytes() {
    assert_eq!(rejudged_key(1, 258), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
    let names = verdict_names(Verdict::OutOfBand, "production").unwrap();
    assert_eq!(names, ["out_of_band", "out_of_band/production"]);
    assert_eq!(verdict_names(Verdict::Undetermined, "production"), None);
}

#[test]
fn flags_that_nobody_wrote_are_refused() {
    assert_eq!(Flags::decode(&[1, 3]), None);
    assert_eq!(Flags::decode(&[2, 0]), None);
    assert_eq!(Flags::decode(&[1]), None);
}

#[test]
fn the_span_below_a_name_holds_its_keys_and_no_others() {
    let span = Span::below(&["web"]);
    let inside = |key: &[u8]| key >= span.from.as_slice() && key < span.to.as_deref().unwrap();
    assert!(inside(b"web\0") && inside(b"web\0a") && inside("web\0\u{10ffff}".as_bytes()));
    assert!(!inside(b"web") && !inside(b"web-1\0a") && !inside(b"we\0a") && !inside(b"webb\0"));
}

#[test]
fn the_highest_id_is_inside_its_span() {
    let span = Span::ids(b"p\0", 1, u64::MAX);
    let key = joined(&["p"], &u64::MAX.to_be_bytes());
    assert!(key >= span.from && key < span.to.unwrap());
}

proptest! {
    #[test]
    fn times_sort_as_bytes(a: i64, b: i64) {
        prop_assert_eq!(a.cmp(&b), ordered(a).cmp(&ordered(b)));
        prop_assert_eq!(from_ordered(ordered(a)), a);
    }

    #[test]
    fn ids_of_a_span_are_those_between(low: u64, high: u64, id: u64) {
        let span = Span::ids(b"x\0", low, high);
        let key = joined(&["x"], &id.to_be_bytes());
        let inside = key >= span.from && span.to.as_ref().is_none_or(|to| key < *to);
        prop_assert_eq!(inside, (low..=high).contains(&id));
        prop_assert_eq!(id_of(&key), Some(id));
    }
}
