//! Watch rules of our own, and the bytes that the kernel takes for one
//! (`struct audit_rule_data` of `linux/audit.h`).
//!
//! Pure. A rule of ours carries our key, and one that does not is never touched.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{Pattern, SourceSpec};

/// Rules of ours at most. The kernel looks a rule up by inode, so that each
/// costs others nothing; a host with more sources has them in directories.
pub const RULES_MAX: usize = 128;

/// Files that get a rule each; of more their directories do.
const FILES_MAX: usize = 64;

/// Bytes of a path that the kernel takes.
const PATH_BYTES_MAX: usize = 4096;

const FILTER_EXIT: u32 = 4;

/// The list of rules that keep records from everybody (`AUDIT_FILTER_EXCLUDE`).
pub const FILTER_EXCLUDE: u32 = 5;

/// Set where a rule was put in front (`AUDIT_FILTER_PREPEND`).
const FILTER_PREPEND: u32 = 0x10;

/// The type of records of packet filters (`AUDIT_NETFILTER_CFG`).
const NETFILTER: u32 = 1325;

const FIELD_TYPE: u32 = 12;
const ALWAYS: u32 = 2;
const FIELD_WATCH: u32 = 105;
const FIELD_PERMISSION: u32 = 106;
const FIELD_DIRECTORY: u32 = 107;
const FIELD_KEY: u32 = 210;
const EQUAL: u32 = 0x4000_0000;
const FIELDS_MAX: usize = 64;
const MASK_WORDS: usize = 64;

/// Write and change of attributes.
const WRITES: u32 = 2 | 8;

/// Where fields, values and flags begin, in words of four bytes.
const AT_COUNT: usize = 2;
const AT_FIELDS: usize = 3 + MASK_WORDS;
const AT_VALUES: usize = AT_FIELDS + FIELDS_MAX;
const AT_TEXT: usize = AT_VALUES + 2 * FIELDS_MAX + 1;

/// What a rule watches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Rule {
    /// A file, whether it is there or not.
    File(PathBuf),
    /// Everything below a directory.
    Tree(PathBuf),
}

impl Rule {
    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Tree(path) => path,
        }
    }

    /// Whether it tells of a file.
    #[must_use]
    pub fn covers(&self, file: &Path) -> bool {
        match self {
            Self::File(path) => path == file,
            Self::Tree(path) => file.starts_with(path),
        }
    }

    /// Whether a rule as the kernel lists it is this one, with that key.
    #[must_use]
    pub fn is(&self, listed: &[u8], key: &str) -> bool {
        let text = listed.get(4 * AT_TEXT..).unwrap_or_default();
        let path = self.path().as_os_str().as_bytes();
        text.strip_prefix(path)
            .is_some_and(|rest| rest.strip_prefix(key.as_bytes()).is_some_and(|end| end.iter().all(|byte| *byte == 0)))
    }

    /// What the kernel takes for it; none for a path that is too long.
    #[must_use]
    pub fn encode(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.path().as_os_str().as_bytes();
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        let field = if matches!(self, Self::File(_)) { FIELD_WATCH } else { FIELD_DIRECTORY };
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).ok();
        let fields = [(field, length(path)?), (FIELD_PERMISSION, WRITES), (FIELD_KEY, length(key.as_bytes())?)];
        let mut words = vec![0_u32; AT_TEXT];
        words[0] = FILTER_EXIT;
        words[1] = ALWAYS;
        words[AT_COUNT] = u32::try_from(fields.len()).ok()?;
        words[3..AT_FIELDS].fill(u32::MAX);
        for (at, (field, value)) in fields.into_iter().enumerate() {
            words[AT_FIELDS + at] = field;
            words[AT_VALUES + at] = value;
            words[AT_VALUES + FIELDS_MAX + at] = EQUAL;
        }
        words[AT_TEXT - 1] = u32::try_from(path.len() + key.len()).ok()?;
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        bytes.extend_from_slice(path);
        bytes.extend_from_slice(key.as_bytes());
        Some(bytes)
    }
}

/// Whether a rule as the kernel lists it may keep records of packet filters from
/// everybody. All fields of a rule must fit: one that asks for another type of
/// record does not.
#[must_use]
pub fn hides_filters(listed: &[u8]) -> bool {
    let word =
        |at: usize| listed.get(4 * at..4 * at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_ne_bytes);
    let fields = usize::try_from(word(AT_COUNT)).unwrap_or(usize::MAX).min(FIELDS_MAX);
    let asks_another = |at: usize| {
        let (field, value, how) = (word(AT_FIELDS + at), word(AT_VALUES + at), word(AT_VALUES + FIELDS_MAX + at));
        field == FIELD_TYPE && how == EQUAL && value != NETFILTER
    };
    word(0) & !FILTER_PREPEND == FILTER_EXCLUDE && !(0..fields).any(asks_another)
}

/// The rules for these sources, and whether there would be more.
#[must_use]
pub fn wanted(sources: &[Arc<SourceSpec>], real: impl Fn(&Path) -> PathBuf) -> (Vec<Rule>, bool) {
    let mut files = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for spec in sources {
        match &spec.pattern {
            Pattern::Path(path) => _ = files.insert(real(path)),
            Pattern::Glob(glob) => _ = rules.insert(Rule::Tree(real(&glob.base))),
            _ => {}
        }
    }
    // The root of everything would be told of with every write of the host.
    rules.retain(|rule| rule.path().components().count() > 1);
    files.retain(|file| !rules.iter().any(|rule| rule.covers(file)));
    if files.len() > FILES_MAX {
        let parents = files.iter().filter_map(|file| file.parent());
        rules.extend(parents.filter(|dir| dir.components().count() > 1).map(|dir| Rule::Tree(dir.to_owned())));
    } else {
        rules.extend(files.into_iter().map(Rule::File));
    }
    let more = rules.len() > RULES_MAX;
    (rules.into_iter().take(RULES_MAX).collect(), more)
}

#[cfg(test)]
mod tests;
