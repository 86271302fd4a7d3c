//! A conversation in the MySQL protocol: packets in turn, the login, and
//! queries with their rows.
//!
//! What the server says out of turn, or too much of, ends it.

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use zeroize::Zeroizing;

use super::login::Plugin;
use super::packet::{self, Greeting, LoginStep, PACKET_BYTES_MAX};
use crate::database::ask::{Target, in_time};
use crate::database::link::{Budget, Endpoint, Link};
use crate::database::{Credentials, DatabaseError, ROWS_MAX};

/// `COM_QUERY`.
const QUERY: u8 = 3;

/// What a server of `caching_sha2_password` says: it knew the proof, or it
/// needs the password itself.
const KNOWN: &[u8] = &[3];
const NEEDS_PASSWORD: &[u8] = &[4];

/// Packets of a login. No login that is spoken here needs more than five.
const LOGIN_STEPS_MAX: usize = 8;

/// A row of an answer.
pub(super) type Row = Vec<Option<Zeroizing<Vec<u8>>>>;

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk {
    link: BufReader<Link>,
    budget: Budget,
    version: Vec<u8>,
    /// The number of the next packet.
    number: u8,
}

impl Talk {
    pub(super) async fn open(target: &Target, who: &Credentials) -> Result<Self, DatabaseError> {
        let link = Link::open(&target.endpoint, target.ca_file.is_some()).await?;
        let mut talk = Self { budget: link.budget(), link: BufReader::new(link), version: Vec::new(), number: 0 };
        let greeting = in_time("greet", talk.greeting()).await?;
        talk.version.clone_from(&greeting.version);
        let tls = target.ca_file.as_ref().filter(|_| matches!(target.endpoint, Endpoint::Tcp(..)));
        if let Some(ca_file) = tls {
            if greeting.capabilities & packet::SSL == 0 {
                return Err(DatabaseError::Tls("the server has no TLS"));
            }
            talk.send(&packet::response_head(who.database.is_some(), true)).await?;
            let link = talk.link.into_inner().secure(&target.endpoint, ca_file).await?;
            talk.link = BufReader::new(link);
        }
        in_time("answer the login", talk.log_in(&greeting, who, tls.is_some())).await?;
        Ok(talk)
    }

    /// Before each turn.
    pub(super) fn refill(&self) {
        self.budget.refill();
    }

    pub(super) fn is_mariadb(&self) -> bool {
        self.version.windows(7).any(|word| word.eq_ignore_ascii_case(b"mariadb"))
    }

    /// Whether this is MySQL 8 or later.
    pub(super) fn is_since_8(&self) -> bool {
        let major: Vec<u8> = self.version.iter().copied().take_while(u8::is_ascii_digit).collect();
        std::str::from_utf8(&major).ok().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 8)
    }

    async fn greeting(&mut self) -> Result<Greeting, DatabaseError> {
        let first = self.receive().await?;
        if let Some(code) = packet::error(&first) {
            return Err(DatabaseError::Refused { code: code.to_string() });
        }
        packet::greeting(&first).ok_or(DatabaseError::Protocol("the greeting is not one of MySQL"))
    }

    async fn log_in(&mut self, greeting: &Greeting, who: &Credentials, tls: bool) -> Result<(), DatabaseError> {
        let password = who.password.as_ref().map_or("", |password| password.as_str());
        // A login that is not spoken here is asked for again by its name.
        let mut plugin = Plugin::of_name(&greeting.plugin).unwrap_or(Plugin::Native);
        let proof = plugin.proof(password, &greeting.challenge);
        let database = who.database.as_deref();
        self.send(&packet::response(&who.user, database, &proof, plugin.as_str(), tls)).await?;
        for _ in 0..LOGIN_STEPS_MAX {
            let answer = self.receive().await?;
            match packet::login_step(&answer).ok_or(DatabaseError::Protocol("a login has another answer"))? {
                LoginStep::Done => return Ok(()),
                LoginStep::Refused(code) => return Err(DatabaseError::Refused { code: code.to_string() }),
                LoginStep::Switch(name, challenge) => {
                    plugin = Plugin::of_name(&name).ok_or(unspoken(&name))?;
                    self.send(&plugin.proof(password, &challenge)).await?;
                }
                LoginStep::More(said) if plugin == Plugin::CachingSha2 && said == KNOWN => {}
                LoginStep::More(said) if plugin == Plugin::CachingSha2 && said == NEEDS_PASSWORD => {
                    self.send_password(password).await?;
                }
                LoginStep::More(_) => return Err(DatabaseError::Protocol("a login goes on where it should end")),
            }
        }
        Err(DatabaseError::Protocol("a login has no end"))
    }

    async fn send_password(&mut self, password: &str) -> Result<(), DatabaseError> {
        if !self.link.get_ref().is_private() {
            return Err(DatabaseError::Authentication(
                "caching_sha2_password needs the password itself, and this connection is not private: \
                 use the unix socket or `ca_file`",
            ));
        }
        let mut text = Zeroizing::new(Vec::with_capacity(password.len() + 1));
        text.extend_from_slice(password.as_bytes());
        text.push(0);
        self.send(&text).await
    }

    /// Asks; an error is the server's number for why it does not answer.
    pub(super) async fn query(&mut self, sql: &str) -> Result<Result<Vec<Row>, u16>, DatabaseError> {
        self.number = 0;
        let mut packet = Vec::with_capacity(sql.len() + 1);
        packet.push(QUERY);
        packet.extend_from_slice(sql.as_bytes());
        self.send(&packet).await?;
        let first = self.receive().await?;
        if let Some(code) = packet::error(&first) {
            return Ok(Err(code));
        }
        let columns = packet::columns(&first).ok_or(DatabaseError::Protocol("a query has another answer"))?;
        for _ in 0..columns {
            self.receive().await?;
        }
        if !packet::is_end(&self.receive().await?) {
            return Err(DatabaseError::Protocol("more columns than announced"));
        }
        let mut rows = Vec::new();
        loop {
            let packet = self.receive().await?;
            if packet::is_end(&packet) {
                return Ok(Ok(rows));
            }
            if let Some(code) = packet::error(&packet) {
                return Ok(Err(code));
            }
            if rows.len() >= ROWS_MAX {
                return Err(DatabaseError::TooLong);
            }
            rows.push(packet::row(&packet, columns).ok_or(DatabaseError::Protocol("a row is not whole"))?);
        }
    }

    async fn send(&mut self, payload: &[u8]) -> Result<(), DatabaseError> {
        let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() < PACKET_BYTES_MAX);
        let length = length.ok_or(DatabaseError::Protocol("a packet to send is too long"))?;
        let [a, b, c, _] = length.to_le_bytes();
        let mut packet = Zeroizing::new(Vec::with_capacity(payload.len() + 4));
        packet.extend_from_slice(&[a, b, c, self.number]);
        packet.extend_from_slice(payload);
        self.number = self.number.wrapping_add(1);
        let link = self.link.get_mut();
        link.write_all(&packet).await?;
        link.flush().await?;
        Ok(())
    }

    async fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, DatabaseError> {
        let mut header = [0; 4];
        self.link.read_exact(&mut header).await?;
        let (length, number) = packet::header(header);
        if number != self.number {
            return Err(DatabaseError::Protocol("a packet out of turn"));
        }
        if length > PACKET_BYTES_MAX {
            return Err(DatabaseError::TooLong);
        }
        self.number = self.number.wrapping_add(1);
        let mut packet = Zeroizing::new(Vec::new());
        let read = (&mut self.link).take(length as u64).read_to_end(&mut packet).await?;
        if read != length {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        Ok(packet)
    }
}

/// A login that is asked for and not spoken here.
fn unspoken(name: &[u8]) -> DatabaseError {
    DatabaseError::Authentication(match name {
        b"client_ed25519" => "ed25519: use mysql_native_password or unix_socket for this account",
        b"parsec" => "parsec: use mysql_native_password or unix_socket for this account",
        b"sha256_password" => "sha256_password: use caching_sha2_password for this account",
        b"dialog" => "PAM: use unix_socket for this account",
        b"auth_gssapi_client" => "GSSAPI: use unix_socket for this account",
        b"mysql_clear_password" => "the password in the clear: use another login for this account",
        _ => "one of no known name",
    })
}
