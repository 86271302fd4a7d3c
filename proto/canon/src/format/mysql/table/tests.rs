use super::*;

#[test]
fn every_row_is_well_formed() {
    for row in MARIADB.lines().chain(MYSQL.lines()).filter(|row| !row.starts_with('#')) {
        let columns: Vec<&str> = row.split('\t').collect();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        assert!(columns[0].bytes().all(plain), "{row}");
        match columns[1..] {
            ["bool" | "int" | "real" | "flags" | "text"] => {}
            ["enum" | "set", values] => assert!(values.split(',').all(|value| !value.is_empty()), "{row}"),
            _ => panic!("{row}"),
        }
    }
}

#[test]
fn what_is_known_of_both_servers() {
    assert_eq!(kind("max_connections"), Some(&Kind::Int));
    assert_eq!(kind("long_query_time"), Some(&Kind::Real));
    assert_eq!(kind("general_log"), Some(&Kind::Bool));
    assert_eq!(kind("super_read_only"), Some(&Kind::Bool), "MySQL alone");
    assert_eq!(kind("datadir"), Some(&Kind::Text));
    assert_eq!(kind("optimizer_switch"), Some(&Kind::Flags));
    assert_eq!(kind("no_such_option"), None);
    assert!(TABLE.len() > 700, "{}", TABLE.len());
}
