//! Where configuration lies by convention, as data.
//!
//! It knows paths of programs that most hosts have, and asks no program.

use std::path::{Path, PathBuf};

use driftline_canon::{Format, SourceKind};

use super::root::Root;
use super::{Gathered, Table, names};
use crate::config::{Glob, Server};

/// A path or pattern, the name of its source, how it is read, and why it
/// matters.
struct Place {
    path: &'static str,
    name: &'static str,
    format: &'static str,
    reason: &'static str,
}

const fn place(path: &'static str, name: &'static str, format: &'static str, reason: &'static str) -> Place {
    Place { path, name, format, reason }
}

const BOOT: &str = "loaded at boot";

const PLACES: [Place; 15] = [
    place("/etc/nftables.conf", "nftables", "nft", BOOT),
    place("/etc/sysconfig/nftables.conf", "nftables", "nft", BOOT),
    place("/etc/iptables/rules.v4", "iptables-v4", "iptables-save", BOOT),
    place("/etc/iptables/rules.v6", "iptables-v6", "iptables-save", BOOT),
    place("/etc/sysconfig/iptables", "iptables-v4", "iptables-save", BOOT),
    place("/etc/sysconfig/ip6tables", "iptables-v6", "iptables-save", BOOT),
    place("/etc/ufw/*.rules", "ufw", "ufw", "rules of ufw"),
    place("/etc/ufw/ufw.conf", "ufw-conf", "key-value", "switches ufw on and off"),
    place("/etc/firewalld/firewalld.conf", "firewalld-conf", "key-value", "configures firewalld"),
    place("/etc/firewalld/zones/*.xml", "firewalld-zones", "firewalld", "zones of firewalld"),
    place("/etc/firewalld/services/*.xml", "firewalld-services", "firewalld", "services of firewalld"),
    place("/etc/sysctl.conf", "sysctl", "key-value", "kernel settings"),
    place("/etc/sysctl.d/*.conf", "sysctl.d", "key-value", "kernel settings"),
    place("/etc/ssh/sshd_config", "sshd", "key-value", "who may log in, and how"),
    place("/etc/ssh/sshd_config.d/*.conf", "sshd.d", "key-value", "who may log in, and how"),
];

/// Directories of which each child may be an application with a `.env`.
const APPLICATIONS: [&str; 3] = ["/srv", "/opt", "/var/www"];

/// How compose's own file is called, in the order in which compose looks.
pub(super) const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

pub(super) fn gather(root: &Root, gathered: &mut Gathered) {
    for server in Server::ALL {
        for path in conventional(root, server) {
            let reason = format!("where {} keeps its configuration", server.as_str());
            gathered.note(path, || Some(of_server(server)), reason);
        }
    }
    for place in &PLACES {
        for path in root.files(Path::new(place.path)) {
            gathered.note(path, || Some(table(place)), place.reason.to_owned());
        }
    }
    for dir in APPLICATIONS {
        for path in root.files(&Path::new(dir).join("*/.env")) {
            application(root, gathered, path);
        }
    }
}

/// The table that finds a server's files wherever they lie by convention.
pub(super) fn of_server(server: Server) -> Table {
    Table::new(SourceKind::DatabaseConfig, server.as_str()).with("server", server.as_str())
}

/// Files of a server that are where they lie by convention.
fn conventional(root: &Root, server: Server) -> Vec<PathBuf> {
    let is_mariadb = ["/etc/mysql/mariadb.cnf", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd"]
        .iter()
        .any(|path| root.is_file(Path::new(path)));
    match server {
        // Both read the same paths; one of them is installed.
        Server::Mysql if is_mariadb => return Vec::new(),
        Server::Mariadb if !is_mariadb => return Vec::new(),
        _ => {}
    }
    let globs = server.places().into_iter().filter_map(|(base, below)| Glob::below(Path::new(base), &below).ok());
    globs.flat_map(|glob| root.matches(&glob)).collect()
}

/// Whether a file of a server is where it lies by convention.
pub(super) fn is_conventional(server: Server, path: &Path) -> bool {
    let mut globs = server.places().into_iter().filter_map(|(base, below)| Glob::below(Path::new(base), &below).ok());
    globs.any(|glob| glob.matches(path))
}

fn table(place: &Place) -> Table {
    // A format that canon does not know yet is watched by content.
    let format = Format::from_name(place.format);
    let kind = format.map_or(SourceKind::File, Format::kind);
    let table = Table::new(kind, place.name).with("path", place.path);
    match format {
        Some(_) if kind != SourceKind::EnvFile => table.with("format", place.format),
        _ => table,
    }
}

/// An application's `.env`, and what compose would start with it.
fn application(root: &Root, gathered: &mut Gathered, env: PathBuf) {
    let Some(dir) = env.parent().map(Path::to_path_buf) else {
        return;
    };
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let compose = COMPOSE_FILES.iter().map(|file| dir.join(file)).find(|path| root.is_file(path));
    let dialect = compose.as_ref().map(|_| "compose");
    let table = || {
        let table = Table::of_file(SourceKind::EnvFile, &names::below(&name, &env), &env)?;
        Some(match dialect {
            Some(dialect) => table.with("dialect", dialect),
            None => table,
        })
    };
    gathered.note(env.clone(), table, "an application's environment".to_owned());
    if let Some(path) = compose {
        compose_file(gathered, &name, path, "starts the application next to it".to_owned());
    }
}

/// The file that describes a compose project.
pub(super) fn compose_file(gathered: &mut Gathered, project: &str, path: PathBuf, reason: String) {
    let table = || {
        let name = format!("{project}-compose");
        Table::of_file(SourceKind::ConfigFile, &name, &path).map(|table| table.with("format", "yaml"))
    };
    gathered.note(path.clone(), table, reason);
}
