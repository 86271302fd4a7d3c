use super::*;
use crate::format::postgres::settings::find;

fn value(name: &str, written: &str) -> Result<String, String> {
    canonical(find(name.as_bytes()), written.as_bytes()).map(|value| String::from_utf8(value).unwrap())
}

fn ok(name: &str, written: &str) -> String {
    value(name, written).unwrap_or_else(|reason| panic!("{name} = {written}: {reason}"))
}

#[test]
fn switches_by_any_unique_beginning() {
    for on in ["on", "ON", "t", "tru", "TRUE", "y", "yes", "1"] {
        assert_eq!(ok("fsync", on), "on", "{on}");
    }
    for off in ["of", "off", "f", "false", "n", "No", "0"] {
        assert_eq!(ok("fsync", off), "off", "{off}");
    }
    for neither in ["", "o", "2", "true ", "yess", "enabled", "-1"] {
        assert!(value("fsync", neither).is_err(), "{neither}");
    }
}

#[test]
fn words_that_mean_other_words() {
    assert_eq!(ok("wal_level", "Archive"), "replica");
    assert_eq!(ok("synchronous_commit", "1"), "on");
    assert_eq!(ok("wal_compression", "on"), ok("wal_compression", "pglz"));
    assert_eq!(ok("ssl_max_protocol_version", ""), "");
    assert!(value("wal_level", "rep").unwrap_err().contains("minimal, replica, logical"));
}

#[test]
fn any_version_that_accepts_a_value_will_do() {
    assert_eq!(ok("log_connections", "yes"), "on");
    assert_eq!(ok("log_connections", "receipt,ALL"), "receipt, all");
    assert_eq!(ok("password_encryption", "on"), "md5");
    assert_eq!(ok("io_method", "io_uring"), "io_uring");
    assert_eq!(ok("default_toast_compression", "LZ4"), "lz4");
}

#[test]
fn ranges_are_the_server_s() {
    assert!(value("port", "0").unwrap_err().contains("1 to 65535"));
    assert!(value("work_mem", "63").unwrap_err().contains("counted in kB"));
    assert_eq!(ok("work_mem", "64"), "64kB");
    assert!(value("geqo_seed", "1.01").is_err());
    assert_eq!(ok("random_page_cost", "1.10"), "1.1");
}

#[test]
fn modes_are_octal() {
    assert_eq!(ok("log_file_mode", "0600"), ok("log_file_mode", "384"));
    assert_eq!(ok("unix_socket_permissions", "0"), "0000");
}

#[test]
fn a_reason_never_tells_the_value() {
    for name in ["fsync", "port", "wal_level", "random_page_cost", "work_mem", "server_version"] {
        assert!(!value(name, "hunter2").unwrap_err().contains("hunter2"), "{name}");
    }
}

#[test]
fn what_nobody_may_set_is_said_to_be_so() {
    assert!(value("block_size", "8192").unwrap_err().contains("nobody"));
}

/// Every type of the table accepts what its own row allows.
#[test]
fn every_row_accepts_its_own_bounds_and_words() {
    use crate::format::postgres::settings::all;
    for row in all().iter().filter(|row| row.context != "internal") {
        match row.kind {
            Kind::Int => {
                for bound in [row.least, row.most] {
                    assert!(value(row.name, &format!("{bound}")).is_ok(), "{} = {bound}", row.name);
                }
            }
            Kind::Enum => {
                for word in row.words.split('|').map(|word| word.split('=').next().unwrap()) {
                    assert!(value(row.name, word).is_ok(), "{} = {word}", row.name);
                }
            }
            _ => {}
        }
    }
}
