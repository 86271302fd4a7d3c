//! Mapping files, good and bad.

use super::*;

const GOOD: &str = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"deploy/{env}/app.env\"\n\
                    dialect = \"compose\"\ndisplay = \"digest\"\n\n\
                    [[source]]\nname = \"firewall/nft\"\nkind = \"firewall\"\npath = \"{role}.nft\"\nformat = \"nft\"\n";

fn named<'a>(role: Option<&'a str>) -> Named<'a> {
    Named { env: "production", role, host: None }
}

fn refused(text: &str) -> String {
    parse("map.toml", text).unwrap_err().to_string()
}

fn with_path(path: &str) -> Mapped {
    let text = format!("[[source]]\nname = \"a\"\nkind = \"file\"\npath = {}\n", toml::Value::from(path));
    parse("map.toml", &text).unwrap().remove(0)
}

#[test]
fn a_mapping_says_what_each_file_is() {
    let mapped = parse("map.toml", GOOD).unwrap();
    assert_eq!(mapped.len(), 2);
    assert_eq!((mapped[0].source.as_str(), mapped[0].kind), ("app", SourceKind::EnvFile));
    assert_eq!((mapped[0].dialect, mapped[0].display), (Some(EnvDialect::Compose), DisplayPolicy::Digest));
    assert_eq!((mapped[1].format, mapped[1].kind), (Some(Format::Nft), SourceKind::Firewall));
    assert_eq!(mapped[1].place, "map.toml:8:1");
    assert_eq!(mapped[0].path(named(None)).unwrap(), "deploy/production/app.env");
    assert_eq!(mapped[1].path(named(Some("web"))).unwrap(), "web.nft");
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_nearest_word() {
    for (text, parts) in [
        ("[[source]]\nnmae = \"a\"\n", &["map.toml:2:1", "unknown key `nmae`", "did you mean `name`?"][..]),
        ("[[sources]]\nname = \"a\"\n", &["map.toml:1:3", "unknown key `sources`", "did you mean `source`?"]),
        ("[[source]]\nname = \"a\"\nkind = \"env_fil\"\npath = \"a\"\n", &["map.toml:3:8", "did you mean `env_file`?"]),
        (&GOOD.replace("compose", "compost"), &["map.toml:5:11", "no dialect `compost`", "did you mean `compose`?"]),
        (&GOOD.replace("\"nft\"", "\"nftt\""), &["map.toml:12:10", "no format `nftt`", "did you mean `nft`?"]),
        (&GOOD.replace("\"digest\"", "\"hidden\""), &["no display `hidden`", "known are clear, digest"]),
        (&GOOD.replace("kind = \"env_file\"\n", ""), &["map.toml:1:1", "`kind` is missing"]),
        (&GOOD.replace("\"app\"", "7"), &["map.toml:2:8", "`name` is a text"]),
        (&GOOD.replace("firewall/nft", "app"), &["map.toml:8:1", "source `app` is mapped twice"]),
        (&GOOD.replace("\"app\"", "\"\""), &["map.toml:2:8", "cannot be empty"]),
        ("source = 1\n", &["map.toml:1:10", "[[source]]"]),
        ("", &["map.toml:1:1", "`driftline desired init`"]),
        ("[[source]\n", &["map.toml:1:"]),
    ] {
        let said = refused(text);
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[test]
fn a_path_stays_below_the_directory_and_asks_only_for_what_is_known() {
    assert_eq!(with_path("./a/b").path(named(None)).unwrap(), "./a/b");
    for path in ["/etc/passwd", "../a", "a/../../b", "", "{role}", "{host}/a", "{colour}", "{env"] {
        assert!(with_path(path).path(named(None)).is_err(), "{path}");
    }
    let leaving = Named { env: "..", role: None, host: None };
    assert!(with_path("{env}/a").path(leaving).is_err());
    assert!(with_path("{role}").path(named(None)).unwrap_err().to_string().contains("--role"));
}
