//! Our reading of option files against that of MariaDB's own programs, over
//! generated lines. Where the two disagree, the programs are right.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a program that cannot be asked fails the test")]

#[path = "support/folder_files.rs"]
mod folder_files;
#[allow(dead_code, reason = "this test compares readings, not golden files")]
#[path = "support/readable.rs"]
mod readable;
#[allow(dead_code, reason = "this test starts no server of Redis")]
#[path = "support/redis_server.rs"]
mod redis_server;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use driftline_canon::{Format, format};
use folder_files::FolderFiles;
use redis_server::{directory, is_there};

const SERVER: &str = "/usr/sbin/mariadbd";

/// What the server's table of options says, for spellings to try.
const OPTIONS: &str = include_str!("../data/mysql/options.tsv");

/// Options that the help itself depends on or that end the server, and those
/// that it shows as another option or a bound has left them.
const LEFT_ALONE: &str = "help verbose bootstrap chroot console user datadir basedir version debug_gdb gdb daemon_mode \
    silent_startup debug_no_sync innodb ignore_builtin_innodb \
    log_queries_not_using_indexes log_slow_admin_statements aria_recover_options old_mode \
    innodb_defragment_fill_factor wsrep_causal_reads wsrep_sync_wait";

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

fn ours(text: &str) -> BTreeMap<String, Vec<u8>> {
    let reading = format::read(Format::MyCnf, text.as_bytes());
    let pair = |setting: &driftline_canon::Setting| (setting.key.as_str().to_owned(), setting.value.bytes().to_vec());
    reading.settings.iter().map(pair).collect()
}

/// An option as `my_print_defaults` prints it, written so that nothing in it
/// can be read in two ways.
fn rewritten(printed: &str) -> String {
    let option = printed.strip_prefix("--").unwrap();
    match option.split_once('=') {
        None => format!("{option}\n"),
        Some((name, value)) => {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'").replace(' ', "\\s");
            format!("{name}=\"{}\"\n", value.replace('\t', "\\t"))
        }
    }
}

#[test]
fn lines_are_taken_apart_as_my_print_defaults_does() {
    const LINES: usize = 600;
    if !is_there("my_print_defaults") {
        return;
    }
    let pieces = [
        "a", "B", " ", "\t", "\"", "'", "\\", "\\s", "\\t", "\\\"", "\\'", "\\\\", "#", ";", "=", "é", "\\q", ",", "[",
        "!",
    ];
    let names = ["port", "a-b", "A_b", "x", "skip-y", "loose-z", "q "];
    let mut dice = Dice(5);
    let at = directory("my");
    let file = at.join("my.cnf");
    let mut compared = 0;
    for number in 0..LINES {
        let value: String = (0..dice.roll(9)).map(|_| dice.pick(&pieces)).collect();
        let line = match dice.roll(8) {
            0 => dice.pick(&names).to_owned(),
            1 => format!("  {} # {value}", dice.pick(&names)),
            _ => format!("{}{}{value}", dice.pick(&names), dice.pick(&["=", " = ", "=\"", "='"])),
        };
        let text = format!("[mysqld]\n{line}\n");
        fs::write(&file, &text).unwrap();
        let file = format!("--defaults-file={}", file.display());
        let output = Command::new("my_print_defaults").args([&file, "mysqld"]).output().unwrap();
        assert!(output.status.success(), "line {number}: {line:?}");
        let theirs: String = String::from_utf8_lossy(&output.stdout).lines().map(rewritten).collect();
        assert_eq!(ours(&text), ours(&format!("[mysqld]\n{theirs}")), "{line:?}: they have {theirs:?}");
        compared += 1;
    }
    fs::remove_dir_all(at).unwrap();
    println!("{compared} lines compared with my_print_defaults");
}

/// The values that the server has with these lines; none when it refuses them.
fn with_lines(lines: &[(String, String)]) -> Option<BTreeMap<String, String>> {
    let at = directory("my");
    let text: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
    fs::write(at.join("my.cnf"), format!("[mysqld]\n{text}")).unwrap();
    let file = format!("--defaults-file={}", at.join("my.cnf").display());
    let output = Command::new(SERVER).args([&file, "--help", "--verbose"]).current_dir(&at).output().unwrap();
    fs::remove_dir_all(at).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, table) = text.split_once("Variables (--variable-name=value)")?;
    let row = |row: &str| {
        let (name, value) = row.split_once(' ')?;
        Some((name.replace('-', "_").to_ascii_lowercase(), value.trim().to_owned()))
    };
    output.status.success().then(|| table.lines().filter_map(row).collect())
}

/// The same for each line, with the lines that the server refuses found by
/// halves.
fn ask_all(lines: &[(String, String)], found: &mut Vec<(String, String, String)>) {
    if lines.is_empty() {
        return;
    }
    if let Some(values) = with_lines(lines) {
        for (name, line) in lines {
            if let Some(value) = values.get(name) {
                found.push((name.clone(), line.clone(), value.clone()));
            }
        }
    } else if lines.len() > 1 {
        let (one, other) = lines.split_at(lines.len() / 2);
        ask_all(one, found);
        ask_all(other, found);
    }
}

/// Lines that set an option, several of which mean the same.
fn spellings(name: &str, kind: &str, words: &[&str], value: &str) -> Vec<String> {
    let dashes = name.replace('_', "-");
    let mut lines = Vec::new();
    match kind {
        "bool" => {
            lines.extend(["1", "ON", "on", "True", "0", "off", "FALSE"].map(|value| format!("{name}={value}")));
            lines.extend([dashes.clone(), format!("skip-{dashes}"), format!("loose-disable_{name}")]);
            lines.extend([format!("enable-{dashes}"), format!("skip-{name}=0"), format!("ENABLE_{dashes}=0")]);
        }
        "int" => {
            if let Ok(number) = value.parse::<u64>() {
                lines.extend([
                    format!("{name}={number}"),
                    format!("{dashes}=0{number}"),
                    format!("{name}='+{number}'"),
                ]);
                if number.is_multiple_of(1024) {
                    lines.extend([format!("{name}={}K", number / 1024), format!("loose-{name}={}kB", number / 1024)]);
                }
                if number.is_multiple_of(1 << 20) {
                    lines.push(format!("{name}={}m", number >> 20));
                }
            }
        }
        "real" => lines.extend(["2", "2.0", "2.50", "25e-1", ".5", "0.5"].map(|value| format!("{name}={value}"))),
        "enum" => {
            for (number, word) in words.iter().enumerate() {
                lines.extend([format!("{name}={word}"), format!("{dashes}={}", word.to_ascii_lowercase())]);
                lines.push(format!("{name}={number}"));
            }
        }
        "set" if words.len() > 2 => {
            let (one, other) = (words[0], words[1]);
            lines.extend([format!("{name}={one},{other}"), format!("{name}={other},{one},{other}")]);
            lines.extend([format!("{name}={}", one.to_ascii_lowercase()), format!("{name}={one}")]);
        }
        _ => {}
    }
    lines
}

#[test]
fn values_are_equal_if_and_only_if_the_server_says_so() {
    if !is_there("mariadbd") {
        return;
    }
    let defaults = with_lines(&[]).unwrap();
    let mut rounds: Vec<Vec<(String, String)>> = Vec::new();
    for row in OPTIONS.lines().filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        // What becomes of a plugin shows only when the server runs.
        if columns.get(2).is_some_and(|words| *words == "ON,OFF,FORCE") {
            continue;
        }
        let words: Vec<&str> = columns.get(2).map(|words| words.split(',').collect()).unwrap_or_default();
        let default = defaults.get(columns[0]).map_or("", String::as_str);
        if LEFT_ALONE.split_ascii_whitespace().any(|name| name == columns[0]) {
            continue;
        }
        for (round, line) in spellings(columns[0], columns[1], &words, default).into_iter().enumerate() {
            rounds.resize_with(rounds.len().max(round + 1), Vec::new);
            rounds[round].push((columns[0].to_owned(), line));
        }
    }
    let mut found = Vec::new();
    for round in &rounds {
        for lines in round.chunks(160) {
            ask_all(lines, &mut found);
        }
    }
    found.sort();
    let (mut compared, mut wrong) = (0, Vec::new());
    for same in found.chunk_by(|a, b| a.0 == b.0) {
        for (at, (_, one, theirs)) in same.iter().enumerate() {
            for (_, other, others) in &same[..at] {
                let read = |line: &str| ours(&format!("[mysqld]\n{line}\n"));
                if (read(one) == read(other)) != (theirs == others) {
                    wrong.push(format!("{one} and {other}: {theirs} and {others}"));
                }
                compared += 1;
            }
        }
    }
    println!("{} lines, {compared} pairs compared with --help --verbose", found.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 2000, "{compared}");
}

#[test]
fn shipped_default_has_no_problem() {
    let path = Path::new("/etc/mysql/my.cnf");
    if !is_there("mariadbd") || !path.exists() {
        return;
    }
    let name = "etc/mysql/my.cnf".into();
    let mut files = FolderFiles::new(Path::new("/"));
    let reading = format::read_with(Format::MyCnf, &readable::bytes_of(path), Some(&name), &mut files);
    assert_eq!(reading.problems, []);
    let has = |key: &str| reading.settings.iter().any(|setting| setting.key.as_str() == key);
    assert!(has("client-server.socket") && has("mysqld.bind_address"), "{:?}", reading.settings);
}
