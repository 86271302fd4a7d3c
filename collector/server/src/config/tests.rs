use std::path::Path;

use super::*;

fn read(text: &str) -> Result<Config, String> {
    let path = Path::new("collector.toml");
    config::parse::<Config>(path, text).and_then(|config| config.checked(path, text)).map_err(|error| error.to_string())
}

fn route(url: &str, more: &str) -> String {
    format!("[[alert]]\nname = 'a'\nkind = 'webhook'\nsecret_file = '/s'\nurl = '{url}'\n{more}\n")
}

#[test]
fn an_empty_file_means_the_defaults() {
    assert_eq!(read("").unwrap(), Config::default());
}

#[test]
fn d10_an_unknown_key_is_named_with_its_place() {
    let error = read("[listen]\nigest = '0.0.0.0:1'\n").unwrap_err();
    assert!(error.starts_with("collector.toml:2:1: unknown key `igest`; did you mean `ingest`?"), "{error}");
}

#[test]
fn http_is_only_for_this_host() {
    assert!(read(&route("https://alerts.example.com/x", "")).is_ok());
    assert!(read(&route("http://127.0.0.1:9000/x", "")).is_ok());
    assert!(read(&route("http://[::1]:9000/x", "")).is_ok());
    assert!(read(&route("http://alerts.example.com/x", "")).unwrap_err().contains("in clear"));
    assert!(read(&route("http://alerts.example.com/x", "allow_plaintext = true")).is_ok());
    assert!(read(&route("ftp://alerts.example.com/x", "")).is_err());
}

#[test]
fn two_routes_of_one_name_are_refused() {
    let text = format!("{}{}", route("https://a/", ""), route("https://b/", ""));
    assert!(read(&text).unwrap_err().contains("two `[[alert]]` routes are named `a`"));
}

#[test]
fn impossible_numbers_and_endpoints_are_refused() {
    for (text, says) in [
        ("state_dir = 'relative'", "state_dir"),
        ("[store]\ncache_mib = 0", "cache_mib"),
        ("[agents]\nsilence_s = 0", "silence_s"),
        ("[agents]\nrestart_grace_s = 99999", "restart_grace_s"),
        ("[advertise]\ningest = ['no-port']", "host:port"),
        ("[advertise]\nenrol = ['a,b:1']", "host:port"),
    ] {
        assert!(read(text).unwrap_err().contains(says), "{text}");
    }
}

#[test]
fn the_shipped_configuration_is_the_defaults() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/collector.toml"));
    assert_eq!(Config::load(path).unwrap(), Config::default());
}

#[test]
fn d10_what_cannot_be_meant_is_shown_where_it_is_written() {
    let two = format!("{}{}", route("https://a/", ""), route("https://b/", ""));
    for (text, place) in [
        ("state_dir = 'relative'", "1:1"),
        ("# a comment\n[store]\ncache_mib = 0", "3:1"),
        ("[agents]\n\n  silence_s = 0", "3:3"),
        ("[advertise]\nnames = ['good',\n 'bad name!']", "3:2"),
        ("[advertise]\ningest = ['a:1', 'no-port']", "2:18"),
        (two.as_str(), "8:1"),
        (&route("http://alerts.example.com/x", ""), "5:1"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(&format!("collector.toml:{place}: ")), "{text}: {error}");
    }
}

#[test]
fn a_name_is_what_a_certificate_can_name() {
    let long = format!("{}.example", "a".repeat(64));
    let longest = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
    for good in ["collector.example.com", "c", "10.0.0.1", "::1", "fe80::1", "db_1.internal", "1-2.x", &longest] {
        assert!(is_name(good), "{good}");
    }
    for bad in [
        "",
        "bad name!",
        "a..b",
        "-a",
        "a-",
        ".a",
        "a.",
        &long,
        "a/b",
        "a:1",
        "[::1]",
        "*.a",
        "ä",
        &format!("{longest}d"),
    ] {
        assert!(!is_name(bad), "{bad}");
    }
}

#[test]
fn too_many_routes_are_shown_at_the_first_that_is_too_many() {
    let text: String = (0..=ROUTES_MAX).map(|n| route("https://a/", "").replace("'a'", &format!("'{n}'"))).collect();
    let error = read(&text).unwrap_err();
    assert!(error.contains("17 `[[alert]]` routes, at most 16"), "{error}");
    assert!(error.starts_with(&format!("collector.toml:{}:", ROUTES_MAX * 6 + 1)), "{error}");
}
