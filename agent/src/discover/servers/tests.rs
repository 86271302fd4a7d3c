//! Servers made of files, as `/proc` shows them.

use crate::config::Config;
use crate::discover::{additions, document, look};

/// A host with processes, each with its command line, its sockets and the
/// tables that name them.
struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn process(&self, pid: u32, line: &str, sockets: &[u32]) {
        self.file(&format!("proc/{pid}/cmdline"), line);
        let fds = self.0.path().join(format!("proc/{pid}/fd"));
        std::fs::create_dir_all(&fds).unwrap();
        for (at, inode) in sockets.iter().enumerate() {
            std::os::unix::fs::symlink(format!("socket:[{inode}]"), fds.join(at.to_string())).unwrap();
        }
    }

    /// A line of `/proc/net/unix` per socket, and the socket's file.
    fn unix(&self, pid: u32, sockets: &[(u32, &str, &str)]) {
        let head = "Num       RefCount Protocol Flags    Type St Inode Path\n".to_owned();
        let lines = sockets.iter().map(|(inode, flags, path)| {
            format!("0000000000000000: 00000002 00000000 {flags} 0001 01 {inode} {path}\n")
        });
        self.file(&format!("proc/{pid}/net/unix"), &(head + &lines.collect::<String>()));
        sockets.iter().for_each(|(_, _, path)| self.file(path.trim_start_matches('/'), ""));
    }

    fn tcp(&self, pid: u32, inode: u32, port: u16, state: &str) {
        let line =
            format!("   0: 0100007F:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 0 0 0 {inode} 1\n");
        self.file(&format!("proc/{pid}/net/tcp"), &format!("  sl  local_address rem_address   st\n{line}"));
    }

    fn text(&self) -> String {
        let text = document(&look(self.0.path()).unwrap());
        Config::parse("agent.toml".as_ref(), &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        text
    }
}

const LISTENS: &str = "00010000";

fn three() -> Host {
    let host = Host::new();
    host.process(11, "/usr/lib/postgresql/15/bin/postgres\0-D\0/x\0--password=hunter2\0", &[101, 102]);
    host.unix(11, &[(101, LISTENS, "/run/postgresql/.s.PGSQL.5432"), (102, "00000000", "/run/other")]);
    host.process(12, "/usr/sbin/mariadbd\0", &[201, 202]);
    host.unix(12, &[(201, LISTENS, "/run/mysqld/mysqld.sock"), (202, LISTENS, "/run/mysqld/mysqlx.sock")]);
    host.process(13, "/usr/bin/redis-server 127.0.0.1:6379\0", &[301]);
    host.tcp(13, 301, 6379, "0A");
    host
}

#[test]
fn running_servers_are_proposed_with_reason_and_grants_and_without_a_password() {
    let text = three().text();
    for expected in [
        "# postgres runs and listens at unix:/run/postgresql:",
        "#connect = \"unix:/run/postgresql\"\n",
        "#   CREATE ROLE driftline LOGIN; GRANT pg_read_all_settings TO driftline;\n",
        "#connect = \"unix:/run/mysqld/mysqld.sock\"\n",
        "IDENTIFIED VIA unix_socket",
        "#connect = \"127.0.0.1:6379\"\n",
        "+config|get +acl|list",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn without_its_marks_the_proposal_is_a_configuration() {
    let text = three().text();
    let bare: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| is_key(key)) => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Config::parse("agent.toml".as_ref(), &bare).unwrap_or_else(|error| panic!("{error}\n{bare}"));
    assert_eq!(config.databases.len(), 3, "{bare}");
    // What is asked already is not proposed again.
    let host = three();
    let findings = look(host.0.path()).unwrap();
    assert!(!additions(&findings, &config).contains("database_settings"));
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn a_socket_that_does_not_listen_or_is_nobodys_is_not_proposed() {
    let host = Host::new();
    host.process(11, "postgres\0", &[101]);
    host.unix(11, &[(101, "00000000", "/run/a/.s.PGSQL.5432"), (999, LISTENS, "/run/b/.s.PGSQL.5432")]);
    host.process(12, "redis-server\0", &[301]);
    host.tcp(12, 301, 6379, "01");
    assert!(!host.text().contains("database_settings"));
}

#[test]
fn a_server_in_a_container_is_not_proposed() {
    let host = Host::new();
    host.process(11, "postgres\0", &[101]);
    host.unix(11, &[(101, LISTENS, "/run/a/.s.PGSQL.5432")]);
    std::fs::remove_file(host.0.path().join("run/a/.s.PGSQL.5432")).unwrap();
    host.process(12, "redis-server\0", &[301]);
    host.tcp(12, 301, 6379, "0A");
    for (pid, network) in [(1, "net:[1]"), (12, "net:[2]")] {
        let folder = host.0.path().join(format!("proc/{pid}/ns"));
        std::fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(network, folder.join("net")).unwrap();
    }
    assert!(!host.text().contains("database_settings"));
}

#[test]
fn a_cluster_on_another_port_is_named_by_its_socket() {
    let host = Host::new();
    host.process(11, "postgres\0", &[101]);
    host.unix(11, &[(101, LISTENS, "/run/postgresql/.s.PGSQL.5433")]);
    assert!(host.text().contains("#connect = \"unix:/run/postgresql/.s.PGSQL.5433\"\n"));
}

#[test]
fn where_descriptors_cannot_be_seen_it_is_said() {
    let host = Host::new();
    host.file("proc/11/cmdline", "postgres\0");
    assert!(host.text().contains("the live settings of a running postgres"), "{}", host.text());
}
