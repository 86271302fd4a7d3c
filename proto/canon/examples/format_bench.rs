//! How fast a format is read and how much memory that takes: MB/s, and the peak
//! above what the input itself holds.
//!
//! `format_bench FORMAT|all [MB] [SHAPE]`, with a shape of `realistic` (the
//! default), `duplicates`, `line`, `deep` or `hostile` (the last three). It
//! judges nothing: docs/formats.md holds the table.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a tool for a person at a terminal")]

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use driftline_canon::format::{self, Files, Include, Included};
use driftline_canon::{Format, Problem};

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
        "{:<18} {:<11} {:>7} {:>8} {:>8} {:>9} {:>9}",
        "format", "shape", "MB", "MB/s", "memory", "settings", "problems"
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
    let text = text_of(format, megabytes * 1024 * 1024, shape);
    let before = resident("VmRSS:");
    let started = Instant::now();
    let reading = format::read_with(format, text.as_bytes(), None, &mut Nothing);
    let took = started.elapsed();
    let above = resident("VmHWM:").saturating_sub(before);
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "{:<18} {shape:<11} {megabytes:>7.1} {:>8.0} {:>7.1}x {:>9} {:>9}",
        format.as_str(),
        megabytes / took.as_secs_f64(),
        above as f64 / text.len() as f64,
        reading.settings.len(),
        reading.problems.len()
    );
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
    let one = part(format, 1);
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
                text.push_str(&part(format, number));
            }
            whole(format, &text)
        }
    }
}

/// What a realistic file of the format repeats, with a number in its names.
fn part(format: Format, n: usize) -> String {
    let mut text = String::new();
    let _ = match format.as_str() {
        "env" => writeln!(
            text,
            "# of service {n}\nSERVICE_{n}_URL=https://service-{n}.example.org:8443/v1\nSERVICE_{n}_TIMEOUT=\"{n}s\""
        ),
        _ => return golden(format),
    };
    text
}

/// What stands around the parts.
fn whole(format: Format, parts: &str) -> String {
    match format.as_str() {
        "json" => format!("{{{}}}\n", parts.trim_end().trim_end_matches(',')),
        _ => parts.to_owned(),
    }
}

/// The golden files of a format that has no part of its own yet.
fn golden(format: Format) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(format.as_str());
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "in") {
            let _ = fs::File::open(path).unwrap().read_to_string(&mut text);
        }
    }
    text
}
