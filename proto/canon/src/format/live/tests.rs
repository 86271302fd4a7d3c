//! Live settings against the same settings in a file.

use super::*;
use crate::Format;
use crate::format;

fn value(reading: &Reading, key: &str) -> Option<String> {
    let found = reading.settings.iter().find(|setting| setting.key.as_str() == key)?;
    Some(String::from_utf8_lossy(found.value.bytes()).into_owned())
}

fn of_file(format: Format, text: &str, key: &str) -> Option<String> {
    value(&format::read(format, text.as_bytes()), key)
}

fn row<'a>(name: &'a str, value: &'a str, unit: Option<&'a str>) -> PostgresRow<'a> {
    PostgresRow { name, value: Some(value), unit, context: "user", source: "default", ..PostgresRow::default() }
}

#[test]
fn a_live_value_equals_that_of_the_file() {
    let cases = [
        ("shared_buffers", "16384", Some("8kB"), "131072kB"),
        ("work_mem", "4096", Some("kB"), "4MB"),
        ("statement_timeout", "5000", Some("ms"), "5s"),
        ("statement_timeout", "0", Some("ms"), "0"),
        ("wal_buffers", "-1", Some("8kB"), "-1"),
        ("min_wal_size", "80", Some("MB"), "80MB"),
        ("vacuum_cost_delay", "0.5", Some("ms"), "0.5"),
        ("log_file_mode", "384", None, "0600"),
        ("fsync", "on", None, "TRUE"),
        ("wal_level", "replica", None, "Replica"),
        ("search_path", "\"$user\", public", None, "'\"$user\",public'"),
        ("random_page_cost", "4", None, "4.0"),
    ];
    for (name, live, unit, written) in cases {
        let reading = postgres(&[row(name, live, unit)], &[]);
        let file = of_file(Format::PostgresConf, &format!("{name} = {written}\n"), name);
        assert_eq!(value(&reading, name), file, "{name}");
        assert!(file.is_some() && reading.problems.is_empty(), "{name}: {:?}", reading.problems);
    }
}

#[test]
fn what_is_built_in_or_of_the_session_is_left_out() {
    let rows = [
        PostgresRow { context: "internal", ..row("block_size", "8192", None) },
        PostgresRow { source: "client", ..row("client_encoding", "UTF8", None) },
        row("transaction_isolation", "read committed", None),
    ];
    let reading = postgres(&rows, &[]);
    assert!(reading.settings.is_empty() && reading.problems.is_empty(), "{reading:?}");
}

#[test]
fn a_value_that_the_agent_s_own_role_hides_is_said_and_not_guessed() {
    let rows = [PostgresRow { source: "user", ..row("work_mem", "65536", Some("kB")) }];
    let reading = postgres(&rows, &[]);
    assert!(reading.settings.is_empty());
    assert!(reading.problems[0].reason.contains("`work_mem`"), "{:?}", reading.problems);
}

#[test]
fn settings_of_roles_and_databases_have_keys_of_their_own() {
    let one = |role, database| RoleSetting { role, database, setting: "Work_Mem=65536kB" };
    let all = [one(Some("app"), Some("shop")), one(Some("app"), None), one(None, Some("shop")), one(None, None)];
    let reading = postgres(&[], &all);
    for key in ["role app in shop: work_mem", "role app: work_mem", "database shop: work_mem", "all roles: work_mem"] {
        assert_eq!(value(&reading, key).as_deref(), Some("64MB"), "{key}");
    }
}

#[test]
fn the_place_in_a_file_is_told_where_the_server_tells_it() {
    let placed = PostgresRow { file: Some("/etc/pg/a.conf"), line: Some(7), ..row("work_mem", "4096", Some("kB")) };
    let reading = postgres(&[placed, row("fsync", "on", None)], &[]);
    assert_eq!(reading.settings[0].line, Some(7));
    assert_eq!(reading.settings[0].file.as_ref().map(ToString::to_string).as_deref(), Some("/etc/pg/a.conf"));
    assert_eq!((reading.settings[1].line, reading.settings[1].file.is_none()), (None, true));
}

#[test]
fn a_setting_of_an_extension_is_taken_as_it_is() {
    let reading = postgres(&[row("My.Thing", "5", Some("s"))], &[]);
    assert_eq!(value(&reading, "my.thing").as_deref(), Some("5s"));
}

#[test]
fn global_variables_equal_the_options_of_a_file() {
    let cases: [(&str, &str, &str); 6] = [
        ("max_connections", "151", "max-connections = 151"),
        ("innodb_buffer_pool_size", "134217728", "innodb_buffer_pool_size = 128M"),
        ("slow_query_log", "OFF", "skip-slow-query-log"),
        ("sql_mode", "NO_ZERO_DATE,STRICT_TRANS_TABLES", "sql_mode=STRICT_TRANS_TABLES,NO_ZERO_DATE"),
        ("long_query_time", "2.500000", "long_query_time=2.5"),
        ("innodb_strict_mode", "ON", "innodb-strict-mode"),
    ];
    for (name, live, line) in cases {
        let reading = mysql([(name.as_bytes(), live.as_bytes())]);
        let key = format!("mysqld.{name}");
        let file = of_file(Format::MyCnf, &format!("[mysqld]\n{line}\n"), &key);
        assert_eq!(value(&reading, &key), file, "{name}");
        assert!(file.is_some(), "{name}");
    }
}

#[test]
fn variables_that_move_by_themselves_are_no_settings() {
    let reading =
        mysql([(b"timestamp".as_slice(), b"1.5".as_slice()), (b"Gtid_Executed", b"a:1-9"), (b"version", b"8")]);
    assert!(reading.settings.is_empty(), "{reading:?}");
}

#[test]
fn parameters_of_redis_equal_the_directives_of_a_file() {
    let live = [
        ("maxmemory", "104857600"),
        ("save", "3600 1 300 100"),
        ("appendonly", "yes"),
        ("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60"),
        ("logfile", ""),
        ("slave-priority", "100"),
        ("replica-priority", "100"),
        ("bind", "127.0.0.1 -::1"),
    ];
    let text = "maxmemory 100mb\nsave 3600 1\nsave 300 100\nappendonly YES\nlogfile \"\"\nbind 127.0.0.1 -::1\n\
        client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit replica 256mb 64mb 60\n\
        slave-priority 100\n";
    let reading = redis(live.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())), []);
    let file = format::read(Format::RedisConf, text.as_bytes());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let all = |reading: &Reading| {
        let mut all: Vec<_> = reading
            .settings
            .iter()
            .map(|one| (one.key.as_str().to_owned(), String::from_utf8_lossy(one.value.bytes()).into_owned()))
            .collect();
        all.sort();
        all
    };
    assert_eq!(all(&reading), all(&file));
}

#[test]
fn users_of_redis_show_no_password() {
    let hash = "a".repeat(64);
    let line = format!("user app on sanitize-payload #{hash} ~* &* +@all");
    let reading = redis([(b"requirepass".as_slice(), b"hunter2".as_slice())], [line.as_bytes()]);
    let secret: Vec<&str> = reading.settings.iter().filter(|one| one.secret).map(|one| one.key.as_str()).collect();
    assert_eq!(secret, ["requirepass", "user app passwords"]);
    let reading = redis([], [b"no user at all".as_slice()]);
    assert_eq!(reading.problems.len(), 1);
}
