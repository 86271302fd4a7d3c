//! Differences between files and servers, and what may be said of them.

use driftline_canon::format::live;
use driftline_canon::{FleetKey, Format, KeyEpoch, format};

use super::*;

fn keyed() -> KeyedDigest {
    FleetKey::new([7; 32], KeyEpoch(1)).keyed()
}

fn file(format: Format, text: &str, policy: DisplayPolicy) -> FileReading {
    let reading = format::read(format, text.as_bytes());
    let observation = Observation::of_settings(&reading.settings, &keyed(), policy);
    FileReading { path: "/etc/my.cnf".to_owned(), observation }
}

fn mysql(live: &[(&str, &str, Option<Origin>)], text: &str, policy: DisplayPolicy) -> Vec<String> {
    let reading = live::mysql(live.iter().map(|(name, value, _)| (name.as_bytes(), value.as_bytes())));
    let origins = live
        .iter()
        .filter_map(|(name, _, origin)| Some((ItemKey::from_bytes(format!("mysqld.{name}").as_bytes()), (*origin)?)));
    let origins = origins.collect();
    let observation = Observation::of_settings(&reading.settings, &keyed(), policy);
    let live = Live { settings: &reading.settings, observation: &observation, origins: &origins };
    let problems = against_files(live, &[file(Format::MyCnf, text, policy)], &keyed());
    problems.into_iter().map(|problem| problem.reason).collect()
}

const SET: Option<Origin> = Some(Origin::Statement);
const STARTED: Option<Origin> = Some(Origin::Start);

#[test]
fn what_was_set_at_run_time_is_gone_at_restart() {
    let found = mysql(&[("max_connections", "500", SET)], "[mysqld]\nmax_connections=151\n", DisplayPolicy::Clear);
    assert_eq!(found, ["max_connections: 500 live, 151 in /etc/my.cnf line 2: set at run time, gone at restart"]);
    let found = mysql(&[("max_connections", "500", SET)], "[mysqld]\n", DisplayPolicy::Clear);
    assert_eq!(found, ["max_connections: 500 live, in no file: set at run time, gone at restart"]);
}

#[test]
fn what_means_the_same_is_no_finding() {
    let text = "[server]\nmax-connections=500\n[mysqld]\ndatadir=/var/lib/mysql\ninnodb_buffer_pool_size=128M\n";
    let live = [
        ("max_connections", "500", SET),
        ("datadir", "/var/lib/mysql/", STARTED),
        ("innodb_buffer_pool_size", "134217728", STARTED),
        ("port", "3306", STARTED),
    ];
    assert_eq!(mysql(&live, text, DisplayPolicy::Clear), Vec::<String>::new());
}

#[test]
fn a_file_that_changed_since_the_start_waits_for_one() {
    let found = mysql(&[("max_connections", "151", STARTED)], "[mysqld]\nmax_connections=500\n", DisplayPolicy::Clear);
    assert_eq!(
        found,
        ["max_connections: 151 live, 500 in /etc/my.cnf line 2: restart pending, or adjusted by the server"]
    );
    let found =
        mysql(&[("table_open_cache", "2000", STARTED)], "[mysqld]\ntable_open_cache=-1\n", DisplayPolicy::Clear);
    assert_eq!(found, Vec::<String>::new(), "the server was to choose");
}

#[test]
fn values_are_named_only_where_the_policy_shows_them() {
    let found = mysql(&[("max_connections", "500", SET)], "[mysqld]\nmax_connections=151\n", DisplayPolicy::Digest);
    assert_eq!(
        found,
        ["max_connections: the server has another value than /etc/my.cnf line 2: set at run time, gone at restart"]
    );
    let found =
        mysql(&[("wsrep_sst_auth", "u:hunter2", SET)], "[mysqld]\nwsrep_sst_auth=u:tiger9\n", DisplayPolicy::Clear);
    assert!(found.len() == 1 && !found[0].contains("hunter2") && !found[0].contains("tiger9"), "{found:?}");
}

#[test]
fn a_restart_that_postgresql_waits_for_names_both_values() {
    let setting = |value: &str, name: &str| {
        let row = live::PostgresRow { name, value: Some(value), ..live::PostgresRow::default() };
        live::postgres(&[row], &[]).settings.remove(0)
    };
    let one = |file: Option<&str>, name: &str| {
        let one = Awaiting { live: setting("16384", name), file: file.map(|file| setting(file, name)) };
        awaiting(&one, &keyed(), DisplayPolicy::Clear).reason
    };
    assert_eq!(
        one(Some("256MB"), "shared_buffers"),
        "shared_buffers: file says 256MB, server runs 128MB: restart pending"
    );
    assert_eq!(one(None, "shared_buffers"), "shared_buffers: changed in its file, server runs 128MB: restart pending");
    assert_eq!(one(Some("x"), "my.password"), "my.password: file and server differ: restart pending");
}

#[test]
fn no_more_problems_than_a_source_may_have() {
    let names: Vec<String> = (0..300).map(|number| format!("x{number}")).collect();
    let live: Vec<_> = names.iter().map(|name| (name.as_str(), "1", SET)).collect();
    assert_eq!(mysql(&live, "[mysqld]\n", DisplayPolicy::Clear).len(), PROBLEMS_MAX);
}
