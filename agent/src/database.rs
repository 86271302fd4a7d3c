//! The source kind `database_settings`: asks a running server for its settings,
//! at intervals, and hands them on as observations like those of files.
//!
//! It reads and never writes: no statement here changes anything on a server.
//! What a server says in words (errors, notices) goes nowhere: it may hold what
//! it was asked with.

pub mod ask;
pub mod finding;
pub mod link;
pub mod login;
pub mod mysql;
pub mod poll;
pub mod postgres;
pub mod redis;

use std::io;
use std::time::Duration;

use driftline_canon::{ProblemKind, Setting};
use zeroize::Zeroizing;

use crate::config::Server;

/// Time to reach a server. On a host's own network it takes milliseconds.
pub const CONNECT_MAX: Duration = Duration::from_secs(3);

/// Time for the login, and for one query. They are read from memory; a server
/// that needs longer has other troubles than this one.
pub const QUERY_MAX: Duration = Duration::from_secs(5);

/// Bytes of one turn's answers. A server's settings are a tenth of a megabyte.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Rows or elements of one answer. Servers have a thousand settings, and may
/// have thousands of roles.
pub const ROWS_MAX: usize = 50_000;

/// Why a server could not be asked. Nothing that it said is in here.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It could not be reached.
    #[error("the server could not be reached")]
    Unreachable(#[source] io::Error),
    /// It took too long.
    #[error("the server did not {what} within {} s", limit.as_secs())]
    TimedOut {
        /// What it did not do.
        what: &'static str,
        /// How long it had.
        limit: Duration,
    },
    /// A server on another host, without encryption.
    #[error(
        "the server is not on this host and the connection would not be encrypted: name its certificate \
         authority with `ca_file`"
    )]
    Insecure,
    /// Encryption was asked for and cannot be had.
    #[error("the connection cannot be encrypted: {0}")]
    Tls(&'static str),
    /// The password cannot be used.
    #[error(transparent)]
    Login(#[from] login::LoginError),
    /// It does not let the agent in.
    #[error("the server refuses the login ({code})")]
    Refused {
        /// The server's own code for it.
        code: String,
    },
    /// It wants a login that is not spoken here.
    #[error("the server asks for a login that driftline does not have: {0}")]
    Authentication(&'static str),
    /// It refuses a question.
    #[error("the server refuses to answer ({code})")]
    Denied {
        /// The server's own code for it.
        code: String,
    },
    /// What it says is not its protocol.
    #[error("the server's answer makes no sense: {0}")]
    Protocol(&'static str),
    /// It says too much.
    #[error("the server's answer is longer than {ANSWER_BYTES_MAX} bytes or {ROWS_MAX} rows")]
    TooLong,
    /// The connection ended.
    #[error("the connection ended")]
    Lost(#[source] io::Error),
}

impl DatabaseError {
    /// The kind of problem that this is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        match self {
            Self::Refused { .. } | Self::Denied { .. } | Self::Login(_) | Self::Authentication(_) => {
                ProblemKind::Unreadable
            }
            Self::Unreachable(_) | Self::Lost(_) | Self::TimedOut { .. } => ProblemKind::Host,
            Self::Insecure | Self::Tls(_) => ProblemKind::OutOfBounds,
            Self::Protocol(_) => ProblemKind::Syntax,
            Self::TooLong => ProblemKind::Limit,
        }
    }
}

impl From<io::Error> for DatabaseError {
    fn from(error: io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<link::OverBudget>()) {
            Self::TooLong
        } else {
            Self::Lost(error)
        }
    }
}

/// Who asks.
#[derive(Debug, Default)]
pub struct Credentials {
    /// The account; empty: the server's default one.
    pub user: String,
    /// Its password, where it has one.
    pub password: Option<Zeroizing<String>>,
    /// The database to connect to, where servers have several.
    pub database: Option<String>,
}

/// A setting whose file says another value than the server has, by the server's
/// own account.
#[derive(Debug)]
pub struct Awaiting {
    /// As the server has it.
    pub live: Setting,
    /// As its file has it, where the agent may see that.
    pub file: Option<Setting>,
}

/// How the server says that a variable got its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A statement set it while the server ran.
    Statement,
    /// A file, the command line, or the server itself.
    Start,
}

/// What a server answered.
#[derive(Debug, Default)]
pub struct Answer {
    /// What stands for all of the answer.
    pub print: [u8; 32],
    /// Its settings.
    pub settings: Vec<Setting>,
    /// What could not be understood or is not permitted.
    pub problems: Vec<driftline_canon::Problem>,
    /// Keys that may be there and could not be seen, if any: their last known
    /// items stay.
    pub hidden: Option<fn(&str) -> bool>,
    /// What waits for a restart.
    pub awaiting: Vec<Awaiting>,
    /// Where values come from, by key, where the server says it.
    pub origins: std::collections::HashMap<driftline_canon::ItemKey, Origin>,
}

/// Whether a server has settings that can be asked for.
#[must_use]
pub fn is_spoken(server: Server) -> bool {
    server != Server::Mongodb
}

/// Text as an error or problem may show it: letters, digits, a few signs, and
/// not long.
fn code_of(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(16).collect()
}

#[cfg(test)]
mod tests;
