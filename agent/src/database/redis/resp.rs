//! Replies of Redis (RESP 2), read within bounds.
//!
//! Only what the agent's few commands can answer is understood: texts, errors
//! by their first word, and flat arrays of texts. Anything else ends the
//! connection.

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use zeroize::Zeroizing;

use crate::database::{ANSWER_BYTES_MAX, DatabaseError, ROWS_MAX};

/// Bytes of a line: a number, `OK`, or an error in words.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A text or number.
    Text(Zeroizing<Vec<u8>>),
    /// An error: its first word. The rest may repeat what was asked.
    Error(String),
    /// Texts.
    Array(Vec<Zeroizing<Vec<u8>>>),
}

/// Reads one reply.
///
/// # Errors
/// [`DatabaseError`] when it is none, too long, or the connection ends.
pub async fn read<R: AsyncRead + Unpin>(from: &mut BufReader<R>) -> Result<Reply, DatabaseError> {
    let line = line(from).await?;
    let Some((kind, rest)) = line.split_first() else {
        return Err(DatabaseError::Protocol("an empty line"));
    };
    match kind {
        b'+' | b':' => Ok(Reply::Text(Zeroizing::new(rest.to_vec()))),
        b'-' => {
            let word = rest.split(|&b| b == b' ').next().unwrap_or_default();
            Ok(Reply::Error(String::from_utf8_lossy(word).into_owned()))
        }
        b'$' => Ok(Reply::Text(bulk(from, rest).await?)),
        b'*' => array(from, rest).await,
        _ => Err(DatabaseError::Protocol("a reply of no known kind")),
    }
}

async fn array<R: AsyncRead + Unpin>(from: &mut BufReader<R>, count: &[u8]) -> Result<Reply, DatabaseError> {
    let count = number(count)?.unwrap_or(0);
    if count > 2 * ROWS_MAX {
        return Err(DatabaseError::TooLong);
    }
    let mut texts = Vec::new();
    for _ in 0..count {
        let line = line(from).await?;
        match line.split_first() {
            Some((b'$', length)) => texts.push(bulk(from, length).await?),
            Some((b'+' | b':', rest)) => texts.push(Zeroizing::new(rest.to_vec())),
            _ => return Err(DatabaseError::Protocol("an element of an array is no text")),
        }
    }
    Ok(Reply::Array(texts))
}

async fn bulk<R: AsyncRead + Unpin>(
    from: &mut BufReader<R>,
    length: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DatabaseError> {
    let Some(length) = number(length)? else { return Ok(Zeroizing::default()) };
    if length > ANSWER_BYTES_MAX {
        return Err(DatabaseError::TooLong);
    }
    let mut text = Zeroizing::new(Vec::new());
    // Grows with what comes, not with what was promised.
    let read = from.take(length as u64).read_to_end(&mut text).await?;
    let mut end = [0; 2];
    from.read_exact(&mut end).await?;
    if read != length || end != *b"\r\n" {
        return Err(DatabaseError::Protocol("a text is not as long as it says"));
    }
    Ok(text)
}

/// A length; none for the null of RESP 2, which is -1.
fn number(digits: &[u8]) -> Result<Option<usize>, DatabaseError> {
    if digits == b"-1" {
        return Ok(None);
    }
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).map(Some).ok_or(DatabaseError::Protocol("a length is no number"))
}

async fn line<R: AsyncRead + Unpin>(from: &mut BufReader<R>) -> Result<Zeroizing<Vec<u8>>, DatabaseError> {
    let mut line = Zeroizing::new(Vec::new());
    from.take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    if !line.ends_with(b"\r\n") {
        return Err(DatabaseError::Protocol("a line has no end"));
    }
    let end = line.len() - 2;
    line.truncate(end);
    Ok(line)
}

#[cfg(test)]
mod tests;
