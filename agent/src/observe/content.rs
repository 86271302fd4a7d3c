//! Reads a file's bytes up to a limit and says whether it held still meanwhile.
//!
//! Bytes that are parsed live in a buffer that is wiped; bytes that are only
//! hashed pass through a small one.

use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

use driftline_daemon::clock;
use rustix::fs::Stat;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::stamp::Stamp;

/// Bytes that are hashed of one file. A second or two of a worker's time; what
/// is larger is no configuration and is watched by its stamp.
pub const HASHED_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How long one file may be hashed: a hundred times what a disk takes for the
/// largest, and short enough for a person who waits for the others.
pub const READING: Duration = Duration::from_secs(30);

/// Bytes of the buffer that contents are hashed through: large enough that
/// most configuration is one read, small enough to stay in the cache.
const CHUNK_BYTES: usize = 64 * 1024;

/// What was read.
#[derive(Debug)]
pub enum Content {
    /// All bytes, to be parsed.
    Bytes(Zeroizing<Vec<u8>>, [u8; 32]),
    /// The SHA-256 of all bytes.
    Hash([u8; 32]),
    /// Too large even for that: a hash over size and times stands for it.
    Stamp([u8; 32]),
}

/// A file's content and how it was read.
#[derive(Debug)]
pub struct Held {
    /// What was read.
    pub content: Content,
    /// The file changed while it was read: half of it may be old.
    pub torn: bool,
}

/// Reads files, one after the other, through one buffer.
#[derive(Debug)]
pub struct Reader {
    chunk: Zeroizing<Vec<u8>>,
}

impl Reader {
    /// A reader with its buffer.
    #[must_use]
    pub fn new() -> Self {
        Self { chunk: Zeroizing::new(vec![0; CHUNK_BYTES]) }
    }

    /// Reads a file: its bytes if it has at most `parsed_max`, else its hash.
    ///
    /// # Errors
    /// Whatever the kernel says.
    pub fn read(&mut self, file: &mut File, before: &Stat, parsed_max: Option<u64>) -> io::Result<Held> {
        let size = u64::try_from(before.st_size).unwrap_or(0);
        let content = match parsed_max {
            Some(max) if size <= max => whole(file, size, max)?,
            _ if size > HASHED_BYTES_MAX => Content::Stamp(stamp_hash(before)),
            _ => Content::Hash(self.hash(file, size)?),
        };
        let after = rustix::fs::fstat(&*file)?;
        Ok(Held { content, torn: Stamp::of(&after) != Stamp::of(before) })
    }

    /// A file that has grown meanwhile shows it by its stamp, so its end is not
    /// looked for behind its size.
    fn hash(&mut self, file: &mut File, size: u64) -> io::Result<[u8; 32]> {
        let begun = clock::monotonic();
        let mut hash = Sha256::new();
        // Some filesystems do not know the size of what they make up.
        let mut rest = if size == 0 { HASHED_BYTES_MAX } else { size };
        while rest > 0 {
            if clock::monotonic().duration_since(begun) > READING {
                return Err(Errno::TIMEDOUT.into());
            }
            let read = match file.read(&mut self.chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            hash.update(&self.chunk[..read]);
            rest = rest.saturating_sub(read as u64);
        }
        Ok(hash.finalize().into())
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

/// One byte more than the size is asked for, so that a file that grew is seen
/// without a buffer that moves and leaves copies behind.
fn whole(file: &mut File, size: u64, max: u64) -> io::Result<Content> {
    let capacity = usize::try_from(size.min(max)).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(vec![0; capacity]);
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    let hash = Sha256::digest(&*bytes).into();
    Ok(Content::Bytes(bytes, hash))
}

fn stamp_hash(stat: &Stat) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"driftline stamp 1\0");
    hash.update(stat.st_size.to_be_bytes());
    hash.update(stat.st_mtime.to_be_bytes());
    hash.update(stat.st_mtime_nsec.to_be_bytes());
    hash.finalize().into()
}
