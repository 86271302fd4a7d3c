//! Prints how long two comparisons take, as JSON: 2 x 500 hosts x 200 keys, and
//! 2 x 1,000,000 items. Feeding the sides is measured too, apart.
//!
//! A measurement, not a test: it asserts nothing but that the work was done.
#![allow(clippy::print_stdout, reason = "an example that prints its result")]

use std::time::Instant;

use driftline_canon::{HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::compare::{Fact, Listing, Place, Side, compare};

/// How large a side is.
struct Size {
    name: &'static str,
    hosts: usize,
    keys: usize,
}

const SIZES: [Size; 3] = [
    Size { name: "2 x 500 hosts x 200 keys", hosts: 500, keys: 200 },
    Size { name: "2 x 1,000,000 items (5,000 hosts x 200 keys)", hosts: 5_000, keys: 200 },
    Size { name: "2 x 1,000,000 items (10 hosts x 100,000 keys)", hosts: 10, keys: 100_000 },
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: Result<Vec<String>, Box<dyn std::error::Error>> = SIZES.iter().map(measure).collect();
    println!("[\n{}\n]", rows?.join(",\n"));
    Ok(())
}

fn measure(size: &Size) -> Result<String, Box<dyn std::error::Error>> {
    let hosts: Result<Vec<HostName>, _> = (0..size.hosts).map(|at| HostName::new(format!("host-{at}"))).collect();
    let keys: Vec<ItemKey> = (0..size.keys).map(|at| ItemKey::from_bytes(format!("SETTING_{at}").as_bytes())).collect();
    let hosts = hosts?;
    let start = Instant::now();
    let left = side("production", &hosts, &keys, 0)?;
    let right = side("staging", &hosts, &keys, 1)?;
    let fed = start.elapsed();
    let comparison = compare(&left, &right, Listing::Differences);
    let all = start.elapsed();
    Ok(format!(
        "  {{\"size\": \"{}\", \"items\": {}, \"feed_ms\": {:.1}, \"compare_ms\": {:.1}, \"differing\": {}}}",
        size.name,
        2 * size.hosts * size.keys,
        fed.as_secs_f64() * 1000.0,
        (all - fed).as_secs_f64() * 1000.0,
        comparison.differing
    ))
}

/// Every eighth key differs between the sides, and one host in a hundred
/// disagrees with its own side at every fiftieth.
fn side(name: &str, hosts: &[HostName], keys: &[ItemKey], seed: u8) -> Result<Side, Box<dyn std::error::Error>> {
    let (role, source) = (Role::new("web")?, SourceName::new("app")?);
    let mut side = Side::new(name);
    for (at, host) in hosts.iter().enumerate() {
        let id = side.source(Place { host, role: &role, source: &source, kind: SourceKind::EnvFile });
        for (n, key) in keys.iter().enumerate() {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&n.to_be_bytes());
            digest[8] = if n % 8 == 0 { seed } else { 0 };
            digest[9] = u8::from(at % 100 == 99 && n % 50 == 0);
            side.item(id, Fact { key, digest: &digest, secret: false, display: Some("a value of usual length") });
        }
    }
    Ok(side)
}
