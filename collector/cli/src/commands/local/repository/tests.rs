//! Which paths are which sources, and where their keys stand.

use driftline_canon::KeyEpoch;

use super::*;

const MAP: &str = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"{env}/app.env\"\n\n\
                   [[source]]\nname = \"pg\"\nkind = \"database_config\"\npath = \"postgresql.conf\"\n\n\
                   [[source]]\nname = \"host\"\nkind = \"env_file\"\npath = \"{host}.env\"\n";

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("staging")).unwrap();
    for (name, text) in [
        (mapping::FILE_NAME, MAP),
        ("staging/app.env", "# first\nPORT=80\nDB_PASSWORD=correct-horse-battery\n"),
        ("staging/else.env", "A=1\n"),
        ("postgresql.conf", "include_if_exists = 'more.conf'\nport = 5432\n"),
        ("more.conf", "\n\nmax_connections = 10\n"),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn read(dir: &Path, paths: &[&str], env: &str) -> Outcome<Repository> {
    let paths: Vec<PathBuf> = paths.iter().map(|path| dir.join(path)).collect();
    let chosen = Chosen { map: None, source: None, kind: None };
    several(&paths, chosen, Named { env, role: None, host: None }, &FleetKey::new([7; 32], KeyEpoch(1)))
}

fn sources(repository: &Repository) -> Vec<&str> {
    repository.declared.sources.iter().map(|one| one.source.as_str()).collect()
}

#[test]
fn a_single_file_is_the_source_that_the_mapping_above_it_says() {
    let dir = repository();
    let read = read(dir.path(), &["staging/app.env", "postgresql.conf", "staging/else.env"], "staging").unwrap();
    assert_eq!(sources(&read), ["app", "pg"]);
    assert_eq!(read.unmapped, [dir.path().join("staging/else.env").display().to_string()]);
    assert!(read.name.ends_with("staging/app.env and 2 more"), "{}", read.name);
    let place = |source: &str, key: &str| {
        let found = read.place(source, key).unwrap();
        let path = found.path.strip_prefix(&format!("{}/", dir.path().display())).map(str::to_owned);
        (path.unwrap_or(found.path), found.line)
    };
    assert_eq!(place("app", "DB_PASSWORD"), ("staging/app.env".to_owned(), Some(3)));
    assert_eq!(place("app", "NOT_THERE"), ("staging/app.env".to_owned(), None), "where it would be");
    assert_eq!(place("pg", "max_connections").1, Some(3));
    assert!(place("pg", "max_connections").0.ends_with("more.conf"));
    assert!(read.place("nginx", "A").is_none());
    assert!(!format!("{read:?}").contains("correct-horse"));
}

#[test]
fn a_file_of_another_environment_is_not_that_of_this_one() {
    let dir = repository();
    let refused = read(dir.path(), &["staging/app.env"], "production").unwrap_err();
    assert_eq!(refused.exit(), Exit::Inconclusive);
    assert!(refused.to_string().contains("no source is mapped to"), "{refused}");
    let loose = tempfile::tempdir().unwrap();
    std::fs::write(loose.path().join("app.env"), "A=1\n").unwrap();
    assert_eq!(read(loose.path(), &["app.env"], "staging").unwrap_err().exit(), Exit::Usage);
}

#[test]
fn a_source_that_two_paths_say_is_refused() {
    let dir = repository();
    let refused = read(dir.path(), &["staging/app.env", "staging/app.env"], "staging").unwrap_err();
    assert_eq!(refused.exit(), Exit::Config);
    assert!(refused.to_string().contains("source `app`"), "{refused}");
    // A directory asks for all that its mapping says.
    assert_eq!(read(dir.path(), &["."], "staging").unwrap_err().exit(), Exit::Config);
}
