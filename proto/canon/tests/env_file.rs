//! Properties of env files: what holds for every text, every dialect and every
//! secret.

#![allow(clippy::unwrap_used, reason = "a property that cannot be checked fails the test")]

use std::collections::BTreeSet;

use driftline_canon::{
    DisplayPolicy, EnvDialect, FleetKey, Format, ItemKey, KeyEpoch, Observation, Reading, Root, Value, diff, format,
};
use proptest::prelude::*;

fn read(dialect: EnvDialect, text: &[u8]) -> Reading {
    format::read(Format::EnvFile(Some(dialect)), text)
}

fn observe(reading: &Reading) -> Observation {
    let key = FleetKey::new([7; 32], KeyEpoch(1));
    Observation::of_settings(&reading.settings, &key.keyed(), DisplayPolicy::Clear)
}

fn root(dialect: EnvDialect, text: &[u8]) -> Root {
    observe(&read(dialect, text)).root()
}

fn dialect() -> impl Strategy<Value = EnvDialect> {
    prop::sample::select(EnvDialect::ALL.to_vec())
}

/// Bytes that are nearly an env file: the interesting ones are frequent.
fn nearly_env() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "A", "B_2", "=", "=\"", "='", "\"", "'", "`", "\n", "\r\n", " ", "\t", "#", " #", ";", "$", "${", "}", "${A}", "${A:-", "$(", ")", "(", "\\", "\\\n",
            "export ", "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "<<E", "E", "if ", "fi", "case ", "\u{feff}", "é", ":", "@", "||", "&&",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Distinct names with values that every dialect can write.
fn settings() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = prop::string::string_regex("[ -~é😀]{0,24}").unwrap();
    prop::collection::btree_map("[A-Z][A-Z0-9_]{0,8}", value, 1..8).prop_map(|map| map.into_iter().collect())
}

/// One setting in the quoting of a dialect. `$` is left out where a dialect
/// has no way to write it, line feeds are put in where it has.
fn write(dialect: EnvDialect, name: &str, value: &str) -> (String, String) {
    let value = match dialect {
        EnvDialect::Dotenv => value.replace('$', "€").replace('~', "\n"),
        EnvDialect::DockerRun => value.to_owned(),
        _ => value.replace('~', "\n"),
    };
    let escaped = |special: &str| -> String {
        value.chars().flat_map(|c| special.contains(c).then_some('\\').into_iter().chain([c])).collect()
    };
    let written = match dialect {
        EnvDialect::Dotenv => format!("'{}'", escaped("\\'")),
        EnvDialect::Compose => format!("\"{}\"", escaped("\\\"$")),
        EnvDialect::DockerRun => value.clone(),
        EnvDialect::Systemd => format!("\"{}\"", escaped("\\\"$`")),
        EnvDialect::Shell => format!("'{}'", value.replace('\'', "'\\''")),
    };
    (format!("{name}={written}\n"), value)
}

proptest! {
    #[test]
    fn nothing_panics_and_keys_are_unique(dialect in dialect(), text in nearly_env()) {
        let reading = read(dialect, &text);
        let keys: BTreeSet<&ItemKey> = reading.settings.iter().map(|setting| &setting.key).collect();
        prop_assert_eq!(keys.len(), reading.settings.len());
        for problem in &reading.problems {
            let _ = problem.render("file");
        }
        let _ = observe(&reading);
    }

    #[test]
    fn any_bytes_are_read(dialect in dialect(), text in prop::collection::vec(any::<u8>(), 0..300)) {
        let reading = read(dialect, &text);
        let blank = text.iter().all(u8::is_ascii_whitespace);
        prop_assert!(blank || !reading.settings.is_empty() || reading.problems.is_empty());
    }

    #[test]
    fn deltas_between_readings_apply(dialect in dialect(), a in nearly_env(), b in nearly_env()) {
        let (before, after) = (observe(&read(dialect, &a)), observe(&read(dialect, &b)));
        match diff(&before, &after) {
            None => prop_assert_eq!(before.root(), after.root()),
            Some(delta) => prop_assert_eq!(delta.apply(&before).unwrap().root(), after.root()),
        }
    }

    #[test]
    fn what_is_written_is_read(dialect in dialect(), settings in settings()) {
        let written: Vec<_> = settings.iter().map(|(name, value)| write(dialect, name, value)).collect();
        let text: String = written.iter().map(|(line, _)| line.as_str()).collect();
        let reading = read(dialect, text.as_bytes());
        prop_assert_eq!(&reading.problems, &[], "{:?}", text);
        let found: Vec<_> = reading.settings.iter().map(|one| (one.key.as_str(), &one.value)).collect();
        let expected: Vec<_> = settings.iter().zip(&written).map(|((name, _), (_, value))| (name.clone(), Value::text(value.as_bytes()))).collect();
        prop_assert_eq!(found, expected.iter().map(|(name, value)| (name.as_str(), value)).collect::<Vec<_>>(), "{:?}", text);
    }

    #[test]
    fn w15_order_is_free_without_references(dialect in dialect(), settings in settings().prop_shuffle(), seed: u64) {
        let lines: Vec<String> = settings.iter().map(|(name, value)| write(dialect, name, value).0).collect();
        let mut turned = lines.clone();
        turned.rotate_left(usize::try_from(seed % lines.len() as u64).unwrap());
        prop_assert_eq!(root(dialect, lines.concat().as_bytes()), root(dialect, turned.concat().as_bytes()));
    }

    #[test]
    fn w15_comments_blank_lines_and_line_ends_do_not_matter(dialect in dialect(), settings in settings()) {
        let one_line = |value: &str| value.replace(['~', '\\'], "");
        let lines: Vec<String> = settings.iter().map(|(name, value)| write(dialect, name, &one_line(value)).0).collect();
        let plain = lines.concat();
        let expected = root(dialect, plain.as_bytes());
        let commented = format!("# first\n\n{}\n   # last = 1\n", lines.join("\n# between\n"));
        prop_assert_eq!(root(dialect, commented.as_bytes()), expected);
        prop_assert_eq!(root(dialect, plain.trim_end_matches('\n').as_bytes()), expected);
        // A shell takes a carriage return for a part of the value: golden file `crlf`.
        if dialect != EnvDialect::Shell {
            prop_assert_eq!(root(dialect, plain.replace('\n', "\r\n").as_bytes()), expected);
        }
        // systemd and shells take a byte order mark for a part of the first name: golden file `bom`.
        if !matches!(dialect, EnvDialect::Shell | EnvDialect::Systemd) {
            prop_assert_eq!(root(dialect, format!("\u{feff}{plain}").as_bytes()), expected);
        }
    }
}

/// Something that no rule recognises by itself, so that only its place can
/// give it away.
fn planted() -> impl Strategy<Value = String> {
    "[a-z]{5}zq[a-z]{5}"
}

proptest! {
    #[test]
    fn no_problem_and_no_debug_text_holds_a_value(
        dialect in dialect(),
        secret in planted(),
        name in prop::sample::select(vec!["DB_PASSWORD", "export DB_PASSWORD", "  db_password ", "DB PASSWORD", "1PASSWORD", "", "DB-PASSWORD"]),
        between in prop::sample::select(vec!["=", " = ", "=\"", "='", "=`", "=\"x\" ", "='x'", ": ", "=${", "=${A:-", "=$(", "=\\", "=a\n=", "=\"one\n", "=(", "=\"one\ntwo=", "=\"\\\""]),
        after in prop::sample::select(vec!["", "\"", "'", "`", "}", ")", "\" y", "\\", "\n\"", "\" \"", "''", "=", "==", "=x", ": x"]),
        next in prop::sample::select(vec!["\n", "\nOTHER=1\n", "\n# \"\nOTHER='1'\n", "\n}\n"]),
    ) {
        let text = format!("FIRST=1\n{name}{between}{secret}{after}{next}");
        let reading = read(dialect, text.as_bytes());
        for problem in &reading.problems {
            prop_assert!(!problem.render("f").contains(&secret), "{}", problem.render("f"));
        }
        let unreadable = |setting: &&driftline_canon::Setting| !setting.key.as_str().contains(&secret);
        let debug: String = reading.settings.iter().filter(unreadable).map(|setting| format!("{setting:?}")).collect();
        prop_assert!(!debug.contains(&secret));
        for item in observe(&reading).items().iter().filter(|item| item.key.as_str().to_lowercase().contains("password")) {
            let shown = item.display.as_ref().map_or("", |display| display.as_str());
            prop_assert!(!shown.contains(&secret), "{text:?} shows {shown}");
        }
    }

    #[test]
    fn a_line_of_a_broken_secret_becomes_no_name(dialect in dialect(), secret in planted(), quote in prop::sample::select(vec!["\"", "'"])) {
        let text = format!("DB_PASSWORD={quote}first\n{secret}\nOTHER=1\n");
        let reading = read(dialect, text.as_bytes());
        prop_assert!(!format!("{reading:?}").contains(&secret), "{reading:?}");
    }

    #[test]
    fn key_material_outside_quotes_becomes_no_name(dialect in dialect(), body in "[A-Za-z0-9+/]{20,64}", tail in "[A-Za-z0-9+/]{1,20}={0,2}") {
        let text = format!("KEY=-----BEGIN RSA PRIVATE KEY-----\n{body}\n{tail}\n-----END RSA PRIVATE KEY-----\nOTHER=1\n");
        let reading = read(dialect, text.as_bytes());
        let debug = format!("{reading:?}");
        prop_assert!(!(debug.contains(&body) || tail.len() > 4 && debug.contains(&tail)), "{debug}");
        prop_assert!(reading.settings.iter().any(|setting| setting.key.as_str() == "OTHER"));
    }
}
