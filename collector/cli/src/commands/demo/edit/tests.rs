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
    assert_eq!((edit.key.as_str(), edit.before.as_str()), ("PAYMENT_HOST", "api.payments.example"));
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
