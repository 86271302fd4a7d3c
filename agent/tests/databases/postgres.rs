//! PostgreSQL: changes that no file shows, least privilege, and a server that
//! goes and comes back.

use crate::rig::{self, has_problem, shown};
use crate::servers::Server;

const PASSWORD: &str = "correct-horse-battery";

fn table(server: &Server, password_file: &str) -> String {
    format!(
        "[[source]]\nkind = \"database_settings\"\nname = \"db\"\nserver = \"postgresql\"\nconnect = \"unix:{}\"\n\
         user = \"driftline\"\ndatabase = \"postgres\"\npassword_file = \"{password_file}\"\n",
        server.path("").display().to_string().trim_end_matches('/')
    )
}

fn server() -> Option<Server> {
    let server = Server::postgres()?;
    server.tell(&format!("CREATE ROLE driftline LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE app"));
    Some(server)
}

#[test]
fn what_statements_change_is_seen_with_its_key_and_value() {
    let Some(mut server) = server() else { return };
    let agent = rig::start(&table(&server, &server.password("pass", PASSWORD)));

    // Without any grant: most is seen, and what would show the rest is named.
    let state = agent.wait_for_problem("db", "GRANT pg_read_all_settings TO \"driftline\"");
    assert!(has_problem(&state, "GRANT SELECT ON pg_file_settings"), "{:?}", state.problems);
    assert!(has_problem(&state, "GRANT EXECUTE ON FUNCTION pg_hba_file_rules()"), "{:?}", state.problems);
    assert_eq!(shown(&state, "shared_buffers").as_deref(), Some("128MB"));
    assert_eq!(shown(&state, "block_size"), None);
    assert_eq!(agent.changes("db"), 0, "the first sight of a server is no change");

    server.tell(
        "GRANT pg_read_all_settings TO driftline; GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO driftline; \
         GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO driftline",
    );
    agent.wait("db", "all is granted", |state| state.problems.is_empty());

    server.tell("ALTER SYSTEM SET work_mem = '8192kB'; SELECT pg_reload_conf()");
    assert!(agent.wait_for_change("work_mem", "8MB"));
    server.tell("ALTER ROLE app SET statement_timeout = '5s'");
    assert!(!agent.wait_for_change("role app: statement_timeout", "5s"));
    server
        .tell("ALTER DATABASE postgres SET random_page_cost = 1.1; ALTER ROLE app IN DATABASE postgres SET jit = off");
    assert!(!agent.wait_for_change("database postgres: random_page_cost", "1.1"));
    assert!(!agent.wait_for_change("role app in postgres: jit", "off"));

    let before = agent.changes("db");
    server.kill();
    let down = agent.wait_for_problem("db", "the server could not be reached");
    assert_eq!(shown(&down, "work_mem").as_deref(), Some("8MB"), "the last known settings stay");
    server.start();
    // A new session of the agent's role begins with what its database sets.
    agent.wait_for_problem("db", "`random_page_cost` is set for the agent's own role or database");
    assert_eq!(agent.changes("db"), before, "a restart changes nothing, and what is hidden now has not changed");

    server.tell("ALTER SYSTEM SET shared_buffers = '256MB'; SELECT pg_reload_conf()");
    agent.wait_for_problem("db", "shared_buffers: file says 256MB, server runs 128MB: restart pending");
    assert_eq!(agent.changes("db"), before, "it runs as before");
    assert!(!agent.all().contains(PASSWORD));
}

#[test]
fn a_wrong_password_is_a_problem_without_the_password() {
    let Some(server) = server() else { return };
    let agent = rig::start(&table(&server, &server.password("pass", "not-the-right-one")));
    agent.wait_for_problem("db", "refuses the login (28P01)");
    assert!(!agent.all().contains("not-the-right-one"));
    // A rotated password needs no restart of the agent.
    server.password("pass", PASSWORD);
    agent.wait("db", "it is let in", |state| shown(state, "work_mem").is_some());
    assert_eq!(agent.changes("db"), 0, "the first sight of a server is no change, however late");
}
