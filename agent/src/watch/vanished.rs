//! Which files of the last run are gone: a glob does not find them any more,
//! and that they went is a change.
//!
//! A file whose end was already seen is not among them: its source is retired,
//! or a glob over files that come and go would keep all of them for ever.

use std::path::{Path, PathBuf};

use driftline_canon::{SourceKind, SourceName};

use crate::journal::StoreError;
use crate::journal::store::Store;

/// A source of the last run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vanished {
    /// Its name.
    pub name: SourceName,
    /// Where its file was.
    pub path: PathBuf,
}

/// Sources of the last run whose file was there and is no more.
///
/// # Errors
/// [`StoreError`].
pub fn vanished(store: &Store) -> Result<Vec<Vanished>, StoreError> {
    let view = store.view()?;
    let mut gone = Vec::new();
    view.each_source(|name, head| {
        // A server, a process or the kernel is no file. An escaped path cannot be told from
        // here; such a source is retired.
        let is_file =
            !matches!(head.kind, SourceKind::DatabaseSettings | SourceKind::ProcessEnv | SourceKind::Firewall);
        if is_file && !head.path.contains('\\') && is_gone(Path::new(&head.path)) {
            gone.push(Vanished { name, path: head.path.into() });
        }
    })?;
    let mut changed = Vec::new();
    for one in gone {
        // Of a file whose end was seen only `@state` is left.
        if view.source(&one.name)?.is_some_and(|state| state.observation.items().len() > 1) {
            changed.push(one);
        }
    }
    Ok(changed)
}

fn is_gone(path: &Path) -> bool {
    use rustix::io::Errno;
    rustix::fs::lstat(path).is_err_and(|error| matches!(error, Errno::NOENT | Errno::NOTDIR))
}
