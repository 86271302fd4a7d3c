//! A session with a server, of whichever kind, and one question to it: its
//! settings, unless nothing changed since.
//!
//! It keeps no time but its own limits, and knows nothing of journals.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;

use super::link::Endpoint;
use super::login::PasswordAt;
use super::mysql::Mysql;
use super::postgres::Postgres;
use super::redis::Redis;
use super::{Answer, Credentials, DatabaseError, QUERY_MAX};
use crate::config::Server;

/// Time for all of one turn: a handful of queries, each with its own limit.
const TURN_MAX: Duration = Duration::from_secs(20);

/// Which server, and as whom.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is.
    pub server: Server,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The account.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<PasswordAt>,
    /// The database to connect to.
    pub database: Option<String>,
    /// Authorities of the server's certificate; none: no TLS.
    pub ca_file: Option<PathBuf>,
}

impl Target {
    fn credentials(&self) -> Result<Credentials, DatabaseError> {
        let password = self.password.as_ref().map(PasswordAt::read).transpose()?;
        let user = self.user.clone().unwrap_or_default();
        Ok(Credentials { user, password, database: self.database.clone() })
    }
}

/// A session that has logged in.
#[derive(Debug)]
pub enum Session {
    /// With PostgreSQL.
    Postgres(Box<Postgres>),
    /// With MySQL or MariaDB.
    Mysql(Box<Mysql>),
    /// With Redis.
    Redis(Box<Redis>),
}

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn open(target: &Target) -> Result<Self, DatabaseError> {
        let credentials = target.credentials()?;
        Ok(match target.server {
            Server::Postgresql => Self::Postgres(Box::new(Postgres::open(target, &credentials).await?)),
            Server::Mysql | Server::Mariadb => Self::Mysql(Box::new(Mysql::open(target, &credentials).await?)),
            Server::Redis => Self::Redis(Box::new(Redis::open(target, &credentials).await?)),
            Server::Mongodb => return Err(DatabaseError::Authentication("MongoDB's settings cannot be asked for")),
        })
    }

    /// The server's settings; none when what stands for them is `unless`.
    ///
    /// # Errors
    /// [`DatabaseError`]; the session is of no use then.
    pub async fn ask(&mut self, unless: Option<[u8; 32]>) -> Result<Option<Answer>, DatabaseError> {
        let asking = async {
            match self {
                Self::Postgres(session) => session.ask(unless).await,
                Self::Mysql(session) => session.ask(unless).await,
                Self::Redis(session) => session.ask(unless).await,
            }
        };
        timeout(TURN_MAX, asking)
            .await
            .map_err(|_| DatabaseError::TimedOut { what: "answer all questions", limit: TURN_MAX })?
    }
}

/// A question with its limit.
pub(super) async fn in_time<T>(
    what: &'static str,
    asking: impl Future<Output = Result<T, DatabaseError>>,
) -> Result<T, DatabaseError> {
    timeout(QUERY_MAX, asking).await.map_err(|_| DatabaseError::TimedOut { what, limit: QUERY_MAX })?
}
