use super::*;

fn key(reason: &str) -> Option<String> {
    key_of(&Problem::whole(ProblemKind::Pending, reason.to_owned())).map(|key| key.to_string())
}

#[test]
fn the_key_that_waits_for_a_restart_is_what_the_agent_says_first() {
    let found = key("DB_TIMEOUT is 30s in the file, 5s in the process, started 2026-11-19 08:12 UTC: restart pending");
    assert_eq!(found.as_deref(), Some("DB_TIMEOUT"));
    let found = key("DB_PASSWORD differs between the file and the process, started 2026-11-19: restart pending");
    assert_eq!(found.as_deref(), Some("DB_PASSWORD"));
    let found = key("max_connections: 151 live, 500 in /etc/my.cnf line 2: restart pending");
    assert_eq!(found.as_deref(), Some("max_connections"));
    assert_eq!(key("7 more keys differ: restart pending"), None);
    assert_eq!(key(""), None);
}
