use super::*;

fn names(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ip_tables_names");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

#[test]
fn a_table_that_is_named_is_loaded() {
    let (_dir, path) = names("filter\nnat\n");
    assert!(has_names(&path).unwrap());
}

#[test]
fn no_names_and_no_file_mean_that_nothing_is_loaded() {
    let (dir, path) = names("");
    assert!(!has_names(&path).unwrap());
    assert!(!has_names(&dir.path().join("nothing")).unwrap());
}

#[test]
fn names_that_cannot_be_read_are_a_problem_with_their_path() {
    let (dir, _) = names("");
    let error = has_names(&dir.path().to_owned()).unwrap_err();
    assert!(error.to_string().contains(&dir.path().display().to_string()), "{error}");
    assert_eq!(error.problem().kind, ProblemKind::Host);
    let denied = |kind: io::ErrorKind| LoadedError::Names { path: "x".to_owned(), source: kind.into() }.problem().kind;
    assert_eq!(denied(io::ErrorKind::PermissionDenied), ProblemKind::Unreadable);
}

#[test]
fn a_namespace_that_is_gone_is_missing() {
    let gone = Namespace::Named(super::super::super::namespace::Name::new("driftline-nowhere").unwrap());
    let error = is_loaded(Backend::IptablesLegacy, &gone).unwrap_err();
    assert_eq!(error.problem().kind, ProblemKind::Missing);
}
