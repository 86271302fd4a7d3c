//! What another configuration names is found, also when it was copied here.

use super::*;
use crate::arguments::parse;

/// What `driftline login --from FILE` was typed with, and nothing else.
fn common() -> Common {
    let typed = ["driftline", "--config", "/dev/null", "login"].map(std::ffi::OsString::from);
    parse(&typed).unwrap().common
}

fn copied(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cli.toml");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

#[test]
fn names_are_beside_the_file() {
    let (dir, from) = copied("collector = \"c:7443\"\nca_file = \"ca.pem\"\ntoken_file = \"operator.token\"\n");
    let access = taken_from(&from, &common()).unwrap();
    assert_eq!(access.collector.as_deref(), Some("c:7443"));
    assert_eq!(access.ca_file, Some(dir.path().join("ca.pem")));
    assert_eq!(access.token_file, Some(dir.path().join("operator.token")));
    assert_eq!(access.fleet_key_file, None);
}

#[test]
fn a_path_of_another_machine_leads_to_the_copy_beside_the_file() {
    let text = "ca_file = \"/nowhere/on/this/machine/ca.pem\"\ntoken_file = \"/nowhere/operator.token\"\n";
    let (dir, from) = copied(text);
    std::fs::write(dir.path().join("ca.pem"), "x").unwrap();
    let access = taken_from(&from, &common()).unwrap();
    assert_eq!(access.ca_file, Some(dir.path().join("ca.pem")));
    assert_eq!(access.token_file, Some("/nowhere/operator.token".into()), "what is nowhere is named as it was written");
}

#[test]
fn a_path_that_leads_somewhere_is_kept() {
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    let (dir, from) = copied(&format!("ca_file = {}\n", toml::Value::from(elsewhere.path().to_str().unwrap())));
    std::fs::write(dir.path().join(elsewhere.path().file_name().unwrap()), "another").unwrap();
    assert_eq!(taken_from(&from, &common()).unwrap().ca_file.as_deref(), Some(elsewhere.path()));
}

#[test]
fn what_the_file_leaves_out_is_taken_from_flags() {
    let (_dir, from) = copied("ca_pem = \"PEM\"\n");
    let flags = Common { collector: Some("c:1".to_owned()), token_file: Some("/t".into()), ..common() };
    let access = taken_from(&from, &flags).unwrap();
    assert_eq!((access.collector.as_deref(), access.ca_pem.as_deref()), (Some("c:1"), Some("PEM")));
    assert_eq!(access.token_file, Some("/t".into()));
}

#[test]
fn what_is_written_is_absolute_and_reads_back() {
    let access =
        Access { token_file: Some("here/token".into()), ca_pem: Some("PEM\n".to_owned()), ..Access::default() };
    let access = absolute(access).unwrap();
    assert!(access.token_file.as_deref().is_some_and(Path::is_absolute));
    let text = config::render(&entries(&access, "https://c:7443"));
    let settings = config::parse(Path::new("/x/cli.toml"), &text, &arguments::known_flags()).unwrap();
    assert_eq!(settings.flag("token_file").map(PathBuf::from), access.token_file);
    assert_eq!((settings.flag("collector"), settings.ca_pem.as_deref()), (Some("https://c:7443"), Some("PEM\n")));
    assert_eq!(settings.flag("ca_file"), None, "only what there is");
}

#[test]
fn a_ca_file_wins_over_the_text_in_the_file() {
    let access = Access { ca_file: Some("/ca".into()), ca_pem: Some("PEM".to_owned()), ..Access::default() };
    let names: Vec<_> = entries(&access, "c").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["collector", "ca_file"]);
}
