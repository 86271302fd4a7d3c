//! Properties of the formats of settings: what is written in two ways means
//! the same, and another value is another meaning of that key alone.

#![allow(clippy::unwrap_used, reason = "a property that cannot be checked fails the test")]

use std::collections::BTreeMap;

use driftline_canon::{Format, Setting, format};
use proptest::prelude::*;

/// A way of writing settings: a number chooses among a format's spellings.
type Write = fn(&[(String, String)], u64) -> String;

fn read(format: Format, text: &str) -> BTreeMap<String, Vec<u8>> {
    let reading = format::read(format, text.as_bytes());
    assert_eq!(reading.problems, [], "{format} of {text:?}");
    let pair = |one: &Setting| (one.key.as_str().to_owned(), one.value.bytes().to_vec());
    reading.settings.iter().map(pair).collect()
}

/// Picks by one digit of the number after the other.
struct Ways(u64);

impl Ways {
    fn pick<'a>(&mut self, among: &[&'a str]) -> &'a str {
        let count = u64::try_from(among.len()).unwrap();
        let at = usize::try_from(self.0 % count).unwrap();
        // What the digits leave is mixed, so that they never run out.
        self.0 = (self.0 / count).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ self.0;
        among[at]
    }

    fn quoted(&mut self, value: &str, plain: bool) -> String {
        match self.pick(if plain { &["'", "\"", ""] } else { &["'", "\""] }) {
            "'" => format!("'{value}'"),
            "\"" => format!("\"{value}\""),
            _ => value.to_owned(),
        }
    }
}

fn yaml(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    if ways.pick(&["block", "block", "flow"]) == "flow" {
        let member =
            |(name, value): &(String, String)| format!("{}: {}", ways.quoted(name, true), ways.quoted(value, true));
        let members: Vec<String> = settings.iter().map(member).collect();
        return format!("{{{}}}\n", members.join(", "));
    }
    let mut text = ways.pick(&["", "---\n", "# c\n"]).to_owned();
    for (name, value) in settings {
        let value = match ways.pick(&["quoted", "folded", "escaped"]) {
            "folded" => format!(">-\n  {value}"),
            "escaped" => format!("\"{}\"", value.replace('a', "\\x61").replace('b', "\\u0062")),
            _ => ways.quoted(value, true),
        };
        text.push_str(&format!(
            "{}:{}{value}\n{}",
            ways.quoted(name, true),
            ways.pick(&[" ", "  "]),
            ways.pick(&["", "\n", "# c\n"])
        ));
    }
    text
}

fn toml(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    let form = ways.pick(&["table", "dotted", "inline"]);
    let members: Vec<String> = settings
        .iter()
        .map(|(name, value)| {
            let name = ways.quoted(name, true);
            let value = match ways.pick(&["quoted", "lines", "escaped"]) {
                "lines" => format!("\"\"\"\n{value}\"\"\""),
                "escaped" => format!("\"{}\"", value.replace('a', "\\u0061")),
                _ => ways.quoted(value, false),
            };
            format!("{name}{}{value}", ways.pick(&["=", " = "]))
        })
        .collect();
    match form {
        "table" => format!("[t] # c\n{}\n", members.join("\n")),
        "dotted" => members.iter().map(|member| format!("t.{member}\r\n")).collect(),
        _ => format!("t = {{ {} }}\n", members.join(", ")),
    }
}

fn ini(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    let mut text = ways.pick(&["[t]\n", "; c\n[ t ]\n", "\u{feff}[t]\r\n"]).to_owned();
    for (name, value) in settings {
        let sign = ways.pick(&["=", " = ", ": ", "\t:"]);
        text.push_str(&format!("{name}{sign}{value}{}", ways.pick(&["\n", " \r\n", "\n# c\n", "\n\n"])));
    }
    text
}

fn properties(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    let mut text = ways.pick(&["", "# c\n", "! c\n\n"]).to_owned();
    for (name, value) in settings {
        let value = match ways.pick(&["plain", "escaped", "continued"]) {
            "escaped" => value.replace('a', "\\u0061").replace(' ', "\\ "),
            "continued" => format!("\\\n    {value}"),
            _ => value.clone(),
        };
        let name = name.replace('a', ways.pick(&["a", "\\u0061", "\\a"]));
        let sign = ways.pick(&["=", " = ", ":", " ", "\t"]);
        text.push_str(&format!(
            "{}{name}{sign}{value}{}",
            ways.pick(&["", "  "]),
            ways.pick(&["\n", "\r\n", "\r", "\n\n"])
        ));
    }
    text
}

fn key_value(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    let mut text = String::new();
    for (name, value) in settings {
        let sign = ways.pick(&["=", " = ", " ", "\t"]);
        text.push_str(&format!(
            "{}{name}{sign}{value}{}",
            ways.pick(&["", "  ", "-"]),
            ways.pick(&["\n", " \r\n", "\n# c\n", "\n; c\n\n"])
        ));
    }
    text
}

fn my_cnf(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    let mut text = ways.pick(&["[mysqld]\n", "# c\n[mysqld]\n\n"]).to_owned();
    for (name, value) in settings {
        let name = name.replace('_', ways.pick(&["_", "-"]));
        let sign = ways.pick(&["=", " = ", " ="]);
        text.push_str(&format!(
            "{name}{sign}{}{}",
            ways.quoted(value, true),
            ways.pick(&["\n", " # c\n", "\r\n", "\n; c\n"])
        ));
    }
    text
}

fn redis(settings: &[(String, String)], ways: u64) -> String {
    let mut ways = Ways(ways);
    let mut text = ways.pick(&["", "# c\n\n"]).to_owned();
    for (name, value) in settings {
        let name = if ways.pick(&["lower", "upper"]) == "upper" { name.to_uppercase() } else { name.clone() };
        let value = match ways.pick(&["quoted", "escaped"]) {
            "escaped" => format!("\"{}\"", value.replace('a', "\\x61")),
            _ => ways.quoted(value, !value.contains(' ')),
        };
        text.push_str(&format!(
            "{name}{}{value}{}",
            ways.pick(&[" ", "\t", "   "]),
            ways.pick(&["\n", "\n# c\n", "\n\n"])
        ));
    }
    text
}

fn mongod(settings: &[(String, String)], ways: u64) -> String {
    const OLDER: &[(&str, &str)] = &[
        ("storage.dbPath", "dbpath"),
        ("systemLog.path", "logpath"),
        ("replication.replSetName", "replSet"),
        ("storage.engine", "storageEngine"),
    ];
    let mut ways = Ways(ways);
    let form = ways.pick(&["nested", "dotted", "older"]);
    let mut nested: BTreeMap<&str, String> = BTreeMap::new();
    let mut text = String::new();
    for (name, value) in settings {
        let (group, last) = name.split_once('.').unwrap();
        match form {
            "nested" => {
                let value = ways.quoted(value, true);
                nested.entry(group).or_default().push_str(&format!("  {last}: {value}\n"));
            }
            "dotted" => text.push_str(&format!("{name}: {}\n", ways.quoted(value, true))),
            _ => {
                let older = OLDER.iter().find(|(known, _)| known == name).unwrap().1;
                text.push_str(&format!("{older}{}{value}{}\n", ways.pick(&["=", " = "]), ways.pick(&["", " # c"])));
            }
        }
    }
    let groups: String = nested.iter().map(|(group, members)| format!("{group}:\n{members}")).collect();
    text + &groups
}

/// Texts that no format takes for anything else.
fn value() -> impl Strategy<Value = String> {
    "v[a-e /]{0,12}z"
}

fn settings(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(String, String)>> {
    let all = names.len();
    let chosen = prop::sample::subsequence(names.to_vec(), 1..=all);
    (chosen, prop::collection::vec(value(), all))
        .prop_map(|(names, values)| names.into_iter().map(str::to_owned).zip(values).collect())
}

/// Two ways of writing the same; one more where one value is another.
fn check(format: Format, write: Write, settings: &[(String, String)], ways: (u64, u64), change: (usize, &str)) {
    let (one, other) = (write(settings, ways.0), write(settings, ways.1));
    let meaning = read(format, &one);
    assert_eq!(meaning.len(), settings.len(), "{format} of {one:?}");
    assert_eq!(meaning, read(format, &other), "{format} of {one:?} and {other:?}");
    let mut changed = settings.to_vec();
    let at = change.0 % changed.len();
    if changed[at].1 == change.1 {
        return;
    }
    change.1.clone_into(&mut changed[at].1);
    let text = write(&changed, ways.0);
    let after = read(format, &text);
    let differ: Vec<&String> = meaning.keys().filter(|key| meaning.get(*key) != after.get(*key)).collect();
    assert_eq!(differ.len(), 1, "{format} of {one:?} and {text:?}");
    assert!(
        meaning.keys().eq(after.keys()) && differ[0].ends_with(changed[at].0.as_str()),
        "{format} of {text:?}: {differ:?}"
    );
}

macro_rules! meanings {
    ($($test:ident: $format:expr, $write:expr, $names:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(200))]
            $(#[test]
            fn $test(settings in settings($names), one: u64, other: u64, at: usize, value in value()) {
                check($format, $write, &settings, (one, other), (at, &value));
            })*
        }
    };
}

const NAMES: &[&str] = &["alpha", "b_2", "cache", "data-dir", "e", "zebra"];

meanings! {
    yaml_means_the_same_in_all_styles: Format::Yaml, yaml, NAMES;
    toml_means_the_same_in_all_styles: Format::Toml, toml, NAMES;
    ini_means_the_same_in_all_styles: Format::Ini, ini, NAMES;
    properties_mean_the_same_in_all_styles: Format::Properties, properties, NAMES;
    keys_and_values_mean_the_same_in_all_styles: Format::KeyValue, key_value, NAMES;
    options_of_mysql_mean_the_same_in_all_styles: Format::MyCnf, my_cnf, &["datadir", "socket", "log_error", "init_file", "slow_query_log_file"];
    redis_means_the_same_in_all_styles: Format::RedisConf, redis, &["dbfilename", "pidfile", "unixsocket", "logfile", "aclfile"];
    mongod_means_the_same_in_all_forms: Format::MongodConf, mongod, &["storage.dbPath", "systemLog.path", "replication.replSetName", "storage.engine"];
}
