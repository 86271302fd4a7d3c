//! Findings held against a configuration.

use super::*;

fn finding(path: &str) -> Finding {
    Finding {
        path: path.into(),
        table: None,
        reasons: vec!["environment of web.service".to_owned(), "b".to_owned()],
        running: Vec::new(),
    }
}

#[test]
fn a_file_is_watched_by_its_path_or_by_a_pattern() {
    let text = "[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"/etc/a\"\n\
                [[source]]\nkind = \"env_file\"\nname = \"srv\"\npath = \"/srv/*/.env\"\n\
                [[source]]\nkind = \"database_config\"\nname = \"pg\"\nserver = \"postgresql\"\n";
    let config = Config::parse("agent.toml".as_ref(), text).unwrap();
    let files = ["/etc/a", "/etc/b", "/etc/postgresql/16/main/pg_hba.conf", "/srv/shop/.env", "/srv/shop/sub/.env"];
    let findings = Findings { files: files.map(finding).into(), ..Findings::default() };
    let coverage = covered(&findings, &config);
    assert_eq!((coverage.watched, coverage.found), (3, 5));
    let unwatched: Vec<_> = coverage.unwatched.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(unwatched, ["/etc/b", "/srv/shop/sub/.env"]);
    assert_eq!(coverage.unwatched[0].reason, "environment of web.service; b");
}
