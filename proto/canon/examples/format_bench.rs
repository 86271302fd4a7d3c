//! How fast a format is read and how much memory that takes.
//!
//! `format_bench FORMAT|all [MB] [SHAPE]`, with a shape of `realistic` (the
//! default), `duplicates`, `line`, `deep` or `hostile` (the last three). It
//! prints the least processor time of several rounds as MB/s, for reading and
//! for making the observation (what is secret, digests, displays), and the peak
//! of memory above what the input itself holds. It judges nothing:
//! docs/formats.md holds the table.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a tool for a person at a terminal")]

#[path = "format_bench/parts.rs"]
mod parts;

use std::fs;
use std::io::Read as _;
use std::process::Command;

use driftline_canon::format::{self, Files, Include, Included, Reading};
use driftline_canon::{DisplayPolicy, FleetKey, Format, KeyEpoch, Observation, Problem};

/// Answers each include with an empty file.
struct Nothing;

impl Files for Nothing {
    fn open(&mut self, _: &Include<'_>) -> Result<Vec<Included>, Problem> {
        Ok(vec![Included { name: "nothing".into(), bytes: Vec::new().into() }])
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let megabytes = arguments.get(1).map_or(4, |text| text.parse().expect("a number of megabytes"));
    let shape = arguments.get(2).map_or("realistic", String::as_str);
    match arguments.first().map(String::as_str) {
        None => println!("format_bench FORMAT|all [MB] [realistic|duplicates|line|deep|hostile]"),
        Some("all") => every_format(megabytes, shape),
        Some(name) => measure(Format::from_name(name).expect("a format's name"), megabytes, shape),
    }
}

/// Each in a process of its own: a peak is never given back.
fn every_format(megabytes: usize, shape: &str) {
    println!(
        "{:<18} {:<11} {:>6} {:>9} {:>7} {:>8} {:>9} {:>9}",
        "format", "shape", "MB", "read MB/s", "memory", "observed", "settings", "problems"
    );
    let shapes: &[&str] = if shape == "hostile" { &["duplicates", "line", "deep"] } else { &[shape] };
    for format in Format::ALL {
        for shape in shapes {
            let own = std::env::current_exe().unwrap();
            let arguments = [format.as_str(), &megabytes.to_string(), shape];
            let output = Command::new(own).args(arguments).output().unwrap();
            print!("{}", String::from_utf8_lossy(&output.stdout));
            if !output.status.success() {
                println!("{format}: {}", output.status);
            }
        }
    }
}

fn measure(format: Format, megabytes: usize, shape: &str) {
    const ROUNDS: usize = 5;
    let text = text_of(format, megabytes * 1_000_000, shape);
    let before = resident("VmRSS:");
    let mut reading = Reading::default();
    let mut read_ns = u64::MAX;
    let mut above = 0;
    for round in 0..ROUNDS {
        drop(std::mem::take(&mut reading));
        let started = processor_ns();
        reading = format::read_with(format, text.as_bytes(), None, &mut Nothing);
        read_ns = read_ns.min(processor_ns() - started);
        if round == 0 {
            above = resident("VmHWM:").saturating_sub(before);
        }
    }
    let key = FleetKey::new([7; 32], KeyEpoch(1)).keyed();
    let mut observed_ns = u64::MAX;
    for _ in 0..ROUNDS {
        let started = processor_ns();
        let observation = Observation::of_settings(&reading.settings, &key, DisplayPolicy::Clear);
        std::hint::black_box(observation.root());
        observed_ns = observed_ns.min(processor_ns() - started);
    }
    let bytes = text.len() as f64;
    println!(
        "{:<18} {shape:<11} {:>6.1} {:>9.0} {:>6.1}x {:>8.0} {:>9} {:>9}",
        format.as_str(),
        bytes / 1e6,
        bytes * 1e3 / read_ns as f64,
        above as f64 / bytes,
        bytes * 1e3 / observed_ns as f64,
        reading.settings.len(),
        reading.problems.len()
    );
}

/// What this process has spent on a processor, however busy the machine is.
fn processor_ns() -> u64 {
    let mut text = String::new();
    let mut file = fs::File::open("/proc/self/schedstat").expect("a kernel with schedstat");
    file.read_to_string(&mut text).expect("a line of text");
    text.split_whitespace().next().and_then(|first| first.parse().ok()).expect("nanoseconds")
}

/// A line of this process's status, in bytes.
fn resident(line: &str) -> usize {
    let mut text = String::new();
    let Ok(mut file) = fs::File::open("/proc/self/status") else { return 0 };
    let _ = file.read_to_string(&mut text);
    let found = text.lines().find_map(|one| one.strip_prefix(line)).and_then(|rest| rest.split_whitespace().next());
    found.and_then(|kilobytes| kilobytes.parse::<usize>().ok()).unwrap_or(0) * 1024
}

fn text_of(format: Format, bytes: usize, shape: &str) -> String {
    let one = parts::part(format, 1);
    match shape {
        "duplicates" => one.repeat(bytes / one.len()),
        "line" => format!("a = {}\n", "x y, ".repeat(bytes / 5)),
        "deep" => "{\"a\":[".repeat(bytes / 6),
        _ => {
            let mut text = String::with_capacity(bytes + 4096);
            for number in 0.. {
                if text.len() >= bytes {
                    break;
                }
                text.push_str(&parts::part(format, number));
            }
            parts::whole(format, &text)
        }
    }
}
