//! Names of users and groups, from passwd(5) and group(5).
//!
//! It asks no name service: a directory server that is slow or gone must not
//! hold up an observation. An id that the files do not name stays a number.

use std::collections::HashMap;
use std::path::PathBuf;

use driftline_canon::key::escape;
use driftline_daemon::files::read_limited;

/// Bytes of passwd or group that are read: some 10,000 accounts.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// Names of ids, read again when the file changed.
#[derive(Debug)]
pub struct Names {
    path: PathBuf,
    read_of: Option<(i64, i64, u64)>,
    names: HashMap<u32, String>,
}

impl Names {
    /// The names in a file of passwd's or group's form.
    #[must_use]
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read_of: None, names: HashMap::new() }
    }

    /// Reads the file again if it changed. Called once per batch, not per file.
    pub fn refresh(&mut self) {
        let Ok(stat) = rustix::fs::stat(&self.path) else {
            return;
        };
        let stamp = (stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0), stat.st_ino);
        if self.read_of == Some(stamp) {
            return;
        }
        if let Ok(bytes) = read_limited(&self.path, FILE_BYTES_MAX) {
            self.names = parse(&bytes);
            self.read_of = Some(stamp);
        }
    }

    /// The name of an id, if it has one.
    #[must_use]
    pub fn known(&self, id: u32) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// The name of an id, or the id.
    #[must_use]
    pub fn name(&self, id: u32) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// `name:password:id:…` per line; of two names for one id the first counts, as
/// getpwuid(3) finds it.
fn parse(bytes: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut fields = line.split(|byte| *byte == b':');
        let (Some(name), Some(_), Some(id)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        if let Some(id) = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()) {
            names.entry(id).or_insert_with(|| escape(name));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_an_id_counts_and_bad_lines_do_not() {
        let names = parse(b"root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\nbad\nx:y:z\n\xff:x:7:1::/:\n");
        assert_eq!(names.get(&0).unwrap(), "root");
        assert_eq!(names.get(&7).unwrap(), "\\xff");
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn an_unknown_id_stays_a_number_and_a_changed_file_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwd");
        let mut names = Names::of(&path);
        names.refresh();
        assert_eq!(names.name(1000), "1000");
        std::fs::write(&path, "app:x:1000:1000::/:/bin/sh\n").unwrap();
        names.refresh();
        assert_eq!(names.name(1000), "app");
    }
}
