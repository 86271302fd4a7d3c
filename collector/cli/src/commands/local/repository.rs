//! Paths of a repository as what they declare: which file is which source, by
//! the mapping file or because the command line says so.
//!
//! It guesses no source from a name: a file that nothing maps is told, not
//! taken for something.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use driftline_api::desired::Declared;
use driftline_canon::{CANONICAL_FORM, FleetKey, Format, NameError, SourceKind, format};

use super::declared::{self, Read, apart};
use super::files::name_of;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::mapping::{self, Mapped, Named};
use crate::printer::findings::Place;

/// What the command line says about which file is which source.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Chosen<'a> {
    /// The mapping file; none: the one in the directory.
    pub(in crate::commands) map: Option<&'a Path>,
    /// With one file: the source that it is.
    pub(in crate::commands) source: Option<&'a str>,
    /// With one file: the kind of the source.
    pub(in crate::commands) kind: Option<&'a str>,
}

/// What several paths say together.
#[derive(Debug)]
pub(in crate::commands) struct Repository {
    /// What comparisons call it.
    pub(in crate::commands) name: String,
    /// What it declares.
    pub(in crate::commands) declared: Declared,
    /// What should be known about the files, one sentence each; no values.
    pub(in crate::commands) remarks: Vec<String>,
    /// Files that were named and that no source is mapped to.
    pub(in crate::commands) unmapped: Vec<String>,
    places: HashMap<(String, Option<String>), Place>,
}

impl Repository {
    /// Where a key stands; where it stands nowhere: the file that it would be in.
    pub(in crate::commands) fn place(&self, source: &str, key: &str) -> Option<Place> {
        let of = |key: Option<&str>| self.places.get(&(source.to_owned(), key.map(str::to_owned)));
        of(Some(key)).or_else(|| of(None)).cloned()
    }

    fn add(&mut self, read: Read, typed: Option<&Path>) -> Outcome<()> {
        let Read { declared, remarks, stands } = read;
        for source in declared.sources {
            if self.declared.sources.iter().any(|one| one.source == source.source) {
                let said = format!("source `{}` is in several of the paths that were named", source.source);
                return Err(Failure::new(Exit::Config, said).hint("check them one after the other"));
            }
            self.declared.sources.push(source);
        }
        self.remarks.extend(remarks);
        for one in stands {
            let path = typed.filter(|_| !one.included).map_or(one.path, |path| name_of(path).to_string());
            self.places.insert((one.source, one.key), Place { host: None, path, line: one.line });
        }
        Ok(())
    }
}

/// Reads one path: a directory by its mapping file, or a file that is said to
/// be a source.
///
/// # Errors
/// [`Failure`] when nothing says what it is, or it cannot be read whole.
pub(in crate::commands) fn one(path: &Path, chosen: Chosen<'_>, named: Named<'_>, key: &FleetKey) -> Outcome<Read> {
    if let Some(source) = chosen.source {
        let (directory, name) = apart(path);
        let mapped = single(path, (source, chosen.kind), name)?;
        return declared::read(&directory, &[mapped], named, key);
    }
    if chosen.map.is_none() && !path.is_dir() && path.exists() {
        return Err(which_source(path).hint("`--source NAME` says it"));
    }
    declared::read(path, &mapped(path, chosen.map)?, named, key)
}

/// Reads several paths: directories by their mapping files, and single files by
/// the mapping file of the nearest directory above them.
///
/// # Errors
/// [`Failure`] as [`one`], and with code 3 when no source is mapped to any of
/// them.
pub(in crate::commands) fn several(
    paths: &[PathBuf],
    chosen: Chosen<'_>,
    named: Named<'_>,
    key: &FleetKey,
) -> Outcome<Repository> {
    let declared = Declared { fleet_key_epoch: key.epoch().0, canonical_form: CANONICAL_FORM, sources: Vec::new() };
    let (remarks, unmapped, places) = (Vec::new(), Vec::new(), HashMap::new());
    let mut all = Repository { name: name(paths), declared, remarks, unmapped, places };
    if chosen.source.is_some() && paths.len() > 1 {
        return Err(Failure::new(Exit::Usage, "`--source` says what one file is, and several are named"));
    }
    for path in paths {
        if path.is_dir() || chosen.source.is_some() {
            all.add(one(path, chosen, named, key)?, None)?;
            continue;
        }
        match above(path, chosen, named)? {
            (_, found) if found.is_empty() => all.unmapped.push(name_of(path).to_string()),
            (root, found) => all.add(declared::read(&root, &found, named, key)?, Some(path))?,
        }
    }
    if all.declared.sources.is_empty() {
        let said = format!("nothing was checked: no source is mapped to {}", all.unmapped.join(", "));
        return Err(Failure::new(Exit::Inconclusive, said).hint("add each to the mapping file, or say `--source NAME`"));
    }
    Ok(all)
}

fn name(paths: &[PathBuf]) -> String {
    let first = paths.first().map_or_else(String::new, |path| name_of(path).to_string());
    if paths.len() > 1 { format!("{first} and {} more", paths.len() - 1) } else { first }
}

fn which_source(path: &Path) -> Failure {
    Failure::new(Exit::Usage, format!("{} is one file: which source is it?", path.display()))
}

/// The sources that one file is, and the directory that their paths are below.
fn above(path: &Path, chosen: Chosen<'_>, named: Named<'_>) -> Outcome<(PathBuf, Vec<Mapped>)> {
    let cannot = |path: &Path, error: &std::io::Error| Failure::file(Exit::Inconclusive, "read", path, error);
    let real = std::fs::canonicalize(path).map_err(|error| cannot(path, &error))?;
    let root = match chosen.map {
        // As for a push of the directory that the program runs in.
        Some(_) => std::fs::canonicalize(".").map_err(|error| cannot(Path::new("."), &error))?,
        None => {
            let has = |directory: &&Path| directory.join(mapping::FILE_NAME).is_file();
            let found = real.ancestors().skip(1).find(has);
            let hint = || format!("`--source NAME` says it, or a {} in a directory above", mapping::FILE_NAME);
            found.ok_or_else(|| which_source(path).hint(hint()))?.to_owned()
        }
    };
    let is_it = |one: &Mapped| {
        let file = one.path(named).ok().map(|path| root.join(path));
        file.and_then(|file| std::fs::canonicalize(file).ok()).is_some_and(|file| file == real)
    };
    let mut found = mapped(&root, chosen.map)?;
    found.retain(is_it);
    Ok((root, found))
}

/// What the mapping file of a directory says.
pub(in crate::commands) fn mapped(directory: &Path, map: Option<&Path>) -> Outcome<Vec<Mapped>> {
    let path = map.map_or_else(|| directory.join(mapping::FILE_NAME), Path::to_owned);
    let bytes = input::read_limited(&path, mapping::MAPPING_BYTES_MAX).map_err(|error| {
        Failure::file(Exit::Inconclusive, "read", &path, &error)
            .hint("it says which file is which source; `driftline desired init --env NAME` proposes one")
    })?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| Failure::new(Exit::Config, format!("{name}: not UTF-8 text")))?;
    mapping::parse(&name, &text)
}

/// One file: its kind is that of its format, unless it is said.
fn single(path: &Path, (source, kind): (&str, Option<&str>), name: String) -> Outcome<Mapped> {
    let usage = |error: NameError| Failure::new(Exit::Usage, error.to_string());
    let source = source.parse().map_err(usage)?;
    let kind = match kind {
        Some(kind) => SourceKind::from_name(kind).ok_or_else(|| {
            let all = SourceKind::ALL.map(SourceKind::as_str).join(", ");
            Failure::new(Exit::Usage, format!("there is no kind `{kind}`")).hint(format!("known are {all}"))
        })?,
        None => kind_of(path, &name),
    };
    Ok(Mapped::single(source, kind, name))
}

fn kind_of(path: &Path, name: &str) -> SourceKind {
    let head = input::read_limited(path, driftline_canon::limits::FILE_BYTES_MAX as u64).unwrap_or_default();
    format::detect(name, &head).map_or(SourceKind::EnvFile, Format::kind)
}

#[cfg(test)]
mod tests;
