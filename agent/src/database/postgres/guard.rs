//! Checks the frames of a PostgreSQL server before the library sees them.
//!
//! The library takes a message's word for its length and makes room for it; a
//! hostile server would have it make room for two gigabytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::database::ANSWER_BYTES_MAX;
use crate::database::link::{Link, OverBudget};

/// A message's kind and length (the frontend/backend protocol).
const HEADER_BYTES: usize = 5;

/// A connection whose frames are within bounds.
pub(super) struct Guard {
    link: Link,
    frames: Frames,
}

impl Guard {
    pub(super) fn new(link: Link) -> Self {
        Self { link, frames: Frames::default() }
    }
}

/// Where in the stream of frames we are.
#[derive(Debug, Default)]
pub(super) struct Frames {
    header: [u8; HEADER_BYTES],
    have: usize,
    body: usize,
}

impl Frames {
    /// Takes the bytes that came next.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let body = self.body.min(bytes.len());
            (self.body, bytes) = (self.body - body, &bytes[body..]);
            while let ([byte, rest @ ..], true) = (bytes, self.body == 0 && self.have < HEADER_BYTES) {
                self.header[self.have] = *byte;
                (self.have, bytes) = (self.have + 1, rest);
            }
            if self.have == HEADER_BYTES {
                self.have = 0;
                self.body = body_of(self.header)?;
            }
        }
        Ok(())
    }
}

/// Bytes behind a header; the length counts itself.
fn body_of([_, a, b, c, d]: [u8; HEADER_BYTES]) -> io::Result<usize> {
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
    if length > ANSWER_BYTES_MAX {
        return Err(io::Error::other(OverBudget));
    }
    length.checked_sub(4).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

impl AsyncRead for Guard {
    fn poll_read(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        match Pin::new(&mut self.link).poll_read(ctx, out) {
            Poll::Ready(Ok(())) => Poll::Ready(self.frames.take(&out.filled()[before..])),
            other => other,
        }
    }
}

impl AsyncWrite for Guard {
    fn poll_write(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.link).poll_write(ctx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_shutdown(ctx)
    }
}

#[cfg(test)]
mod tests;
