use super::*;

#[test]
fn the_budget_goes_by_the_size() {
    let line =
        |items, feed_ms| pure_line(&Pure { size: "small".to_owned(), items, feed_ms, compare_ms: 1.0, differing: 28 });
    assert_eq!((line(200_000, 60.0).kept, line(200_000, 60.0).budget.as_str()), (Some(false), "50 ms"));
    assert_eq!((line(2_000_000, 60.0).kept, line(2_000_000, 60.0).budget.as_str()), (Some(true), "1 s"));
    assert_eq!(line(200_000, 12.0).what, "small, 28 differ");
    assert_eq!(line(200_000, 12.0).measured, "13.0 ms");
}

#[test]
fn what_is_meant_is_said_only_where_something_is() {
    let found = |expected, accepted| {
        let mut found: Comparison = serde_json::from_value(serde_json::json!({
            "schema_version": 1, "left": "staging", "right": "production", "left_hosts": 500, "right_hosts": 500,
            "keys": 200, "differing": 100, "undetermined": 0, "percent": "50.0", "metadata_differing": 0,
            "accepted": 0, "expected": 0, "violations": 0, "differences": [], "unchecked": []
        }))
        .unwrap();
        (found.expected, found.accepted) = (expected, accepted);
        what(500, &found)
    };
    assert_eq!(found(0, 0), "2 x 500 hosts x 200 keys through the API, 100 of 200 differ");
    assert_eq!(
        found(50, 49),
        "2 x 500 hosts x 200 keys through the API, 100 of 200 differ, 50 more expected and 49 accepted"
    );
}
