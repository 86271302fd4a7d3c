//! Reading, classifying and showing cost no more than the length of the text,
//! whatever the text repeats.
//!
//! Compares the times of two lengths of the same pattern in the same run. It
//! catches a search that starts over and over, not one that is merely slow.

use std::fs::File;
use std::io::Read as _;
use std::time::{Duration, Instant};

use driftline_canon::format::{self, Files, Include, Included};
use driftline_canon::{DisplayPolicy, EnvDialect, FleetKey, Format, KeyEpoch, Observation, Problem};

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

/// What repeats beside them in the formats of other programs: brackets, list
/// and rule words, anchors, tags, sections, includes, whole lines.
const PIECES_OF_FORMATS: &[&str] = &[
    "\n",
    "\\\n",
    "\r\n",
    "[",
    "]",
    "[]",
    "[[",
    "{}",
    "(",
    ")",
    "<",
    ">",
    "|",
    "!",
    "! ",
    "%",
    "*",
    "/",
    "/*",
    "//",
    "?",
    "? ",
    "+",
    "- ",
    "-\n",
    "---\n",
    "...\n",
    "a: ",
    "a:\n ",
    "a.",
    "a,",
    "a b ",
    "a ",
    "a\n",
    "a=1\n",
    "a: 1\n",
    "a 1\n",
    "a = 'b' # c\n",
    "[a]\n",
    "[[a]]\n",
    "[a]\nb=1\n",
    "{\"a\":",
    "{a: ",
    "[1,",
    "\"a\":1,",
    "&a [*a,",
    "&a ",
    "*a ",
    "*a, ",
    "<<: *a\n",
    "!!map ",
    "\"\"\"",
    "'''",
    "\\u0041",
    "\\x",
    "0",
    "1e",
    "0x",
    "2020-01-01T",
    "1k",
    "include a\n",
    "include_dir 'a'\n",
    "!include a\n",
    "@a\n",
    "local all all trust\n",
    "-A INPUT -j ACCEPT\n",
    "-A ",
    ":a - [0:0]\n",
    "-m comment --comment ",
    "add a 1.2.3.4\n",
    "table a {",
    "table a { chain b { accept; } }\n",
    "accept; ",
    "save 1 2\n",
    "user a on >b\n",
    "<rule>",
    "<a b='c'>",
    "</a>",
    "<!--",
    "&amp;",
    "password 'a' ",
    "requirepass a\n",
];

/// What stands around those: nothing, what makes it a value, a member, a
/// string.
const AROUND_OF_FORMATS: &[(&str, &str)] =
    &[("", "\n"), ("a = ", "\n"), ("a: ", "\n"), ("a ", "\n"), ("[a]\nb = \"", "\"\n"), ("{\"a\": ", "}\n")];

/// Answers each include with an empty file, so that none ends in a problem.
struct Nothing;

impl Files for Nothing {
    fn open(&mut self, _: &Include<'_>) -> Result<Vec<Included>, Problem> {
        Ok(vec![Included { name: "nothing".into(), bytes: Vec::new().into() }])
    }
}

/// The time that this thread has run, so that a busy machine counts for
/// nothing; where the system does not tell, the time that went by.
fn clock(started: Instant) -> Duration {
    let mut told = [0; 64];
    let read = File::open("/proc/thread-self/schedstat").and_then(|mut file| file.read(&mut told)).unwrap_or(0);
    let text = String::from_utf8_lossy(&told[..read]);
    let nanos = text.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

fn time(format: Format, text: &str) -> Duration {
    let started = Instant::now();
    let before = clock(started);
    let reading = format::read_with(format, text.as_bytes(), None, &mut Nothing);
    let key = FleetKey::new([7; 32], KeyEpoch(1)).keyed();
    let _ = Observation::of_settings(&reading.settings, &key, DisplayPolicy::Clear);
    clock(started).saturating_sub(before)
}

/// Fails when the long text takes out of proportion longer, three times over.
fn assert_linear(what: &str, format: Format, short: &str, long: &str) {
    let mut said = String::new();
    for _ in 0..3 {
        let long = time(format, long);
        assert!(long < TIME_MAX, "{format:?}, {what}: {long:?}");
        if long < TELLING * RATIO_MAX {
            return;
        }
        let short = time(format, short);
        if long < short * RATIO_MAX {
            return;
        }
        said = format!("{format:?}, {what}: {short:?}, and {long:?} for {FACTOR} times the length");
    }
    panic!("{said}");
}

fn every_pattern(dialect: EnvDialect) {
    patterns(Format::EnvFile(Some(dialect)), PIECES, AROUND);
}

fn patterns(format: Format, pieces: &[&str], around: &[(&str, &str)]) {
    const SHORT: usize = 4 * 1024;
    for piece in pieces {
        for (before, after) in around {
            let text = |bytes: usize| format!("{before}{}{after}", piece.repeat(bytes / piece.len()));
            let what = format!("{before}{piece}…{after}");
            assert_linear(&what, format, &text(SHORT), &text(SHORT * FACTOR));
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
const SYSTEMD: Format = Format::EnvFile(Some(EnvDialect::Systemd));

#[test]
fn spaces_in_a_parameter() {
    let text = |bytes: usize| format!("A='x password=a{}b'\n", " ".repeat(bytes));
    assert_linear("spaces", SYSTEMD, &text(SHORT), &text(SHORT * FACTOR));
}

#[test]
fn long_secrets_that_are_nearly_in_a_value() {
    let text = |bytes: usize| {
        let secret = "a".repeat(bytes / 16);
        let secrets: String = (0..8).map(|number| format!("P{number}_PASSWORD={secret}{number}\n")).collect();
        format!("{secrets}Y={}\n", "a".repeat(bytes / 2))
    };
    assert_linear("copies", SYSTEMD, &text(SHORT), &text(SHORT * FACTOR));
}

#[test]
fn statements_on_one_line() {
    for (dialect, statement) in
        [(EnvDialect::Shell, "a=1;"), (EnvDialect::Systemd, "a=1\r"), (EnvDialect::Compose, "a=\"1\"")]
    {
        let text = |bytes: usize| format!("{}\n{}", statement.repeat(bytes / 8), "# x\n".repeat(bytes / 2));
        assert_linear(statement, Format::EnvFile(Some(dialect)), &text(SHORT), &text(SHORT * FACTOR));
    }
}

/// A share of the formats, so that the shares run side by side.
fn every_pattern_of_share(share: usize) {
    let others = Format::ALL.iter().filter(|format| !matches!(format, Format::EnvFile(_)));
    for format in others.skip(share).step_by(SHARES) {
        patterns(*format, PIECES, &AROUND_OF_FORMATS[..2]);
        patterns(*format, PIECES_OF_FORMATS, AROUND_OF_FORMATS);
    }
}

const SHARES: usize = 4;

#[test]
fn any_pattern_as_any_format_of_the_first_share() {
    every_pattern_of_share(0);
}

#[test]
fn any_pattern_as_any_format_of_the_second_share() {
    every_pattern_of_share(1);
}

#[test]
fn any_pattern_as_any_format_of_the_third_share() {
    every_pattern_of_share(2);
}

#[test]
fn any_pattern_as_any_format_of_the_fourth_share() {
    every_pattern_of_share(3);
}

/// Many of one piece and then many of another, in one statement that no line
/// end breaks: what is searched for each of the second must not be all of the
/// first. What stands before and behind makes it a rule, a set, a table.
const TWO_PIECES: &[(Format, &str, &str, &str, &str)] = &[
    (Format::Nft, "table inet t { chain c { ", "map ", "a ", "\n}\n}\n"),
    (Format::Nft, "table inet t { chain c { ", "a ", "reject with icmp port-unreachable ", "\n}\n}\n"),
    (Format::Nft, "table inet t { chain c { ", "a ", "1 - ", "\n}\n}\n"),
    (Format::Nft, "table inet t { chain c { ", "log flags a", ",a", "\n}\n}\n"),
    (Format::Nft, "table inet t { chain c { ", "@a { a } ", "tcp flags & ", "\n}\n}\n"),
    (Format::Nft, "", "table ip a { }\n", "delete table ip a\n", ""),
    (Format::Nft, "", "add set ip t s\n", "delete set ip t s\n", ""),
    (Format::Nft, "", "add chain ip t a { }\n", "flush table ip t\n", ""),
    (Format::Nft, "table ip t { set s { ", "size 1; ", "elements = { 1 }; ", "}\n}\n"),
    (Format::IptablesSave, "*filter\n-A INPUT ", "-m tcp ", "--x ", "\nCOMMIT\n"),
    (Format::IptablesSave, "*filter\n-A INPUT ", "-m tcp ", "--dport 1 ", "\nCOMMIT\n"),
    (Format::IptablesSave, "", "*filter\n:a - [0:0]\n", "-F\n", "COMMIT\n"),
    (Format::IptablesSave, "*filter\n", ":a - [0:0]\n", "*filter\n", "COMMIT\n"),
];

#[test]
fn many_of_one_piece_and_then_many_of_another_in_rules_of_firewalls() {
    const HALF: usize = 16 * 1024;
    for (format, before, first, second, after) in TWO_PIECES {
        let text = |bytes: usize| {
            format!("{before}{}{}{after}", first.repeat(bytes / first.len()), second.repeat(bytes / second.len()))
        };
        assert_linear(&format!("{first}…{second}…"), *format, &text(HALF), &text(HALF * FACTOR));
    }
}

/// Names that all differ, so that what is searched for one passes the others.
#[test]
fn many_tables_and_many_chains_of_firewalls() {
    for (format, line) in [
        (Format::Nft, "table ip tN { }\n"),
        (Format::Nft, "table ip tN { set s { type ipv4_addr; }; }\ndelete table ip tN\n"),
        (Format::Nft, "add element ip t s { N }\ndelete set ip t sN\n"),
        (Format::IptablesSave, "*tN\n:a - [0:0]\nCOMMIT\n*filter\n-F\nCOMMIT\n"),
    ] {
        let text = |count: usize| (0..count).map(|at| line.replace('N', &at.to_string())).collect::<String>();
        assert_linear(line, format, &text(1000), &text(1000 * FACTOR));
    }
}
