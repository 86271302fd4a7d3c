//! One `[[source]]` of the configuration: what to watch, under which name.
//!
//! It does not look whether anything is there. A database server of which only
//! the name is known becomes one source for each place where its files lie.

use std::path::{Component as PathComponent, Path, PathBuf};

use driftline_canon::key::escape;
use driftline_canon::limits::NAME_BYTES_MAX;
use driftline_canon::{DisplayPolicy, EnvDialect, Format, SourceKind, SourceName};
use driftline_daemon::config::Mistake;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::database::{CLUSTER_FILES, Server};
use super::{Glob, process};
use crate::process::ProcessSource;

/// Bytes of a configured name: the rest of [`NAME_BYTES_MAX`] is for the path
/// that a glob adds.
const NAME_WRITTEN_BYTES_MAX: usize = 128;

/// A table as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) kind: SourceKind,
    pub(super) name: SourceName,
    pub(super) path: Option<PathBuf>,
    pub(super) server: Option<Server>,
    pub(super) format: Option<String>,
    pub(super) dialect: Option<EnvDialect>,
    #[serde(default)]
    pub(super) display: DisplayPolicy,
    pub(super) file_bytes_max: Option<u64>,
    pub(super) unit: Option<String>,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) executable: Option<PathBuf>,
    pub(super) env_file: Option<SourceName>,
    pub(super) poll_s: Option<u64>,
    pub(super) connect: Option<String>,
    pub(super) user: Option<String>,
    pub(super) database: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) password_env: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) config: Option<SourceName>,
    pub(super) namespaces: Option<Vec<String>>,
    pub(super) own: Option<bool>,
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
    /// In which format its files are read.
    pub reading: ReadAs,
    /// What may be shown of its values.
    pub display: DisplayPolicy,
    /// Bytes of a file that are parsed; a larger one is watched by content.
    pub file_bytes_max: u64,
}

/// In which format a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadAs {
    /// Not at all: by its content alone.
    Content,
    /// This one.
    Format(Format),
    /// What its name and its first lines look like.
    Detected,
}

/// Which files a source means.
#[derive(Debug)]
pub enum Pattern {
    /// This one.
    Path(PathBuf),
    /// All that match.
    Glob(Glob),
    /// No file: the environment of a process.
    Process(Box<ProcessSource>),
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

    /// The path or pattern as it was written, escaped for display.
    #[must_use]
    pub fn path_display(&self) -> String {
        match &self.pattern {
            Pattern::Path(path) => display_path(path),
            Pattern::Glob(glob) => glob.to_string(),
            Pattern::Process(source) => source.selector.to_string(),
        }
    }

    /// Whether it is about files, which the watch stage looks after.
    #[must_use]
    pub fn is_of_files(&self) -> bool {
        matches!(self.pattern, Pattern::Path(_) | Pattern::Glob(_))
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

/// What one table asks for: one source, or one for each place where the files
/// of a database server may lie.
pub(super) fn check(mut written: Written, file_bytes_max: u64) -> Result<Vec<SourceSpec>, Mistake> {
    check_name(&written.name)?;
    let process = check_process(&mut written)?;
    check_kind(&written)?;
    let file_bytes_max = written.file_bytes_max.unwrap_or(file_bytes_max);
    super::within("file_bytes_max", file_bytes_max, 1024, driftline_canon::limits::FILE_BYTES_MAX as u64)?;
    let source = |name, pattern, reading| SourceSpec {
        name,
        kind: written.kind,
        pattern,
        dialect: written.dialect,
        reading,
        display: written.display,
        file_bytes_max,
    };
    if let Some(process) = process {
        return Ok(vec![source(written.name.clone(), Pattern::Process(Box::new(process)), ReadAs::Content)]);
    }
    let found = match (&written.path, written.server) {
        (None, Some(server)) => conventional(&written.name, server)?,
        (Some(path), Some(server)) => of_server(&written.name, server, path)?,
        (Some(path), None) => vec![(written.name.clone(), pattern(&written.name, path)?, reading(&written)?)],
        (None, None) => return Err(Mistake::at("name", format!("source `{}`: `path` is missing", written.name))),
    };
    Ok(found.into_iter().map(|(name, pattern, reading)| source(name, pattern, reading)).collect())
}

pub(super) fn check_name(name: &SourceName) -> Result<(), Mistake> {
    if name.as_str().len() > NAME_WRITTEN_BYTES_MAX {
        let reason = format!("the source name `{name}` has more than {NAME_WRITTEN_BYTES_MAX} bytes");
        return Err(Mistake::at("name", reason));
    }
    if name.as_str().contains('/') {
        let reason = format!("the source name `{name}` cannot contain `/`: that is how globs name their files");
        return Err(Mistake::at("name", reason));
    }
    Ok(())
}

/// The part of a `process_env` source that others do not have.
fn check_process(written: &mut Written) -> Result<Option<ProcessSource>, Mistake> {
    let name = &written.name;
    let keys = process::Written {
        unit: written.unit.take(),
        pid_file: written.pid_file.take(),
        executable: written.executable.take(),
        env_file: written.env_file.take(),
        poll_s: written.poll_s.take(),
    };
    if written.kind == SourceKind::ProcessEnv {
        if written.path.is_some() {
            return Err(Mistake::at("path", format!("source `{name}`: `path` is not for `process_env` sources")));
        }
        return keys.check(name).map(Some);
    }
    match keys.any() {
        Some(key) => Err(Mistake::at(key, format!("source `{name}`: `{key}` is for `process_env` sources"))),
        None => Ok(None),
    }
}

fn check_kind(written: &Written) -> Result<(), Mistake> {
    let Written { name, kind, .. } = written;
    if written.dialect.is_some() && *kind != SourceKind::EnvFile {
        return Err(Mistake::at("dialect", format!("source `{name}`: `dialect` is for `env_file` sources")));
    }
    if written.format.is_some() && !matches!(kind, SourceKind::ConfigFile | SourceKind::FirewallDump) {
        let reason = format!("source `{name}`: `format` is for `config_file` and `firewall_dump` sources");
        return Err(Mistake::at("format", reason));
    }
    match (kind, written.server) {
        (SourceKind::DatabaseConfig, None) => {
            let all = Server::ALL.map(Server::as_str).join("`, `");
            Err(Mistake::at("kind", format!("source `{name}`: a `database_config` needs a `server`: `{all}`")))
        }
        (SourceKind::DatabaseConfig, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => {
            Err(Mistake::at("server", format!("source `{name}`: `server` is for `database_config` sources")))
        }
    }
}

fn reading(written: &Written) -> Result<ReadAs, Mistake> {
    let Some(wanted) = &written.format else {
        return Ok(match written.kind {
            SourceKind::EnvFile => ReadAs::Format(Format::EnvFile(written.dialect)),
            SourceKind::File => ReadAs::Content,
            _ => ReadAs::Detected,
        });
    };
    let known = |name: &str| Format::from_name(name).filter(|format| !matches!(format, Format::EnvFile(_)));
    known(wanted).map(ReadAs::Format).ok_or_else(|| {
        let all: Vec<_> = Format::ALL.iter().filter_map(|format| known(format.as_str())).map(Format::as_str).collect();
        let (name, wanted, all) = (&written.name, escape(wanted.as_bytes()), all.join("`, `"));
        Mistake::at("format", format!("source `{name}`: there is no format `{wanted}`: `{all}`"))
    })
}

fn pattern(name: &SourceName, path: &Path) -> Result<Pattern, Mistake> {
    if !path.is_absolute() {
        return Err(Mistake::at("path", format!("source `{name}`: `{}` is not an absolute path", display_path(path))));
    }
    if path.components().any(|part| part == PathComponent::ParentDir) {
        return Err(Mistake::at("path", format!("source `{name}`: `path` cannot contain `..`")));
    }
    if path.file_name().is_none() {
        return Err(Mistake::at("path", format!("source `{name}`: `path` names no file")));
    }
    match Glob::parse(path) {
        Ok(Some(glob)) => Ok(Pattern::Glob(glob)),
        Ok(None) => Ok(Pattern::Path(path.components().collect())),
        Err(error) => Err(Mistake::at("path", format!("source `{name}`: {error}"))),
    }
}

type Found = (SourceName, Pattern, ReadAs);

/// Wherever the files of a server lie by convention.
fn conventional(name: &SourceName, server: Server) -> Result<Vec<Found>, Mistake> {
    let place = |(base, below): (&str, String)| {
        let glob = Glob::below(Path::new(base), &below)
            .map_err(|error| Mistake::at("server", format!("source `{name}`: {error}")))?;
        Ok((name.clone(), Pattern::Glob(glob), as_file_of(server, Path::new(&below))))
    };
    server.places().into_iter().map(place).collect()
}

/// One file of a server, or, where the path ends with `/`, the files of a
/// PostgreSQL cluster in that directory.
fn of_server(name: &SourceName, server: Server, path: &Path) -> Result<Vec<Found>, Mistake> {
    if !path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Ok(vec![(name.clone(), pattern(name, path)?, as_file_of(server, path))]);
    }
    if server != Server::Postgresql {
        let reason = format!("source `{name}`: only PostgreSQL has a directory of files; name the file");
        return Err(Mistake::at("path", reason));
    }
    let file = |file: &str| {
        let path = path.join(file);
        let pattern = pattern(name, &path)?;
        let named = match &pattern {
            Pattern::Glob(_) | Pattern::Process(_) => Ok(name.clone()),
            Pattern::Path(_) => {
                SourceName::new(format!("{name}/{file}")).map_err(|error| Mistake::at("name", error.to_string()))
            }
        };
        Ok((named?, pattern, as_file_of(server, &path)))
    };
    CLUSTER_FILES.into_iter().map(file).collect()
}

/// A format that canon does not know yet is watched by content.
fn as_file_of(server: Server, file: &Path) -> ReadAs {
    Format::from_name(server.format_of(file)).map_or(ReadAs::Content, ReadAs::Format)
}
