//! Files of this machine, read as an agent would read them.
//!
//! Values stay inside `canon`: what leaves this module is items with masked
//! displays, and digests under a key that lives for one run.

pub(super) mod declared;
mod files;
pub(super) mod repository;

use std::path::Path;

use driftline_canon::limits::FILE_BYTES_MAX;
use driftline_canon::{
    DisplayPolicy, EnvDialect, FleetKey, Format, KeyEpoch, Observation, Problem, ProblemKind, format,
};

use crate::arguments::commands::{DETECTED, Reading};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;

/// A file as an agent would see it.
#[derive(Debug)]
pub(super) struct Seen {
    /// Its items.
    pub(super) observation: Observation,
    /// What could not be understood.
    pub(super) problems: Vec<Problem>,
    /// The dialect it was read in.
    pub(super) dialect: Option<EnvDialect>,
    /// The format it was read in.
    pub(super) format: Format,
}

impl Seen {
    /// Whether part of the file was not understood, so that nothing can be said
    /// of it.
    pub(super) fn is_inconclusive(&self) -> bool {
        use ProblemKind::{DuplicateKey, Unresolved};
        self.problems.iter().any(|problem| !matches!(problem.kind, DuplicateKey | Unresolved))
    }
}

/// A key for digests that nobody else will ever compare with.
pub(super) fn throwaway_key() -> Outcome<FleetKey> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Exit::Internal, format!("the system gives no randomness: {error}")))?;
    Ok(FleetKey::new(bytes, KeyEpoch(0)))
}

/// Reads a file as an agent would.
pub(super) fn read(path: &Path, reading: &Reading, key: &FleetKey) -> Outcome<Seen> {
    // One byte more than a parser takes, so that it can say that it is too much.
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let bytes =
        input::read_limited(path, limit).map_err(|error| Failure::file(Exit::Inconclusive, "read", path, &error))?;
    let dialect = reading.dialect.as_deref().and_then(EnvDialect::from_name);
    let format = wanted(path, reading, dialect, &bytes);
    let read = format::read_with(format, &bytes, Some(&files::name_of(path)), &mut files::Beside::new(path));
    let observation = Observation::of_settings(&read.settings, &key.keyed(), DisplayPolicy::Clear);
    Ok(Seen { observation, problems: read.problems, dialect: read.dialect, format })
}

/// The format that was asked for, or the one that is plain to see. What is not,
/// and what any program could have written, is taken for an env file.
fn wanted(path: &Path, reading: &Reading, dialect: Option<EnvDialect>, bytes: &[u8]) -> Format {
    if dialect.is_some() {
        return Format::EnvFile(dialect);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let found = match reading.format.as_str() {
        DETECTED => format::detect(&name, bytes).filter(|format| format.as_str() != "key-value"),
        name => Format::from_name(name),
    };
    found.unwrap_or(Format::EnvFile(None))
}
