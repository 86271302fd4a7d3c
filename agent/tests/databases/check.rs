//! `driftline-agent check --connect` against real servers, as it is typed.

use std::process::{Command, Output};

use crate::servers::Server;

const PASSWORD: &str = "correct-horse-battery";

fn check(tables: &str, more: &[&str]) -> (Output, String) {
    let state = tempfile::tempdir().unwrap();
    let config = state.path().join("agent.toml");
    std::fs::write(&config, format!("state_dir = \"{}\"\n{tables}", state.path().display())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline-agent"));
    let output = command.arg("check").args(more).arg("--config").arg(&config).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output, told)
}

#[test]
fn connections_are_tried_and_lacking_rights_are_named() {
    let lines = format!("user driftline on >{PASSWORD} -@all +config|get\n");
    let Some(mut server) = Server::redis(&lines) else { return };
    let table = server.table("redis", PASSWORD);
    let (output, told) = check(&table, &[]);
    assert!(output.status.success() && !told.contains("connected"), "only if it is asked to: {told}");

    let (output, told) = check(&table, &["--connect"]);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains(": connected, ") && told.contains("ACL SETUSER driftline +acl|list"), "{told}");
    server.tell("ACL SETUSER driftline +acl|list");
    let (output, told) = check(&table, &["--connect"]);
    assert!(output.status.success() && !told.contains("ACL SETUSER"), "{told}");

    let wrong = server.table("redis", "not-the-right-one");
    let (output, told) = check(&wrong, &["--connect"]);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("refuses the login (WRONGPASS)") && !told.contains("not-the-right-one"), "{told}");
    server.kill();
    let (output, told) = check(&table, &["--connect"]);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("could not be reached"), "{told}");
}

#[test]
fn postgresqls_grants_are_named_one_by_one() {
    let Some(server) = Server::postgres() else { return };
    server.tell(&format!("CREATE ROLE driftline LOGIN PASSWORD '{PASSWORD}'"));
    let directory = server.path("").display().to_string();
    let table = format!(
        "[[source]]\nkind = \"database_settings\"\nname = \"db\"\nserver = \"postgresql\"\nconnect = \"unix:{}\"\n\
         password_file = \"{}\"\n",
        directory.trim_end_matches('/'),
        server.password("pass", PASSWORD)
    );
    let (output, told) = check(&table, &["--connect"]);
    assert_eq!(output.status.code(), Some(3), "{told}");
    for grant in ["GRANT pg_read_all_settings", "GRANT SELECT ON pg_file_settings", "FUNCTION pg_hba_file_rules()"] {
        assert!(told.contains(grant), "{grant}: {told}");
    }
    server.tell(
        "GRANT pg_read_all_settings TO driftline; GRANT SELECT ON pg_file_settings, pg_hba_file_rules TO driftline; \
         GRANT EXECUTE ON FUNCTION pg_show_all_file_settings(), pg_hba_file_rules() TO driftline",
    );
    let (output, told) = check(&table, &["--connect"]);
    assert!(output.status.success() && !told.contains("GRANT"), "{told}");
    assert!(!told.contains(PASSWORD));
}

#[test]
fn a_configuration_without_servers_says_so() {
    let (output, told) = check("", &["--connect"]);
    assert!(output.status.success() && told.contains("nothing to connect to"), "{told}");
}
