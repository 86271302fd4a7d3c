//! The files that are watched: many small ones, and one env file of a shop.
//!
//! Contents are derived from the file's number, so that every run is the same.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Files of one directory.
const PER_DIRECTORY: usize = 1000;

/// Bytes of a small file.
const SMALL_BYTES: usize = 2048;

/// Writes `count` files of 2 KB, a thousand per directory. [`GLOB`] matches
/// them all.
pub(crate) fn many(dir: &Path, count: usize) {
    for number in 0..count {
        let path = path_of(dir, number);
        if number % PER_DIRECTORY == 0 {
            std::fs::create_dir_all(path.parent().expect("a path of ours has a parent")).expect("a directory");
        }
        std::fs::write(path, content(number, 0)).expect("a small file");
    }
}

/// Matches what [`many`] writes, below its directory.
pub(crate) const GLOB: &str = "d*/*.conf";

/// Where file `number` is.
pub(crate) fn path_of(dir: &Path, number: usize) -> PathBuf {
    dir.join(format!("d{:03}/f{number:06}.conf", number / PER_DIRECTORY))
}

/// What file `number` has in it at its `turn`-th writing.
pub(crate) fn content(number: usize, turn: usize) -> Vec<u8> {
    let mut text = format!("file {number}, turn {turn}\n");
    while text.len() < SMALL_BYTES {
        let at = text.len();
        let _ = writeln!(text, "option_{at} = value {}", number.wrapping_mul(31).wrapping_add(at));
    }
    text.truncate(SMALL_BYTES);
    text.into_bytes()
}

/// An env file of 80 variables. The one that changes is critical by its key and
/// carries `turn`.
pub(crate) fn env(turn: usize) -> String {
    let mut text = format!("{TURNING}={}\n", turned(turn));
    for number in 1..80 {
        let _ = writeln!(text, "SETTING_{number:02}=\"value number {number}\" # as agreed");
    }
    text
}

/// The variable that changes.
pub(crate) const TURNING: &str = "DATABASE_HOST";

/// What it is at a turn.
pub(crate) fn turned(turn: usize) -> String {
    format!("db-{turn}.example")
}

#[cfg(test)]
mod tests;
