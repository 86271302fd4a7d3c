use super::*;

fn ms(of: &[u64]) -> Samples {
    Samples::new(of.iter().copied().map(Duration::from_millis).collect())
}

#[test]
fn percentiles_are_samples_by_nearest_rank() {
    // The example of the method: 15, 20, 35, 40, 50.
    let samples = ms(&[50, 15, 40, 20, 35]);
    let at = |percent| samples.percentile(percent).as_millis();
    assert_eq!([at(5), at(30), at(40), at(50), at(100)], [15, 20, 20, 35, 50]);
}

#[test]
fn p99_of_a_thousand_is_the_990th() {
    let samples = ms(&(1..=1000).collect::<Vec<_>>());
    assert_eq!(samples.p50(), Duration::from_millis(500));
    assert_eq!(samples.p99(), Duration::from_millis(990));
    assert_eq!(samples.max(), Duration::from_secs(1));
    assert_eq!(samples.len(), 1000);
}

#[test]
fn p99_of_few_is_the_slowest() {
    let samples = ms(&[1, 1, 1, 70]);
    assert_eq!(samples.p99(), Duration::from_millis(70));
    assert_eq!(samples.p50(), Duration::from_millis(1));
}

#[test]
fn no_samples_are_zero_and_do_not_panic() {
    let samples = ms(&[]);
    assert_eq!([samples.percentile(0), samples.p50(), samples.max()], [Duration::ZERO; 3]);
    assert_eq!(ms(&[7]).percentile(0), Duration::from_millis(7));
}

#[test]
fn durations_have_the_unit_that_fits() {
    let texts = [0, 950, 12_340, 999_999, 1_830_000, 145_600_000, 7_104_000_000, 1_234_500_000_000]
        .map(|ns| duration(Duration::from_nanos(ns)));
    assert_eq!(texts, ["0.00 µs", "0.95 µs", "12.3 µs", "1,000 µs", "1.83 ms", "146 ms", "7.10 s", "1,235 s"]);
}

#[test]
fn bytes_counts_rates_and_ratios() {
    assert_eq!([bytes(43_008), bytes(8_388_608), bytes(0)], ["42.0 KiB", "8.00 MiB", "0.00 KiB"]);
    assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(per_second(10_000, Duration::from_millis(2_500)), 4_000);
    assert_eq!([ratio(3.0, 2.0), ratio(1.0, 0.0)], ["1.50 x", ""]);
    assert_eq!(times(Duration::from_millis(66), Duration::from_millis(10)), "6.60 x");
}

#[test]
fn a_small_share_of_a_core_stays_visible() {
    assert_eq!(core_share(Duration::from_millis(30), Duration::from_secs(60)), "0.050 %");
    assert_eq!(core_share(Duration::from_secs(3), Duration::from_secs(60)), "5.00 %");
    assert_eq!(core_share(Duration::ZERO, Duration::from_secs(60)), "0.00 %");
}

#[test]
fn a_pair_is_the_middle_and_the_tail() {
    assert_eq!(pair(&ms(&[1, 2, 3, 40])), "2.00 ms / 40.0 ms");
}
