//! Packets of the MySQL protocol, taken apart within their bounds ("MySQL
//! Client/Server Protocol", "Protocol Basics").
//!
//! Pure: bytes in, parts or nothing out. A length that does not fit is nothing.

use zeroize::Zeroizing;

/// Bytes of one packet. A row of variables has some kilobytes; the protocol
/// would allow 16 MiB.
pub const PACKET_BYTES_MAX: usize = 1024 * 1024;

/// Columns of one answer. The agent asks for three at most.
pub const COLUMNS_MAX: usize = 16;

/// Bytes of a challenge (both hashing methods).
pub const CHALLENGE_BYTES: usize = 20;

/// `CLIENT_SSL`.
pub const SSL: u32 = 1 << 11;
const PROTOCOL_41: u32 = 1 << 9;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

/// The first packet of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The server's version, as it says it.
    pub version: Vec<u8>,
    /// What it can do.
    pub capabilities: u32,
    /// The challenge.
    pub challenge: Vec<u8>,
    /// Which login it would like.
    pub plugin: Vec<u8>,
}

/// What a packet of the login says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginStep {
    /// Welcome.
    Done,
    /// No; the server's number for why.
    Refused(u16),
    /// Another login, with its challenge.
    Switch(Vec<u8>, Vec<u8>),
    /// More of this login.
    More(Vec<u8>),
}

/// Takes bytes off the front, as long as there are enough.
#[derive(Debug)]
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// So many bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of up to eight bytes, the least first.
    pub fn number(&mut self, bytes: usize) -> Option<u64> {
        let mut wide = [0; 8];
        wide.get_mut(..bytes)?.copy_from_slice(self.take(bytes)?);
        Some(u64::from_le_bytes(wide))
    }

    /// A text that ends with a zero.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|&b| b == 0)?;
        let text = self.take(end)?;
        self.take(1)?;
        Some(text)
    }

    /// A number whose first byte says how long it is.
    pub fn counted(&mut self) -> Option<u64> {
        match self.number(1)? {
            0xfc => self.number(2),
            0xfd => self.number(3),
            0xfe => self.number(8),
            0xfb | 0xff => None,
            small => Some(small),
        }
    }
}

/// The length and the number in front of a packet.
#[must_use]
pub fn header(bytes: [u8; 4]) -> (usize, u8) {
    let [a, b, c, number] = bytes;
    (usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16, number)
}

/// The greeting (`HandshakeV10`); none if it is not one.
#[must_use]
pub fn greeting(packet: &[u8]) -> Option<Greeting> {
    let mut cursor = Cursor(packet);
    if cursor.number(1)? != 10 {
        return None;
    }
    let version = cursor.text()?.to_vec();
    cursor.take(4)?;
    let mut challenge = cursor.take(8)?.to_vec();
    cursor.take(1)?;
    let low = cursor.number(2)?;
    cursor.take(3)?;
    let high = cursor.number(2)?;
    let capabilities = u32::try_from(low | high << 16).ok()?;
    let needed = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
    if capabilities & needed != needed {
        return None;
    }
    cursor.take(11)?;
    challenge.extend_from_slice(cursor.take(CHALLENGE_BYTES - 8)?);
    cursor.take(1)?;
    let plugin = cursor.text().unwrap_or(cursor.0).to_vec();
    Some(Greeting { version, capabilities, challenge, plugin })
}

/// The number in an error packet; none if it is no error.
#[must_use]
pub fn error(packet: &[u8]) -> Option<u16> {
    let mut cursor = Cursor(packet);
    if cursor.number(1)? != 0xff {
        return None;
    }
    u16::try_from(cursor.number(2)?).ok()
}

/// A packet of the login.
#[must_use]
pub fn login_step(packet: &[u8]) -> Option<LoginStep> {
    match packet.split_first()? {
        (0, _) => Some(LoginStep::Done),
        (1, rest) => Some(LoginStep::More(rest.to_vec())),
        (0xfe, rest) => {
            let mut cursor = Cursor(rest);
            let plugin = cursor.text()?.to_vec();
            let challenge = cursor.0.strip_suffix(b"\0").unwrap_or(cursor.0).to_vec();
            Some(LoginStep::Switch(plugin, challenge))
        }
        _ => error(packet).map(LoginStep::Refused),
    }
}

/// How many columns an answer has; none for anything that is no answer of rows,
/// such as the wish for a local file.
#[must_use]
pub fn columns(packet: &[u8]) -> Option<usize> {
    let mut cursor = Cursor(packet);
    let count = usize::try_from(cursor.counted()?).ok()?;
    (cursor.0.is_empty() && (1..=COLUMNS_MAX).contains(&count)).then_some(count)
}

/// Whether a packet ends a list of columns or rows.
#[must_use]
pub fn is_end(packet: &[u8]) -> bool {
    packet.len() < 9 && packet.first() == Some(&0xfe)
}

/// The columns of a row, as texts.
#[must_use]
pub fn row(packet: &[u8], columns: usize) -> Option<Vec<Option<Zeroizing<Vec<u8>>>>> {
    let mut cursor = Cursor(packet);
    let mut row = Vec::with_capacity(columns.min(COLUMNS_MAX));
    for _ in 0..columns {
        if cursor.0.first() == Some(&0xfb) {
            cursor.take(1)?;
            row.push(None);
            continue;
        }
        let length = usize::try_from(cursor.counted()?).ok()?;
        row.push(Some(Zeroizing::new(cursor.take(length)?.to_vec())));
    }
    cursor.0.is_empty().then_some(row)
}

/// The answer to a greeting (`HandshakeResponse41`).
#[must_use]
pub fn response(user: &str, database: Option<&str>, proof: &[u8], plugin: &str, ssl: bool) -> Zeroizing<Vec<u8>> {
    let mut packet = response_head(database.is_some(), ssl);
    packet.extend_from_slice(user.as_bytes());
    packet.push(0);
    packet.push(u8::try_from(proof.len()).unwrap_or(0));
    packet.extend_from_slice(proof);
    if let Some(database) = database {
        packet.extend_from_slice(database.as_bytes());
        packet.push(0);
    }
    packet.extend_from_slice(plugin.as_bytes());
    packet.push(0);
    packet
}

/// The beginning of it, which is also the request for TLS.
#[must_use]
pub fn response_head(with_database: bool, ssl: bool) -> Zeroizing<Vec<u8>> {
    const LONG_PASSWORD: u32 = 1;
    const CONNECT_WITH_DB: u32 = 1 << 3;
    const TRANSACTIONS: u32 = 1 << 13;
    /// `utf8mb4_general_ci`, known to every server since 5.5.
    const UTF8MB4: u8 = 45;
    let mut capabilities = LONG_PASSWORD | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
    capabilities |= if with_database { CONNECT_WITH_DB } else { 0 };
    capabilities |= if ssl { SSL } else { 0 };
    let mut packet = Zeroizing::new(Vec::with_capacity(512));
    packet.extend_from_slice(&capabilities.to_le_bytes());
    packet.extend_from_slice(&u32::try_from(PACKET_BYTES_MAX).unwrap_or(u32::MAX).to_le_bytes());
    packet.push(UTF8MB4);
    packet.extend_from_slice(&[0; 23]);
    packet
}

#[cfg(test)]
mod tests;
