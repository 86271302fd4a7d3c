//! The libraries that read documents: Python's, and Java's properties.
//!
//! A missing Python is a failure where it could have been installed; Java is
//! asked only where it is there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use driftline_canon::ItemKey;
use serde_json::Value as Json;

/// Debian's own, which has python3-yaml; another one may come first in PATH.
const PYTHON: &str = "/usr/bin/python3";

/// Names as keys, and their values.
type Pairs = BTreeMap<String, Vec<u8>>;

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/theirs")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// What the program prints when it is given that.
fn answer(command: &mut Command, given: String) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || input.write_all(given.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What Python reads in each document.
pub(crate) fn python(format: &str, documents: &[String]) -> Option<Vec<Json>> {
    let has_all = |status: std::process::ExitStatus| status.success();
    let there = Command::new(PYTHON).args(["-c", "import yaml, tomllib"]).status().is_ok_and(has_all);
    assert!(there || !is_root(), "{PYTHON} with python3-yaml and tomllib is not installed");
    if !there {
        return None;
    }
    let line = |text: &String| format!("{}\n", serde_json::json!([format, text]));
    let given: String = documents.iter().map(line).collect();
    let told = answer(Command::new(PYTHON).arg(scripts().join("read_documents.py")), given);
    let answers: Vec<Json> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), documents.len());
    Some(answers)
}

/// What Java reads in each document; none where it refuses it.
pub(crate) fn java_properties(documents: &[Vec<u8>]) -> Option<Vec<Option<Pairs>>> {
    let javac = Command::new("javac").arg("-version").stderr(Stdio::null()).status();
    if !javac.is_ok_and(|status| status.success()) {
        println!("no JDK on this machine: not compared with Java");
        return None;
    }
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let given: String = documents.iter().map(|text| hex(text) + "\n").collect();
    let told = answer(Command::new("java").arg(scripts().join("ReadProperties.java")), given);
    let answers: Vec<_> = told.lines().map(|line| (line != "refused").then(|| pairs(line))).collect();
    assert_eq!(answers.len(), documents.len());
    Some(answers)
}

fn pairs(line: &str) -> Pairs {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap();
        let name = text(name);
        let key = if name.is_empty() { String::new() } else { ItemKey::from_bytes(&name).as_str().to_owned() };
        (key, text(value))
    };
    line.split_ascii_whitespace().map(pair).collect()
}

/// UTF-16 in hexadecimal as UTF-8; half of a pair alone as three bytes.
fn text(hex: &str) -> Vec<u8> {
    let unit = |at: usize| u16::from_str_radix(&hex[at..at + 4], 16).unwrap();
    let units = (0..hex.len()).step_by(4).map(unit);
    let mut bytes = Vec::new();
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(half) => {
                let unit = half.unpaired_surrogate();
                let low = |bits: u16| 0x80 | u8::try_from(bits & 0x3f).unwrap();
                bytes.extend_from_slice(&[0xed, low(unit >> 6), low(unit)]);
            }
        }
    }
    bytes
}
