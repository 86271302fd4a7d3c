//! Percentiles, and numbers as people read them.
//!
//! Nothing here measures: it takes what was measured and loses nothing that a
//! reader would miss.

use std::time::Duration;

/// Durations, sorted.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// Sorts them.
    pub(crate) fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The nearest-rank percentile: the smallest sample that at least `percent`
    /// of all are not above. Zero when there is none.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent.min(100)).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// The middle one.
    pub(crate) fn p50(&self) -> Duration {
        self.percentile(50)
    }

    /// What one in a hundred is above.
    pub(crate) fn p99(&self) -> Duration {
        self.percentile(99)
    }

    /// The slowest.
    pub(crate) fn max(&self) -> Duration {
        self.percentile(100)
    }
}

/// A duration with three significant digits and the unit that fits.
pub(crate) fn duration(of: Duration) -> String {
    let s = of.as_secs_f64();
    if s < 0.001 {
        format!("{} µs", digits(s * 1e6))
    } else if s < 1.0 {
        format!("{} ms", digits(s * 1e3))
    } else {
        format!("{} s", digits(s))
    }
}

/// `p50 / p99` of samples.
pub(crate) fn pair(of: &Samples) -> String {
    format!("{} / {}", duration(of.p50()), duration(of.p99()))
}

/// Bytes in KiB or MiB.
pub(crate) fn bytes(of: u64) -> String {
    let kib = of as f64 / 1024.0;
    if kib < 1024.0 { format!("{} KiB", digits(kib)) } else { format!("{} MiB", digits(kib / 1024.0)) }
}

/// A whole number with its thousands set apart.
pub(crate) fn count(of: u64) -> String {
    let plain = of.to_string();
    let mut out = String::new();
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// So many in that time, per second.
pub(crate) fn per_second(of: u64, within: Duration) -> u64 {
    (of as f64 / within.as_secs_f64().max(1e-9)).round() as u64
}

/// How often `limit` goes into `measured`.
pub(crate) fn ratio(measured: f64, limit: f64) -> String {
    if limit > 0.0 { format!("{} x", digits(measured / limit)) } else { String::new() }
}

/// The ratio of two durations.
pub(crate) fn times(measured: Duration, limit: Duration) -> String {
    ratio(measured.as_secs_f64(), limit.as_secs_f64())
}

/// A share of one core.
pub(crate) fn core_share(cpu: Duration, within: Duration) -> String {
    format!("{} %", digits(100.0 * cpu.as_secs_f64() / within.as_secs_f64().max(1e-9)))
}

/// Three significant digits, but never fewer than the whole part has, and
/// nothing after the second decimal.
fn digits(of: f64) -> String {
    if of >= 999.5 {
        count(of.round() as u64)
    } else if of >= 100.0 {
        format!("{of:.0}")
    } else if of >= 10.0 {
        format!("{of:.1}")
    } else if of >= 0.1 || of == 0.0 {
        format!("{of:.2}")
    } else {
        format!("{of:.3}")
    }
}

#[cfg(test)]
mod tests;
