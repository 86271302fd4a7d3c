//! Redis: `CONFIG SET`, users, and an account with just enough rights.

use driftline_canon::{Item, ItemKey};

use crate::rig::{self, shown};
use crate::servers::Server;

const PASSWORD: &str = "correct-horse-battery";

fn table(server: &Server, more: &str) -> String {
    server.table("redis", PASSWORD) + more
}

#[test]
fn config_set_and_users_are_seen_and_held_against_the_file() {
    let lines = format!("maxmemory 50mb\nuser driftline on >{PASSWORD} -@all +config|get +acl|list\n");
    let Some(mut server) = Server::redis(&lines) else { return };
    let file = server.path("redis.conf");
    let config = format!(
        "config = \"conf\"\n[[source]]\nkind = \"database_config\"\nname = \"conf\"\nserver = \"redis\"\npath = \"{}\"\n",
        file.display()
    );
    let agent = rig::start(&table(&server, &config));
    let state = agent.wait("db", "it is read", |state| shown(state, "maxmemory").is_some());
    assert_eq!(shown(&state, "maxmemory").as_deref(), Some("50mb"));
    let passwords = state.observation.get(&ItemKey::from_bytes(b"user driftline passwords")).unwrap();
    assert!(passwords.secret);
    agent.wait("db", "file and server agree", |state| state.problems.is_empty());

    server.tell("CONFIG SET maxmemory 100mb");
    assert!(agent.wait_for_change("maxmemory", "100mb"));
    agent.wait_for_problem("db", "maxmemory: 100mb live, 50mb in ");
    server.tell("CONFIG SET maxmemory 52428800");
    agent.wait("db", "file and server agree again", |state| state.problems.is_empty());
    server.tell("CONFIG SET masterauth very-secret-word");
    let secret = |item: &Item| item.secret;
    agent.wait("db", "a secret", |state| {
        agent.changes("db") == 3 && state.observation.get(&ItemKey::from_bytes(b"masterauth")).is_some_and(secret)
    });
    assert!(!agent.all().contains("very-secret-word"));

    let state = agent.wait("db", "nothing", |_| true);
    assert!(!format!("{:?}", state.problems).contains("very-secret-word"));
    server.kill();
    agent.wait_for_problem("db", "could not be reached");
    let before = agent.changes("db");
    server.start();
    agent.wait("db", "it is back", |state| state.problems.is_empty());
    // What CONFIG SET set is gone: that is a change, and the only one.
    assert_eq!(agent.changes("db"), before + 1);
    assert!(!agent.all().contains(PASSWORD));
}

#[test]
fn rights_that_lack_are_named() {
    let lines = format!("user driftline on >{PASSWORD} -@all +config|get\n");
    let Some(server) = Server::redis(&lines) else { return };
    let agent = rig::start(&table(&server, ""));
    let state = agent.wait_for_problem("db", "ACL SETUSER driftline +acl|list");
    assert!(shown(&state, "maxmemory").is_some(), "the rest is read all the same");
    server.tell("ACL SETUSER driftline -config|get");
    agent.wait_for_problem("db", "+config|get +acl|list");
    assert_eq!(agent.changes("db"), 0, "what can no longer be seen has not changed");
}
