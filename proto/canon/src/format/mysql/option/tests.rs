use super::*;

fn of(name: &str, value: Option<&str>) -> String {
    let found = canonical(name.as_bytes(), value.map(str::as_bytes));
    format!("{}={}", found.name, String::from_utf8(found.value).unwrap())
}

#[test]
fn one_option_has_one_name_and_value() {
    for (expected, ways) in [
        (
            "slow_query_log=ON",
            &["slow-query-log", "SLOW_query-log", "enable-slow-query-log", "loose-slow_query_log"][..],
        ),
        ("slow_query_log=OFF", &["skip-slow-query-log", "disable_slow_query_log", "loose-skip-slow-query-log"]),
        ("skip_networking=ON", &["skip-networking", "loose_skip_networking", "enable-skip-networking"]),
        ("skip_networking=OFF", &["skip-skip-networking"]),
        ("max_connections=0", &["skip-max-connections"]),
        ("binlog_checksum=NONE", &["skip-binlog-checksum"]),
        ("delay_key_write=(no argument)", &["delay-key-write"]),
        ("log_bin=(no argument)", &["log-bin"]),
        ("innodb=ON", &["innodb"]),
        ("quick=ON", &["quick"]),
        ("quick=OFF", &["skip-quick"]),
    ] {
        for way in ways {
            assert_eq!(of(way, None), expected, "{way}");
        }
    }
}

#[test]
fn a_double_negation_turns_on_and_other_values_do_not_count() {
    assert_eq!(of("skip-slow-query-log", Some("0")), "slow_query_log=ON");
    assert_eq!(of("enable-slow-query-log", Some("0")), "slow_query_log=OFF");
    assert_eq!(of("skip-slow-query-log", Some("ON")), "slow_query_log=OFF");
    assert_eq!(of("skip-port", Some("0")), "port=1");
    assert_eq!(of("skip-networking", Some("0")), "skip_networking=OFF", "its own name");
}

#[test]
fn the_kind_of_the_option_says_what_is_equal() {
    for (name, expected, ways) in [
        ("general_log", "ON", &["1", "on", "ON", "True"][..]),
        ("general_log", "OFF", &["0", "off", "FALSE"]),
        ("max_connections", "1", &["1", "01"]),
        ("max_allowed_packet", "64M", &["64M", "67108864", "65536k", "64mb"]),
        ("long_query_time", "1.5", &["1.50", "1.5", "15e-1"]),
        ("binlog_checksum", "CRC32", &["crc32", "CRC32", "1", "c"]),
        ("sql_mode", "ANSI_QUOTES,NO_ZERO_DATE", &["ansi_quotes,NO_ZERO_DATE", "NO_ZERO_DATE,ANSI_QUOTES,ansi_quotes"]),
        ("optimizer_switch", "index_merge=off,mrr=on", &["mrr=on,index_merge=off", "MRR=off,index_merge=OFF,mrr=ON"]),
        ("optimizer_switch", "mrr=on,default", &["mrr=on,default"]),
        ("no_such_option", "64M", &["64M", "67108864"]),
        ("no_such_option", "On", &["On"]),
        ("datadir", "67108864", &["67108864"]),
        ("maximum_sort_buffer_size", "1M", &["1024K"]),
        ("general_log", "yes", &["yes"]),
    ] {
        for way in ways {
            assert_eq!(of(name, Some(way)), format!("{name}={expected}"), "{way}");
        }
    }
}

#[test]
fn what_the_server_would_not_take_is_doubted_and_stays() {
    for (name, value) in [("general_log", "yes"), ("general_log", ""), ("port", "33o6"), ("long_query_time", "1K")] {
        let found = canonical(name.as_bytes(), Some(value.as_bytes()));
        assert!(found.doubt.is_some(), "{name}={value}");
        assert_eq!(found.value, value.as_bytes());
    }
    assert_eq!(canonical(b"port", Some(b"3306")).doubt, None);
}

#[test]
fn a_password_of_digits_stays_as_it_is() {
    assert_eq!(of("password", Some("67108864")), "password=67108864");
    assert_eq!(of("db_password", Some("1k")), "db_password=1k");
}
