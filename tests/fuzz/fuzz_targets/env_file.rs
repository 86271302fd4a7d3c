//! Env files: the first byte chooses the dialect, a form feed parts the text
//! into a before and an after.
//!
//! Nothing panics, keys are unique, deltas apply, and a secret that stands in
//! the same file is shown nowhere, whatever the text does with its name.
#![no_main]

use std::collections::BTreeSet;

use driftline_canon::{DisplayPolicy, EnvDialect, FleetKey, Format, KeyEpoch, Observation, diff, format};
use libfuzzer_sys::fuzz_target;

const PLANTED: &str = "zqplantedsecretqz";

fuzz_target!(|data: &[u8]| {
    let Some((&first, text)) = data.split_first() else { return };
    let dialect = EnvDialect::ALL[usize::from(first) % EnvDialect::ALL.len()];
    let (before, after) = match text.iter().position(|&b| b == 0x0c) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (b"".as_slice(), text),
    };
    let (before, after) = (observed(dialect, before), observed(dialect, after));
    match diff(&before, &after) {
        None => assert_eq!(before.root(), after.root()),
        Some(delta) => assert_eq!(delta.apply(&before).unwrap().root(), after.root()),
    }
});

fn observed(dialect: EnvDialect, text: &[u8]) -> Observation {
    let planted = [format!("DB_PASSWORD={PLANTED}\n").as_bytes(), text].concat();
    let reading = format::read(Format::EnvFile(Some(dialect)), &planted);
    let keys: BTreeSet<_> = reading.settings.iter().map(|setting| &setting.key).collect();
    assert_eq!(keys.len(), reading.settings.len());
    for problem in &reading.problems {
        assert!(!problem.render("file").contains(PLANTED));
    }
    assert!(!format!("{reading:?}").contains(PLANTED));
    let key = FleetKey::new([7; 32], KeyEpoch(1));
    let observation = Observation::of_settings(&reading.settings, &key.keyed(), DisplayPolicy::Clear);
    for item in observation.items() {
        let shown = item.display.as_ref().map_or("", |display| display.as_str());
        assert!(!shown.contains(PLANTED), "{} shows {shown}", item.key);
    }
    observation
}
