//! Plain variables only, and nothing else in the file is touched.

use super::super::shop::Shop;
use super::*;

fn file(text: &str) -> EnvFile {
    EnvFile { source: "app".into(), name: ".env".into(), dialect: None, bytes: text.as_bytes().to_vec() }
}

#[test]
fn the_sample_changes_a_plain_variable_that_was_equal() {
    let shop = Shop::load(None).unwrap();
    let (production, staging) = shop.production().unwrap();
    let edit = plan(&production.files, true).unwrap();
    assert_eq!((edit.key.as_str(), edit.before.as_deref()), ("PAYMENT_HOST", Some("api.payments.example")));
    assert_eq!(plan(&staging.files, true).unwrap().before, edit.before);
}

#[test]
fn one_line_changes_and_no_other() {
    let edit = plan(&[file("# a\nexport X=1\nNAME=shop\nZ=\"q\"\n")], false).unwrap();
    let text = String::from_utf8(edit.text).unwrap();
    assert_eq!(text, "# a\nexport X=1\nNAME=shop-edited-by-hand\nZ=\"q\"\n");
}

#[test]
fn p4_a_secret_is_never_edited_because_it_could_not_be_shown() {
    let files = [file("API_KEY=abcdef\nDB_PASSWORD=plain\nURL=postgres://a:b@c/d\n")];
    assert_eq!(plan(&files, false), None);
}

#[test]
fn a_later_file_is_taken_where_the_first_has_nothing_plain() {
    let edit = plan(&[file("A=\"x y\"\nB=$A\n"), file("C=1\n")], false).unwrap();
    assert_eq!(edit.key, "C");
}

#[test]
fn w3_the_file_is_replaced_by_rename_and_keeps_its_mode() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".env");
    std::fs::write(&path, "A=1\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let inode = std::fs::metadata(&path).unwrap().ino();
    apply(&plan(&[file("A=1\n")], false).unwrap(), dir.path()).unwrap();
    let after = std::fs::metadata(&path).unwrap();
    assert_ne!(after.ino(), inode);
    assert_eq!(after.permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

fn database(text: &str) -> Database {
    Database { host: "db-1".into(), bytes: text.as_bytes().to_vec() }
}

fn of_database(text: &str) -> (Option<String>, String, String) {
    let edit = plan_database(&database(text)).unwrap();
    assert_eq!((edit.key.as_str(), edit.file.as_str(), edit.source.as_str()), ("fsync", "postgresql.conf", "postgres"));
    let read = format::read(Format::PostgresConf, &edit.text);
    let now: Vec<_> = read.settings.iter().filter(|setting| setting.key.as_str() == "fsync").collect();
    assert_eq!((now.len(), &now[0].value), (1, &Value::Text(edit.after.clone().into_bytes().into())));
    (edit.before, edit.after, String::from_utf8(edit.text).unwrap())
}

#[test]
fn fsync_is_turned_off_where_it_stands() {
    let (before, after, text) = of_database("port = 1\nfsync = yes  # x\nwork_mem = 4MB\n");
    assert_eq!((before.as_deref(), after.as_str()), (Some("on"), "off"));
    assert_eq!(text, "port = 1\nfsync = off\nwork_mem = 4MB\n");
    let (_, _, text) = of_database("FSYNC on\nfsync = true\n");
    assert_eq!(text, "FSYNC on\nfsync = off\n", "the last one counts");
}

#[test]
fn fsync_is_added_where_it_is_not_set_and_turned_on_where_it_is_off() {
    for (text, expected) in [
        ("", "fsync = off\n"),
        ("#fsync = on\n", "#fsync = on\nfsync = off\n"),
        ("port = 1", "port = 1\nfsync = off\n"),
    ] {
        assert_eq!(of_database(text), (None, "off".to_owned(), expected.to_owned()));
    }
    assert_eq!(of_database("fsync = off").0.as_deref(), Some("off"));
    assert_eq!(of_database("fsync = off").2, "fsync = on\n");
    assert_eq!(plan_database(&Database { host: "x".into(), bytes: b"\xff\n".to_vec() }), None);
}
