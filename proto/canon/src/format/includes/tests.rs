use super::*;

/// A file that includes itself.
struct Looping {
    opened: usize,
}

impl Files for Looping {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        self.opened += 1;
        let name = String::from_utf8_lossy(include.path).into();
        Ok(vec![Included { name, bytes: Zeroizing::new(vec![b'x'; 8]) }])
    }
}

const ASK: Include<'static> = Include { path: b"self.conf", from: None, what: IncludeKind::File };

fn descend(includes: &mut Includes<'_>) -> Option<Problem> {
    let mut inner = None;
    let outer = includes.follow(&ASK, |_, deeper| inner = descend(deeper)).err();
    outer.or(inner)
}

#[test]
fn a_loop_ends_at_the_depth_limit() {
    let mut files = Looping { opened: 0 };
    let problem = descend(&mut Includes::new(&mut files)).unwrap();
    assert_eq!(problem.kind, ProblemKind::Limit);
    assert_eq!(files.opened, INCLUDE_DEPTH_MAX);
}

#[test]
fn siblings_count_against_the_number_and_not_against_the_depth() {
    let mut files = Looping { opened: 0 };
    let mut includes = Includes::new(&mut files);
    for _ in 0..INCLUDED_FILES_MAX {
        assert_eq!(includes.follow(&ASK, |_, _| {}), Ok(()));
    }
    assert_eq!(includes.follow(&ASK, |_, _| {}).unwrap_err().kind, ProblemKind::Limit);
}

#[test]
fn without_files_an_include_is_unresolved() {
    let mut files = NoFiles;
    let mut includes = Includes::new(&mut files);
    let problem = includes.follow(&ASK, |_, _| panic!("nothing is read")).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unresolved);
}

#[test]
fn without_files_what_no_file_asks_for_is_no_problem() {
    let ask = Include { path: b"postgresql.auto.conf", from: None, what: IncludeKind::AutoConf };
    let mut files = NoFiles;
    assert_eq!(Includes::new(&mut files).follow(&ask, |_, _| panic!("nothing is read")), Ok(()));
}

/// A directory of so many empty files.
struct Directory {
    opened: usize,
    files: usize,
}

impl Files for Directory {
    fn open(&mut self, _: &Include<'_>) -> Result<Vec<Included>, Problem> {
        self.opened += 1;
        let file = || Included { name: "/d/a.conf".into(), bytes: Zeroizing::new(Vec::new()) };
        Ok((0..self.files).map(|_| file()).collect())
    }
}

#[test]
fn includes_of_full_or_empty_directories_are_not_opened_without_end() {
    for (files, opened) in [(1000, 2), (0, INCLUDED_FILES_MAX)] {
        let mut directory = Directory { opened: 0, files };
        let mut includes = Includes::new(&mut directory);
        let last = (0..800_000).map(|_| includes.follow(&ASK, |_, _| {})).last().unwrap();
        assert_eq!(last.unwrap_err().kind, ProblemKind::Limit);
        assert_eq!(directory.opened, opened);
    }
}

#[test]
fn a_directory_means_the_files_whose_names_end_so() {
    let (visible, all) = (IncludeKind::Directory(&[".conf"]), IncludeKind::DirectoryWithHidden(&[".conf"]));
    let taken =
        |kind: IncludeKind| ["a.conf", ".a.conf", ".conf", "a.conf~", "conf"].map(|name| kind.takes(name.as_bytes()));
    assert_eq!(taken(visible), [true, false, false, false, false]);
    assert_eq!(taken(all), [true, true, false, false, false]);
    assert_eq!(taken(IncludeKind::File), [false; 5], "it means no directory");
}
