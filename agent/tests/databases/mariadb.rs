//! MariaDB: `SET GLOBAL`, held against the file that says otherwise.

use crate::rig::{self, has_problem, shown};
use crate::servers::Server;

const PASSWORD: &str = "correct-horse-battery";

fn table(server: &Server, more: &str) -> String {
    server.table("mariadb", PASSWORD) + more
}

#[test]
fn set_global_is_seen_and_said_to_be_gone_at_restart() {
    let Some(mut server) = Server::mariadb("max_connections = 151\nslow-query-log\n") else { return };
    server.tell(&format!("CREATE USER driftline@localhost IDENTIFIED BY '{PASSWORD}'"));
    let file = server.path("my.cnf");
    let config = format!(
        "config = \"my\"\n[[source]]\nkind = \"database_config\"\nname = \"my\"\nserver = \"mariadb\"\npath = \"{}\"\n",
        file.display()
    );
    let agent = rig::start(&table(&server, &config));
    let state = agent.wait("db", "it is read", |state| shown(state, "mysqld.max_connections").is_some());
    assert_eq!(shown(&state, "mysqld.max_connections").as_deref(), Some("151"));
    assert!(!has_problem(&state, "max_connections") && !has_problem(&state, "slow_query_log"), "{:?}", state.problems);
    assert_eq!(shown(&state, "mysqld.timestamp"), None);
    assert_eq!(agent.changes("db"), 0);

    server.kill();
    agent.wait_for_problem("db", "could not be reached");
    server.start();
    agent.wait("db", "it is back", |state| !has_problem(state, "could not be reached"));
    assert_eq!(agent.changes("db"), 0, "a restart changes nothing");

    server.tell("SET GLOBAL max_connections = 500");
    assert!(agent.wait_for_change("mysqld.max_connections", "500"));
    let words = format!(
        "max_connections: 500 live, 151 in {} line 2: set at run time, gone at restart",
        file.canonicalize().unwrap().display()
    );
    agent.wait_for_problem("db", &words);
    server.tell("SET GLOBAL long_query_time = 2.5");
    assert!(agent.wait_for_change("mysqld.long_query_time", "2.5"));
    agent.wait_for_problem("db", "long_query_time: 2.5 live, in no file: set at run time, gone at restart");

    // The file follows: the finding goes without a change on the server.
    std::fs::write(&file, "[mysqld]\nmax_connections = 500\nslow-query-log\nlong_query_time = 2.5\n").unwrap();
    agent.wait("db", "file and server agree", |state| !has_problem(state, "live"));

    assert!(!agent.all().contains(PASSWORD));
}

#[test]
fn a_wrong_password_and_a_foreign_login_are_problems() {
    let Some(server) = Server::mariadb("") else { return };
    server.tell("CREATE USER driftline@localhost IDENTIFIED BY 'another'");
    let agent = rig::start(&table(&server, ""));
    agent.wait_for_problem("db", "refuses the login (1045)");
    assert!(!agent.all().contains(PASSWORD));
}
