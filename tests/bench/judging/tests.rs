use super::*;

#[test]
fn what_is_pushed_is_what_the_collector_takes() {
    let pushed = revision(7);
    assert_eq!(pushed.declared.sources[0].items.len(), ITEMS);
    assert!(pushed.declared.sources[0].items.iter().all(|item| item.digest.len() == 64));
    assert_ne!(pushed, revision(8), "no revision says what another one says");
    assert!(selector(1).parse::<driftline_compare::Selector>().is_ok());
    let policy = driftline_compare::policy::Policy::parse(&policy()).unwrap();
    assert_eq!(policy.expectations.len(), POLICY_RULES);
}

#[test]
fn each_record_has_its_share_of_the_processor() {
    let outcome = |records, cpu| Outcome {
        records,
        took: Duration::from_secs(1),
        acks: crate::stats::Samples::new(Vec::new()),
        group: String::new(),
        cpu: Duration::from_micros(cpu),
    };
    let alone: Alone = serde_json::from_str(r#"{ "changes": 2000, "authorised": 1, "us_per_change": 1.25 }"#).unwrap();
    let lines = lines(&alone, &outcome(100, 1_000), &outcome(50, 1_600));
    assert_eq!(lines[0].measured, "1.25 µs");
    assert_eq!((lines[1].measured.as_str(), lines[1].ratio.as_str()), ("32.0 µs", "3.20 x"));
    assert_eq!((lines[2].measured.as_str(), lines[2].kept), ("22.0 µs", Some(false)));
    assert_eq!(lines[3].ratio, "2.00 x");
    assert_eq!(each_of(&outcome(0, 5)), Duration::from_micros(5), "nothing sent is no division by nothing");
}
