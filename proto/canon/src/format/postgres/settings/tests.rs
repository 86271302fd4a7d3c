use super::*;
use crate::format::postgres::number;

#[test]
fn every_line_of_the_table_is_a_row() {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(all().len(), lines);
    assert!(lines > 380, "{lines}");
}

#[test]
fn the_table_is_sorted_and_every_name_is_found() {
    assert!(all().is_sorted_by(|a, b| folded(a.name.as_bytes(), b.name.as_bytes()) != Ordering::Greater));
    for row in all() {
        let found = find(row.name.to_ascii_uppercase().as_bytes());
        assert_eq!(name_of(found).to_lowercase(), name_of(find(row.name.as_bytes())).to_lowercase());
        assert!(!found.is_empty(), "{}", row.name);
    }
}

#[test]
fn rows_of_a_name_begin_with_the_newest() {
    let rows = find(b"log_connections");
    assert_eq!(rows.iter().map(|row| row.kind).collect::<Vec<_>>(), [Kind::Names, Kind::Bool]);
    assert!(rows[0].versions.0 > rows[1].versions.1);
}

#[test]
fn every_version_is_in_the_table() {
    for version in 13..=18 {
        let known = all().iter().filter(|row| (row.versions.0..=row.versions.1).contains(&version)).count();
        assert!(known > 300, "PostgreSQL {version}: {known}");
    }
}

#[test]
fn names_are_written_as_the_server_writes_them() {
    assert_eq!(name_of(find(b"timezone")), "TimeZone");
    assert_eq!(name_of(find(b"SORT_MEM")), "work_mem");
    assert_eq!(name_of(find(b"force_parallel_mode")), "debug_parallel_query");
    assert!(find(b"nothing").is_empty() && find(b"").is_empty() && find(b"work_memo").is_empty());
}

#[test]
fn every_unit_is_one_that_can_be_read() {
    for row in all().iter().filter(|row| !row.unit.is_empty()) {
        let one = format!("1{}", row.unit.trim_start_matches('8'));
        assert!(number::real(one.as_bytes(), row.unit).is_ok(), "{} {}", row.name, row.unit);
    }
}

/// What a person may see of a switch, number or word of the server's own is
/// no secret, whatever the setting is called.
#[test]
fn no_typed_setting_is_taken_for_a_secret() {
    for row in all() {
        let value = match row.kind {
            Kind::Bool => "on",
            Kind::Enum => row.words.split(['|', '=']).next().unwrap_or_default(),
            Kind::Int | Kind::Real => "100",
            _ => continue,
        };
        let key = crate::ItemKey::from_bytes(row.name.as_bytes());
        assert_eq!(crate::secret::classify(&key, &crate::Value::text(value)), None, "{} = {value}", row.name);
    }
}
