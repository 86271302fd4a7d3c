//! Rows of `pg_settings` and `pg_db_role_setting` as settings.
//!
//! The server is right about its own values: one that the table of settings
//! would refuse is taken as the server says it, without a problem.

use super::{settings, value};
use crate::format::Reading;
use crate::format::gather::{Gather, text};
use crate::format::live::{PostgresRow, RoleSetting};
use crate::{Place, ProblemKind};

/// What every session has for itself, whatever the server is set to.
const OF_SESSIONS: &[&str] = &["transaction_deferrable", "transaction_isolation", "transaction_read_only"];

/// Sources of values that hold for this role or database from the beginning of
/// the session: the server's own value cannot be seen behind them. What the
/// session sets later hides nothing.
const HIDING: &[&str] = &["database", "user", "database user", "global"];

/// Live settings carry no line unless the server names one.
const NOWHERE: Place = Place { line: 0, column: 1 };

/// The settings of a server, and of its roles and databases.
pub(in crate::format) fn read(rows: &[PostgresRow<'_>], roles: &[RoleSetting<'_>]) -> Reading {
    let mut gather = Gather::new();
    for row in rows.iter().filter(|row| is_setting(row)) {
        if HIDING.contains(&row.source) {
            let name = crate::key::escape(row.name.as_bytes());
            let reason =
                format!("`{name}` is set for the agent's own role or database, so the server's value cannot be seen");
            gather.problem_whole(ProblemKind::Unreadable, reason);
            continue;
        }
        let known = settings::find(row.name.as_bytes());
        let key = if known.is_empty() { row.name.to_ascii_lowercase() } else { settings::name_of(known).to_owned() };
        let written = with_unit(row.value.unwrap_or_default(), row.unit);
        gather.enter(row.file.map(|file| crate::key::escape(file.as_bytes()).into()));
        let place = Place { line: row.line.unwrap_or(0), column: 1 };
        gather.set_quietly(key.as_bytes(), text(canonical(row.name, &written)), place);
    }
    gather.enter(None);
    for role in roles {
        if let Some((name, value)) = role.setting.split_once('=') {
            let key = role_key(role, name);
            gather.set_quietly(key.as_bytes(), text(canonical(name, value)), NOWHERE);
        }
    }
    gather.finish(b"")
}

/// Whether a row says something about the server: not what is built in, not
/// what a connection brings along.
fn is_setting(row: &PostgresRow<'_>) -> bool {
    row.context != "internal" && row.source != "client" && !OF_SESSIONS.contains(&row.name)
}

/// A number with what it counts, as a file would say it: 16384 of `8kB` are
/// `131072kB`.
fn with_unit(value: &str, unit: Option<&str>) -> String {
    let Some(unit) = unit.filter(|unit| !unit.is_empty() && value.bytes().any(|b| matches!(b, b'1'..=b'9'))) else {
        return value.to_owned();
    };
    if value.starts_with('-') {
        return value.to_owned();
    }
    let digits = unit.bytes().take_while(u8::is_ascii_digit).count();
    let (factor, name) = unit.split_at(digits);
    match (factor.parse::<i64>(), value.parse::<i64>()) {
        (Ok(factor), Ok(value)) => format!("{}{name}", value.saturating_mul(factor)),
        _ => format!("{value}{name}"),
    }
}

fn canonical(name: &str, written: &str) -> Vec<u8> {
    let rows = settings::find(name.as_bytes());
    if rows.is_empty() {
        return written.as_bytes().to_vec();
    }
    value::canonical(rows, written.as_bytes()).unwrap_or_else(|_| written.as_bytes().to_vec())
}

/// `role app in shop: work_mem`, `role app: …`, `database shop: …`, `all
/// roles: …`.
fn role_key(role: &RoleSetting<'_>, name: &str) -> String {
    let known = settings::find(name.as_bytes());
    let name = if known.is_empty() { name.to_ascii_lowercase() } else { settings::name_of(known).to_owned() };
    match (role.role, role.database) {
        (Some(role), Some(database)) => format!("role {role} in {database}: {name}"),
        (Some(role), None) => format!("role {role}: {name}"),
        (None, Some(database)) => format!("database {database}: {name}"),
        (None, None) => format!("all roles: {name}"),
    }
}
