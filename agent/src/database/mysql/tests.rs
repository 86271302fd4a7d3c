//! What stands for an answer, and where values come from.

use zeroize::Zeroizing;

use super::*;

fn row(columns: &[&str]) -> Row {
    columns.iter().map(|text| Some(Zeroizing::new(text.as_bytes().to_vec()))).collect()
}

#[test]
fn what_moves_by_itself_is_no_news() {
    let print = |rows: &[Row]| print_of([rows, &[], &[]], 0);
    let before = print(&[row(&["MAX_CONNECTIONS", "151"]), row(&["TIMESTAMP", "1"])]);
    assert_eq!(before, print(&[row(&["MAX_CONNECTIONS", "151"]), row(&["TIMESTAMP", "2"])]));
    assert_ne!(before, print(&[row(&["MAX_CONNECTIONS", "152"]), row(&["TIMESTAMP", "1"])]));
}

#[test]
fn where_a_value_comes_from_is_known_by_its_key() {
    let rows = [row(&["MAX_CONNECTIONS", "151", "SQL"]), row(&["PORT", "3306", "COMPILE-TIME"]), row(&["X", "1"])];
    let origins = origins_of(&rows, 2, "SQL");
    let of = |key: &str| origins.get(&driftline_canon::ItemKey::from_bytes(key.as_bytes())).copied();
    assert_eq!(of("mysqld.max_connections"), Some(Origin::Statement));
    assert_eq!(of("mysqld.port"), Some(Origin::Start));
    assert_eq!(of("mysqld.x"), None);
}

#[test]
fn statements_read_and_nothing_else() {
    for sql in [MARIADB, VARIABLES, ORIGINS, PERSISTED] {
        assert!(sql.starts_with("SELECT ") || sql.starts_with("SHOW "), "{sql}");
        assert!(!sql.contains(';'), "{sql}");
    }
}
