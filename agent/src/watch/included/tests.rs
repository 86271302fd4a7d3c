use std::path::Path;

use super::super::table::Table;
use super::*;

const A: SourceId = SourceId(1);
const B: SourceId = SourceId(2);

fn dirs() -> (DirId, DirId) {
    let mut table = Table::new(Vec::new());
    (table.add_dir(Path::new("/x")).0, table.add_dir(Path::new("/y")).0)
}

fn file(dir: DirId, name: &str) -> Spot {
    (dir, Some(name.into()))
}

#[test]
fn a_name_tells_every_source_that_includes_it() {
    let (x, y) = dirs();
    let mut names = IncludedNames::default();
    assert!(names.named(x, "a.conf".as_ref()).is_empty());
    assert!(names.replace(A, vec![file(x, "a.conf")]));
    assert!(names.replace(B, vec![file(x, "a.conf"), (x, None), (y, None)]));
    assert_eq!(names.named(x, "a.conf".as_ref()), [A, B]);
    assert_eq!(names.named(x, "new.conf".as_ref()), [B], "the whole directory is included");
    assert_eq!(names.named(y, "a.conf".as_ref()), [B]);
    assert_eq!(names.within(x), [A, B]);
    assert_eq!(names.dirs(A).collect::<Vec<_>>(), [x]);
}

#[test]
fn what_is_no_longer_included_is_forgotten() {
    let (x, y) = dirs();
    let mut names = IncludedNames::default();
    names.replace(A, vec![file(x, "a.conf"), file(y, "b.conf")]);
    assert!(!names.replace(A, vec![file(y, "b.conf")]), "nothing new");
    assert!(names.named(x, "a.conf".as_ref()).is_empty() && names.within(x).is_empty());
    assert_eq!(names.named(y, "b.conf".as_ref()), [A]);
    names.replace(A, Vec::new());
    assert!(names.within(y).is_empty() && names.dirs(A).next().is_none());
}

#[test]
fn the_same_again_is_nothing_new() {
    let (x, _) = dirs();
    let mut names = IncludedNames::default();
    assert!(names.replace(A, vec![(x, None), (x, None)]));
    assert!(!names.replace(A, vec![(x, None)]));
    assert!(names.replace(A, vec![(x, None), file(x, "a")]));
}
