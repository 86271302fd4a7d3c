//! Tables that are right, and what is wrong with the others.

use std::path::Path;

use crate::config::Config;

const DB: &str = "[[source]]\nkind = \"database_settings\"\nname = \"db\"\n";

fn parse(lines: &str) -> Result<Config, String> {
    Config::parse(Path::new("agent.toml"), &format!("{DB}{lines}")).map_err(|error| error.to_string())
}

#[test]
fn a_table_says_which_server_and_as_whom() {
    let config = parse(
        "server = \"postgresql\"\nconnect = \"unix:/run/postgresql\"\nuser = \"driftline\"\ndatabase = \"app\"\n\
         password_file = \"/etc/driftline/db.pass\"\npoll_s = 5\nconfig = \"pg\"\n",
    )
    .unwrap();
    assert!(config.sources.is_empty());
    let spec = &config.databases[0];
    assert_eq!(spec.target.endpoint.to_string(), "unix:/run/postgresql");
    assert_eq!((spec.every.as_secs(), spec.config.as_ref().unwrap().as_str()), (5, "pg"));
    assert_eq!(spec.source.kind.as_str(), "database_settings");
    let config = parse("server = \"redis\"\nconnect = \"[::1]:6379\"\n").unwrap();
    assert_eq!(config.databases[0].every.as_secs(), 10);
}

#[test]
fn what_is_wrong_is_said_with_the_key() {
    let redis = "server = \"redis\"\nconnect = \"localhost:1\"\n";
    let cases = [
        ("connect = \"db:1\"\n".to_owned(), "needs a `server`"),
        ("server = \"mongodb\"\nconnect = \"db:1\"\n".to_owned(), "needs a `server`"),
        ("server = \"redis\"\n".to_owned(), "`unix:/path` or `host:port`"),
        (format!("{redis}poll_s = 1\n"), "`poll_s` must be from 2"),
        (format!("{redis}path = \"/etc/x\"\n"), "has no `path`"),
        (format!("{redis}password_file = \"pass\"\n"), "absolute path"),
        (format!("{redis}password_file = \"/a\"\npassword_env = \"A\"\n"), "two passwords"),
        (format!("{redis}password_env = \"A=B\"\n"), "no name of a variable"),
        (format!("{redis}ca_file = \"ca.pem\"\n"), "absolute path"),
        (format!("{redis}user = \"\"\n"), "`user` is empty"),
        (format!("{redis}password = \"x\"\n"), "unknown"),
    ];
    for (lines, words) in cases {
        let error = parse(&lines).unwrap_err();
        assert!(error.contains(words), "{lines}: {error}");
    }
}

#[test]
fn other_kinds_have_none_of_its_keys() {
    for line in ["connect = \"a:1\"", "config = \"x\"", "user = \"u\"", "password_env = \"P\""] {
        let text = format!("[[source]]\nkind = \"file\"\nname = \"f\"\npath = \"/etc/f\"\n{line}\n");
        let error = Config::parse(Path::new("agent.toml"), &text).unwrap_err().to_string();
        assert!(error.contains("is for `database_settings` sources"), "{line}: {error}");
    }
}

#[test]
fn a_name_is_used_once_among_all_kinds() {
    let error = parse(
        "server = \"redis\"\nconnect = \"localhost:1\"\n[[source]]\nkind = \"file\"\nname = \"db\"\npath = \"/etc/f\"\n",
    )
    .unwrap_err();
    assert!(error.contains("used twice"), "{error}");
}
