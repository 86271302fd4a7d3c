//! Where the configuration of a database server lies, by convention: the
//! layouts of Debian and Red Hat, as data.
//!
//! It looks at no file system: each place is a pattern, and a file that is
//! there, now or later, is a source of its own.

use std::path::Path;

use serde::Deserialize;

/// A database server whose files are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Server {
    /// PostgreSQL: one cluster or several, of one version or several.
    Postgresql,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// Redis.
    Redis,
    /// MongoDB.
    Mongodb,
}

/// Files that a PostgreSQL cluster reads by itself. `postgresql.auto.conf` is
/// read with the first, as the server does.
pub(crate) const CLUSTER_FILES: [&str; 3] = ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"];

impl Server {
    /// Every server.
    pub const ALL: [Self; 5] = [Self::Postgresql, Self::Mysql, Self::Mariadb, Self::Redis, Self::Mongodb];

    /// The server's name in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Redis => "redis",
            Self::Mongodb => "mongodb",
        }
    }

    /// Where its files lie: a directory, and what stands below it. The name of
    /// a source says the second part.
    pub(crate) fn places(self) -> Vec<(&'static str, String)> {
        let files = |directories: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            let file = |(base, below): &(&'static str, &str)| {
                let (base, below) = (*base, (*below).to_owned());
                CLUSTER_FILES.map(|name| (base, format!("{below}/{name}")))
            };
            directories.iter().flat_map(file).collect()
        };
        let one = |below: &str| ("/etc", below.to_owned());
        match self {
            // Debian (pg_createcluster(1)), then Red Hat with the packages of
            // the PostgreSQL project and with its own.
            Self::Postgresql => {
                files(&[("/etc/postgresql", "*/*"), ("/var/lib/pgsql", "*/data"), ("/var/lib/pgsql", "data")])
            }
            // The order in which the server reads them (`mysqld --verbose --help`).
            Self::Mysql | Self::Mariadb => vec![one("my.cnf"), one("mysql/my.cnf")],
            Self::Redis => vec![one("redis/*.conf"), one("redis.conf")],
            Self::Mongodb => vec![one("mongod.conf"), one("mongodb.conf")],
        }
    }

    /// The name of the format of one of its files.
    pub(super) fn format_of(self, file: &Path) -> &'static str {
        match (self, file.file_name().and_then(|name| name.to_str())) {
            (Self::Postgresql, Some("pg_hba.conf")) => "pg-hba",
            (Self::Postgresql, Some("pg_ident.conf")) => "pg-ident",
            (Self::Postgresql, _) => "postgresql-conf",
            (Self::Mysql | Self::Mariadb, _) => "my-cnf",
            (Self::Redis, _) => "redis-conf",
            (Self::Mongodb, _) => "mongod-conf",
        }
    }
}

#[cfg(test)]
mod tests;
