//! What a running server says of its settings, in the canonical form of its
//! files: a live `16384` of 8 kB is the file's `128MB`.
//!
//! Asks no server. What a session has for itself, what is built in and what is
//! no setting at all (counters, positions, clocks) is left out here, so that
//! nobody else has to know.

use super::Reading;
use super::{mysql, postgres, redis};

/// A row of `pg_settings`: the value is `reset_val`, what the server has for
/// everybody, never the session's own.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostgresRow<'a> {
    /// `name`.
    pub name: &'a str,
    /// `reset_val`; none is the empty text.
    pub value: Option<&'a str>,
    /// `unit`: what the number counts.
    pub unit: Option<&'a str>,
    /// `context`: where it may be set.
    pub context: &'a str,
    /// `source`: where the value comes from.
    pub source: &'a str,
    /// `sourcefile`, where the role may see it.
    pub file: Option<&'a str>,
    /// `sourceline`.
    pub line: Option<u32>,
}

/// An element of `pg_db_role_setting`: what `ALTER ROLE` and `ALTER DATABASE`
/// set.
#[derive(Debug, Clone, Copy)]
pub struct RoleSetting<'a> {
    /// The role; none: every role.
    pub role: Option<&'a str>,
    /// The database; none: every database.
    pub database: Option<&'a str>,
    /// `name=value`.
    pub setting: &'a str,
}

/// The settings of a PostgreSQL server.
#[must_use]
pub fn postgres(rows: &[PostgresRow<'_>], roles: &[RoleSetting<'_>]) -> Reading {
    without_lines(postgres::live(rows, roles))
}

/// The global variables of a MySQL or MariaDB server, by name and value; keys
/// are those of the group `mysqld` in an option file.
#[must_use]
pub fn mysql<'a>(variables: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Reading {
    without_lines(mysql::live("mysqld", variables))
}

/// What a MySQL server keeps for its next start (`SET PERSIST`), under keys of
/// their own.
#[must_use]
pub fn mysql_persisted<'a>(variables: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Reading {
    without_lines(mysql::live("persisted", variables))
}

/// Whether a variable of MySQL or MariaDB moves by itself and is no setting.
#[must_use]
pub fn moves(name: &[u8]) -> bool {
    mysql::moves(name)
}

/// The parameters of a Redis server (`CONFIG GET *`) and its users (`ACL
/// LIST`).
#[must_use]
pub fn redis<'a>(
    parameters: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    users: impl IntoIterator<Item = &'a [u8]>,
) -> Reading {
    without_lines(redis::live(parameters, users))
}

/// A live setting stands on no line unless the server names one.
fn without_lines(mut reading: Reading) -> Reading {
    for setting in &mut reading.settings {
        setting.line = setting.line.filter(|&line| line > 0);
    }
    for problem in &mut reading.problems {
        problem.place = None;
    }
    reading
}

#[cfg(test)]
mod tests;
