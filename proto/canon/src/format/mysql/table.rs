//! What kind of value each known option takes.
//!
//! Data, made from the servers' own help by `data/mysql/generate.py`; an option
//! that is not in it is of no known kind, and nothing is guessed for it.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What an option's value is to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// On or off, by several words.
    Bool,
    /// A whole number with a suffix.
    Int,
    /// A number that may have a fraction.
    Real,
    /// One of these words, in any case, by a prefix, or by its number.
    Enum(Vec<&'static str>),
    /// Some of these words.
    Set(Vec<&'static str>),
    /// `name=on,name=off`.
    Flags,
    /// Anything.
    Text,
}

const MARIADB: &str = include_str!("../../../data/mysql/options.tsv");
const MYSQL: &str = include_str!("../../../data/mysql/mysql_only.tsv");

static TABLE: LazyLock<HashMap<&'static str, Kind>> = LazyLock::new(|| {
    let mut table = HashMap::new();
    for row in MARIADB.lines().chain(MYSQL.lines()).filter(|row| !row.starts_with('#')) {
        let mut columns = row.split('\t');
        let (Some(name), Some(kind)) = (columns.next(), columns.next()) else { continue };
        let values = || columns.next().map(|values| values.split(',').collect()).unwrap_or_default();
        table.entry(name).or_insert_with(|| kind_of(kind, values));
    }
    table
});

fn kind_of(kind: &str, values: impl FnOnce() -> Vec<&'static str>) -> Kind {
    match kind {
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "real" => Kind::Real,
        "enum" => Kind::Enum(values()),
        "set" => Kind::Set(values()),
        "flags" => Kind::Flags,
        _ => Kind::Text,
    }
}

/// The kind of an option by its canonical name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    TABLE.get(name)
}

#[cfg(test)]
mod tests;
