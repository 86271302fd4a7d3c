//! Database servers that run here, and where they listen: a unix socket, or a
//! port of this host.
//!
//! It connects to nothing and knows no password: an account is made by a
//! person, so that what is proposed here stands in the configuration as a
//! comment.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use crate::config::Server;

use super::Gathered;
use super::root::Root;

/// Bytes of a table of sockets: some ten thousand of them.
const TABLE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Descriptors of a server that are looked at. Those it listens at come first.
const DESCRIPTORS_MAX: usize = 4_096;

/// `__SO_ACCEPTCON`: the flag of a unix socket that listens (net/unix/af_unix.c).
const LISTENS: u32 = 0x1_0000;

/// `TCP_LISTEN` in `/proc/net/tcp` (include/net/tcp_states.h).
const TCP_LISTEN: &str = "0A";

/// The port of PostgreSQL that needs no name.
const POSTGRES_SOCKET: &str = ".s.PGSQL.5432";

/// A server that could be asked for its live settings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// What it is.
    pub server: Server,
    /// As `connect` says it.
    pub connect: String,
    /// Which program it is.
    pub program: String,
}

/// Notes where a running server listens, as far as the agent may see it.
pub(super) fn gather(root: &Root, gathered: &mut Gathered, process: &Path, program: &str, server: Server) {
    if server == Server::Mongodb {
        return;
    }
    let sockets = sockets_of(root, process);
    if sockets.is_empty() {
        let may_look = !root.list(&process.join("fd")).is_empty();
        if !may_look {
            gathered
                .remarks
                .insert(format!("the live settings of a running {program}: as root, `discover` sees where it listens"));
        }
        return;
    }
    let unix = root.text_of(&process.join("net/unix"), TABLE_BYTES_MAX).unwrap_or_default();
    // A socket that is no file of this host is in a container.
    let path = listening(&unix, &sockets)
        .filter(|path| !path.starts_with('@') && is_of(server, path) && root.is_there(Path::new(path)))
        .min();
    let connect = path.map(|path| format!("unix:{}", short(server, path)));
    let connect = connect.or_else(|| port(root, process, &sockets).map(|port| format!("127.0.0.1:{port}")));
    if let Some(connect) = connect.filter(|connect| !connect.contains(char::is_control)) {
        gathered.servers.insert(Running { server, connect, program: program.to_owned() });
    }
}

/// The inodes of the sockets that a process has open.
fn sockets_of(root: &Root, process: &Path) -> BTreeSet<String> {
    let fds = process.join("fd");
    let inode = |name: &OsStr| {
        let link = root.link(&fds.join(name))?;
        Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
    };
    root.list(&fds).iter().take(DESCRIPTORS_MAX).filter_map(|name| inode(name)).collect()
}

/// Paths of unix sockets among these that listen.
fn listening<'a>(table: &'a str, sockets: &BTreeSet<String>) -> impl Iterator<Item = &'a str> {
    // Num RefCount Protocol Flags Type St Inode Path
    table.lines().skip(1).filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let flags = u32::from_str_radix(words.nth(3)?, 16).ok()?;
        let inode = words.nth(2)?;
        let path = words.next()?;
        (flags & LISTENS != 0 && sockets.contains(inode)).then_some(path)
    })
}

/// Whether clients of that server connect to such a socket. MySQL's other
/// protocol (`mysqlx.sock`) is not spoken here.
fn is_of(server: Server, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    match server {
        Server::Postgresql => name.starts_with(".s.PGSQL."),
        Server::Mysql | Server::Mariadb => !name.contains("mysqlx"),
        Server::Redis => true,
        Server::Mongodb => false,
    }
}

/// PostgreSQL's usual socket is named by its directory.
fn short(server: Server, path: &str) -> &str {
    match path.strip_suffix(POSTGRES_SOCKET).and_then(|directory| directory.strip_suffix('/')) {
        Some(directory) if server == Server::Postgresql && !directory.is_empty() => directory,
        _ => path,
    }
}

/// The lowest port at which it listens, if this host's network is its own too.
fn port(root: &Root, process: &Path, sockets: &BTreeSet<String>) -> Option<u16> {
    let own = root.link(Path::new("/proc/1/ns/net"));
    let theirs = root.link(&process.join("ns/net"));
    if own.is_some() && own != theirs {
        return None;
    }
    let tables = ["net/tcp", "net/tcp6"].map(|name| root.text_of(&process.join(name), TABLE_BYTES_MAX));
    let port = |line: &str| {
        // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (local, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
        let (_, port) = local.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        (*state == TCP_LISTEN && sockets.contains(*inode)).then_some(port)
    };
    tables.iter().flatten().flat_map(|table| table.lines().skip(1)).filter_map(port).min()
}

/// The statements that make an account which may read, and no more.
pub(super) fn grants(server: Server) -> &'static [&'static str] {
    match server {
        Server::Postgresql => &[
            "CREATE ROLE driftline LOGIN; GRANT pg_read_all_settings TO driftline;",
            "GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO driftline;",
            "GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO driftline;",
        ],
        Server::Mariadb => &["CREATE USER driftline@localhost IDENTIFIED VIA unix_socket;"],
        Server::Mysql => &[
            "CREATE USER driftline@localhost IDENTIFIED BY '…';",
            "GRANT SELECT ON performance_schema.variables_info TO driftline@localhost;",
            "GRANT SELECT ON performance_schema.persisted_variables TO driftline@localhost;",
        ],
        Server::Redis => &["ACL SETUSER driftline on >… -@all +config|get +acl|list"],
        Server::Mongodb => &[],
    }
}

#[cfg(test)]
mod tests;
