//! What a source includes: followed, watched, and named.

use std::fs;
use std::os::unix::fs::symlink;

use driftline_canon::ProblemKind;

use crate::rig::{Rig, deltas};

/// With a PostgreSQL cluster's file `pg`, and a directory for more.
fn rig(main: &str) -> Rig {
    let rig = Rig::new().source("database_config\"\nserver = \"postgresql", "pg", "postgresql.conf");
    rig.write("postgresql.conf", main);
    fs::create_dir(rig.path("conf.d")).unwrap();
    rig
}

const DIRECTORY: &str = "port = 5432\ninclude_dir = 'conf.d'\n";

#[test]
fn j7_the_file_that_wins_is_named() {
    let rig = rig("port = 5432\ninclude = 'conf.d/x.conf'\n");
    rig.write("conf.d/x.conf", "# one\nport = 5433\n");
    let agent = rig.start();
    assert_eq!(agent.value("pg", "port").as_deref(), Some("5433"));
    assert_eq!(agent.stands("pg", "port"), Some((Some(rig.path("conf.d/x.conf").display().to_string()), Some(2))));
}

#[test]
fn j7_auto_conf_in_the_data_directory_wins() {
    let rig = rig("port = 5432\ndata_directory = 'data'\n");
    fs::create_dir(rig.path("data")).unwrap();
    let main = format!("port = 5432\ndata_directory = '{}'\n", rig.path("data").display());
    rig.write("postgresql.conf", &main);
    let agent = rig.start();
    assert_eq!(agent.value("pg", "port").as_deref(), Some("5432"));
    // ALTER SYSTEM writes a new file beside it and renames.
    rig.replace("data/postgresql.auto.conf", "port = '5440'\n");
    agent.until_value("pg", "port", Some("5440"));
    assert_eq!(deltas(&agent.records(), "pg"), [["port=5440"]]);
}

#[test]
fn j7_a_missing_file_that_may_be_missing_is_found_when_it_appears() {
    let rig = rig("port = 5432\ninclude_if_exists = 'conf.d/later.conf'\n");
    let agent = rig.start();
    agent.until_no_problem("pg");
    rig.replace("conf.d/later.conf", "port = 5433\n");
    agent.until_value("pg", "port", Some("5433"));
    fs::remove_file(rig.path("conf.d/later.conf")).unwrap();
    agent.until_value("pg", "port", Some("5432"));
    assert_eq!(deltas(&agent.records(), "pg"), [["port=5433"], ["port=5432"]]);
}

#[test]
fn w3_an_included_file_is_renamed_over_and_written_in_place() {
    let rig = rig(DIRECTORY);
    rig.write("conf.d/x.conf", "port = 1\n");
    let agent = rig.start();
    assert_eq!(agent.value("pg", "port").as_deref(), Some("1"));
    agent.settle();
    for round in 2..5 {
        rig.replace("conf.d/x.conf", &format!("port = {round}\n"));
        agent.until_value("pg", "port", Some(&round.to_string()));
    }
    rig.write("conf.d/x.conf", "port = 5\n");
    agent.until_value("pg", "port", Some("5"));
    assert_eq!(deltas(&agent.records(), "pg"), [["port=2"], ["port=3"], ["port=4"], ["port=5"]]);
}

#[test]
fn w6_a_file_that_appears_in_an_included_directory_is_read() {
    let rig = rig(DIRECTORY);
    let agent = rig.start();
    rig.write("conf.d/a.conf", "port = 1\n");
    agent.until_value("pg", "port", Some("1"));
    rig.replace("conf.d/b.conf", "port = 2\n");
    agent.until_value("pg", "port", Some("2"));
    fs::rename(rig.path("conf.d/b.conf"), rig.path("conf.d/b.off")).unwrap();
    agent.until_value("pg", "port", Some("1"));
}

#[test]
fn w6_an_included_directory_that_does_not_exist_yet_is_found() {
    let rig = rig("port = 5432\ninclude_dir = 'more/conf.d'\n");
    let agent = rig.start();
    agent.until_problem("pg", ProblemKind::Missing);
    fs::create_dir_all(rig.path("more/conf.d")).unwrap();
    rig.write("more/conf.d/x.conf", "port = 7\n");
    agent.until_value("pg", "port", Some("7"));
    agent.until_no_problem("pg");
    // Swapped as a whole: what was watched is another directory now.
    fs::rename(rig.path("more"), rig.path("old")).unwrap();
    agent.until_value("pg", "port", Some("5432"));
    fs::rename(rig.path("old"), rig.path("more")).unwrap();
    agent.until_value("pg", "port", Some("7"));
    rig.replace("more/conf.d/x.conf", "port = 8\n");
    agent.until_value("pg", "port", Some("8"));
}

#[test]
fn w13_an_included_file_deleted_and_back_is_each_a_change() {
    let rig = rig("port = 5432\ninclude = 'conf.d/x.conf'\n");
    rig.write("conf.d/x.conf", "port = 1\n");
    let agent = rig.start();
    agent.settle();
    fs::remove_file(rig.path("conf.d/x.conf")).unwrap();
    agent.until_value("pg", "port", Some("5432"));
    agent.until_problem("pg", ProblemKind::Missing);
    rig.replace("conf.d/x.conf", "port = 1\n");
    agent.until_value("pg", "port", Some("1"));
    agent.until_no_problem("pg");
}

#[test]
fn w5_an_included_link_is_followed_and_its_target_watched() {
    let rig = rig(DIRECTORY);
    fs::create_dir(rig.path("available")).unwrap();
    rig.write("available/x", "port = 1\n");
    rig.write("available/y", "port = 9\n");
    symlink("../available/x", rig.path("conf.d/x.conf")).unwrap();
    let agent = rig.start();
    agent.until_value("pg", "port", Some("1"));
    agent.settle();
    rig.replace("available/x", "port = 2\n");
    agent.until_value("pg", "port", Some("2"));
    symlink("../available/y", rig.path("conf.d/new")).unwrap();
    fs::rename(rig.path("conf.d/new"), rig.path("conf.d/x.conf")).unwrap();
    agent.until_value("pg", "port", Some("9"));
}

#[test]
fn w4_an_included_file_behind_a_chain_of_links_is_watched_where_it_leads_now() {
    let rig = rig("port = 5432\ninclude = 'conf.d/x.conf'\n");
    for release in ["1", "2"] {
        fs::create_dir_all(rig.path(&format!("app/releases/{release}"))).unwrap();
        rig.write(&format!("app/releases/{release}/x.conf"), &format!("port = {release}\n"));
    }
    symlink("releases/1", rig.path("app/current")).unwrap();
    symlink(rig.path("app/current/x.conf"), rig.path("conf.d/x.conf")).unwrap();
    let agent = rig.start();
    agent.until_value("pg", "port", Some("1"));
    agent.settle();
    symlink("releases/2", rig.path("app/next")).unwrap();
    fs::rename(rig.path("app/next"), rig.path("app/current")).unwrap();
    agent.until_value("pg", "port", Some("2"));
    agent.settle();
    // Its new place is watched, not the old one.
    rig.replace("app/releases/2/x.conf", "port = 3\n");
    agent.until_value("pg", "port", Some("3"));
}

#[test]
fn w7_a_change_of_an_included_file_while_nobody_watched_is_found() {
    let rig = rig(DIRECTORY);
    rig.write("conf.d/x.conf", "port = 1\n");
    rig.start().stop();
    rig.replace("conf.d/x.conf", "port = 2\n");
    let agent = rig.start();
    agent.until_value("pg", "port", Some("2"));
    let records = agent.records();
    assert_eq!(deltas(&records, "pg"), [["port=2"]]);
    assert!(records.last().unwrap().unobserved_since_ms.is_some());
}

#[test]
fn a_file_that_is_no_longer_included_is_no_longer_read() {
    let rig = rig(DIRECTORY);
    rig.write("conf.d/x.conf", "port = 1\n");
    let agent = rig.start();
    agent.until_value("pg", "port", Some("1"));
    rig.replace("postgresql.conf", "port = 5432\n");
    agent.until_value("pg", "port", Some("5432"));
    rig.replace("conf.d/x.conf", "port = 2\n");
    agent.settle();
    assert_eq!(deltas(&agent.records(), "pg"), [["port=5432"]]);
}

#[test]
fn an_include_that_leaves_the_directory_is_a_problem_and_the_rest_is_read() {
    let rig = rig("port = 5432\ninclude_if_exists = '../outside.conf'\n");
    let agent = rig.start();
    agent.until_problem("pg", ProblemKind::OutOfBounds);
    assert_eq!(agent.value("pg", "port").as_deref(), Some("5432"));
}

#[test]
fn a_file_that_includes_itself_ends_as_a_problem() {
    let rig = rig("port = 5432\ninclude = 'postgresql.conf'\n");
    let agent = rig.start();
    agent.until_problem("pg", ProblemKind::Limit);
    assert_eq!(agent.value("pg", "port").as_deref(), Some("5432"));
}

#[test]
fn options_of_mysql_are_read_from_its_directories() {
    let rig = Rig::new().source("database_config\"\nserver = \"mariadb", "db", "my.cnf");
    fs::create_dir(rig.path("conf.d")).unwrap();
    let directory = rig.path("conf.d").display().to_string();
    rig.write("my.cnf", &format!("[mysqld]\nport = 3306\n!includedir {directory}\n"));
    let agent = rig.start();
    let shown = |text: &str| deltas(&agent.records(), "db").iter().flatten().any(|one| one.ends_with(text));
    rig.replace("conf.d/x.cnf", "[mysqld]\nport = 3307\n");
    agent.until("the change in the directory", |_| shown("=3307"));
}
