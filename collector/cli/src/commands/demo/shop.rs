//! What the demo watches: the sample shop, or an operator's own env files, and
//! what a database server of each environment is configured with.
//!
//! It reads and never writes: agents get copies.

use std::path::{Path, PathBuf};

use driftline_canon::limits::FILE_BYTES_MAX;
use driftline_canon::{EnvDialect, Environment};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;

/// Environments of a directory: each has an agent at least, and this is one
/// machine.
const ENVIRONMENTS_MAX: usize = 8;

/// Env files of one environment. More would be a fleet, not a demo.
const FILES_MAX: usize = 32;

/// How many hosts production has.
const PRODUCTION_HOSTS: usize = 3;

/// What a folder calls the configuration of its database server.
pub(super) const DATABASE_FILE: &str = "postgresql.conf";

/// Of an environment: its name, its variables and its database server.
type Sample = (&'static str, &'static [u8], Option<&'static [u8]>);

/// The sample files, as they are in the repository.
const SAMPLES: [Sample; 3] = [
    ("dev", include_bytes!("../../../demo/dev/app.env"), None),
    (
        "staging",
        include_bytes!("../../../demo/staging/app.env"),
        Some(include_bytes!("../../../demo/staging/postgresql.conf")),
    ),
    (
        "production",
        include_bytes!("../../../demo/production/app.env"),
        Some(include_bytes!("../../../demo/production/postgresql.conf")),
    ),
];

/// What every host of every environment has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shop {
    /// The environments; the last one is production.
    pub(super) environments: Vec<Stage>,
    /// Whether this is the sample, of which everything is known.
    pub(super) is_sample: bool,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stage {
    pub(super) name: Environment,
    pub(super) hosts: Vec<String>,
    pub(super) files: Vec<EnvFile>,
    pub(super) database: Option<Database>,
}

/// A database server's host, with its one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Database {
    pub(super) host: String,
    pub(super) bytes: Vec<u8>,
}

/// One env file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EnvFile {
    /// Source name: the same in every environment.
    pub(super) source: String,
    /// File name.
    pub(super) name: String,
    /// Its dialect, where it is known.
    pub(super) dialect: Option<EnvDialect>,
    pub(super) bytes: Vec<u8>,
}

impl Shop {
    /// The sample, or a directory with one folder per environment.
    pub(super) fn load(from: Option<&Path>) -> Outcome<Self> {
        match from {
            None => Self::sample(),
            Some(dir) => Self::of_directory(dir),
        }
    }

    /// The environment that is changed, and the one it is held against.
    pub(super) fn production(&self) -> Outcome<(&Stage, &Stage)> {
        match self.environments.as_slice() {
            [.., other, production] => Ok((production, other)),
            _ => Err(Failure::new(Exit::Data, "there is nothing to compare: two environments are needed")),
        }
    }

    fn sample() -> Outcome<Self> {
        let environments: Outcome<Vec<Stage>> = SAMPLES
            .iter()
            .map(|(name, bytes, database)| {
                let dialect = Some(EnvDialect::Dotenv);
                let file = EnvFile { source: "app".into(), name: "app.env".into(), dialect, bytes: bytes.to_vec() };
                let database = database.map(|bytes| Database { host: database_host(name), bytes: bytes.to_vec() });
                Ok(Stage { name: environment(name)?, hosts: hosts(name), files: vec![file], database })
            })
            .collect();
        Ok(Self { environments: environments?, is_sample: true })
    }

    fn of_directory(dir: &Path) -> Outcome<Self> {
        let mut environments = Vec::new();
        for folder in listed(dir)?.into_iter().filter(|path| path.is_dir()) {
            let name = file_name(&folder);
            let files = env_files(&folder)?;
            if name.starts_with('.') || files.is_empty() {
                continue;
            }
            let database = database(&folder, &name)?;
            environments.push(Stage { name: environment(&name)?, hosts: hosts(&name), files, database });
        }
        environments.sort_by_key(|stage| rank(stage.name.as_str()));
        if !(2..=ENVIRONMENTS_MAX).contains(&environments.len()) {
            let found = driftline_canon::count(environments.len() as u64, "environment", "environments");
            let said = format!("{} has {found} with env files", dir.display());
            let hint = format!("2 to {ENVIRONMENTS_MAX} folders such as `staging` and `production`, each with `*.env`");
            return Err(Failure::new(Exit::Data, said).hint(hint));
        }
        if let Some(production) = environments.last_mut().filter(|stage| !is_production(stage.name.as_str())) {
            production.hosts = numbered(production.name.as_str(), PRODUCTION_HOSTS);
        }
        Ok(Self { environments, is_sample: false })
    }
}

fn environment(name: &str) -> Outcome<Environment> {
    name.parse().map_err(|error| Failure::new(Exit::Data, format!("folder `{name}`: {error}")))
}

fn is_production(name: &str) -> bool {
    name.eq_ignore_ascii_case("production") || name.eq_ignore_ascii_case("prod")
}

/// Production last, staging before it: what is nearest to production is held
/// against it.
fn rank(name: &str) -> (u8, String) {
    let near = name.eq_ignore_ascii_case("staging") || name.eq_ignore_ascii_case("stage");
    (if is_production(name) { 2 } else { u8::from(near) }, name.to_owned())
}

fn hosts(environment: &str) -> Vec<String> {
    if environment == "production" {
        return numbered("web", PRODUCTION_HOSTS);
    }
    numbered(environment, if is_production(environment) { PRODUCTION_HOSTS } else { 1 })
}

/// No name of `hosts`, whatever the environment is called.
fn database_host(environment: &str) -> String {
    if environment == "production" { "db-1".to_owned() } else { format!("{environment}-db-1") }
}

fn numbered(name: &str, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{name}-{number}")).collect()
}

/// `.env` and `*.env` of a folder, by name.
fn env_files(folder: &Path) -> Outcome<Vec<EnvFile>> {
    let mut files = Vec::new();
    for path in listed(folder)?.into_iter().filter(|path| path.is_file()) {
        let name = file_name(&path);
        let Some(stem) = name.strip_suffix(".env") else { continue };
        let source = if stem.is_empty() { "dotenv".to_owned() } else { stem.to_owned() };
        files.push(EnvFile { source, name, dialect: None, bytes: read(&path)? });
    }
    if files.len() > FILES_MAX {
        let said = format!("{} has more than {FILES_MAX} env files", folder.display());
        return Err(Failure::new(Exit::Data, said));
    }
    Ok(files)
}

/// `postgresql.conf` of a folder, if it has one.
fn database(folder: &Path, environment: &str) -> Outcome<Option<Database>> {
    let path = folder.join(DATABASE_FILE);
    if !path.is_file() {
        return Ok(None);
    }
    Ok(Some(Database { host: database_host(environment), bytes: read(&path)? }))
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX);
    input::read_limited(path, limit).map_err(|error| Failure::file(Exit::Inconclusive, "read", path, &error))
}

fn listed(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let fail = |error: std::io::Error| Failure::file(Exit::Inconclusive, "list", dir, &error);
    let entries = std::fs::read_dir(dir).map_err(fail)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(fail)?;
    paths.sort_unstable();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
