use super::*;

/// Which of the four uses may set rules where audit is so.
fn who(enabled: u32, daemon: u32) -> Vec<AuditUse> {
    let all = [AuditUse::Auto, AuditUse::On, AuditUse::Listen, AuditUse::Off];
    all.into_iter().filter(|usage| may_set(*usage, AuditStatus { enabled, daemon })).collect()
}

#[test]
fn rules_are_set_only_where_audit_is_on_and_not_locked() {
    assert_eq!(who(1, 0), [AuditUse::Auto, AuditUse::On]);
    assert_eq!(who(1, 77), [AuditUse::On], "beside auditd only if it was said so");
    assert_eq!(who(0, 0), []);
    assert_eq!(who(LOCKED, 0), [], "a locked configuration is never touched");
    assert_eq!(who(LOCKED, 77), []);
}
