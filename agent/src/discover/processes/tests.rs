//! Command lines of programs, and the files that they name.

use super::*;

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn paths(line: &str) -> Vec<(String, String)> {
    let words = words(line);
    let found = named(&program_of(&words), &words[1..], Some(Path::new("/srv/app")));
    found.into_iter().map(|named| (named.path.display().to_string(), named.by)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, by)| ((*path).to_owned(), (*by).to_owned())).collect()
}

#[test]
fn options_that_name_a_file() {
    for (line, expected) in [
        ("/usr/sbin/nginx -c /etc/nginx/nginx.conf", &[("/etc/nginx/nginx.conf", "-c")][..]),
        ("/usr/bin/vector --config /etc/vector.toml", &[("/etc/vector.toml", "--config")]),
        ("prometheus --config.file=/x --config=../p.yml", &[("/srv/p.yml", "--config")]),
        ("mysqld --defaults-file=/data/my.cnf", &[("/data/my.cnf", "--defaults-file")]),
        ("redis-server /etc/redis/redis.conf --port 1", &[("/etc/redis/redis.conf", "its first argument")]),
        ("mongod -f /data/m.conf", &[("/data/m.conf", "-f")]),
        ("docker run --env-file prod.env image", &[("/srv/app/prod.env", "--env-file")]),
        ("tail -f /var/log/x", &[]),
        ("sh -c", &[]),
        ("cat --config=/proc/self/environ", &[]),
    ] {
        assert_eq!(paths(line), pairs(expected), "{line}");
    }
}

#[test]
fn postgres_names_a_directory_or_files() {
    let found = paths("/usr/lib/postgresql/16/bin/postgres -D /data/pg -c config_file=/etc/pg/postgresql.conf");
    let expected = [
        ("/data/pg/postgresql.conf", "-D"),
        ("/data/pg/pg_hba.conf", "-D"),
        ("/data/pg/pg_ident.conf", "-D"),
        ("/etc/pg/postgresql.conf", "config_file"),
    ];
    assert_eq!(found, pairs(&expected));
}

#[test]
fn a_rewritten_command_line_has_a_program() {
    for (line, program) in [
        ("postgres: checkpointer", "postgres"),
        ("/usr/bin/redis-server 127.0.0.1:6379", "redis-server"),
        ("-bash", "bash"),
    ] {
        assert_eq!(program_of(&[line.to_owned()]), program);
    }
}

#[test]
fn a_server_is_named_by_convention_or_by_its_own_place() {
    let by_convention = of_program(Server::Postgresql, Path::new("/etc/postgresql/16/main/pg_hba.conf")).unwrap();
    assert_eq!(by_convention.keys, [("server", "postgresql".to_owned())]);
    let own = of_program(Server::Postgresql, Path::new("/data/pg/pg_hba.conf")).unwrap();
    assert_eq!(own.keys, [("server", "postgresql".to_owned()), ("path", "/data/pg/".to_owned())]);
}
