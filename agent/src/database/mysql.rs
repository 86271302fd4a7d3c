//! MySQL and MariaDB: global variables over a small client of our own.
//!
//! A library for the protocol would double what the agent links; the agent
//! needs one login and text answers to three SELECTs. It sends no statement
//! that is not in this file, and never a local file, whatever the server asks.

pub mod login;
pub mod packet;
mod talk;

use std::collections::HashMap;

use driftline_canon::format::live;
use driftline_canon::{Problem, ProblemKind};
use sha2::{Digest as _, Sha256};

use super::ask::{Target, in_time};
use super::{Answer, Credentials, DatabaseError, Origin};
use talk::{Row, Talk};

/// MariaDB: variables and how each got its value. Needs no grant.
const MARIADB: &str = "SELECT VARIABLE_NAME, GLOBAL_VALUE, GLOBAL_VALUE_ORIGIN \
    FROM information_schema.SYSTEM_VARIABLES WHERE GLOBAL_VALUE IS NOT NULL";

/// MySQL: variables. Needs no grant.
const VARIABLES: &str = "SHOW GLOBAL VARIABLES";

/// MySQL 8: how each variable got its value. Needs
/// `GRANT SELECT ON performance_schema.variables_info`.
const ORIGINS: &str = "SELECT VARIABLE_NAME, VARIABLE_SOURCE FROM performance_schema.variables_info";

/// MySQL 8: what SET PERSIST keeps. Needs
/// `GRANT SELECT ON performance_schema.persisted_variables`.
const PERSISTED: &str = "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.persisted_variables";

/// Errors that say "not permitted" (`ER_DBACCESS_DENIED_ERROR`,
/// `ER_TABLEACCESS_DENIED_ERROR`, `ER_SPECIFIC_ACCESS_DENIED_ERROR`).
const NOT_PERMITTED: [u16; 3] = [1044, 1142, 1227];

/// A session.
#[derive(Debug)]
pub struct Mysql {
    talk: Talk,
    user: String,
}

impl Mysql {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(target: &Target, who: &Credentials) -> Result<Self, DatabaseError> {
        let talk = Talk::open(target, who).await?;
        Ok(Self { talk, user: who.user.clone() })
    }

    /// See [`super::ask::Session::ask`]. Nothing is cheaper to ask than the
    /// variables themselves: the server makes them up for each question, and
    /// keeps no time of their last change.
    pub(super) async fn ask(&mut self, unless: Option<[u8; 32]>) -> Result<Option<Answer>, DatabaseError> {
        self.talk.refill();
        let mut problems = Vec::new();
        let mariadb = self.talk.is_mariadb();
        let variables = self.rows(if mariadb { MARIADB } else { VARIABLES }).await?;
        let (mut origins, mut persisted) = (Vec::new(), Vec::new());
        if !mariadb && self.talk.is_since_8() {
            origins = self.rows_if_permitted(ORIGINS, "variables_info", &mut problems).await?;
            persisted = self.rows_if_permitted(PERSISTED, "persisted_variables", &mut problems).await?;
        }
        let print = print_of([&variables, &origins, &persisted], problems.len());
        if unless == Some(print) {
            return Ok(None);
        }
        let hidden = (!problems.is_empty()).then_some((|key: &str| key.starts_with("persisted.")) as fn(&str) -> bool);
        let mut reading = live::mysql(variables.iter().filter_map(pair));
        let kept = live::mysql_persisted(persisted.iter().filter_map(pair));
        reading.settings.extend(kept.settings);
        problems.extend(reading.problems);
        problems.extend(kept.problems);
        let said = if mariadb { origins_of(&variables, 2, "SQL") } else { origins_of(&origins, 1, "DYNAMIC") };
        Ok(Some(Answer { print, settings: reading.settings, problems, hidden, awaiting: Vec::new(), origins: said }))
    }

    async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, DatabaseError> {
        in_time("answer a query", self.talk.query(sql))
            .await?
            .map_err(|code| DatabaseError::Denied { code: code.to_string() })
    }

    async fn rows_if_permitted(
        &mut self,
        sql: &str,
        table: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<Row>, DatabaseError> {
        match in_time("answer a query", self.talk.query(sql)).await? {
            Ok(rows) => Ok(rows),
            Err(code) if NOT_PERMITTED.contains(&code) => {
                let user = driftline_canon::key::escape(self.user.as_bytes());
                let reason = format!(
                    "the account may not read {table}: GRANT SELECT ON performance_schema.{table} TO '{user}'@'…'"
                );
                problems.push(Problem::whole(ProblemKind::Unreadable, reason));
                Ok(Vec::new())
            }
            // A server without the performance schema has no such table.
            Err(_) => Ok(Vec::new()),
        }
    }
}

fn pair(row: &Row) -> Option<(&[u8], &[u8])> {
    Some((row.first()?.as_ref()?, row.get(1)?.as_ref().map_or(b"".as_slice(), |value| value.as_slice())))
}

/// Which variables a statement set while the server ran.
fn origins_of(rows: &[Row], column: usize, statement: &str) -> HashMap<driftline_canon::ItemKey, Origin> {
    let one = |row: &Row| {
        let name = String::from_utf8_lossy(row.first()?.as_ref()?).to_ascii_lowercase();
        let by = row.get(column)?.as_ref()?;
        let origin = if by.as_slice() == statement.as_bytes() { Origin::Statement } else { Origin::Start };
        Some((driftline_canon::ItemKey::from_bytes(format!("mysqld.{name}").as_bytes()), origin))
    };
    rows.iter().filter_map(one).collect()
}

/// What stands for an answer: the same while nothing changes. What moves by
/// itself is no part of it, or every turn would be news.
fn print_of(answers: [&[Row]; 3], problems: usize) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(problems.to_le_bytes());
    for row in answers.into_iter().flatten() {
        if pair(row).is_none_or(|(name, _)| live::moves(name)) {
            continue;
        }
        for column in row.iter().flatten() {
            hash.update(column.len().to_le_bytes());
            hash.update(column);
        }
        hash.update(b"\n");
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
