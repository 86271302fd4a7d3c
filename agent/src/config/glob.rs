//! Globs as a shell reads them, component by component: `*`, `?`, `[a-z]`,
//! `{a,b}`, and `**` for any depth. A leading dot must be written out.
//!
//! It matches names and never lists a directory.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Component as PathComponent, Path, PathBuf};

use super::source::display_path;
use super::wild::Wild;

/// Components behind the fixed part. The kernel's longest path has about 2,000;
/// nobody writes more than a few.
const COMPONENTS_MAX: usize = 64;

/// An absolute path with wildcards.
#[derive(Debug)]
pub struct Glob {
    /// The directory before the first wildcard.
    pub base: PathBuf,
    /// What stands behind it; at least one.
    pub components: Vec<Component>,
    written: PathBuf,
}

/// One component of a glob.
#[derive(Debug)]
pub enum Component {
    /// This name.
    Literal(OsString),
    /// Every name that matches.
    Wild(Wild),
    /// `**`: any number of directories, none as well.
    AnyDepth,
}

/// Why a path is not a glob.
#[derive(Debug, thiserror::Error)]
pub enum GlobError {
    /// The wildcards cannot be read.
    #[error("`{path}` is not a pattern: {reason}")]
    Pattern {
        /// As written.
        path: String,
        /// Why not.
        reason: String,
    },
    /// `**` at the end would mean directories.
    #[error("`{0}` ends with `**`: write `**/*` for every file below")]
    Open(String),
    /// More than [`COMPONENTS_MAX`].
    #[error("`{0}` has more than {COMPONENTS_MAX} components behind its first wildcard")]
    TooDeep(String),
}

impl Component {
    /// Whether a name matches. A name with a leading dot matches only what was
    /// written with one.
    #[must_use]
    pub fn matches(&self, name: &OsStr) -> bool {
        let hidden = name.as_encoded_bytes().first() == Some(&b'.');
        match self {
            Self::Literal(literal) => literal == name,
            Self::Wild(wild) => (!hidden || wild.is_dotted()) && wild.matches(name.as_encoded_bytes()),
            Self::AnyDepth => !hidden,
        }
    }
}

impl Glob {
    /// Reads a path; none when it has no wildcard.
    ///
    /// # Errors
    /// [`GlobError`] when the wildcards cannot be read.
    pub fn parse(path: &Path) -> Result<Option<Self>, GlobError> {
        let mut base = PathBuf::new();
        let mut components = Vec::new();
        for part in path.components() {
            match part {
                PathComponent::Normal(name) if !components.is_empty() || is_wild(name) => {
                    components.push(component(name, path)?);
                }
                _ => base.push(part),
            }
        }
        if components.is_empty() {
            return Ok(None);
        }
        if components.len() > COMPONENTS_MAX {
            return Err(GlobError::TooDeep(display_path(path)));
        }
        if matches!(components.last(), Some(Component::AnyDepth)) {
            return Err(GlobError::Open(display_path(path)));
        }
        Ok(Some(Self { base, components, written: path.to_owned() }))
    }

    /// What stands below a directory, with or without wildcards: its files are
    /// named by their path behind that directory, and none of them need be
    /// there.
    ///
    /// # Errors
    /// [`GlobError`] when the wildcards cannot be read.
    pub fn below(base: &Path, pattern: &str) -> Result<Self, GlobError> {
        let written = base.join(pattern);
        let parts = Path::new(pattern).components();
        let components = parts.map(|part| component(part.as_os_str(), &written)).collect::<Result<_, _>>()?;
        Ok(Self { base: base.to_owned(), components, written })
    }

    /// Whether it means that path, were there a file.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.base).map(|below| below.iter().collect::<Vec<_>>());
        below.is_ok_and(|names| fits(&self.components, &names))
    }
}

fn fits(components: &[Component], names: &[&OsStr]) -> bool {
    match (components.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((any @ Component::AnyDepth, rest)), next) => {
            fits(rest, names) || next.is_some_and(|(name, behind)| any.matches(name) && fits(components, behind))
        }
        (Some((component, rest)), Some((name, behind))) => component.matches(name) && fits(rest, behind),
        _ => false,
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&display_path(&self.written))
    }
}

fn is_wild(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'{'))
}

fn component(name: &OsStr, path: &Path) -> Result<Component, GlobError> {
    if name == "**" {
        return Ok(Component::AnyDepth);
    }
    if !is_wild(name) {
        return Ok(Component::Literal(name.to_owned()));
    }
    let bad = |reason: String| GlobError::Pattern { path: display_path(path), reason };
    let text = name.to_str().ok_or_else(|| bad("a component with wildcards must be UTF-8".to_owned()))?;
    if text.contains("**") {
        return Err(bad("`**` stands alone between slashes".to_owned()));
    }
    Wild::parse(text).map(Component::Wild).map_err(bad)
}

#[cfg(test)]
mod tests;
