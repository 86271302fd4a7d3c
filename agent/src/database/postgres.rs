//! PostgreSQL: what the server is set to, what its roles and databases are, and
//! which of it waits for a restart.
//!
//! Every statement stands in a `.sql` file beside this one, with the grant that
//! it needs; the session is read-only. What is not granted is a problem that
//! names the grant, and the rest is read all the same.

mod guard;
mod startup;

use std::collections::HashMap;

use driftline_canon::format::live::{self, PostgresRow, RoleSetting};
use driftline_canon::{Problem, ProblemKind, Setting};
use sha2::{Digest as _, Sha256};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, SimpleQueryMessage, SimpleQueryRow};

use super::ask::{Target, in_time};
use super::link::Budget;
use super::{Answer, Awaiting, Credentials, DatabaseError, ROWS_MAX};
use guard::Guard;
use startup::failure;

const CHANGED: &str = include_str!("postgres/changed.sql");
const SETTINGS: &str = include_str!("postgres/settings.sql");
const ROLES: &str = include_str!("postgres/roles.sql");
const FILES: &str = include_str!("postgres/files.sql");
const HBA: &str = include_str!("postgres/hba.sql");
const RIGHTS: &str = include_str!("postgres/rights.sql");

/// What the session sets for itself. These are the session's own values, and
/// `reset_val` says the server's all the same.
const SESSION: &str = "SET default_transaction_read_only = on; SET statement_timeout = '5s'; \
    SET lock_timeout = '1s'; SET search_path = pg_catalog";

/// Lines that the server does not take and that are named one by one.
const WRONG_LINES_MAX: usize = 20;

/// A session.
pub struct Postgres {
    client: Client,
    /// Carries the client's questions; it is polled only beside one.
    connection: Connection<Guard, NoTlsStream>,
    budget: Budget,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres")
    }
}

/// What the role may see.
struct Rights {
    user: String,
    settings: bool,
    files: bool,
    hba: bool,
}

impl Postgres {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(target: &Target, who: &Credentials) -> Result<Self, DatabaseError> {
        let link = startup::link(target).await?;
        let budget = link.budget();
        let config = startup::config(who);
        let login =
            async { config.connect_raw(Guard::new(link), tokio_postgres::NoTls).await.map_err(|e| failure(&e)) };
        let (client, connection) = in_time("answer the login", login).await?;
        let mut session = Self { client, connection, budget };
        session.rows(SESSION).await?;
        Ok(session)
    }

    /// See [`super::ask::Session::ask`].
    pub(super) async fn ask(&mut self, unless: Option<[u8; 32]>) -> Result<Option<Answer>, DatabaseError> {
        self.budget.refill();
        let print = self.print().await?;
        if unless == Some(print) {
            return Ok(None);
        }
        let rights = self.rights().await?;
        let settings = self.rows(SETTINGS).await?;
        let roles = self.rows(ROLES).await?;
        let files = if rights.files { self.rows(FILES).await? } else { Vec::new() };
        let hba = if rights.hba { self.rows(HBA).await? } else { Vec::new() };
        let rows: Vec<PostgresRow<'_>> = settings.iter().map(setting).collect();
        let roles: Vec<RoleSetting<'_>> = roles.iter().filter_map(role_setting).collect();
        let reading = live::postgres(&rows, &roles);
        let pending: Vec<&str> =
            settings.iter().filter(|row| is_true(row, 7)).filter_map(|row| column(row, 0)).collect();
        let hides = !rights.settings || reading.problems.iter().any(|one| one.kind == ProblemKind::Unreadable);
        let hidden = hides.then_some(is_of_the_server as fn(&str) -> bool);
        let mut problems = lacks(&rights);
        problems.extend(wrong_lines(&files, &hba, &pending));
        problems.extend(reading.problems);
        let awaiting = awaiting(&reading.settings, &pending, &files);
        Ok(Some(Answer { print, settings: reading.settings, problems, hidden, awaiting, origins: HashMap::new() }))
    }

    /// What stands for everything that can change without this session.
    async fn print(&mut self) -> Result<[u8; 32], DatabaseError> {
        let rows = self.rows(CHANGED).await?;
        let row = rows.first().ok_or(DatabaseError::Protocol("an answer without a row"))?;
        let mut hash = Sha256::new();
        for column in 0..row.len() {
            hash.update(self::column(row, column).unwrap_or_default());
            hash.update(b"\0");
        }
        Ok(hash.finalize().into())
    }

    async fn rights(&mut self) -> Result<Rights, DatabaseError> {
        let rows = self.rows(RIGHTS).await?;
        let row = rows.first().ok_or(DatabaseError::Protocol("an answer without a row"))?;
        let user = column(row, 0).unwrap_or_default().to_owned();
        Ok(Rights { user, settings: is_true(row, 1), files: is_true(row, 2), hba: is_true(row, 3) })
    }

    async fn rows(&mut self, sql: &str) -> Result<Vec<SimpleQueryRow>, DatabaseError> {
        let asking = async {
            tokio::select! {
                answer = self.client.simple_query(sql) => answer.map_err(|error| failure(&error)),
                ended = &mut self.connection => Err(match ended {
                    Err(error) => failure(&error),
                    Ok(()) => std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into(),
                }),
            }
        };
        let messages = in_time("answer a query", asking).await?;
        if messages.len() > ROWS_MAX {
            return Err(DatabaseError::TooLong);
        }
        let row = |message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None };
        Ok(messages.into_iter().filter_map(row).collect())
    }
}

/// The text of a column; none for null, or where the server sent fewer.
fn column(row: &SimpleQueryRow, at: usize) -> Option<&str> {
    row.try_get(at).ok().flatten()
}

fn is_true(row: &SimpleQueryRow, at: usize) -> bool {
    column(row, at) == Some("t")
}

fn setting(row: &SimpleQueryRow) -> PostgresRow<'_> {
    PostgresRow {
        name: column(row, 0).unwrap_or_default(),
        value: column(row, 1),
        unit: column(row, 2),
        context: column(row, 3).unwrap_or_default(),
        source: column(row, 4).unwrap_or_default(),
        file: column(row, 5),
        line: column(row, 6).and_then(|line| line.parse().ok()),
    }
}

fn role_setting(row: &SimpleQueryRow) -> Option<RoleSetting<'_>> {
    Some(RoleSetting { role: column(row, 0), database: column(row, 1), setting: column(row, 2)? })
}

/// Not of a role or database: such a setting does not vanish by itself.
fn is_of_the_server(key: &str) -> bool {
    !key.contains(": ")
}

/// What the role may not see, and what would let it.
fn lacks(rights: &Rights) -> Vec<Problem> {
    let user = format!("\"{}\"", driftline_canon::key::escape(rights.user.as_bytes()).replace('"', "\"\""));
    let mut problems = Vec::new();
    let mut lack = |what: &str, grant: String| {
        problems.push(Problem::whole(ProblemKind::Unreadable, format!("the role may not see {what}: {grant}")));
    };
    if !rights.settings {
        lack("all settings and their files", format!("GRANT pg_read_all_settings TO {user}"));
    }
    if !rights.files {
        let grant = format!(
            "GRANT SELECT ON pg_file_settings TO {user}; \
             GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO {user}"
        );
        lack("what waits for a restart", grant);
    }
    if !rights.hba {
        let grant = format!(
            "GRANT SELECT ON pg_hba_file_rules TO {user}; GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {user}"
        );
        lack("errors in pg_hba.conf", grant);
    }
    problems
}

/// Lines of its files that the server does not take. Its own words may hold
/// what stands there, and are not repeated.
fn wrong_lines(files: &[SimpleQueryRow], hba: &[SimpleQueryRow], pending: &[&str]) -> Vec<Problem> {
    let escape = |text: &str| driftline_canon::key::escape(text.as_bytes());
    let waits = |row: &&SimpleQueryRow| column(row, 0).is_some_and(|name| pending.contains(&name));
    let wrong = files.iter().filter(|row| is_true(row, 4) && !waits(row)).map(|row| {
        let (file, line) = (escape(column(row, 2).unwrap_or("its file")), column(row, 3).unwrap_or("?"));
        format!("{file}:{}: the server does not take this line", escape(line))
    });
    let hba = hba
        .iter()
        .map(|row| format!("pg_hba.conf, line {}: the server does not take it", escape(column(row, 0).unwrap_or("?"))));
    wrong.chain(hba).take(WRONG_LINES_MAX).map(|reason| Problem::whole(ProblemKind::Syntax, reason)).collect()
}

/// Settings that their files change at the next start.
fn awaiting(settings: &[Setting], pending: &[&str], files: &[SimpleQueryRow]) -> Vec<Awaiting> {
    let find =
        |from: &[Setting], name: &str| from.iter().find(|one| one.key.as_str().eq_ignore_ascii_case(name)).cloned();
    let of_file = |name: &str| {
        let row = files.iter().rev().find(|row| column(row, 0).is_some_and(|one| one.eq_ignore_ascii_case(name)))?;
        let line = column(row, 3).and_then(|line| line.parse().ok());
        let row = PostgresRow { name, value: column(row, 1), file: column(row, 2), line, ..PostgresRow::default() };
        find(&live::postgres(&[row], &[]).settings, name)
    };
    let one = |name: &&str| Some(Awaiting { live: find(settings, name)?, file: of_file(name) });
    pending.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests;
