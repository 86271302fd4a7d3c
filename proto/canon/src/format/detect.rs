//! Which format a file is in, by its name and then by its first lines.
//!
//! Guesses only what is plain to see: a wrong guess would be drift that is
//! none. Whoever knows says it instead.

use super::Format;
use crate::SourceKind;

/// Lines that are looked at: comments at the top may be long, and a format
/// shows in its first lines or not at all.
const LINES_MAX: usize = 200;

/// Bytes of a JSON document in which nftables names itself: it does so first.
const JSON_HEAD_BYTES: usize = 200;

/// Bytes of an XML document in which its root element begins: a comment with a
/// licence may stand before it.
const XML_HEAD_BYTES: usize = 4096;

/// Roots of firewalld's files, each with what tells it from others' of that name.
const FIREWALLD_ROOTS: [(&str, &str); 8] = [
    ("zone", "zone"),
    ("ipset", "type="),
    ("icmptype", "icmptype"),
    ("policy", "target="),
    ("service", "<short>"),
    ("helper", "module="),
    ("direct", "ipv="),
    ("whitelist", "<selinux "),
];

/// Names of files that are always in one format.
const NAMES: &[(&str, Format)] = &[
    ("postgresql.conf", Format::PostgresConf),
    ("postgresql.auto.conf", Format::PostgresConf),
    ("pg_hba.conf", Format::PgHba),
    ("pg_ident.conf", Format::PgIdent),
    ("my.cnf", Format::MyCnf),
    ("redis.conf", Format::RedisConf),
    ("sentinel.conf", Format::RedisConf),
    ("users.acl", Format::RedisAcl),
    ("mongod.conf", Format::MongodConf),
    ("mongos.conf", Format::MongodConf),
    ("nftables.conf", Format::Nft),
    ("rules.v4", Format::IptablesSave),
    ("rules.v6", Format::IptablesSave),
    ("user.rules", Format::Ufw),
    ("user6.rules", Format::Ufw),
    ("before.rules", Format::Ufw),
    ("before6.rules", Format::Ufw),
    ("after.rules", Format::Ufw),
    ("after6.rules", Format::Ufw),
    ("sshd_config", Format::KeyValue),
    ("ssh_config", Format::KeyValue),
    ("sysctl.conf", Format::KeyValue),
    ("chrony.conf", Format::KeyValue),
    ("login.defs", Format::KeyValue),
    (".env", Format::EnvFile(None)),
];

/// Ends of names that are always in one format.
const ENDS: &[(&str, Format)] = &[
    (".env", Format::EnvFile(None)),
    (".cnf", Format::MyCnf),
    (".json", Format::Json),
    (".toml", Format::Toml),
    (".yaml", Format::Yaml),
    (".yml", Format::Yaml),
    (".ini", Format::Ini),
    (".service", Format::Ini),
    (".socket", Format::Ini),
    (".timer", Format::Ini),
    (".properties", Format::Properties),
    (".nft", Format::Nft),
];

/// First words of rule dumps.
const WORDS: &[(&str, Format)] = &[
    ("*filter", Format::IptablesSave),
    ("*nat", Format::IptablesSave),
    ("*mangle", Format::IptablesSave),
    ("*raw", Format::IptablesSave),
    ("*security", Format::IptablesSave),
    ("table", Format::Nft),
    ("flush", Format::Nft),
    ("create", Format::IpsetSave),
];

/// The format of a file, if it is plain to see; `name` is the last part of its
/// path.
#[must_use]
pub fn detect(name: &str, bytes: &[u8]) -> Option<Format> {
    let named = NAMES.iter().find(|(known, _)| *known == name);
    let named = named.or_else(|| ENDS.iter().find(|(end, _)| name.ends_with(end)));
    match named {
        // Rule sets are kept as JSON under any name.
        Some((_, Format::Json)) => by_look(bytes).or(Some(Format::Json)),
        Some((_, format)) => Some(*format),
        None => by_look(bytes),
    }
}

impl Format {
    /// The kind of source that files of this format are.
    #[must_use]
    pub fn kind(self) -> SourceKind {
        match self {
            Self::EnvFile(_) => SourceKind::EnvFile,
            Self::PostgresConf
            | Self::PgHba
            | Self::PgIdent
            | Self::MyCnf
            | Self::RedisConf
            | Self::RedisAcl
            | Self::MongodConf => SourceKind::DatabaseConfig,
            Self::IptablesSave | Self::IpsetSave | Self::Nft | Self::NftJson | Self::Ufw | Self::Firewalld => {
                SourceKind::FirewallDump
            }
            Self::Ini | Self::Toml | Self::Yaml | Self::Json | Self::Properties | Self::KeyValue => {
                SourceKind::ConfigFile
            }
        }
    }
}

fn by_look(bytes: &[u8]) -> Option<Format> {
    let lines = bytes.split(|&b| b == b'\n').take(LINES_MAX).map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty() && !is_comment(line));
    let first = lines.next()?;
    match first {
        [b'{', ..] => {
            let head = &bytes[..bytes.len().min(JSON_HEAD_BYTES)];
            let nft = head.windows(10).any(|part| part == b"\"nftables\"");
            return Some(if nft { Format::NftJson } else { Format::Json });
        }
        b"---" => return Some(Format::Yaml),
        [b'<', ..] if is_firewalld(bytes) => {
            return Some(Format::Firewalld);
        }
        _ => {}
    }
    let word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    if let Some((_, format)) = WORDS.iter().find(|(known, _)| known.as_bytes() == word) {
        return Some(*format);
    }
    generic(first)
}

fn is_comment(line: &[u8]) -> bool {
    matches!(line, [b'#' | b';', ..])
}

fn generic(first: &[u8]) -> Option<Format> {
    if first.starts_with(b"[") && first.ends_with(b"]") {
        return Some(Format::Ini);
    }
    let separator = first.iter().position(|&b| b == b'=' || b == b':')?;
    match (first[separator], first.get(separator + 1)) {
        (b':', None | Some(b' ')) => Some(Format::Yaml),
        (b'=', _) => Some(Format::KeyValue),
        _ => None,
    }
}

/// Whether the root of an XML document is one of firewalld's. Names that others
/// may use as well need something in it that only firewalld has.
fn is_firewalld(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(XML_HEAD_BYTES)];
    let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
    FIREWALLD_ROOTS.iter().any(|(root, sign)| {
        [&b">"[..], b" ", b"\n", b"\r", b"\t"].iter().any(|end| has(&[b"<", root.as_bytes(), end].concat()))
            && has(sign.as_bytes())
    })
}

#[cfg(test)]
mod tests;
