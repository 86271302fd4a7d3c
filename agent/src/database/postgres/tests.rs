//! The statements, and where the socket is.

use super::*;

#[test]
fn statements_read_and_nothing_else() {
    for sql in [CHANGED, SETTINGS, ROLES, FILES, HBA, RIGHTS] {
        let code: String = sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
        assert!(code.starts_with("SELECT "), "{code}");
        for word in ["INSERT", "UPDATE", "DELETE", "ALTER ", "CREATE", "DROP", "COPY", "CALL", "DO "] {
            assert!(!code.to_ascii_uppercase().contains(word), "{word}: {code}");
        }
    }
}

#[test]
fn every_right_that_lacks_is_named_with_its_grant() {
    let rights = Rights { user: "mon\"itor".to_owned(), settings: false, files: false, hba: false };
    let reasons: Vec<String> = lacks(&rights).into_iter().map(|problem| problem.reason).collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons.iter().all(|reason| reason.contains("GRANT ") && reason.contains("TO \"mon\"\"itor\"")));
    let rights = Rights { user: "postgres".to_owned(), settings: true, files: true, hba: true };
    assert!(lacks(&rights).is_empty());
}
