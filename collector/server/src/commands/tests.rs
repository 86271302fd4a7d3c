//! What can be typed, and what is refused before anything is made.

use super::*;

fn typed(arguments: &[&str]) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from([&["driftline-collector"], arguments].concat())
}

#[test]
fn a_name_that_no_certificate_can_have_is_refused_at_once() {
    for bad in ["bad name!", "", "a/b", "https://collector.example.com", "collector.example.com:7443"] {
        let error = typed(&["init", "--name", bad]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::ValueValidation, "{bad}");
        assert!(error.to_string().contains("neither a DNS name nor an address"), "{error}");
    }
    for good in [&["collector.example.com"][..], &["10.0.0.1", "fe80::1"]] {
        let names: Vec<&str> = good.iter().flat_map(|name| ["--name", name]).collect();
        let Command::Init(init) = typed(&[&["init"], &names[..]].concat()).unwrap().command else { panic!("not init") };
        assert_eq!(init.names, good);
    }
}

#[test]
fn what_is_not_known_is_usage() {
    for bad in
        [&["frobnicate"][..], &["init", "--ingest-listen", "7441"], &["run", "--config"], &["check", "extra"], &[]]
    {
        assert!(typed(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_configuration_is_where_everybody_looks_unless_said() {
    let Command::Check(check) = typed(&["check"]).unwrap().command else { panic!("not check") };
    assert_eq!(check.config, PathBuf::from(DEFAULT_PATH));
    let Command::Run(run) = typed(&["run", "--config", "/x.toml", "--log-format", "json"]).unwrap().command else {
        panic!("not run")
    };
    assert_eq!(run.config, PathBuf::from("/x.toml"));
}
