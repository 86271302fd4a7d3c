use super::*;

const PRINTED: &str = r#"{ "entries": 1000000, "where": "everywhere", "p50_ms": 0.400, "p95_ms": 11.5, "any_ms": 0.200, "filled_s": 31 }
{ "entries": 1000000, "where": "production", "p50_ms": 0.500, "p95_ms": 9.5, "any_ms": 0.250, "filled_s": 31 }
{ "proved": 500000, "bytes": 104857600, "verify_s": 2.600, "sha256_s": 0.130 }
"#;

#[test]
fn what_the_example_prints_is_read() {
    let (asked, proved) = read(PRINTED);
    assert_eq!(asked.len(), 2);
    let lines: Vec<Line> = asked.iter().map(found).collect();
    assert_eq!(lines[0].what, "newest out-of-band changes out of 1,000,000, p50 / p95");
    assert_eq!((lines[0].measured.as_str(), lines[0].kept), ("400 µs / 11.5 ms", Some(false)));
    assert_eq!(lines[1].what, "newest out-of-band changes of production out of 1,000,000, p50 / p95");
    assert_eq!((lines[1].ratio.as_str(), lines[1].kept), ("2.00 x", Some(true)));
    let [inside, outside] = proofs(&proved, Duration::from_secs(2));
    assert_eq!((inside.budget.as_str(), inside.kept, inside.ratio.as_str()), ("2.50 s", Some(false), "20.0 x"));
    assert_eq!((outside.measured.as_str(), outside.kept), ("2.00 s", Some(true)));
}

#[test]
#[should_panic(expected = "proves nothing")]
fn a_run_without_a_proof_is_no_measurement() {
    let _ = read(PRINTED.lines().next().unwrap());
}
