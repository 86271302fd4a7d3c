use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// A directory whose own path has no link.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

fn hop(dir: &Path, name: &str) -> Hop {
    Hop { dir: dir.to_owned(), name: name.into() }
}

#[test]
fn a_plain_path_is_where_it_says() {
    let (_dir, at) = place();
    fs::write(at.join("file"), "").unwrap();
    let found = resolve(&at.join("./file"));
    assert!(matches!(&found.end, End::Found { real, .. } if *real == at.join("file")), "{found:?}");
    assert_eq!(found.hops, []);
}

#[test]
fn w4_every_link_on_the_way_is_a_place_to_watch() {
    let (_dir, at) = place();
    fs::create_dir(at.join("..1")).unwrap();
    fs::write(at.join("..1/app.env"), "").unwrap();
    symlink("..1", at.join("..data")).unwrap();
    symlink("..data/app.env", at.join("app.env")).unwrap();
    let found = resolve(&at.join("app.env"));
    assert!(matches!(&found.end, End::Found { real, .. } if *real == at.join("..1/app.env")), "{found:?}");
    assert_eq!(found.hops, [hop(&at, "app.env"), hop(&at, "..data")]);
}

#[test]
fn w5_parents_are_those_of_where_a_link_led() {
    let (_dir, at) = place();
    fs::create_dir_all(at.join("a/b")).unwrap();
    fs::write(at.join("a/file"), "").unwrap();
    symlink(at.join("a/b"), at.join("link")).unwrap();
    // Not `at/file`: `..` of the link is the parent of its target.
    symlink("link/../file", at.join("start")).unwrap();
    let found = resolve(&at.join("start"));
    assert!(matches!(&found.end, End::Found { real, .. } if *real == at.join("a/file")), "{found:?}");
}

#[test]
fn w5_what_is_missing_is_the_last_place() {
    let (_dir, at) = place();
    symlink("gone/deep/file", at.join("link")).unwrap();
    let found = resolve(&at.join("link"));
    assert!(matches!(found.end, End::Missing), "{found:?}");
    assert_eq!(found.hops, [hop(&at, "link"), hop(&at, "gone")]);
}

#[test]
fn w5_circles_and_endless_chains_end() {
    let (_dir, at) = place();
    symlink("b", at.join("a")).unwrap();
    symlink("a", at.join("b")).unwrap();
    let found = resolve(&at.join("a"));
    assert!(matches!(found.end, End::Loop), "{found:?}");
    assert_eq!(found.hops, [hop(&at, "a"), hop(&at, "b")]);
    // As many links as the kernel follows are followed, one more is not.
    fs::write(at.join("0"), "").unwrap();
    for link in 1..=LINKS_MAX + 1 {
        symlink((link - 1).to_string(), at.join(link.to_string())).unwrap();
    }
    for (links, opens) in [(LINKS_MAX, true), (LINKS_MAX + 1, false)] {
        let path = at.join(links.to_string());
        assert_eq!(fs::metadata(&path).is_ok(), opens, "the kernel, {links} links");
        assert_eq!(matches!(resolve(&path).end, End::Found { .. }), opens, "{links} links");
    }
}

#[test]
fn a_file_in_place_of_a_directory_is_said() {
    let (_dir, at) = place();
    fs::write(at.join("file"), "").unwrap();
    let found = resolve(&at.join("file/below"));
    assert!(matches!(found.end, End::NotADirectory), "{found:?}");
    assert_eq!(found.hops, [hop(&at, "file")]);
}
