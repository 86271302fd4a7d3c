//! Which format a file is in, by its name and then by its first lines.
//!
//! Guesses only what is plain to see: a wrong guess would be drift that is
//! none. Whoever knows says it instead.

use super::Format;
use crate::SourceKind;

/// Lines that are looked at: comments at the top may be long, and a format
/// shows in its first lines or not at all.
const LINES_MAX: usize = 200;

/// Names of files that are always in one format.
const NAMES: &[(&str, &str)] = &[
    ("postgresql.conf", "postgresql-conf"),
    ("postgresql.auto.conf", "postgresql-conf"),
    ("pg_hba.conf", "pg-hba"),
    ("pg_ident.conf", "pg-ident"),
    ("my.cnf", "my-cnf"),
    ("redis.conf", "redis-conf"),
    ("sentinel.conf", "redis-conf"),
    ("users.acl", "redis-acl"),
    ("mongod.conf", "mongod-conf"),
    ("mongos.conf", "mongod-conf"),
    ("nftables.conf", "nft"),
    ("rules.v4", "iptables-save"),
    ("rules.v6", "iptables-save"),
    ("user.rules", "ufw"),
    ("user6.rules", "ufw"),
    ("before.rules", "ufw"),
    ("before6.rules", "ufw"),
    ("after.rules", "ufw"),
    ("after6.rules", "ufw"),
    ("sshd_config", "key-value"),
    ("ssh_config", "key-value"),
    ("sysctl.conf", "key-value"),
    ("chrony.conf", "key-value"),
    ("login.defs", "key-value"),
    (".env", "env"),
];

/// Ends of names that are always in one format.
const ENDS: &[(&str, &str)] = &[
    (".env", "env"),
    (".cnf", "my-cnf"),
    (".json", "json"),
    (".toml", "toml"),
    (".yaml", "yaml"),
    (".yml", "yaml"),
    (".ini", "ini"),
    (".service", "ini"),
    (".socket", "ini"),
    (".timer", "ini"),
    (".properties", "properties"),
    (".nft", "nft"),
];

/// First words of rule dumps.
const WORDS: &[(&str, &str)] = &[
    ("*filter", "iptables-save"),
    ("*nat", "iptables-save"),
    ("*mangle", "iptables-save"),
    ("*raw", "iptables-save"),
    ("*security", "iptables-save"),
    ("table", "nft"),
    ("flush", "nft"),
    ("create", "ipset-save"),
];

/// The format of a file, if it is plain to see; `name` is the last part of its
/// path.
#[must_use]
pub fn detect(name: &str, bytes: &[u8]) -> Option<Format> {
    let named = NAMES.iter().find(|(known, _)| *known == name);
    let named = named.or_else(|| ENDS.iter().find(|(end, _)| name.ends_with(end)));
    let found = match named {
        // Rule sets are kept as JSON under any name.
        Some((_, "json")) | None => by_look(bytes).or(named.map(|(_, format)| *format)),
        Some((_, format)) => Some(*format),
    };
    found.and_then(Format::from_name)
}

impl Format {
    /// The kind of source that files of this format are.
    #[must_use]
    pub fn kind(self) -> SourceKind {
        match self.as_str() {
            "env" => SourceKind::EnvFile,
            "postgresql-conf" | "pg-hba" | "pg-ident" | "my-cnf" | "redis-conf" | "redis-acl" | "mongod-conf" => {
                SourceKind::DatabaseConfig
            }
            "iptables-save" | "ipset-save" | "nft" | "nft-json" | "ufw" | "firewalld" => SourceKind::FirewallDump,
            _ => SourceKind::ConfigFile,
        }
    }
}

fn by_look(bytes: &[u8]) -> Option<&'static str> {
    let lines = bytes.split(|&b| b == b'\n').take(LINES_MAX).map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && !is_comment(line));
    let first = lines.next()?;
    match first {
        [b'{', ..] => {
            let head = &bytes[..bytes.len().min(LINES_MAX)];
            let nft = head.windows(10).any(|part| part == b"\"nftables\"");
            return Some(if nft { "nft-json" } else { "json" });
        }
        b"---" => return Some("yaml"),
        [b'<', ..] if bytes.windows(6).take(4096).any(|part| part == b"<zone>" || part == b"<zone ") => {
            return Some("firewalld");
        }
        _ => {}
    }
    let word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    if let Some((_, format)) = WORDS.iter().find(|(known, _)| known.as_bytes() == word) {
        return Some(format);
    }
    generic(first)
}

fn is_comment(line: &[u8]) -> bool {
    matches!(line, [b'#' | b';', ..])
}

fn generic(first: &[u8]) -> Option<&'static str> {
    if first.starts_with(b"[") && first.ends_with(b"]") {
        return Some("ini");
    }
    let separator = first.iter().position(|&b| b == b'=' || b == b':')?;
    match (first[separator], first.get(separator + 1)) {
        (b':', None | Some(b' ')) => Some("yaml"),
        (b'=', _) => Some("key-value"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
