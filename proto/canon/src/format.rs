//! The door of all formats: bytes in, settings and problems out.
//!
//! Reading never fails and never panics. What cannot be understood is a
//! [`Problem`] with its place; what cannot be understood at all is one opaque
//! content setting beside its problems, so that the file is still watched.

mod detect;
mod document;
pub mod env_file;
pub mod firewall;
mod gather;
mod includes;
mod index;
mod ini;
mod json;
mod kept;
mod key_value;
mod lines;
pub mod live;
mod mongod;
mod mysql;
mod path;
mod postgres;
mod properties;
mod quote;
mod redis;
mod repeated;
mod rules;
#[cfg(test)]
mod testing;
mod toml_file;
mod yaml;

use std::fmt;

use zeroize::Zeroizing;

use crate::{ItemKey, Problem, Value};
pub use detect::detect;
pub use env_file::EnvDialect;
pub use firewall::objects as nftables;
pub use includes::{FileName, Files, Include, IncludeKind, Included, NoFiles};

/// A format that driftline can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An env file; no dialect means: detect it.
    EnvFile(Option<EnvDialect>),
    /// An option file of MySQL or MariaDB.
    MyCnf,
    /// What `iptables-save` and `ip6tables-save` print.
    IptablesSave,
    /// The rule files of ufw.
    Ufw,
    /// The XML files of firewalld.
    Firewalld,
    /// A configuration file of Redis.
    RedisConf,
    /// A file of Redis' users.
    RedisAcl,
    /// A configuration file of MongoDB.
    MongodConf,
    /// A JSON text.
    Json,
    /// A file of sections with names and values.
    Ini,
    /// Java properties.
    Properties,
    /// `key value` or `key=value`, one a line.
    KeyValue,
    /// A TOML text.
    Toml,
    /// A file of YAML documents.
    Yaml,
    /// PostgreSQL's `postgresql.conf`, and `postgresql.auto.conf`.
    PostgresConf,
    /// PostgreSQL's `pg_hba.conf`.
    PgHba,
    /// PostgreSQL's `pg_ident.conf`.
    PgIdent,
    /// What `ipset save` prints.
    IpsetSave,
    /// A ruleset of nftables as text.
    Nft,
    /// A ruleset of nftables as JSON.
    NftJson,
}

impl Format {
    /// Every format, in the manual's order, with what is left to detect left
    /// out.
    pub const ALL: &[Self] = &[
        Self::EnvFile(None),
        Self::MyCnf,
        Self::IptablesSave,
        Self::Ufw,
        Self::Firewalld,
        Self::RedisConf,
        Self::RedisAcl,
        Self::MongodConf,
        Self::Json,
        Self::Ini,
        Self::Properties,
        Self::KeyValue,
        Self::Toml,
        Self::Yaml,
        Self::PostgresConf,
        Self::PgHba,
        Self::PgIdent,
        Self::IpsetSave,
        Self::Nft,
        Self::NftJson,
    ];

    /// The format's name in configuration, on the command line and in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EnvFile(_) => "env",
            Self::MyCnf => "my-cnf",
            Self::IptablesSave => "iptables-save",
            Self::Ufw => "ufw",
            Self::Firewalld => "firewalld",
            Self::RedisConf => "redis-conf",
            Self::RedisAcl => "redis-acl",
            Self::MongodConf => "mongod-conf",
            Self::Json => "json",
            Self::Ini => "ini",
            Self::Properties => "properties",
            Self::KeyValue => "key-value",
            Self::Toml => "toml",
            Self::Yaml => "yaml",
            Self::PostgresConf => "postgresql-conf",
            Self::PgHba => "pg-hba",
            Self::PgIdent => "pg-ident",
            Self::IpsetSave => "ipset-save",
            Self::Nft => "nft",
            Self::NftJson => "nft-json",
        }
    }

    /// The format of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One setting in clear: exists only on the host that it was read on.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is set.
    pub key: ItemKey,
    /// To what, resolved as far as the file allows.
    pub value: Value,
    /// The line it stands on, from 1; none for metadata.
    pub line: Option<u32>,
    /// The text as written where it differs from the value because names in it
    /// were resolved (`http://${HOST}/`).
    pub template: Option<Box<Zeroizing<Vec<u8>>>>,
    /// The included file that it stands in; none: the source's own.
    pub file: Option<FileName>,
    /// The format itself says that the value is a secret (`requirepass`),
    /// whatever its words and looks say.
    pub secret: bool,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let template = self.template.as_ref().map(|_| "..");
        write!(f, "Setting({} = {:?}, line {:?}, template {template:?})", self.key, self.value, self.line)
    }
}

/// What reading a file gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The settings, one per key, in file order.
    pub settings: Vec<Setting>,
    /// What could not be understood, in file order.
    pub problems: Vec<Problem>,
    /// The dialect that was used, for formats that have dialects.
    pub dialect: Option<EnvDialect>,
}

/// Reads bytes in a format, following no includes. Never fails, never panics.
#[must_use]
pub fn read(format: Format, bytes: &[u8]) -> Reading {
    read_with(format, bytes, None, &mut NoFiles)
}

/// Reads the bytes of the file of that name in a format; what it includes comes
/// from `files`. Never fails, never panics.
#[must_use]
pub fn read_with(format: Format, bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    match format {
        Format::EnvFile(dialect) => env_file::read(bytes, dialect),
        Format::MyCnf => mysql::read(bytes, name, files),
        Format::IptablesSave => firewall::read_iptables(bytes),
        Format::Ufw => firewall::read_ufw(bytes),
        Format::Firewalld => firewall::read_firewalld(bytes),
        Format::RedisConf => redis::read(bytes, name, files),
        Format::RedisAcl => redis::read_users(bytes),
        Format::MongodConf => mongod::read(bytes),
        Format::Json => json::read(bytes),
        Format::Ini => ini::read(bytes),
        Format::Properties => properties::read(bytes),
        Format::KeyValue => key_value::read(bytes),
        Format::Toml => toml_file::read(bytes),
        Format::Yaml => yaml::read(bytes),
        Format::PostgresConf => postgres::read_conf(bytes, name, files),
        Format::PgHba => postgres::read_hba(bytes, name, files),
        Format::PgIdent => postgres::read_ident(bytes, name, files),
        Format::IpsetSave => firewall::read_ipset(bytes),
        Format::Nft => firewall::read_nft(bytes, name, files),
        Format::NftJson => firewall::read_nft_json(bytes),
    }
}
