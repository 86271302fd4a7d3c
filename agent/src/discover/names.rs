//! Names of sources that are the same in every environment: what a thing is,
//! not where it lies or which stage it serves.
//!
//! It looks at nothing but the findings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Finding, Table};

/// Bytes of a name, well below what a configured one may have.
const NAME_BYTES_MAX: usize = 64;

/// Words that say where something runs, and would differ between environments.
const STAGES: [&str; 12] =
    ["production", "prod", "prd", "staging", "stage", "stg", "development", "dev", "testing", "test", "qa", "live"];

/// A name without what would differ between environments.
pub(super) fn stable(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let all: String = name.chars().map(kept).collect();
    let words: Vec<&str> = all.split('-').filter(|word| !word.is_empty()).collect();
    let lasting: Vec<&str> = words.iter().copied().filter(|word| !STAGES.contains(word)).collect();
    let words = if lasting.is_empty() { words } else { lasting };
    let mut name = words.join("-").trim_matches('.').to_owned();
    name.truncate(NAME_BYTES_MAX);
    if name.is_empty() { "app".to_owned() } else { name }
}

/// The name of a file that belongs to something: the owner's alone where the
/// file's own name says no more.
pub(super) fn below(owner: &str, path: &Path) -> String {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bare = file.trim_start_matches('.');
    let stem = bare.split('.').next().unwrap_or_default();
    let says_nothing = ["", "env", "environment", "config", "conf", "settings", "vars"];
    let stem = stable(stem);
    let owner = stable(owner);
    if says_nothing.contains(&stem.as_str()) || stem == owner || STAGES.contains(&stem.as_str()) {
        return owner;
    }
    format!("{owner}-{stem}")
}

/// Gives tables of one name that are not one table another name each: by their
/// directory, and by number where that is not enough.
pub(super) fn tell_apart(files: &mut [Finding]) {
    let tables: BTreeSet<Table> = files.iter().filter_map(|finding| finding.table.clone()).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut renamed: BTreeMap<Table, String> = BTreeMap::new();
    for table in &tables {
        let mut name = table.name.clone();
        if taken.contains(&name) {
            name = format!("{name}-{}", stable(directory_of(table)));
        }
        let base = name.clone();
        let mut number = 2;
        while taken.contains(&name) {
            name = format!("{base}-{number}");
            number += 1;
        }
        taken.insert(name.clone());
        renamed.insert(table.clone(), name);
    }
    for table in files.iter_mut().filter_map(|finding| finding.table.as_mut()) {
        if let Some(name) = renamed.get(table) {
            table.name.clone_from(name);
        }
    }
}

fn directory_of(table: &Table) -> &str {
    let path = table.keys.iter().find(|(key, _)| *key == "path").map_or("", |(_, path)| path.as_str());
    let path = path.trim_end_matches('/');
    path.rsplit('/').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_and_not_where() {
        for (given, expected) in [
            ("web", "web"),
            ("Shop-Production", "shop"),
            ("prod-shop-eu", "shop-eu"),
            ("staging", "staging"),
            ("my app!", "my-app"),
            (".env", "env"),
            ("--", "app"),
            ("日本", "app"),
        ] {
            assert_eq!(stable(given), expected, "{given}");
        }
    }

    #[test]
    fn a_file_is_named_after_its_owner_where_its_own_name_says_no_more() {
        for (owner, path, expected) in [
            ("web", "/etc/default/web", "web"),
            ("web", "/srv/web/.env", "web"),
            ("web", "/srv/web/.env.production", "web"),
            ("web", "/etc/web/web.env", "web"),
            ("web", "/etc/web/production.env", "web"),
            ("web", "/etc/web/database.env", "web-database"),
            ("web", "/etc/sysconfig/network", "web-network"),
        ] {
            assert_eq!(below(owner, Path::new(path)), expected, "{path}");
        }
    }
}
