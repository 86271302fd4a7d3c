//! Files that the command lines of running programs name as their
//! configuration.
//!
//! Of a command line only options that name such a file are looked at: a
//! password in it is passed over and kept nowhere.

use std::path::{Component, Path, PathBuf};

use driftline_canon::{SourceKind, format};

use super::places::{is_conventional, of_server};
use super::root::Root;
use super::{Gathered, Table, names, servers};
use crate::config::{CLUSTER_FILES, Server};

/// Processes that are looked at.
const PROCESSES_MAX: usize = 10_000;

/// Bytes of a command line: options stand at its beginning.
const COMMAND_LINE_BYTES_MAX: u64 = 32 * 1024;

/// Bytes that tell a format.
const LOOK_BYTES_MAX: u64 = 64 * 1024;

/// Options that name a configuration file, with the value behind them or
/// behind `=`.
const OPTIONS: [&str; 10] = [
    "-c",
    "--config",
    "--config-file",
    "--config_file",
    "--configfile",
    "--conf",
    "--defaults-file",
    "--defaults-extra-file",
    "--hba_file",
    "--ident_file",
];

/// Programs for which `-f` names their configuration.
const SHORT_F: [&str; 4] = ["mongod", "mongos", "haproxy", "sshd"];

/// A file that a command line names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: PathBuf,
    /// The option that names it.
    pub(super) by: String,
    pub(super) is_env: bool,
}

pub(super) fn gather(root: &Root, gathered: &mut Gathered) {
    let proc = Path::new("/proc");
    let pids = root.list(proc).into_iter().filter(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit));
    // What it was started with itself is nobody's configuration.
    let own = std::process::id().to_string();
    for pid in pids.filter(|pid| *pid != *own).take(PROCESSES_MAX) {
        let dir = proc.join(pid);
        let Some(bytes) = root.read(&dir.join("cmdline"), COMMAND_LINE_BYTES_MAX) else {
            continue;
        };
        let words = bytes.split(|&byte| byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let words: Vec<String> = words.collect();
        let here = root.link(&dir.join("cwd"));
        let program = program_of(&words);
        for named in named(&program, words.get(1..).unwrap_or_default(), here.as_deref()) {
            let reason = format!("a running {program} has it as `{}`", named.by);
            note(root, gathered, &program, named, reason);
        }
        if let Some(server) = server_of(&program) {
            servers::gather(root, gathered, &dir, &program, server);
        }
    }
}

/// The name of a program; servers rewrite their command line, so that it is the
/// first word.
pub(super) fn program_of(words: &[String]) -> String {
    let first = words.first().map_or("", |word| word.as_str());
    let word = first.split([' ', ':']).next().unwrap_or_default();
    let name = word.trim_start_matches('-').rsplit('/').next().unwrap_or_default();
    driftline_canon::key::escape(name.as_bytes())
}

/// Files that a command line names as configuration.
pub(super) fn named(program: &str, arguments: &[String], here: Option<&Path>) -> Vec<Named> {
    let mut found = Vec::new();
    let mut add = |text: &str, by: &str, is_env| {
        if let Some(path) = absolute(text, here) {
            found.push(Named { path, by: by.to_owned(), is_env });
        }
    };
    let positional = matches!(program, "redis-server" | "valkey-server");
    if let Some(first) = arguments.first().filter(|first| positional && !first.starts_with('-')) {
        add(first, "its first argument", false);
    }
    let mut rest = arguments.iter().map(String::as_str).peekable();
    while let Some(argument) = rest.next() {
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (argument, rest.peek().copied()),
        };
        let value = value.unwrap_or_default();
        match option {
            "-D" if is_postgres(program) => {
                CLUSTER_FILES.iter().for_each(|file| add(&format!("{value}/{file}"), option, false));
            }
            "-c" if is_postgres(program) => {
                if let Some((setting @ ("config_file" | "hba_file" | "ident_file"), path)) = value.split_once('=') {
                    add(path, setting, false);
                }
            }
            "--env-file" => add(value, option, true),
            "-f" if SHORT_F.contains(&program) => add(value, option, false),
            _ if OPTIONS.contains(&option) => add(value, option, false),
            _ => {}
        }
    }
    found
}

fn is_postgres(program: &str) -> bool {
    matches!(program, "postgres" | "postmaster")
}

/// A path as an absolute one without `.` and `..`.
fn absolute(text: &str, here: Option<&Path>) -> Option<PathBuf> {
    let written = Path::new(text);
    let whole = if written.is_absolute() { written.to_owned() } else { here?.join(written) };
    let mut clean = PathBuf::from("/");
    for part in whole.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => _ = clean.pop(),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    let pseudo = ["/proc", "/sys", "/dev"].iter().any(|base| clean.starts_with(base));
    (!text.is_empty() && !pseudo && clean.file_name().is_some()).then_some(clean)
}

/// Notes a file that a program names, if it is there.
pub(super) fn note(root: &Root, gathered: &mut Gathered, program: &str, named: Named, reason: String) {
    if !root.is_file(&named.path) {
        return;
    }
    let path = named.path.clone();
    gathered.note(named.path, || table(root, program, &path, named.is_env), reason);
}

fn table(root: &Root, program: &str, path: &Path, is_env: bool) -> Option<Table> {
    if is_env {
        return Table::of_file(SourceKind::EnvFile, &names::below(program, path), path);
    }
    if let Some(server) = server_of(program) {
        return of_program(server, path);
    }
    let name = names::below(program, path);
    let bytes = root.read(path, LOOK_BYTES_MAX).unwrap_or_default();
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match format::detect(&file, &bytes) {
        Some(format) if format.kind() == SourceKind::EnvFile => Table::of_file(SourceKind::EnvFile, &name, path),
        // A server's file that another program has in hand is one format all
        // the same.
        Some(format) => {
            let kind = if format.kind() == SourceKind::DatabaseConfig { SourceKind::ConfigFile } else { format.kind() };
            Table::of_file(kind, &name, path).map(|table| table.with("format", format.as_str()))
        }
        None => Table::of_file(SourceKind::File, &name, path),
    }
}

/// Where a server has its configuration: by convention, or in a place of its
/// own.
fn of_program(server: Server, path: &Path) -> Option<Table> {
    if is_conventional(server, path) {
        return Some(of_server(server));
    }
    let file = path.file_name()?.to_string_lossy();
    let cluster = server == Server::Postgresql && CLUSTER_FILES.contains(&&*file);
    let place = if cluster { format!("{}/", super::plain(path.parent()?)?) } else { super::plain(path)?.to_owned() };
    Some(Table::new(SourceKind::DatabaseConfig, server.as_str()).with("server", server.as_str()).with("path", place))
}

fn server_of(program: &str) -> Option<Server> {
    match program {
        "postgres" | "postmaster" => Some(Server::Postgresql),
        "mysqld" | "mysqld_safe" => Some(Server::Mysql),
        "mariadbd" | "mariadbd-safe" => Some(Server::Mariadb),
        "redis-server" | "valkey-server" => Some(Server::Redis),
        "mongod" | "mongos" => Some(Server::Mongodb),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
