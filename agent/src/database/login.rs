//! The password of a database account: from a file that only its owner can
//! read, or from the environment.
//!
//! It is read anew for each connection, so that a rotated password needs no
//! restart, and is wiped after it. It is printed nowhere.

use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::config::display_path;

/// Bytes of a password file. MySQL's longest password has 256.
const PASSWORD_BYTES_MAX: usize = 4096;

/// Where a password is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordAt {
    /// In this file, on the first line.
    File(PathBuf),
    /// In this variable of the agent's environment.
    Variable(String),
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The file cannot be read.
    #[error("the password file {path} cannot be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others can read it.
    #[error("the password file {path} can be read by others (mode {mode:04o}): chmod 600 {path}")]
    Open {
        /// Which.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("the password file {path} belongs neither to root nor to the agent's account")]
    Foreign {
        /// Which.
        path: String,
    },
    /// It is no regular file, or not a password.
    #[error("the password file {path} is not a file of one line of text")]
    NotAPassword {
        /// Which.
        path: String,
    },
    /// There is no such variable, or it is not text.
    #[error("the environment has no variable `{0}`, or it is not text")]
    NoVariable(String),
}

impl PasswordAt {
    /// Reads the password.
    ///
    /// # Errors
    /// [`LoginError`].
    pub fn read(&self) -> Result<Zeroizing<String>, LoginError> {
        match self {
            Self::File(path) => of_file(path),
            Self::Variable(name) => {
                std::env::var(name).map(Zeroizing::new).map_err(|_| LoginError::NoVariable(name.clone()))
            }
        }
    }
}

fn of_file(at: &std::path::Path) -> Result<Zeroizing<String>, LoginError> {
    let path = || display_path(at);
    let unreadable = |source| LoginError::Unreadable { path: path(), source };
    // Opening a FIFO must not wait for somebody to write.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = std::fs::File::options().read(true).custom_flags(flags).open(at).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(LoginError::NotAPassword { path: path() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(LoginError::Open { path: path(), mode });
    }
    if metadata.uid() != 0 && metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(LoginError::Foreign { path: path() });
    }
    let mut text = Zeroizing::new(String::with_capacity(PASSWORD_BYTES_MAX));
    file.take(PASSWORD_BYTES_MAX as u64).read_to_string(&mut text).map_err(unreadable)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() || text.lines().count() > 1 || line.contains('\0') {
        return Err(LoginError::NotAPassword { path: path() });
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests;
