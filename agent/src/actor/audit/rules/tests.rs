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

fn rule(path: &str) -> Rule {
    Rule::File(path.into())
}

#[test]
fn a_kernel_that_does_not_answer_is_nobody_who_took_rules_out() {
    let set = [rule("/etc/a"), rule("/etc/b")];
    let listed: Vec<Vec<u8>> = set.iter().map(|rule| rule.encode(KEY).unwrap()).collect();
    assert!(!are_gone(&set, Some(&listed)));
    assert!(are_gone(&set, Some(&listed[..1])));
    assert!(!are_gone(&set, None));
    assert!(!are_gone(&[], Some(&[])));
}

#[test]
fn what_is_written_down_says_whether_audit_was_switched_on() {
    let note = Note { rules: vec![rule("/etc/a")], enabled: true };
    let read = Note::read(&serde_json::to_vec(&note).unwrap());
    assert_eq!((read.rules, read.enabled), (vec![rule("/etc/a")], true));
    let before = Note::read(&serde_json::to_vec(&[rule("/etc/a")]).unwrap());
    assert_eq!((before.rules, before.enabled), (vec![rule("/etc/a")], false));
    assert!(Note::read(b"").rules.is_empty() && !Note::read(b"{").enabled);
}
