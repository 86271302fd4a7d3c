//! A directory that nobody else may enter.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn the_place_is_private_new_and_removed() {
    let (one, other) = (Place::new().unwrap(), Place::new().unwrap());
    assert_ne!(one.path(), other.path());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(one.path()), 0o700);
    assert_eq!(mode(&one.folder("a/b").unwrap()), 0o700);
    let path = one.path().to_owned();
    one.remove().unwrap();
    other.remove().unwrap();
    assert!(!path.exists());
}

#[test]
fn ports_are_not_given_twice() {
    let mut ports = free_ports::<8>().unwrap();
    ports.sort_unstable();
    assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let failure = program("driftline-nonesuch").unwrap_err();
    assert!(failure.to_string().contains("`driftline-nonesuch` is not beside `driftline`"), "{failure}");
}
