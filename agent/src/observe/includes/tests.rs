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
