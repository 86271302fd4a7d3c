//! What an environment is held against, from the words behind `--against`.
//!
//! It asks no collector. A word is the name of an environment unless it looks
//! like a path: a directory `production` beside the pipeline must not take the
//! place of production.

use std::path::{Path, PathBuf};

use crate::arguments::check::Check;
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::side::{Typed, typed};
use crate::snapshot;

/// The other side of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// What the collector knows, or a snapshot.
    Side(Typed),
    /// Files and directories of a repository.
    Files(Vec<PathBuf>),
}

/// What the arguments mean.
///
/// # Errors
/// [`Failure`] when a word is neither a side nor a path, or a path is not there.
pub(super) fn of(arguments: &Check) -> Outcome<Against> {
    let [one] = &*arguments.against else { return files(&arguments.against) };
    if is_path(one) {
        let path = path_of(one);
        let is_snapshot = arguments.source.is_none() && !path.is_dir() && snapshot::open(path)?.is_some();
        return if is_snapshot { Ok(Against::Side(Typed::File(path.to_owned()))) } else { files(&arguments.against) };
    }
    Ok(Against::Side(typed(&side(one, &arguments.env), clock::now())?))
}

fn files(words: &[String]) -> Outcome<Against> {
    let paths: Vec<PathBuf> = words.iter().map(|word| path_of(word).to_owned()).collect();
    for path in &paths {
        // As opening it would fail, before anything is read.
        if let Err(error) = std::fs::metadata(path) {
            return Err(Failure::file(Exit::Inconclusive, "read", path, &error));
        }
    }
    Ok(Against::Files(paths))
}

fn path_of(word: &str) -> &Path {
    Path::new(word.strip_prefix("file:").unwrap_or(word))
}

fn is_path(word: &str) -> bool {
    let looks =
        matches!(word, "." | "..") || word.starts_with("file:") || word.contains('/') || word.ends_with(".json");
    let is_name = word.starts_with("revision:");
    !is_name && (looks || (word.contains('.') && Path::new(word).is_file()))
}

/// The side that a word means beside an environment.
fn side(against: &str, env: &str) -> String {
    match against {
        "desired" | "baseline" => format!("{against}:{env}"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests;
