use std::path::Path;

use super::super::{Config, Pattern, SourceSpec};
use super::*;

fn parse(rest: &str) -> Result<Config, String> {
    let text = format!("[[source]]\nkind = \"database_config\"\nname = \"db\"\n{rest}\n");
    Config::parse(Path::new("agent.toml"), &text).map_err(|error| error.to_string())
}

/// The name that a path has as a source of a server; none: it is none.
fn name_of(rest: &str, path: &str) -> Option<String> {
    let path = Path::new(path);
    let means = |spec: &SourceSpec| match &spec.pattern {
        Pattern::Path(one) => one == path,
        Pattern::Glob(glob) => glob.matches(path),
        Pattern::Process(_) => false,
    };
    let config = parse(rest).unwrap();
    let found: Vec<_> = config.sources.iter().filter(|spec| means(spec)).collect();
    assert!(found.len() <= 1, "{path:?} is {found:?}");
    found.first().map(|spec| spec.name_of(path).to_string())
}

#[test]
fn several_clusters_and_versions_of_debian_and_red_hat_are_found() {
    let server = "server = \"postgresql\"";
    for (path, name) in [
        ("/etc/postgresql/15/main/postgresql.conf", "db/15/main/postgresql.conf"),
        ("/etc/postgresql/15/other/pg_hba.conf", "db/15/other/pg_hba.conf"),
        ("/etc/postgresql/17/main/pg_ident.conf", "db/17/main/pg_ident.conf"),
        ("/var/lib/pgsql/16/data/postgresql.conf", "db/16/data/postgresql.conf"),
        ("/var/lib/pgsql/data/pg_hba.conf", "db/data/pg_hba.conf"),
    ] {
        assert_eq!(name_of(server, path).as_deref(), Some(name));
    }
    for path in ["/etc/postgresql/15/main/start.conf", "/etc/postgresql/15/postgresql.conf", "/var/lib/pgsql/x.conf"] {
        assert_eq!(name_of(server, path), None, "{path}");
    }
}

#[test]
fn the_files_of_other_servers_keep_apart() {
    for (server, path, name) in [
        ("mysql", "/etc/my.cnf", "db/my.cnf"),
        ("mariadb", "/etc/mysql/my.cnf", "db/mysql/my.cnf"),
        ("redis", "/etc/redis/cache.conf", "db/redis/cache.conf"),
        ("redis", "/etc/redis.conf", "db/redis.conf"),
        ("mongodb", "/etc/mongod.conf", "db/mongod.conf"),
    ] {
        assert_eq!(name_of(&format!("server = \"{server}\""), path).as_deref(), Some(name));
    }
}

#[test]
fn a_path_names_a_file_or_the_directory_of_a_cluster() {
    let file = "server = \"postgresql\"\npath = \"/srv/pg/my.conf\"";
    assert_eq!(name_of(file, "/srv/pg/my.conf").as_deref(), Some("db"));
    let directory = "server = \"postgresql\"\npath = \"/srv/pg/\"";
    assert_eq!(name_of(directory, "/srv/pg/pg_hba.conf").as_deref(), Some("db/pg_hba.conf"));
    let several = "server = \"postgresql\"\npath = \"/srv/*/data/\"";
    assert_eq!(name_of(several, "/srv/a/data/postgresql.conf").as_deref(), Some("db/a/data/postgresql.conf"));
}

#[test]
fn what_means_nothing_for_a_database_is_refused() {
    for (rest, expected) in [
        ("", "needs a `server`"),
        ("server = \"oracle\"", "unknown value"),
        ("server = \"redis\"\npath = \"/srv/redis/\"", "only PostgreSQL"),
        ("server = \"redis\"\npath = \"redis.conf\"", "absolute"),
        ("server = \"redis\"\nformat = \"ini\"", "`format` is for"),
        ("server = \"redis\"\ndialect = \"shell\"", "for `env_file`"),
    ] {
        let error = parse(rest).unwrap_err();
        assert!(error.contains(expected), "{rest}: {error}");
    }
    let text = "[[source]]\nkind = \"file\"\nname = \"db\"\npath = \"/a\"\nserver = \"redis\"\n";
    let error = Config::parse(Path::new("agent.toml"), text).unwrap_err().to_string();
    assert!(error.contains("`server` is for"), "{error}");
}

#[test]
fn every_server_has_places_and_a_name() {
    for server in Server::ALL {
        assert!(!server.places().is_empty());
        assert!(parse(&format!("server = \"{}\"", server.as_str())).is_ok());
    }
}
