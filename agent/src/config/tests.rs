use std::path::Path;

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("agent.toml"), text).map_err(|error| error.to_string())
}

fn source(rest: &str) -> String {
    format!("[[source]]\nkind = \"env_file\"\nname = \"app\"\n{rest}\n")
}

#[test]
fn d10_the_shipped_configuration_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/agent.toml");
    let config = Config::load(&path).unwrap();
    assert_eq!(config.state_dir, Path::new(STATE_DIR));
    assert!(config.sources.is_empty());
}

#[test]
fn d10_every_commented_line_of_the_shipped_configuration_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/agent.toml");
    let text = config::load_text(&path).unwrap();
    let settings = text.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
        _ => line,
    });
    let config = parse(&settings.collect::<Vec<_>>().join("\n")).unwrap();
    assert_eq!((config.sources.len(), config.firewall.is_some()), (4, true));
    assert_eq!(config.reconcile, Duration::from_secs(300));
}

#[test]
fn d10_an_unknown_key_is_named_with_its_place_and_neighbour() {
    let error = parse(&source("path = \"/etc/a\"\ndialekt = \"dotenv\"")).unwrap_err();
    assert!(error.contains("agent.toml:5:1") && error.contains("dialect"), "{error}");
}

#[test]
fn d10_what_means_nothing_is_refused() {
    let cases = [
        (source("path = \"etc/a\""), "absolute"),
        (source("path = \"/etc/../a\""), ".."),
        (source("path = \"/\""), "no file"),
        (source("path = \"/etc/**\""), "`**`"),
        (source("path = \"/etc/[a\""), "not a pattern"),
        (source("path = \"/etc/a\"").repeat(2), "used twice"),
        ("[agent]\nreconcile_s = 1\n".to_owned(), "from 10"),
        ("[agent]\nendpoints = [\"collector\"]\n".to_owned(), "host:port"),
        ("state_dir = \"here\"\n".to_owned(), "absolute"),
        (
            "[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"/a\"\ndialect = \"shell\"\n".to_owned(),
            "for `env_file`",
        ),
        ("[[source]]\nkind = \"config_file\"\nname = \"a\"\n".to_owned(), "`path` is missing"),
        (
            "[[source]]\nkind = \"config_file\"\nname = \"a\"\npath = \"/a\"\nformat = \"perl\"\n".to_owned(),
            "no format `perl`",
        ),
        (
            "[[source]]\nkind = \"config_file\"\nname = \"a\"\npath = \"/a\"\nformat = \"env\"\n".to_owned(),
            "no format `env`",
        ),
        ("[[source]]\nkind = \"file\"\nname = \"a/b\"\npath = \"/a\"\n".to_owned(), "cannot contain `/`"),
    ];
    for (text, expected) in cases {
        let error = parse(&text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_file_of_a_glob_is_named_by_its_path_below() {
    let config = parse(&source("path = \"/srv/*/conf.d/**/*.env\"")).unwrap();
    let spec = &config.sources[0];
    assert_eq!(spec.name_of(Path::new("/srv/a/conf.d/b/c.env")).as_str(), "app/a/conf.d/b/c.env");
    let long = format!("/srv/{}", "x/".repeat(600));
    let (one, two) = (spec.name_of(Path::new(&format!("{long}1"))), spec.name_of(Path::new(&format!("{long}2"))));
    assert!(one != two && one.as_str().len() <= driftline_canon::limits::NAME_BYTES_MAX);
}

#[test]
fn globs_match_as_in_a_shell() {
    let glob = Glob::parse(Path::new("/etc/{a,b}?/*.env")).unwrap().unwrap();
    assert_eq!(glob.base, Path::new("/etc"));
    let matches = |at: usize, name: &str| glob.components[at].matches(name.as_ref());
    assert!(matches(0, "ax") && matches(0, "b1") && !matches(0, "a") && !matches(0, "cx"));
    assert!(matches(1, "x.env") && !matches(1, ".env") && !matches(1, ".x.env"));
    let dotted = Glob::parse(Path::new("/srv/*/.e*")).unwrap().unwrap();
    assert!(dotted.components[1].matches(".env".as_ref()));
    assert!(Glob::parse(Path::new("/etc/app.env")).unwrap().is_none());
}

#[test]
fn a_glob_knows_which_paths_it_means_without_looking() {
    let matches = |glob: &str, path: &str| Glob::parse(Path::new(glob)).unwrap().unwrap().matches(Path::new(path));
    assert!(matches("/srv/*/app.env", "/srv/a/app.env"));
    assert!(!matches("/srv/*/app.env", "/srv/a/b/app.env"));
    assert!(!matches("/srv/*/app.env", "/etc/a/app.env"));
    for path in ["/srv/x.env", "/srv/a/x.env", "/srv/a/b/x.env"] {
        assert!(matches("/srv/**/*.env", path), "{path}");
    }
    assert!(!matches("/srv/**/*.env", "/srv/.git/x.env") && !matches("/srv/**/*.env", "/srv/a/x.conf"));
}

#[test]
fn only_the_usual_file_may_be_missing_and_only_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (usual, other) = (dir.path().join("agent.toml"), dir.path().join("other.toml"));
    let config = Config::load_unless_missing(&usual, &usual).unwrap();
    assert_eq!(config.state_dir, Path::new(STATE_DIR));
    assert!(config.sources.is_empty());
    assert!(Config::load_unless_missing(&other, &usual).is_err());
    assert!(Config::load(&usual).is_err());
    std::fs::write(&usual, "state_dir = 1").unwrap();
    assert!(Config::load_unless_missing(&usual, &usual).is_err(), "a wrong one is not passed over");
}

#[test]
fn d10_what_cannot_be_meant_is_shown_where_it_is_written() {
    let good = "[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"/a\"\n\n";
    let cases = [
        ("state_dir = \"here\"\n".to_owned(), "1:1"),
        ("# a comment\n\n[agent]\nreconcile_s = 1\n".to_owned(), "4:1"),
        ("[agent]\nendpoints = [\n  \"collector:7441\",\n  \"collector\",\n]\n".to_owned(), "4:3"),
        (format!("{good}{good}"), "8:1"),
        (format!("{good}{}", source("path = \"etc/a\"")), "9:1"),
        (format!("{good}{}", source("path = \"/etc/a\"\nfile_bytes_max = 1")), "10:1"),
        ("[[source]]\nkind = \"file\"\nname = \"a/b\"\npath = \"/a\"\n".to_owned(), "3:1"),
    ];
    for (text, place) in cases {
        let error = parse(&text).unwrap_err();
        assert!(error.starts_with(&format!("agent.toml:{place}: ")), "{text}: {error}");
        assert!(error.ends_with('^'), "{error}");
    }
}
