use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only what parsing says is looked at")]
struct Sample {
    environment: String,
    port: Option<u16>,
    mode: Option<Mode>,
    api_token: Option<u16>,
    labels: Option<BTreeMap<String, String>>,
    source: Option<Vec<Source>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Clear,
    Digest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only what parsing says is looked at")]
struct Source {
    name: String,
    path: String,
}

fn refused(text: &str) -> String {
    parse::<Sample>(Path::new("agent.toml"), text).unwrap_err().to_string()
}

#[test]
fn a_good_file_is_read() {
    let sample: Sample = parse(Path::new("x"), "environment = 'production'\nport = 5").unwrap();
    assert_eq!(sample.environment, "production");
    assert_eq!(sample.port, Some(5));
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    assert_eq!(
        refused("port = 1\nenviroment = \"production\"\n"),
        "agent.toml:2:1: unknown key `enviroment`; did you mean `environment`?\n 2 | enviroment = ****\n   | ^"
    );
}

#[test]
fn an_unknown_key_far_from_all_lists_them() {
    let text = refused("environment = 'a'\n[[source]]\nname = 'a'\npath = 'b'\nwhatever = 3\n");
    assert_eq!(text, "agent.toml:5:1: unknown key `whatever`; known are `name`, `path`\n 5 | whatever = 3\n   | ^");
}

#[test]
fn a_wrong_type_is_said_without_the_value() {
    assert_eq!(
        refused("environment = 'a'\nport = \"hunter2, expected x\"\n"),
        "agent.toml:2:8: expected u16, found string\n 2 | port = ****\n   |        ^"
    );
    assert_eq!(
        refused("environment = 'a'\nport = 70000\n"),
        "agent.toml:2:8: expected u16, found integer\n 2 | port = 70000\n   |        ^"
    );
}

#[test]
fn an_unknown_value_is_named_with_the_nearest() {
    assert!(refused("environment = 'a'\nmode = 'claer'").contains("unknown value `claer`; did you mean `clear`?"));
}

#[test]
fn a_missing_key_is_named() {
    assert_eq!(refused("port = 1\n"), "agent.toml: missing key `environment`");
    assert!(refused("environment = 'a'\n[[source]]\nname = 'a'\n").contains("agent.toml:2:1: missing key `path`"));
}

#[test]
fn the_value_of_a_secret_appears_nowhere() {
    for line in [
        "api_token = \"hunter2\"",
        "api_token = hunter2",
        "api_token = 'hunter2",
        "environment = hunter2",
        "environment = 'a' hunter2",
        "labels = { api_token = 'hunter2', x = hunter2 }",
        "hunter2",
        "environment = \"\"\"\nhunter2 = \"\n",
        "[labels\nhunter2",
        "environment = \"a\\q hunter2\"",
        "# hunter2 \u{7}",
    ] {
        let text = refused(line);
        assert!(!text.contains("hunter2"), "{line:?} gave:\n{text}");
    }
}

#[test]
fn a_syntax_error_has_its_place() {
    let text = refused("environment = 'a'\nport 5\n");
    assert!(text.starts_with("agent.toml:2:"), "{text}");
    assert!(refused("port = 1\nport = 2\n").starts_with("agent.toml:2:1: duplicate key"));
}

#[test]
fn columns_count_characters() {
    let text = refused("environment = 'a'\nlabels = { 'ä' = 1 }\n");
    assert!(text.starts_with("agent.toml:2:18: "), "{text}");
}

#[test]
fn files_that_are_no_configuration_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let load = |name: &str| load::<Sample>(&dir.path().join(name)).unwrap_err();
    assert!(matches!(load("none"), ConfigError::Missing { .. }));
    assert!(matches!(load("."), ConfigError::Directory { .. }));
    fs::write(dir.path().join("latin"), b"a = 1\nb = '\xe4'\n").unwrap();
    assert!(matches!(load("latin"), ConfigError::NotUtf8 { line: 2, .. }));
    fs::write(dir.path().join("huge"), vec![b'#'; CONFIG_BYTES_MAX + 1]).unwrap();
    assert!(matches!(load("huge"), ConfigError::TooLarge { .. }));
    let error = load("none/such/../x");
    assert_eq!(error.exit(), Exit::Config);
}

#[test]
fn a_file_that_others_may_read_is_warned_about() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("agent.toml");
    fs::write(&path, "").unwrap();
    let check = |mode| {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        check_permissions(&path).unwrap()
    };
    assert_eq!(check(0o600), None);
    assert_eq!(check(0o640), None);
    assert!(check(0o644).unwrap().ends_with("has mode 0644: others may read it (use 0600 or 0640)"));
    assert!(check(0o660).unwrap().contains("others may write it"));
}

#[test]
fn distance_counts_edits_and_swaps() {
    for (a, b, edits) in [("", "abc", 3), ("abc", "abc", 0), ("clera", "clear", 1), ("kitten", "sitting", 3)] {
        assert_eq!(explain::distance(a, b), edits, "{a} {b}");
        assert_eq!(explain::distance(b, a), edits, "{b} {a}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[ -~äöü\n\"'=\\[\\]{}#\\\\]{0,200}") {
        _ = parse::<Sample>(Path::new("x"), &text);
    }

    #[test]
    fn a_masked_value_is_masked_wherever_the_error_is(
        before in "[ \"'=,{}\\[]{0,8}", after in "[ \"'=,{}\\]#]{0,8}", column in 0_usize..40,
    ) {
        // A bare word before `=` is the name of an inline table's value.
        prop_assume!(!after.trim_start().starts_with('='));
        let line = format!("environment = {before}hunter2{after}");
        let (masked, caret) = mask::mask_line(&line, column, false);
        prop_assert!(!masked.contains("hunter2"), "{masked}");
        prop_assert!(caret <= masked.chars().count());
    }
}

/// Every mistake that the reader can tell: where it is, and what is said.
#[test]
fn every_mistake_has_its_place_and_its_words() {
    const GOOD: &str = "environment = 'a'\n";
    for (text, place, said) in [
        ("port = -1", "2:8", "expected u16"),
        ("port = 1.5", "2:8", "expected u16, found floating"),
        ("port = true", "2:8", "expected u16, found boolean"),
        ("port = [1]", "2:8", "expected u16, found sequence"),
        ("port = { a = 1 }", "2:8", "expected u16, found map"),
        ("mode = 'digset'", "2:8", "unknown value `digset`; did you mean `digest`?"),
        ("mode = 'none of these'", "2:8", "unknown value `none of these`; known are `clear`, `digest`"),
        ("api_token = 'x'", "2:13", "the value is not what this key takes"),
        ("labels = 'x'", "2:10", "expected a map, found string"),
        ("Port = 1", "2:1", "unknown key `Port`; did you mean `port`?"),
        ("prot = 1", "2:1", "unknown key `prot`; did you mean `port`?"),
        ("port = 1\nport = 2", "3:1", "duplicate key"),
        ("  prot = 1", "2:3", "unknown key `prot`; did you mean `port`?"),
    ] {
        let text = refused(&format!("{GOOD}{text}\n"));
        assert!(text.starts_with(&format!("agent.toml:{place}: ")), "{text}");
        assert!(text.contains(said), "{said}:\n{text}");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "the line and its caret stand below:\n{text}");
        assert!(lines[2].ends_with('^') && lines[2].matches('^').count() == 1, "{text}");
        let caret = lines[2].chars().count() - 1;
        assert!(caret <= lines[1].chars().count(), "the caret stands below the line:\n{text}");
        let under: String = lines[1].chars().skip(caret).collect();
        let key_or_mask = ["****", "port", "prot", "Port", "-1", "1.5", "true", "[", "{"];
        assert!(key_or_mask.iter().any(|start| under.starts_with(start)), "below {under:?}:\n{text}");
    }
}

#[test]
fn lines_are_masked_but_for_what_cannot_be_a_secret() {
    for (line, inside, wanted) in [
        ("port = 5", false, "port = 5"),
        ("port = 1234567890123", false, "port = ****"),
        ("all = true", false, "all = true"),
        ("name = \"hunter2\"", false, "name = ****"),
        ("name = 'it' # hunter2", false, "name = **** ****"),
        ("pin_token = 5", false, "pin_token = ****"),
        ("a = [1, 'x', 2]", false, "a = [1, ****, 2]"),
        ("a = { b = 'x', secret = 'y' }", false, "a = { b = ****, **** = **** }"),
        ("[source]", false, "[source]"),
        ("[[source]]", false, "[[source]]"),
        ("[\"hunter2\"]", false, "****"),
        ("# hunter2", false, "****"),
        ("hunter2", false, "****"),
        ("a = 5", true, "****"),
        ("\"a b\" = 'x'", false, "\"a b\" = ****"),
        ("ä = 'x'", false, "****"),
        ("", false, ""),
    ] {
        assert_eq!(mask::mask_line(line, 0, inside).0, wanted, "{line:?}");
    }
}

#[test]
fn words_of_secrets_are_recognised_both_ways() {
    for key in ["password", "db_pass", "API_TOKEN", "secret", "fleet_key", "credentials", "auth_header"] {
        assert!(mask::looks_secret(key), "{key}");
    }
    for key in ["port", "environment", "mode", "path", "name", "labels", "listen"] {
        assert!(!mask::looks_secret(key), "{key}");
    }
}

/// `line:column` where a mistake in that key of that text is shown.
fn shown(text: &str, key: &str) -> Option<(usize, usize)> {
    let ConfigError::Invalid(invalid) = invalid(Path::new("x.toml"), text, &Mistake::at(key, "no")) else {
        panic!("not a mistake")
    };
    invalid.place.map(|place| (place.line, place.column))
}

#[test]
fn a_mistake_is_shown_at_its_key() {
    let text = "top = 1\n\n[agent]\n  wait_s = 2\nlist = [\n  1,\n  2,\n]\n[[source]]\nname = 'a'\n\n\
                [[source]] # second\nname = 'b'\n\"path\" = '/x'\n[a.b]\nc.d = 5\n";
    for (key, place) in [
        ("top", (1, 1)),
        ("agent.wait_s", (4, 3)),
        ("agent.list.1", (7, 3)),
        ("source.0.name", (10, 1)),
        ("source.1.name", (13, 1)),
        ("source.1.path", (14, 1)),
        ("a.b.c.d", (16, 3)),
    ] {
        assert_eq!(shown(text, key), Some(place), "{key}");
    }
}

#[test]
fn a_mistake_in_what_is_not_written_is_shown_at_what_holds_it() {
    let text = "[agent]\nx = 1\n[[source]]\nname = 'a'\n[[source]]\nname = 'b'\n";
    assert_eq!(shown(text, "agent.wait_s").map(|(line, _)| line), Some(1));
    assert_eq!(shown(text, "source.1.path").map(|(line, _)| line), Some(5));
    assert_eq!(shown(text, "source.9.path").map(|(line, _)| line), Some(3));
    assert_eq!(shown(text, "nothing"), None);
    assert_eq!(shown(text, ""), None);
    assert_eq!(shown("not toml", "not"), None);
    assert_eq!(shown("", "agent.wait_s"), None);
}

#[test]
fn p4_a_mistake_never_quotes_the_value() {
    let error =
        invalid(Path::new("x.toml"), "[db]\npassword = 'hunter2'\n", &Mistake::at("password", "too short").below("db"));
    let said = error.to_string();
    assert_eq!(said, "x.toml:2:1: too short\n 2 | password = ****\n   | ^");
    assert!(!format!("{error:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn a_place_is_always_within_the_text(text in "[a-z\\[\\]=.'\n 0-9]{0,60}", key in "[a-z]{0,3}(\\.[a-z0-9]{1,2}){0,3}") {
        if let Some((line, column)) = shown(&text, &key) {
            let found = text.lines().nth(line - 1).unwrap_or_default();
            prop_assert!(column <= found.chars().count() + 1, "{line}:{column} of {text:?}");
        }
    }

    #[test]
    fn any_key_that_is_written_is_found(keys in prop::collection::hash_set("[a-z]{1,6}", 1..8), pick: prop::sample::Index) {
        let keys: Vec<_> = keys.into_iter().collect();
        let text: String = keys.iter().enumerate().map(|(at, key)| format!("{key} = {at}\n")).collect();
        let at = pick.index(keys.len());
        prop_assert_eq!(shown(&text, &keys[at]), Some((at + 1, 1)));
    }
}
