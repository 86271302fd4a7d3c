//! One `[[source]]` of the configuration: what to watch, under which name.
//!
//! It does not look whether anything is there.

use std::path::{Component as PathComponent, Path, PathBuf};

use driftline_canon::key::escape;
use driftline_canon::limits::NAME_BYTES_MAX;
use driftline_canon::{DisplayPolicy, EnvDialect, Format, SourceKind, SourceName};
use driftline_daemon::config::Mistake;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::Glob;

/// Bytes of a configured name: the rest of [`NAME_BYTES_MAX`] is for the path
/// that a glob adds.
const NAME_WRITTEN_BYTES_MAX: usize = 128;

/// A table as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    kind: SourceKind,
    name: SourceName,
    path: PathBuf,
    dialect: Option<EnvDialect>,
    #[serde(default)]
    display: DisplayPolicy,
    file_bytes_max: Option<u64>,
}

/// What one `[[source]]` asks for.
#[derive(Debug)]
pub struct SourceSpec {
    /// The configured name; a glob's sources carry their path behind it.
    pub name: SourceName,
    /// How its files are read.
    pub kind: SourceKind,
    /// Which files.
    pub pattern: Pattern,
    /// Who reads the file; none: detect it.
    pub dialect: Option<EnvDialect>,
    /// What may be shown of its values.
    pub display: DisplayPolicy,
    /// Bytes of a file that are parsed; a larger one is watched by content.
    pub file_bytes_max: u64,
}

/// Which files a source means.
#[derive(Debug)]
pub enum Pattern {
    /// This one.
    Path(PathBuf),
    /// All that match.
    Glob(Glob),
}

impl SourceSpec {
    /// The name of the source that a file makes.
    #[must_use]
    pub fn name_of(&self, path: &Path) -> SourceName {
        let Pattern::Glob(glob) = &self.pattern else {
            return self.name.clone();
        };
        let below = path.strip_prefix(&glob.base).unwrap_or(path);
        let below = escape(below.as_os_str().as_encoded_bytes());
        let full = format!("{}/{below}", self.name);
        SourceName::new(&full).or_else(|_| SourceName::new(cut(&full))).unwrap_or_else(|_| self.name.clone())
    }

    /// The format that the file's bytes are read in; none: by content alone.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        match self.kind {
            SourceKind::EnvFile => Some(Format::EnvFile(self.dialect)),
            SourceKind::File => None,
        }
    }

    /// The path or pattern as it was written, escaped for display.
    #[must_use]
    pub fn path_display(&self) -> String {
        match &self.pattern {
            Pattern::Path(path) => display_path(path),
            Pattern::Glob(glob) => glob.to_string(),
        }
    }
}

/// A path as printable text.
#[must_use]
pub fn display_path(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

/// A name over the limit keeps its beginning and ends with a hash of the
/// whole, so that two long names stay two.
fn cut(full: &str) -> String {
    const HASH_CHARS: usize = 16;
    let hash = Sha256::digest(full.as_bytes());
    let hash: String = hash.iter().take(HASH_CHARS / 2).map(|byte| format!("{byte:02x}")).collect();
    let mut end = NAME_BYTES_MAX - HASH_CHARS - '…'.len_utf8();
    while !full.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…{hash}", &full[..end])
}

pub(super) fn check(written: Written, file_bytes_max: u64) -> Result<SourceSpec, Mistake> {
    let name = written.name;
    let path = &written.path;
    if name.as_str().len() > NAME_WRITTEN_BYTES_MAX {
        return Err(Mistake::at(
            "name",
            format!("the source name `{name}` has more than {NAME_WRITTEN_BYTES_MAX} bytes"),
        ));
    }
    if name.as_str().contains('/') {
        return Err(Mistake::at(
            "name",
            format!("the source name `{name}` cannot contain `/`: that is how globs name their files"),
        ));
    }
    if !path.is_absolute() {
        return Err(Mistake::at("path", format!("source `{name}`: `{}` is not an absolute path", display_path(path))));
    }
    if path.components().any(|part| part == PathComponent::ParentDir) {
        return Err(Mistake::at("path", format!("source `{name}`: `path` cannot contain `..`")));
    }
    if path.file_name().is_none() {
        return Err(Mistake::at("path", format!("source `{name}`: `path` names no file")));
    }
    if written.dialect.is_some() && written.kind != SourceKind::EnvFile {
        return Err(Mistake::at("dialect", format!("source `{name}`: `dialect` is for `env_file` sources")));
    }
    let file_bytes_max = written.file_bytes_max.unwrap_or(file_bytes_max);
    super::within("file_bytes_max", file_bytes_max, 1024, driftline_canon::limits::FILE_BYTES_MAX as u64)?;
    let pattern = match Glob::parse(path) {
        Ok(Some(glob)) => Pattern::Glob(glob),
        Ok(None) => Pattern::Path(path.components().collect()),
        Err(error) => return Err(Mistake::at("path", format!("source `{name}`: {error}"))),
    };
    Ok(SourceSpec {
        name,
        kind: written.kind,
        pattern,
        dialect: written.dialect,
        display: written.display,
        file_bytes_max,
    })
}
