//! What the servers say about their settings: `data/postgres/settings.tsv`.
//!
//! Holds no default values. The table is made by its generator, which asks
//! servers of every version; nothing here corrects it.

use std::cmp::Ordering;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../../data/postgres/settings.tsv");

/// Names that the server takes for other names: of versions before 13, and
/// those of one meaning that were renamed since.
const RENAMED: &[(&str, &str)] = &[
    ("force_parallel_mode", "debug_parallel_query"),
    ("sort_mem", "work_mem"),
    ("ssl_ecdh_curve", "ssl_groups"),
    ("vacuum_mem", "maintenance_work_mem"),
];

/// How the value of a setting is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Real,
    Enum,
    Text,
    /// A list of identifiers, which fold to lower case outside of quotes.
    Names,
    /// The same without folding.
    Words,
    /// A list split at commas alone.
    Paths,
}

/// A setting as some versions know it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// As the server writes it.
    pub(super) name: &'static str,
    /// The versions that know it so.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the tests against servers"))]
    pub(super) versions: (u32, u32),
    pub(super) kind: Kind,
    /// What a bare number counts: `8kB`, `ms`; empty without a unit.
    pub(super) unit: &'static str,
    pub(super) least: f64,
    pub(super) most: f64,
    /// Where it may be set; `internal` is nowhere.
    pub(super) context: &'static str,
    /// Words of an enum, `word` or `word=what it means`, between `|`.
    pub(super) words: &'static str,
}

/// What all versions know under one name, the newest first.
pub(super) type Rows = [Row];

/// The name of rows as the newest server writes it.
pub(super) fn name_of(rows: &Rows) -> &'static str {
    rows.first().map_or("", |row| row.name)
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().filter_map(row).collect());

/// What is known about a name, upper or lower case; nothing if no server has
/// it.
pub(super) fn find(name: &[u8]) -> &'static Rows {
    let renamed = RENAMED.iter().find(|(old, _)| old.as_bytes().eq_ignore_ascii_case(name));
    let name = renamed.map_or(name, |(_, new)| new.as_bytes());
    let start = ROWS.partition_point(|row| folded(row.name.as_bytes(), name) == Ordering::Less);
    let length = ROWS[start..].iter().take_while(|row| row.name.as_bytes().eq_ignore_ascii_case(name)).count();
    &ROWS[start..start + length]
}

/// All rows, for whoever goes through the table.
#[cfg(test)]
pub(super) fn all() -> &'static Rows {
    &ROWS
}

fn folded(a: &[u8], b: &[u8]) -> Ordering {
    a.iter().map(u8::to_ascii_lowercase).cmp(b.iter().map(u8::to_ascii_lowercase))
}

fn row(line: &'static str) -> Option<Row> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = line.split('\t');
    let mut next = || fields.next().unwrap_or_default();
    let (name, from, to) = (next(), next(), next());
    let kind = match next() {
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "real" => Kind::Real,
        "enum" => Kind::Enum,
        "names" => Kind::Names,
        "words" => Kind::Words,
        "paths" => Kind::Paths,
        _ => Kind::Text,
    };
    let unit = next();
    let least = next().parse().unwrap_or(f64::NEG_INFINITY);
    let most = next().parse().unwrap_or(f64::INFINITY);
    let versions = (from.parse().ok()?, to.parse().ok()?);
    Some(Row { name, versions, kind, unit, least, most, context: next(), words: next() })
}

#[cfg(test)]
mod tests;
