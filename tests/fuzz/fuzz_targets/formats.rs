//! All formats: the first byte chooses one by its place among the names, a form
//! feed parts the text from what it includes, a byte 1 stands for a secret.
//!
//! Nothing panics, keys are valid and unique, reading twice gives the same, and
//! where a setting is a secret, nothing tells its value.
#![no_main]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use driftline_canon::display::MASK;
use driftline_canon::format::{self, FileName, Files, Include, Included};
use driftline_canon::{DisplayPolicy, FleetKey, Format, ItemKey, KeyEpoch, Observation, Problem, Reading, key};
use libfuzzer_sys::fuzz_target;

const PLANTED: &str = "zqplantedsecretqz";

/// The formats in the order of their names, as the golden files' folders.
fn formats() -> &'static [Format] {
    static FORMATS: OnceLock<Vec<Format>> = OnceLock::new();
    FORMATS.get_or_init(|| {
        let mut formats = Format::ALL.to_vec();
        formats.sort_by_key(|format| format.as_str());
        formats
    })
}

/// Answers every include with one text.
struct Same<'a>(&'a [u8]);

impl Files for Same<'_> {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let name: FileName = key::escape(include.path).into();
        Ok(vec![Included { name, bytes: self.0.to_vec().into() }])
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else { return };
    let format = formats()[usize::from(first) % formats().len()];
    let text = planted(text);
    let (text, included) = match text.iter().position(|&b| b == 0x0c) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (&text[..], &b""[..]),
    };
    let reading = format::read_with(format, text, None, &mut Same(included));
    assert!(reading == format::read_with(format, text, None, &mut Same(included)), "{format} reads it otherwise");
    let keys: BTreeSet<&ItemKey> = reading.settings.iter().map(|setting| &setting.key).collect();
    assert_eq!(keys.len(), reading.settings.len(), "{format} gives a key twice");
    for key in keys {
        assert!(ItemKey::from_canonical(key.as_str().to_owned()).is_ok(), "{format}: {key:?}");
    }
    keeps_its_secret(format, &reading, [text, included].concat());
});

fn planted(text: &[u8]) -> Vec<u8> {
    let mut planted = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            1 => planted.extend_from_slice(PLANTED.as_bytes()),
            _ => planted.push(byte),
        }
    }
    planted
}

/// Where the planted text stands once, and there as a secret's value, it is
/// told nowhere.
fn keeps_its_secret(format: Format, reading: &Reading, text: Vec<u8>) {
    let holds = |bytes: &[u8]| bytes.windows(PLANTED.len()).any(|window| window == PLANTED.as_bytes());
    if text.windows(PLANTED.len()).filter(|window| *window == PLANTED.as_bytes()).count() != 1 {
        return;
    }
    let key = FleetKey::new([7; 32], KeyEpoch(1));
    let observation = Observation::of_settings(&reading.settings, &key.keyed(), DisplayPolicy::Clear);
    let secret = |key| observation.get(key).is_some_and(|item| item.secret);
    if !reading.settings.iter().any(|setting| holds(setting.value.bytes()) && secret(&setting.key)) {
        return;
    }
    assert!(!format!("{reading:?}").contains(PLANTED), "{format} tells a secret: {reading:?}");
    for problem in &reading.problems {
        assert!(!problem.render("file").contains(PLANTED), "{format} tells a secret: {problem:?}");
    }
    // Of a value that is shown around its secret, the planted text may be what
    // is shown.
    let in_part = |shown: &str| shown.contains(MASK) && shown != MASK;
    for item in observation.items().iter().filter(|item| !item.display.as_ref().is_some_and(|d| in_part(d.as_str()))) {
        let shown = item.display.as_ref().map_or("", |display| display.as_str());
        assert!(!shown.contains(PLANTED), "{format} tells a secret: {item:?}");
    }
}
