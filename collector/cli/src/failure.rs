//! Why a command could not do what it was asked, for a person and for a script.
//!
//! A failure is one `error:` line, its cause if there is one, and at most one
//! `hint:` line. It never holds a value or a secret.

use std::fmt;
use std::io;
use std::path::Path;

use crate::exit::Exit;

/// Why a command stopped.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    quiet: bool,
}

impl Failure {
    /// A failure that ends with that code.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, quiet: false }
    }

    /// Whoever read the output went away (`driftline changes | head`): the
    /// command ends at once, without a word.
    #[must_use]
    pub fn reader_gone() -> Self {
        Self { exit: Exit::Clean, message: String::new(), hint: None, quiet: true }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What to do about it, if that is known.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint.clone()), ..self }
    }

    /// A file that cannot be used.
    #[must_use]
    pub fn file(exit: Exit, doing: &str, path: &Path, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::PermissionDenied { Exit::Denied } else { exit };
        Self::new(exit, format!("cannot {doing} {}: {error}", path.display()))
    }

    /// Output that cannot be written.
    #[must_use]
    pub fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::reader_gone();
        }
        Self::new(Exit::Internal, format!("cannot write the output: {error}"))
    }

    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether nothing is to be said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// What a command gives.
pub type Outcome<T = Exit> = Result<T, Failure>;

#[cfg(test)]
mod tests;
