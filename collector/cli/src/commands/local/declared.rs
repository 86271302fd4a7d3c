//! Files of a repository as the sources that a mapping file says they are:
//! digested with the fleet key, ready to be declared.
//!
//! Nothing outside the directory is read, includes and links among them. A file
//! that is not understood whole is not declared in part.

use std::path::{Path, PathBuf};

use driftline_api::desired::{Declared, DeclaredItem, DeclaredSource};
use driftline_canon::limits::FILE_BYTES_MAX;
use driftline_canon::{
    CANONICAL_FORM, FleetKey, Format, ItemKey, Observation, Problem, ProblemKind, Setting, SourceKind, Value, format,
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::files;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::mapping::{Mapped, Named};
use crate::{hex, input};

/// Bytes of a file that is declared by its content: what a runner hashes in a
/// second, and far above what is configuration.
const CONTENT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What was read of a directory.
#[derive(Debug)]
pub(in crate::commands) struct Read {
    /// What it declares.
    pub(in crate::commands) declared: Declared,
    /// What should be known about the files, one sentence each; no values.
    pub(in crate::commands) remarks: Vec<String>,
    /// Where everything stands, for findings.
    pub(in crate::commands) stands: Vec<Stands>,
}

/// Where a setting stands; without a key: the file of a source.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) struct Stands {
    pub(in crate::commands) source: String,
    pub(in crate::commands) key: Option<String>,
    pub(in crate::commands) path: String,
    pub(in crate::commands) line: Option<u32>,
    /// Whether the file is included by the source's own.
    pub(in crate::commands) included: bool,
}

/// Reads every mapped file below a directory.
///
/// # Errors
/// [`Failure`] when a file is not there, or cannot be understood whole.
pub(in crate::commands) fn read(
    directory: &Path,
    mapped: &[Mapped],
    named: Named<'_>,
    key: &FleetKey,
) -> Outcome<Read> {
    let root = std::fs::canonicalize(directory)
        .map_err(|error| Failure::file(Exit::Inconclusive, "read", directory, &error))?;
    let keyed = key.keyed();
    let (mut sources, mut remarks, mut stands) = (Vec::new(), Vec::new(), Vec::new());
    for one in mapped {
        let path = directory.join(one.path(named)?);
        let reading = File { root: &root, path: &path, mapped: one }.read()?;
        let name = path.display().to_string();
        let bad: Vec<&Problem> = reading.problems.iter().filter(|problem| is_blind(problem)).collect();
        if !bad.is_empty() {
            let told = bad.iter().map(|problem| problem.render(&name)).collect::<Vec<_>>().join("\n");
            let said = format!("{name} is not understood whole, and nothing was sent:\n{told}");
            return Err(Failure::new(Exit::Data, said));
        }
        remarks.extend(reading.problems.iter().map(|problem| problem.render(&name)));
        if reading.by_content && one.kind != SourceKind::File {
            remarks.push(format!("{name}: its format is not plain to see: it is declared by its content alone"));
        }
        let observation = Observation::of_settings(&reading.settings, &keyed, one.display);
        stands.extend(places(one, &name, &observation));
        sources.push(source(one, &observation));
    }
    let declared = Declared { fleet_key_epoch: key.epoch().0, canonical_form: CANONICAL_FORM, sources };
    Ok(Read { declared, remarks, stands })
}

/// Whether part of the file was not understood.
fn is_blind(problem: &Problem) -> bool {
    !matches!(problem.kind, ProblemKind::DuplicateKey | ProblemKind::Unresolved)
}

/// Where the items of a file stand, and the file itself.
fn places(one: &Mapped, name: &str, observation: &Observation) -> Vec<Stands> {
    let at = |key: Option<String>, file: Option<String>, line| Stands {
        source: one.source.to_string(),
        key,
        included: file.is_some(),
        path: file.unwrap_or_else(|| name.to_owned()),
        line,
    };
    let items = observation.items().iter();
    let items =
        items.map(|item| at(Some(item.key.to_string()), item.file.as_ref().map(ToString::to_string), item.line));
    items.chain([at(None, None, None)]).collect()
}

fn source(one: &Mapped, observation: &Observation) -> DeclaredSource {
    let item = |item: &driftline_canon::Item| DeclaredItem {
        key: item.key.to_string(),
        digest: hex::encode(&item.digest.0),
        secret: item.secret,
        display: item.display.as_ref().map(|display| display.as_str().to_owned()),
    };
    DeclaredSource {
        source: one.source.to_string(),
        kind: one.kind.to_string(),
        items: observation.items().iter().map(item).collect(),
    }
}

struct File<'a> {
    root: &'a Path,
    path: &'a Path,
    mapped: &'a Mapped,
}

struct Reading {
    settings: Vec<Setting>,
    problems: Vec<Problem>,
    by_content: bool,
}

impl File<'_> {
    fn read(&self) -> Outcome<Reading> {
        let real = std::fs::canonicalize(self.path).map_err(|error| self.unreadable(&error))?;
        if !real.starts_with(self.root) {
            let said = format!("{} leads out of {}", self.path.display(), self.root.display());
            return Err(Failure::new(Exit::Data, said));
        }
        let limit = match self.mapped.kind {
            SourceKind::File => CONTENT_BYTES_MAX,
            // One byte more than a parser takes, so that it can say that it is too much.
            _ => u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1),
        };
        let bytes = Zeroizing::new(input::read_limited(&real, limit).map_err(|error| self.unreadable(&error))?);
        let Some(format) = self.format(&bytes)? else { return Ok(of_content(&bytes)) };
        let mut beside = files::Beside::within(self.path, self.root);
        let read = format::read_with(format, &bytes, Some(&files::name_of(self.path)), &mut beside);
        Ok(Reading { settings: read.settings, problems: read.problems, by_content: false })
    }

    fn unreadable(&self, error: &std::io::Error) -> Failure {
        let failure = Failure::file(Exit::Inconclusive, "read", self.path, error);
        failure.hint(format!("source `{}` is mapped to it at {}", self.mapped.source, self.mapped.place))
    }

    /// The format to read it in, as an agent would; none: by its content.
    fn format(&self, bytes: &[u8]) -> Outcome<Option<Format>> {
        let Mapped { kind, dialect, .. } = *self.mapped;
        if kind == SourceKind::File {
            return Ok(None);
        }
        if matches!(kind, SourceKind::EnvFile | SourceKind::ProcessEnv) {
            return Ok(Some(Format::EnvFile(dialect)));
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let found = self.mapped.format.or_else(|| format::detect(&name, bytes));
        let wanted = files_of(kind);
        match found {
            Some(format) if format.kind() == wanted || wanted == SourceKind::ConfigFile => Ok(Some(format)),
            None if wanted == SourceKind::ConfigFile => Ok(None),
            other => {
                let looks = other.map_or_else(|| "is in no format of that kind".to_owned(), |f| format!("is {f}"));
                let said = format!("source `{}` is {kind}, and {} {looks}", self.mapped.source, self.path.display());
                Err(Failure::new(Exit::Data, said).hint(format!("say it with `format` at {}", self.mapped.place)))
            }
        }
    }
}

/// The kind of the files that declare a source: what is live is declared by
/// what would bring it about.
fn files_of(kind: SourceKind) -> SourceKind {
    match kind {
        SourceKind::Firewall => SourceKind::FirewallDump,
        SourceKind::DatabaseSettings => SourceKind::DatabaseConfig,
        SourceKind::ProcessEnv => SourceKind::EnvFile,
        other => other,
    }
}

/// One setting for content that is not parsed, as agents make it.
fn of_content(bytes: &[u8]) -> Reading {
    let setting = Setting {
        key: ItemKey::metadata(ItemKey::CONTENT),
        value: Value::Content(Sha256::digest(bytes).into()),
        line: None,
        template: None,
        file: None,
        secret: false,
    };
    Reading { settings: vec![setting], problems: Vec::new(), by_content: true }
}

/// A directory and the file below it, from one path.
pub(in crate::commands) fn apart(path: &Path) -> (PathBuf, String) {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (directory.to_owned(), name)
}

#[cfg(test)]
mod tests;
