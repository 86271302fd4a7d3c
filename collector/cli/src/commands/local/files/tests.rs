use super::*;

fn open(root: &Path, path: &str, what: IncludeKind) -> Result<Vec<String>, ProblemKind> {
    let main = root.join("main.conf");
    let from = name_of(&main);
    let found = Beside::new(&main).open(&Include { path: path.as_bytes(), from: Some(&from), what });
    let text = |one: Included| String::from_utf8(one.bytes.to_vec()).unwrap();
    found.map(|all| all.into_iter().map(text).collect()).map_err(|problem| problem.kind)
}

fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("conf.d/sub.conf")).unwrap();
    for name in ["b.conf", "a.conf", ".h.conf", "x.txt"] {
        fs::write(dir.path().join("conf.d").join(name), name).unwrap();
    }
    dir
}

#[test]
fn includes_are_followed_from_the_directory_of_the_file() {
    let dir = place();
    assert_eq!(open(dir.path(), "conf.d/a.conf", IncludeKind::File).unwrap(), ["a.conf"]);
    assert_eq!(open(dir.path(), "conf.d", IncludeKind::Directory(&[".conf"])).unwrap(), ["a.conf", "b.conf"]);
    let hidden = IncludeKind::DirectoryWithHidden(&[".conf"]);
    assert_eq!(open(dir.path(), "conf.d", hidden).unwrap(), [".h.conf", "a.conf", "b.conf"]);
    assert_eq!(open(dir.path(), "conf.?/[!x]*", IncludeKind::Glob).unwrap(), ["a.conf", "b.conf"]);
    assert!(open(dir.path(), "auto", IncludeKind::AutoConf).unwrap().is_empty());
}

#[test]
fn what_cannot_be_had_is_a_problem_of_its_kind() {
    let dir = place();
    assert_eq!(open(dir.path(), "x", IncludeKind::File), Err(ProblemKind::Missing));
    assert_eq!(open(dir.path(), "x", IncludeKind::FileIfExists), Ok(Vec::new()));
    assert_eq!(open(dir.path(), "x", IncludeKind::Directory(&[""])), Err(ProblemKind::Missing));
    assert_eq!(open(dir.path(), "conf.d", IncludeKind::File), Err(ProblemKind::NotAFile));
    assert_eq!(open(dir.path(), "/dev/zero", IncludeKind::File), Err(ProblemKind::NotAFile));
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    assert_eq!(open(dir.path(), "fifo", IncludeKind::File), Err(ProblemKind::NotAFile));
}

#[test]
fn patterns_match_as_in_a_shell() {
    for (pattern, name, fits) in [
        ("*.conf", "a.conf", true),
        ("*.conf", "a.conf.bak", false),
        ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false),
        ("[a-c]?", "b1", true),
        ("[!a-c]?", "b1", false),
        ("[]x]", "]", true),
        ("[x", "[x", true),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("", "", true),
        ("**", "x", true),
    ] {
        assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
    }
    let hostile = ["*a"; 40].concat();
    assert!(!matches(hostile.as_bytes(), &[b'b'; 4000]));
}
