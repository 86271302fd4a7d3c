use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use super::*;

/// A directory with a source's file in it, and whatever it includes.
struct Place {
    dir: tempfile::TempDir,
    reader: Reader,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let place = Self { dir, reader: Reader::new() };
        place.write("main.conf", "");
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// What an include of the main file gives: names and contents, or why not.
    fn open(&mut self, path: &str, what: IncludeKind) -> (Result<Vec<(String, String)>, Problem>, Fetched) {
        let main = self.at("main.conf");
        let stat = rustix::fs::stat(&main).unwrap();
        let mut fetcher = Fetcher::new(&mut self.reader, &main, &stat, 1024, 0);
        let from = name_of(&main);
        let found = fetcher.open(&Include { path: path.as_bytes(), from: Some(&from), what });
        let root = self.dir.path();
        let shown = |one: Included| {
            let name = Path::new(&*one.name).strip_prefix(root).unwrap_or(Path::new(&*one.name)).display().to_string();
            (name, String::from_utf8(one.bytes.to_vec()).unwrap())
        };
        let fetched = fetcher.finish();
        (found.map(|all| all.into_iter().map(shown).collect()), fetched)
    }

    fn kind(&mut self, path: &str, what: IncludeKind) -> ProblemKind {
        self.open(path, what).0.unwrap_err().kind
    }
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[test]
fn a_relative_path_begins_beside_the_file_that_includes() {
    let mut place = Place::new();
    place.write("conf.d/x.conf", "a = 1");
    let (found, fetched) = place.open("conf.d/../conf.d/x.conf", IncludeKind::File);
    assert_eq!(found.unwrap(), [pair("conf.d/x.conf", "a = 1")]);
    assert_eq!(fetched.trail.files().count(), 1);
    assert_ne!(fetched.hash([1; 32]), fetched.hash([2; 32]));
    assert_eq!(Fetched::default().hash([1; 32]), [1; 32]);
}

#[test]
fn w5_a_relative_path_does_not_leave_the_directory() {
    let mut place = Place::new();
    assert_eq!(place.kind("../x.conf", IncludeKind::File), ProblemKind::OutOfBounds);
    assert_eq!(place.kind("a/../../x.conf", IncludeKind::FileIfExists), ProblemKind::OutOfBounds);
}

#[test]
fn an_absolute_path_leads_where_it_says() {
    let (mut place, other) = (Place::new(), Place::new());
    let path = other.write("x.conf", "b = 1");
    let (found, _) = place.open(path.to_str().unwrap(), IncludeKind::File);
    assert_eq!(found.unwrap()[0].1, "b = 1");
}

#[test]
fn j7_a_missing_file_is_a_problem_unless_it_may_be_missing() {
    let mut place = Place::new();
    assert_eq!(place.kind("x.conf", IncludeKind::File), ProblemKind::Missing);
    for what in [IncludeKind::FileIfExists, IncludeKind::AutoConf] {
        let (found, fetched) = place.open("x.conf", what);
        assert!(found.unwrap().is_empty() && fetched.problems.is_empty());
        assert_eq!(fetched.trail.files().count(), 1, "it is watched for");
    }
}

#[test]
fn a_directory_gives_its_files_in_byte_order_without_hidden_ones() {
    let mut place = Place::new();
    for name in ["b.conf", "B.conf", "a.conf", ".h.conf", "x.txt", ".conf"] {
        place.write(&format!("conf.d/{name}"), name);
    }
    fs::create_dir(place.at("conf.d/dir.conf")).unwrap();
    let names = |found: Result<Vec<(String, String)>, Problem>| {
        found.unwrap().into_iter().map(|(_, text)| text).collect::<Vec<_>>()
    };
    let (found, fetched) = place.open("conf.d", IncludeKind::Directory(&[".conf"]));
    assert_eq!(names(found), ["B.conf", "a.conf", "b.conf"]);
    assert_eq!(fetched.trail.directories().collect::<Vec<_>>(), [place.at("conf.d")]);
    let (found, _) = place.open("conf.d", IncludeKind::DirectoryWithHidden(&[".conf"]));
    assert_eq!(names(found), [".h.conf", "B.conf", "a.conf", "b.conf"]);
    let (found, _) = place.open("conf.*/[ab].conf", IncludeKind::Glob);
    assert_eq!(names(found), ["a.conf", "b.conf"]);
    assert_eq!(place.kind("nowhere", IncludeKind::Directory(&[".conf"])), ProblemKind::Missing);
    assert_eq!(place.kind("main.conf", IncludeKind::Directory(&[".conf"])), ProblemKind::NotAFile);
}

#[test]
fn w9_a_fifo_is_not_opened_and_holds_nobody_up() {
    let mut place = Place::new();
    place.write("conf.d/b.conf", "b");
    let fifo = place.at("conf.d/a.conf");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, 0o644.into(), 0).unwrap();
    assert_eq!(place.kind("conf.d/a.conf", IncludeKind::File), ProblemKind::NotAFile);
    let (found, fetched) = place.open("conf.d", IncludeKind::Directory(&[".conf"]));
    assert_eq!(found.unwrap().len(), 1);
    assert_eq!(fetched.problems[0].kind, ProblemKind::NotAFile);
    assert_eq!(place.kind("/dev/zero", IncludeKind::File), ProblemKind::NotAFile);
    assert_eq!(place.kind("/proc/self/environ", IncludeKind::File), ProblemKind::NotAFile);
}

#[test]
fn w5_a_link_in_circles_is_a_problem() {
    let mut place = Place::new();
    symlink("b.conf", place.at("a.conf")).unwrap();
    symlink("a.conf", place.at("b.conf")).unwrap();
    assert_eq!(place.kind("a.conf", IncludeKind::File), ProblemKind::NotAFile);
}

#[test]
fn w11_more_than_the_limit_is_a_problem() {
    let mut place = Place::new();
    place.write("x.conf", &"x".repeat(1025));
    assert_eq!(place.kind("x.conf", IncludeKind::File), ProblemKind::Limit);
    place.write("x.conf", &"x".repeat(1024));
    assert!(place.open("x.conf", IncludeKind::File).0.is_ok());
}

/// The agent may read everything; who writes an `include` may not.
#[test]
fn an_include_reads_nothing_that_its_writer_could_not_read() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (mut place, other) = (Place::new(), Place::new());
    let secret = other.write("secret.conf", "a = 1");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let path = secret.to_str().unwrap().to_owned();
    assert!(place.open(&path, IncludeKind::File).0.is_ok(), "root's own file names what it likes");
    for name in ["main.conf", "."] {
        chown(place.at(name), Some(65_534), Some(65_534)).unwrap();
    }
    assert_eq!(place.kind(&path, IncludeKind::File), ProblemKind::OutOfBounds);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(place.open(&path, IncludeKind::File).0.is_ok(), "everybody may read it");
    fs::set_permissions(other.dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(place.kind(&path, IncludeKind::File), ProblemKind::OutOfBounds);
    assert_eq!(
        place.kind(other.dir.path().to_str().unwrap(), IncludeKind::Directory(&[".conf"])),
        ProblemKind::OutOfBounds
    );
    // Beside it the group of the file is the group of its writer.
    let near = place.write("conf.d/near.conf", "a = 1");
    fs::set_permissions(&near, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(place.kind("conf.d/near.conf", IncludeKind::File), ProblemKind::OutOfBounds);
    chown(&near, None, Some(65_534)).unwrap();
    assert_eq!(fs::metadata(&near).unwrap().gid(), 65_534);
    assert!(place.open("conf.d/near.conf", IncludeKind::File).0.is_ok());
}

#[test]
fn w11_a_directory_of_very_many_names_ends_as_a_problem_and_is_not_held() {
    let mut place = Place::new();
    fs::create_dir(place.at("spool")).unwrap();
    for at in 0..=NAMES_SEEN_MAX {
        fs::File::create(place.at(&format!("spool/{at}"))).unwrap();
    }
    place.write("spool/x.conf", "a = 1");
    // Even if none of them fits.
    assert_eq!(place.kind("spool", IncludeKind::Directory(&[".conf"])), ProblemKind::Limit);
    assert_eq!(place.kind("spool/*.conf", IncludeKind::Glob), ProblemKind::Limit);
}

#[test]
fn w11_more_matching_files_than_are_included_end_as_a_problem() {
    let mut place = Place::new();
    for at in 0..INCLUDED_FILES_MAX {
        place.write(&format!("conf.d/{at}.conf"), "");
    }
    assert!(place.open("conf.d", IncludeKind::Directory(&[".conf"])).0.is_ok());
    place.write("conf.d/more.conf", "");
    assert_eq!(place.kind("conf.d", IncludeKind::Directory(&[".conf"])), ProblemKind::Limit);
    assert_eq!(place.kind("conf.d/*.conf", IncludeKind::Glob), ProblemKind::Limit);
}

#[test]
fn a_pattern_counts_directories_alone() {
    let mut place = Place::new();
    for at in 0..INCLUDED_FILES_MAX - 1 {
        place.write(&format!("a/{at}"), "");
    }
    place.write("a/zz/x.conf", "last");
    let (found, _) = place.open("a/*/x.conf", IncludeKind::Glob);
    assert_eq!(found.unwrap(), [pair("a/zz/x.conf", "last")]);
}

#[test]
fn the_trail_of_one_reading_has_an_end() {
    let mut place = Place::new();
    let main = place.at("main.conf");
    let stat = rustix::fs::stat(&main).unwrap();
    let mut fetcher = Fetcher::new(&mut place.reader, &main, &stat, 1024, 0);
    let from = name_of(&main);
    let mut open = |at: usize| {
        let path = format!("{at}.conf");
        fetcher.open(&Include { path: path.as_bytes(), from: Some(&from), what: IncludeKind::FileIfExists })
    };
    for at in 0..ASKED_MAX {
        assert!(open(at).is_ok());
    }
    assert_eq!(open(ASKED_MAX).unwrap_err().kind, ProblemKind::Limit);
    assert_eq!(fetcher.finish().trail.files().count(), ASKED_MAX);
}

#[test]
fn a_directory_that_cannot_be_resolved_is_unreadable_and_not_let_through() {
    let mut place = Place::new();
    let path = format!("conf.d/{}", "x".repeat(300));
    let (found, fetched) = place.open(&path, IncludeKind::Directory(&[".conf"]));
    assert_eq!(found.unwrap_err().kind, ProblemKind::Missing);
    place.write("conf.d/a.conf", "");
    let (found, fetched_then) = place.open(&path, IncludeKind::Directory(&[".conf"]));
    assert_eq!(found.unwrap_err().kind, ProblemKind::Unreadable);
    assert_eq!((fetched.unreadable.len(), fetched_then.unreadable.len()), (0, 1));
}

/// Who writes an `include` must not choose what root's agent watches.
#[test]
fn a_stranger_does_not_choose_what_is_watched() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (mut place, other) = (Place::new(), Place::new());
    let secret = other.write("secret/x.conf", "a = 1");
    fs::set_permissions(other.at("secret"), fs::Permissions::from_mode(0o700)).unwrap();
    for name in ["main.conf", "."] {
        chown(place.at(name), Some(65_534), Some(65_534)).unwrap();
    }
    let (absent, directory) = (other.at("secret/none.conf"), other.at("secret"));
    for (path, what) in [
        (&secret, IncludeKind::File),
        (&absent, IncludeKind::FileIfExists),
        (&directory, IncludeKind::Directory(&[".conf"])),
        (&other.at("secret/conf.d"), IncludeKind::Directory(&[".conf"])),
    ] {
        let (_, fetched) = place.open(path.to_str().unwrap(), what);
        assert!(fetched.trail.is_empty(), "{}", path.display());
    }
    let (_, fetched) = place.open("later.conf", IncludeKind::FileIfExists);
    assert_eq!(fetched.trail.files().count(), 1, "beside its own file it is watched for");
}
