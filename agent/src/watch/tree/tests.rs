use std::path::Path;

use super::*;
use crate::Config;
use crate::observe::stamp::Signature;
use crate::observe::trail::{DIRECTORIES_WATCHED_MAX, Trail};

fn tree(path: &Path) -> Tree {
    let text = format!("[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"{}\"\n", path.display());
    let config = Config::parse(Path::new("x"), &text).unwrap();
    Tree::new(config.sources, Notifier::closed())
}

#[test]
fn w2_what_cannot_be_watched_is_polled_and_its_looks_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.conf");
    let mut tree = tree(&path);
    tree.plant(0);
    while tree.list() {}
    assert!(tree.is_polling());
    let looks = tree.take_looks();
    assert!(looks.iter().all(|look| look.path() == path));
    let problem = looks[0].polled.as_ref().unwrap().problem();
    assert_eq!(problem.kind, driftline_canon::ProblemKind::Polled);
}

#[test]
fn w11_names_that_no_glob_means_are_not_held() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.env", "b.txt", "c"] {
        std::fs::write(dir.path().join(name), "").unwrap();
    }
    let mut tree = tree(&dir.path().join("*.env"));
    tree.plant(0);
    let base = tree.unlisted[0];
    let (_, names) = tree.names(base);
    assert_eq!(names.map(|(name, _)| name).collect::<Vec<_>>(), ["a.env"]);
}

#[test]
fn w2_an_exhausted_limit_names_its_sysctl() {
    let problem = PollReason::Limit("fs.inotify.max_user_watches").problem();
    assert!(problem.reason.contains("sysctl fs.inotify.max_user_watches"), "{}", problem.reason);
}

#[test]
fn what_appears_is_found_when_a_directory_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let mut tree = tree(&dir.path().join("*/x"));
    tree.plant(0);
    while tree.list() {}
    assert!(tree.take_looks().is_empty());
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::fs::write(dir.path().join("sub/x"), "1").unwrap();
    let base = tree.table.dir_ids()[0];
    tree.check(base);
    while tree.list() {}
    let looks = tree.take_looks();
    assert_eq!(looks[0].path(), dir.path().join("sub/x"));
}

#[test]
fn w2_what_is_included_no_more_is_watched_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let mut tree = tree(&root.join("a.conf"));
    tree.plant(0);
    let dirs = tree.table.dir_ids().len();
    let places = |tree: &Tree| {
        let names = (0..50).map(|at| root.join(format!("d{at}")));
        names.filter(|path| tree.table.place_at(path).is_some()).count()
    };
    for at in 0..50 {
        let path = root.join(format!("d{at}"));
        std::fs::create_dir(&path).unwrap();
        let mut trail = Trail::default();
        trail.directory(&path, Signature::of_path(&path));
        tree.include(SourceId(0), &trail);
        assert_eq!((tree.table.dir_ids().len(), places(&tree)), (dirs + 1, 1));
    }
    tree.include(SourceId(0), &Trail::default());
    assert_eq!((tree.table.dir_ids().len(), places(&tree)), (dirs, 0));
    assert!(tree.table.place_at(&root).is_some(), "its own directory is watched");
}

#[test]
fn w2_a_source_includes_no_more_directories_than_are_watched() {
    let dir = tempfile::tempdir().unwrap();
    let mut tree = tree(&dir.path().join("a.conf"));
    tree.plant(0);
    let mut trail = Trail::default();
    for at in 0..DIRECTORIES_WATCHED_MAX + 50 {
        trail.directory(&dir.path().join(at.to_string()), Signature::default());
    }
    assert!(trail.is_too_wide());
    tree.include(SourceId(0), &trail);
    assert_eq!(tree.table.dir_ids().len(), 1 + DIRECTORIES_WATCHED_MAX);
}
