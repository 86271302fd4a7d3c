//! Strict, and helpful about it.

use super::*;

fn known() -> Vec<String> {
    ["collector", "ca_file", "token_file", "fleet_key_file", "output", "fail_on", "limit", "all"]
        .map(str::to_owned)
        .to_vec()
}

fn parsed(text: &str) -> Outcome<Settings> {
    parse(Path::new("/etc/x/cli.toml"), text, &known())
}

fn refused(text: &str) -> String {
    let failure = parsed(text).unwrap_err();
    assert_eq!(failure.exit(), Exit::Config);
    failure.to_string()
}

#[test]
fn flags_are_kept_as_they_would_be_typed() {
    let settings = parsed("collector = \"https://c:7443\"\nlimit = 5\nall = true\n").unwrap();
    assert_eq!(settings.flag("collector"), Some("https://c:7443"));
    assert_eq!((settings.flag("limit"), settings.flag("all")), (Some("5"), Some("true")));
    assert_eq!(settings.flag("output"), None);
}

#[test]
fn paths_are_relative_to_the_file() {
    let settings = parsed("ca_file = \"ca.pem\"\ntoken_file = \"/root/token\"\n").unwrap();
    assert_eq!(settings.flag("ca_file"), Some("/etc/x/ca.pem"));
    assert_eq!(settings.flag("token_file"), Some("/root/token"));
}

#[test]
fn d10_an_unknown_key_is_named_with_its_place_and_the_nearest() {
    let said = refused("# hello\ncolector = \"x\"\n");
    assert_eq!(said, "error: /etc/x/cli.toml:2:1: unknown key `colector`\nhint: did you mean `collector`?");
    assert!(!refused("frobnicate = 1\n").contains("hint"));
}

#[test]
fn d10_what_is_not_toml_is_named_with_its_place() {
    assert!(refused("collector = \n").starts_with("error: /etc/x/cli.toml:1:1"), "{}", refused("collector = \n"));
    assert!(refused("limit = [1]\n").contains("`limit` must be a text, a number or a boolean"));
    assert!(refused("limit = 1\nlimit = 2\n").contains(":2:1"));
}

#[test]
fn a_ca_may_be_written_into_the_file() {
    let settings = parsed("ca_pem = \"\"\"\n-----BEGIN CERTIFICATE-----\n\"\"\"\n").unwrap();
    assert_eq!(settings.ca_pem.as_deref(), Some("-----BEGIN CERTIFICATE-----\n"));
}

#[test]
fn a_named_file_must_exist() {
    let failure = load(Some(Path::new("/nonexistent/cli.toml")), &known()).unwrap_err();
    assert_eq!(failure.exit(), Exit::Config);
    assert!(failure.to_string().contains("hint: `driftline login` makes one"));
}

#[test]
fn what_is_written_reads_back() {
    let text = render(&[("collector", "https://c:7443".to_owned()), ("ca_file", "/a \"b\"/ca.pem".to_owned())]);
    let settings = parsed(&text).unwrap();
    assert_eq!(settings.flag("ca_file"), Some("/a \"b\"/ca.pem"));
}

#[test]
fn distances() {
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("same", "same"), 0);
}
