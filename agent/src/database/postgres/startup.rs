//! The way into a PostgreSQL server: the socket's name, TLS before the first
//! word, who asks, and what a failure is.
//!
//! Sends no password itself; the library does, as the server asks for it.

use std::error::Error as _;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_postgres::config::SslMode;

use crate::database::ask::{Target, in_time};
use crate::database::link::{Endpoint, Link};
use crate::database::{Credentials, DatabaseError, code_of};

/// The port that names the socket in a directory.
const PORT: u16 = 5432;

/// `SSLRequest`: its length and its code (the frontend/backend protocol,
/// "Message Formats").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Connects; a directory stands for the socket in it.
pub(super) async fn link(target: &Target) -> Result<Link, DatabaseError> {
    let endpoint = match &target.endpoint {
        Endpoint::Unix(path) if !is_socket(path) => Endpoint::Unix(path.join(format!(".s.PGSQL.{PORT}"))),
        other => other.clone(),
    };
    let mut link = Link::open(&endpoint, target.ca_file.is_some()).await?;
    let (Some(ca_file), Endpoint::Tcp(..)) = (&target.ca_file, &endpoint) else { return Ok(link) };
    let asking = async {
        link.write_all(&SSL_REQUEST).await?;
        link.flush().await?;
        Ok(link.read_u8().await?)
    };
    if in_time("answer the request for TLS", asking).await? != b'S' {
        return Err(DatabaseError::Tls("the server has no TLS"));
    }
    link.secure(&endpoint, ca_file).await
}

fn is_socket(path: &std::path::Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".s.PGSQL."))
}

/// Who asks, for what.
pub(super) fn config(who: &Credentials) -> tokio_postgres::Config {
    let mut config = tokio_postgres::Config::new();
    let user = if who.user.is_empty() { "driftline" } else { &who.user };
    config.user(user).application_name("driftline-agent").ssl_mode(SslMode::Disable);
    config.dbname(who.database.as_deref().unwrap_or("postgres"));
    if let Some(password) = &who.password {
        config.password(password.as_bytes());
    }
    config
}

/// What a failure of the library is, without the server's words.
pub(super) fn failure(error: &tokio_postgres::Error) -> DatabaseError {
    if let Some(code) = error.code() {
        let code = code_of(code.code());
        let login = code.starts_with("28") || code.starts_with("3D");
        return if login { DatabaseError::Refused { code } } else { DatabaseError::Denied { code } };
    }
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(cause) if cause.get_ref().is_some_and(|inner| inner.is::<super::super::link::OverBudget>()) => {
            DatabaseError::TooLong
        }
        Some(cause) if matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            DatabaseError::Protocol("a message of PostgreSQL that is none")
        }
        Some(cause) => DatabaseError::Lost(cause.kind().into()),
        None if error.is_closed() => DatabaseError::Lost(io::ErrorKind::UnexpectedEof.into()),
        None => DatabaseError::Authentication("no login that both sides have, or no password is configured"),
    }
}
