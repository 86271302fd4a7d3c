//! Properties of every format: what holds for every text, whatever it is read
//! as.

#![allow(clippy::unwrap_used, reason = "a property that cannot be checked fails the test")]

use std::collections::BTreeSet;

use driftline_canon::format::{self, FileName, Files, Include, Included};
use driftline_canon::limits::{FILE_BYTES_MAX, LINE_BYTES_MAX, PROBLEMS_MAX};
use driftline_canon::{
    DisplayPolicy, FleetKey, Format, ItemKey, KeyEpoch, Observation, Problem, ProblemKind, Reading, Value,
};
use proptest::prelude::*;
use zeroize::Zeroizing;

/// Answers every include with one text.
struct Same<'a>(&'a [u8]);

impl Files for Same<'_> {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let name: FileName = driftline_canon::key::escape(include.path).into();
        Ok(vec![Included { name, bytes: Zeroizing::new(self.0.to_vec()) }])
    }
}

fn observe(reading: &Reading) -> Observation {
    let key = FleetKey::new([7; 32], KeyEpoch(1));
    Observation::of_settings(&reading.settings, &key.keyed(), DisplayPolicy::Clear)
}

/// Bytes that are nearly a file of some format.
fn nearly_any() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "a", "b_2", "=", " = ", ": ", ":", "\"", "'", "`", "\n", "\n", "\r\n", " ", "\t", "#", ";", "$", "${a}",
            "\\", "\\\n", "[", "]", "{", "}", "(", ")", "<", ">", ",", "/", "*", "&a ", "*a", "!", "|", "- ", "---\n",
            "1", "0x1f", "1.5", "1e3", "12MB", "on", "true", "null", "~", "'a b'", "\"a\\n\"", "\\u0041", "é", "\u{feff}",
            "include x\n", "include_dir 'x'\n", "!include x\n", "!includedir x\n", "@x", "<<: *a\n", "[mysqld]\n", "*filter\n",
            ":INPUT DROP [0:0]\n", "-A INPUT -s 10.0.0.0/8 -j ACCEPT\n", "COMMIT\n", "create a hash:ip\n", "add a 10.0.0.1\n",
            "table inet a {\n", "chain b {\n", "tcp dport 22 accept\n", "}\n", "local all all trust\n", "host all all 0.0.0.0/0 md5\n",
            "save 60 1\n", "user a on >b ~* +@all\n", "password", "secret=hunter2", "<zone>", "</zone>", "<rule/>",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_panics_keys_are_valid_and_unique(text in nearly_any()) {
        for format in Format::ALL {
            let reading = format::read_with(*format, &text, None, &mut Same(&text));
            let keys: BTreeSet<&ItemKey> = reading.settings.iter().map(|setting| &setting.key).collect();
            prop_assert_eq!(keys.len(), reading.settings.len(), "{}", format);
            for key in keys {
                prop_assert!(ItemKey::from_canonical(key.as_str().to_owned()).is_ok(), "{format}: {key}");
            }
            prop_assert!(reading.problems.len() <= PROBLEMS_MAX);
            let _ = observe(&reading);
        }
    }

    #[test]
    fn reading_twice_gives_the_same(text in nearly_any()) {
        for format in Format::ALL {
            let first = format::read_with(*format, &text, None, &mut Same(b"a"));
            let second = format::read_with(*format, &text, None, &mut Same(b"a"));
            prop_assert_eq!(first, second, "{}", format);
        }
    }

    /// Some programs end a line at a carriage return alone, so there is none.
    #[test]
    fn places_are_inside_the_text(mut text in nearly_any()) {
        text.retain(|&b| b != b'\r');
        let shown = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = shown.split('\n').collect();
        for format in Format::ALL {
            let reading = format::read(*format, &text);
            for place in reading.problems.iter().filter_map(|problem| problem.place) {
                let line = lines.get(usize::try_from(place.line).unwrap() - 1);
                let inside = line.is_some_and(|line| place.column >= 1 && usize::try_from(place.column).unwrap() <= line.chars().count() + 1);
                prop_assert!(inside, "{format} puts a problem of {shown:?} at {place:?}");
            }
            let outside = reading.settings.iter().filter_map(|one| one.line).find(|line| !(1..=lines.len()).contains(&usize::try_from(*line).unwrap()));
            prop_assert_eq!(outside, None, "{} of {:?}", format, shown);
        }
    }

    /// What is there is watched: a text of more than comments, brackets and
    /// white space never reads as nothing.
    #[test]
    fn a_word_is_never_lost(word in "[a-z]{3,8}", line in "[ -~]{0,10}") {
        let text = format!("{word} {line}\n");
        for format in Format::ALL {
            prop_assert!(!format::read(*format, text.as_bytes()).settings.is_empty(), "{format} reads nothing in {text:?}");
        }
    }
}

#[test]
fn what_is_too_large_or_no_text_is_watched_as_content() {
    for format in Format::ALL {
        for bytes in [&b"a = 1\n\0\n"[..], &vec![b'a'; FILE_BYTES_MAX + 1]] {
            let reading = format::read(*format, bytes);
            let kinds: Vec<bool> =
                reading.settings.iter().map(|setting| matches!(setting.value, Value::Content(_))).collect();
            assert!(kinds.contains(&true), "{format} leaves {} bytes unwatched", bytes.len());
            assert!(!reading.problems.is_empty(), "{format}");
        }
    }
}

#[test]
fn a_line_of_ten_megabytes_is_survived() {
    const BYTES: usize = 10 * LINE_BYTES_MAX;
    for format in Format::ALL {
        for (before, after) in [("a = ", "\n"), ("{\"a\": \"", "\"}\n")] {
            let text = format!("{before}{}{after}", "x".repeat(BYTES));
            let reading = format::read(*format, text.as_bytes());
            assert!(!reading.settings.is_empty(), "{format} loses it");
        }
    }
}

#[test]
fn deep_nesting_is_a_problem_and_no_overflow_of_the_stack() {
    const DEEP: usize = 40_000;
    for format in Format::ALL {
        for piece in ["[", "{", "(", "{\"a\":", "{a: ", "- ", "<a>", "a {\n", "${a:-", "[[a]]\n", "a = ["] {
            let reading = format::read(*format, format!("{}\nx = 1\n", piece.repeat(DEEP)).as_bytes());
            assert!(!reading.settings.is_empty(), "{format} loses {piece:?}");
            assert!(reading.problems.len() <= PROBLEMS_MAX, "{format}");
        }
    }
}

/// A worker has a stack of this size, and a text may have no line end.
#[test]
fn deep_nesting_on_one_line_is_no_overflow_of_a_small_stack() {
    const DEEP: usize = 6_000;
    const STACK_BYTES: usize = 2 * 1024 * 1024;
    let pieces = [
        ("[", "]"),
        ("{", "}"),
        ("@a { ", "}"),
        ("{\"a\":", "}"),
        ("{a: ", "}"),
        ("<a>", "</a>"),
        ("1-", ""),
        ("! ", ""),
        ("${a:-", "}"),
    ];
    let around = [("", ""), ("table ip t { chain c { ", " }"), ("*filter\n-A INPUT ", ""), ("a = ", "")];
    let read_all = move || {
        for format in Format::ALL {
            for (open, close) in pieces {
                for (before, after) in around {
                    let text = format!("{before}{}x{}{after}", open.repeat(DEEP), close.repeat(DEEP));
                    let reading = format::read(*format, text.as_bytes());
                    assert!(reading.problems.len() <= PROBLEMS_MAX, "{format} of {open:?} in {before:?}");
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(read_all).unwrap().join().unwrap();
}

#[test]
fn a_file_that_includes_itself_ends() {
    let ways = ["include self\n", "include 'self'\n", "!include self\n", "include \"self\"\n", "include_dir 'self'\n"];
    for format in Format::ALL {
        for text in ways {
            let text = format!("{text}{text}");
            let reading = format::read_with(*format, text.as_bytes(), None, &mut Same(text.as_bytes()));
            let limits = reading.problems.iter().filter(|problem| problem.kind == ProblemKind::Limit).count();
            assert!(limits <= PROBLEMS_MAX, "{format}");
        }
    }
}

/// The name says that the value is a secret, in every way of writing it that
/// some format knows: no key and no problem may tell it. To pg_ident.conf any
/// three words are a rule, which is shown as it stands.
#[test]
fn no_key_and_no_problem_shows_a_secret() {
    let ways = ["password = X", "password=X", "password: X", "password X", "\"password\": \"X\"", "password \"X"];
    let more = ["requirepass X Y", "<password>X", "user a >X", "password = 'X", "[a]\npassword = X ]["];
    let mut told = Vec::new();
    for way in ways.iter().chain(&more) {
        let line = way.replace('X', "hunter2zz");
        for text in
            [format!("{line}\n"), format!("{line}\n{line}\n"), format!("{{\n{line}"), format!("{line}\\\n\"{line}'\n")]
        {
            for format in Format::ALL.iter().filter(|format| **format != Format::PgIdent) {
                let reading = format::read(*format, text.as_bytes());
                let keys = reading.settings.iter().map(|setting| setting.key.to_string());
                let problems = reading.problems.iter().map(|problem| problem.render("file"));
                let shown = keys.chain(problems).chain([format!("{reading:?}")]).find(|one| one.contains("hunter2zz"));
                told.extend(shown.map(|shown| format!("{format} of {text:?}: {shown}")));
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
