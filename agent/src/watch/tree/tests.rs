use std::path::Path;

use super::*;
use crate::Config;

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
