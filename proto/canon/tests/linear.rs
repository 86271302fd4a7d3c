//! Reading, classifying and showing cost no more than the length of the text,
//! whatever the text repeats.
//!
//! Compares the times of two lengths of the same pattern in the same run. It
//! catches a search that starts over and over, not one that is merely slow.

use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

use driftline_canon::{DisplayPolicy, EnvDialect, FleetKey, Format, KeyEpoch, Observation, format};

/// How much longer the long text is.
const FACTOR: usize = 8;

/// A linear reading takes [`FACTOR`] times as long, a quadratic one its
/// square; the limit lies between them, with room for a busy machine.
const RATIO_MAX: u32 = 16;

/// What the short text is taken to cost at least: less says more about the
/// machine than about the text.
const TELLING: Duration = Duration::from_millis(8);

/// No reading of the long text may come near this on any machine.
const TIME_MAX: Duration = Duration::from_secs(60);

/// What repeats: each separator, quote, escape and bracket, and what the
/// scanners for secrets look for.
const PIECES: &[&str] = &[
    " ",
    "\t",
    "\r",
    ";",
    "; ",
    "&",
    ",",
    "#",
    " #",
    "=",
    ":",
    ": ",
    "'",
    "\"",
    "`",
    "\\",
    "$",
    "$$",
    "${",
    "${A:-",
    "$(",
    "{",
    "}",
    "@",
    "a",
    "a=1;",
    "a=1\r",
    "A=\"\"",
    "A=''",
    "A=1&&",
    "password=",
    "password= ",
    "password=a ;",
    "password='",
    "token': ",
    "--",
    "--.",
    "-- .",
    "--password ",
    "--access-key-id",
    "://",
    "a://b:c",
    "a://b@",
    "eyJ",
    "Bearer ",
    "-----BEGIN ",
    "A=\"-----BEGIN \";",
];

/// What stands around them.
const AROUND: &[(&str, &str)] = &[("", "\n"), ("A=", "x\n"), ("A='x password=a", "@b'\n")];

/// The time that this thread has run, so that a busy machine counts for
/// nothing; where the system does not tell, the time that went by.
fn clock(started: Instant) -> Duration {
    let mut told = [0; 64];
    let read = File::open("/proc/thread-self/schedstat").and_then(|mut file| file.read(&mut told)).unwrap_or(0);
    let text = String::from_utf8_lossy(&told[..read]);
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

fn time(dialect: EnvDialect, text: &str) -> Duration {
    let started = Instant::now();
    let before = clock(started);
    let reading = format::read(Format::EnvFile(Some(dialect)), text.as_bytes());
    let key = FleetKey::new([7; 32], KeyEpoch(1)).keyed();
    let _ = Observation::of_settings(&reading.settings, &key, DisplayPolicy::Clear);
    clock(started).saturating_sub(before)
}

/// Fails when the long text takes out of proportion longer, three times over.
fn assert_linear(what: &str, dialect: EnvDialect, short: &str, long: &str) {
    let mut said = String::new();
    for _ in 0..3 {
        let long = time(dialect, long);
        assert!(long < TIME_MAX, "{dialect}, {what}: {long:?}");
        if long < TELLING * RATIO_MAX {
            return;
        }
        let short = time(dialect, short);
        if long < short * RATIO_MAX {
            return;
        }
        said = format!("{dialect}, {what}: {short:?}, and {long:?} for {FACTOR} times the length");
    }
    panic!("{said}");
}

fn every_pattern(dialect: EnvDialect) {
    const SHORT: usize = 4 * 1024;
    for piece in PIECES {
        for (before, after) in AROUND {
            let text = |bytes: usize| format!("{before}{}{after}", piece.repeat(bytes / piece.len()));
            let what = format!("{before}{piece}…{after}");
            assert_linear(&what, dialect, &text(SHORT), &text(SHORT * FACTOR));
        }
    }
}

#[test]
fn any_pattern_as_dotenv() {
    every_pattern(EnvDialect::Dotenv);
}

#[test]
fn any_pattern_as_compose() {
    every_pattern(EnvDialect::Compose);
}

#[test]
fn any_pattern_as_docker_run() {
    every_pattern(EnvDialect::DockerRun);
}

#[test]
fn any_pattern_as_systemd() {
    every_pattern(EnvDialect::Systemd);
}

#[test]
fn any_pattern_as_shell() {
    every_pattern(EnvDialect::Shell);
}

const SHORT: usize = 64 * 1024;

#[test]
fn spaces_in_a_parameter() {
    let text = |bytes: usize| format!("A='x password=a{}b'\n", " ".repeat(bytes));
    assert_linear("spaces", EnvDialect::Systemd, &text(SHORT), &text(SHORT * FACTOR));
}

#[test]
fn long_secrets_that_are_nearly_in_a_value() {
    let text = |bytes: usize| {
        let secret = "a".repeat(bytes / 16);
        let secrets: String = (0..8).map(|number| format!("P{number}_PASSWORD={secret}{number}\n")).collect();
        format!("{secrets}Y={}\n", "a".repeat(bytes / 2))
    };
    assert_linear("copies", EnvDialect::Systemd, &text(SHORT), &text(SHORT * FACTOR));
}

#[test]
fn statements_on_one_line() {
    for (dialect, statement) in
        [(EnvDialect::Shell, "a=1;"), (EnvDialect::Systemd, "a=1\r"), (EnvDialect::Compose, "a=\"1\"")]
    {
        let text = |bytes: usize| format!("{}\n{}", statement.repeat(bytes / 8), "# x\n".repeat(bytes / 2));
        assert_linear(statement, dialect, &text(SHORT), &text(SHORT * FACTOR));
    }
}
