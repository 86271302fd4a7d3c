//! Our reading of JSON, TOML, YAML, ini files and Java properties against that
//! of Python's libraries and of Java, over generated documents.
//!
//! Where both take a document, both must read the same. Where our rules differ
//! on purpose, the pieces that show it are not generated, and are named here.

#![allow(clippy::unwrap_used, reason = "a library that cannot be asked fails the test")]
#![allow(clippy::print_stdout, reason = "each test says how much it compared")]

#[path = "support/pieces.rs"]
mod pieces;
#[path = "support/programs.rs"]
mod programs;

use std::collections::BTreeMap;

use driftline_canon::{Format, ItemKey, ProblemKind, Reading, format};
use pieces::Dice;
use serde_json::Value as Json;

/// What one side reads: values by key.
type Read = BTreeMap<String, Vec<u8>>;

fn ours(reading: &Reading) -> Read {
    let pair = |one: &driftline_canon::Setting| (one.key.as_str().to_owned(), one.value.bytes().to_vec());
    reading.settings.iter().map(pair).collect()
}

/// Whether we say that the text is not what it should be.
fn refused(reading: &Reading) -> bool {
    reading.problems.iter().any(|problem| !matches!(problem.kind, ProblemKind::DuplicateKey | ProblemKind::Encoding))
}

/// The path with its names in quotes that begin with one: YAML tells them from
/// names of other types so.
fn told_apart(path: &[Json]) -> Vec<Json> {
    let part = |part: &Json| match part.as_str() {
        Some(name) if name.starts_with('"') => Json::from(quoted(name)),
        _ => part.clone(),
    };
    path.iter().map(part).collect()
}

/// The key of a path as the manual has it.
fn key_of(path: &[Json]) -> String {
    let mut key = String::new();
    for part in path {
        match part {
            Json::String(label) if label.starts_with('#') && key.is_empty() => key = format!("[{label}]"),
            Json::String(name) => {
                key.push_str(if key.is_empty() { "" } else { "." });
                let odd = |c: char| c.is_ascii_whitespace() || ".[]\"\\".contains(c);
                if name.is_empty() || name.contains(odd) {
                    key.push_str(&quoted(name));
                } else {
                    key.push_str(name);
                }
            }
            index => key.push_str(&format!("[{index}]")),
        }
    }
    let key = if key.is_empty() { ".".to_owned() } else { key };
    ItemKey::from_bytes(key.as_bytes()).as_str().to_owned()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether our value is the library's.
fn same(kind: &str, theirs: &str, ours: &[u8]) -> bool {
    match kind {
        "text" => ours == theirs.as_bytes() || ours == quoted(theirs).as_bytes(),
        "map" => ours == b"{}",
        "list" => ours == b"[]",
        "null" => ours == b"null",
        "float" => {
            let number: f64 = theirs.parse().unwrap();
            ours == if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") }.as_bytes()
        }
        _ => ours == theirs.as_bytes(),
    }
}

/// What differs between our reading and the library's.
fn difference(ours: &Read, theirs: &[Json], disputed: &[&str]) -> Option<String> {
    let mut keys = Vec::new();
    for entry in theirs {
        let entry = entry.as_array().unwrap();
        let (kind, value) = (entry[1].as_str().unwrap(), entry[2].as_str().unwrap());
        let path = entry[0].as_array().unwrap();
        let plain = key_of(path);
        let key = if ours.contains_key(&plain) { plain } else { key_of(&told_apart(path)) };
        let Some(found) = ours.get(&key) else { return Some(format!("{key} is theirs alone")) };
        let written = entry.get(3).and_then(Json::as_str).filter(|written| disputed.contains(written));
        // `!!str yes` is no disputed word.
        let tagged = kind == "text" && found == quoted(value).as_bytes();
        if !written.map_or_else(|| same(kind, value, found), |written| tagged || found == written.as_bytes()) {
            return Some(format!("{key}: {:?}, theirs {kind} {value:?}", String::from_utf8_lossy(found)));
        }
        keys.push(key);
    }
    ours.keys().find(|key| !keys.contains(key)).map(|key| format!("{key} is ours alone"))
}

/// How a comparison went.
#[derive(Default)]
struct Tally {
    taken: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, format: Format, text: &str, theirs: &Json, disputed: &[&str]) {
        let reading = format::read(format, text.as_bytes());
        match (theirs.as_array(), refused(&reading)) {
            // The library has no such documents.
            _ if theirs.is_string() => {}
            (Some(theirs), false) => {
                self.taken += 1;
                let found = difference(&ours(&reading), theirs, disputed);
                self.wrong.extend(found.map(|found| format!("{text:?}: {found}")));
            }
            (None, true) => self.refused += 1,
            (None, false) => self.wrong.push(format!("{text:?}: theirs refuses it")),
            (Some(_), true) => self.wrong.push(format!("{text:?}: only ours refuses it: {:?}", reading.problems)),
        }
    }

    fn settle(&self, what: &str, taken_min: usize) {
        println!("{what}: {} documents read the same, {} refused by both", self.taken, self.refused);
        assert!(self.wrong.is_empty(), "{} differ\n{}", self.wrong.len(), self.wrong.join("\n"));
        assert!(self.taken >= taken_min, "{what}: {} of {taken_min} compared", self.taken);
    }
}

fn compare(format: Format, documents: &[String], disputed: &[&str], taken_min: usize) {
    let Some(answers) = programs::python(format.as_str(), documents) else { return };
    let mut tally = Tally::default();
    for (text, theirs) in documents.iter().zip(&answers) {
        tally.add(format, text, theirs, disputed);
    }
    tally.settle(format.as_str(), taken_min);
}

/// A generated document, often with one piece changed for another.
fn documents(seed: u64, count: usize, mut write: impl FnMut(&mut Dice) -> String, breaks: &[&str]) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut one = |_| {
        let text = write(&mut dice);
        if dice.roll(3) > 0 {
            return text;
        }
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let at = ends[dice.roll(ends.len())];
        let after = ends.iter().copied().find(|end| *end > at).filter(|_| dice.roll(2) == 0).unwrap_or(at);
        format!("{}{}{}", &text[..at], dice.pick(breaks), &text[after..])
    };
    (0..count).map(&mut one).collect()
}

/// Not compared: numbers beyond 64 bits of fraction (Python has infinity), and
/// halves of surrogate pairs alone.
#[test]
fn json_is_read_as_python_reads_it() {
    let breaks = [
        "", ",", "}", "]", "[", "{", ":", "\"", "\\", "0", "-", ".", "e1", "tru", "null", " ", "\n", "\\u00e9", "\t",
        "#", "//",
    ];
    compare(Format::Json, &documents(1, 900, pieces::json, &breaks), &[], 500);
}

/// Not compared: `\e` and `\x41`, which TOML has from 1.1 on and Python does
/// not know yet.
#[test]
fn toml_is_read_as_python_reads_it() {
    let breaks = ["", "=", ".", "[", "]", "\"", "'", "#", "\n", ",", "0", "_", "-", " ", "{", "}", "z", "\\"];
    let mut texts = documents(2, 900, pieces::toml, &breaks);
    texts.retain(|text| !text.contains("\\e") && !text.contains("\\x"));
    compare(Format::Toml, &texts, &[], 400);
}

/// Not compared: quotes, backslashes and blanks around the name of a section,
/// names that come again, `[` that no `]` ends, and text behind the name of a
/// section, which Python passes over and we watch as content.
#[test]
fn ini_is_read_as_configparser_reads_it() {
    let breaks = ["", "=", ":", "#", ";", "\n", " ", "\t", "  \n", "x", "\n ", "]"];
    let behind = |line: &str| line.split_once(']').is_some_and(|(_, rest)| !rest.trim().is_empty());
    let mut texts = documents(3, 700, pieces::ini, &breaks);
    texts.retain(|text| !text.lines().any(|line| line.starts_with('[') && behind(line)));
    compare(Format::Ini, &texts, &[], 400);
}

/// What readers of YAML 1.1 and 1.2 take for different things: we keep it as
/// written.
const DISPUTED: &[&str] = &[
    "y",
    "n",
    "yes",
    "no",
    "on",
    "off",
    "Yes",
    "NO",
    "On",
    "0777",
    "0o17",
    "1_000",
    "12:30",
    "1e3",
    "0b11",
    "2020-01-02",
    "2020-01-02T03:04:05Z",
    "1_0.5",
    "+0x1f",
    ".5e3",
];

/// A document that only one of the two takes is counted and left: PyYAML has
/// YAML 1.1, we 1.2. Not compared: `!` alone, an empty text to us.
#[test]
fn yaml_is_read_as_pyyaml_reads_it() {
    let breaks =
        ["", ":", ": ", "-", "- ", "\n", "\n  ", " ", "\"", "'", "#", " #", "[", "]", "{", "}", ",", "&a ", "*a", "|"];
    let texts = documents(4, 1200, |dice| pieces::yaml(dice, DISPUTED), &breaks);
    let Some(answers) = programs::python("yaml", &texts) else { return };
    let mut tally = Tally::default();
    let mut one_alone = Vec::new();
    for (text, theirs) in texts.iter().zip(&answers) {
        if theirs.is_null() == refused(&format::read(Format::Yaml, text.as_bytes())) {
            tally.add(Format::Yaml, text, theirs, DISPUTED);
        } else {
            one_alone.push(format!("{text:?} is taken by {}", if theirs.is_null() { "us" } else { "PyYAML" }));
        }
    }
    println!("{} documents are taken by one alone", one_alone.len());
    assert!(one_alone.len() * 10 < texts.len(), "{}", one_alone.join("\n"));
    tally.settle("yaml", 700);
}

/// Not compared: a value without a name, which Java takes and we watch as
/// content.
#[test]
fn properties_are_read_as_java_reads_them() {
    let breaks = ["", "\\", "=", ":", " ", "\n", "\r", "\r\n", "#", "!", "\\u00e9", "\\u00", "\t", "\u{c}", "é"];
    let mut texts: Vec<Vec<u8>> =
        documents(5, 900, pieces::properties, &breaks).into_iter().map(String::into_bytes).collect();
    let mut latin: Vec<Vec<u8>> = texts.iter().take(200).map(|text| [text, &b"\nz=\xe9\xff"[..]].concat()).collect();
    texts.append(&mut latin);
    let Some(answers) = programs::java_properties(&texts) else { return };
    let (mut taken, mut both, mut wrong) = (0, 0, Vec::new());
    for (text, theirs) in texts.iter().zip(answers) {
        let reading = format::read(Format::Properties, text);
        match (theirs, refused(&reading)) {
            (Some(theirs), false) => {
                taken += 1;
                if ours(&reading) != theirs {
                    wrong.push(format!("{:?}:\n  {:?}\n  {theirs:?}", String::from_utf8_lossy(text), ours(&reading)));
                }
            }
            (None, true) => both += 1,
            (Some(theirs), true) if theirs.contains_key("") => both += 1,
            (theirs, _) => {
                wrong.push(format!("{:?}: theirs takes it: {}", String::from_utf8_lossy(text), theirs.is_some()))
            }
        }
    }
    println!("properties: {taken} documents read the same, {both} refused by both");
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(taken > 600, "{taken}");
}
