use driftline_canon::SourceKind;

use super::super::of_change;
use super::*;

fn shown(display: &str) -> Option<Facet<'_>> {
    Some(Facet { secret: false, display: Some(display) })
}

fn severity(key: &str, before: Option<Facet<'_>>, after: Option<Facet<'_>>) -> Severity {
    of_change(SourceKind::DatabaseConfig, &ItemKey::from_bytes(key.as_bytes()), before, after, false).0
}

#[test]
fn trust_in_pg_hba_is_critical_when_it_comes() {
    let rule = "hba: host all all 0.0.0.0/0 trust";
    assert_eq!(severity(rule, None, shown("host")), Severity::Critical);
    assert_eq!(severity(rule, shown("host"), None), Severity::Warning);
    assert_eq!(severity("hba: host all all 10.0.0.0/8 password", None, shown("x")), Severity::Critical);
    assert_eq!(severity("hba: host all all 10.0.0.0/8 scram-sha-256", None, shown("x")), Severity::Warning);
}

#[test]
fn a_rule_that_kept_out_is_missed() {
    assert_eq!(severity("hba: host all all 0.0.0.0/0 reject", shown("x"), None), Severity::Critical);
    assert_eq!(severity("hba: host all all 0.0.0.0/0 reject", None, shown("x")), Severity::Warning);
}

#[test]
fn a_database_called_trust_is_no_method() {
    assert_eq!(severity("hba: host trustees all 10.0.0.0/8 md5", None, shown("x")), Severity::Warning);
}

#[test]
fn fsync_and_ssl_off_are_critical() {
    for key in ["fsync", "ssl", "full_page_writes"] {
        assert_eq!(severity(key, shown("on"), shown("off")), Severity::Critical, "{key}");
        assert_eq!(severity(key, shown("off"), shown("on")), Severity::Warning, "{key}");
    }
    assert_eq!(severity("fsync", shown("off"), None), Severity::Warning, "the server's own is on");
    assert_eq!(severity("ssl", shown("on"), None), Severity::Critical, "the server's own is off");
}

#[test]
fn what_is_not_shown_is_not_taken_for_safe() {
    let hidden = Some(Facet { secret: false, display: None });
    assert_eq!(severity("fsync", hidden, hidden), Severity::Critical);
}

#[test]
fn other_servers_have_doors_too() {
    for (key, open) in [
        ("mysqld.skip_grant_tables", "on"),
        ("mysqld.bind_address", "0.0.0.0"),
        ("protected-mode", "no"),
        ("bind", "0.0.0.0"),
        ("security.authorization", "disabled"),
        ("net.bindIp", "0.0.0.0"),
        ("listen_addresses", "*"),
    ] {
        assert_eq!(severity(key, None, shown(open)), Severity::Critical, "{key}");
    }
    assert_eq!(severity("net.bindIp", shown("0.0.0.0"), shown("127.0.0.1")), Severity::Warning);
}

#[test]
fn other_settings_are_what_their_names_say() {
    assert_eq!(severity("max_connections", shown("1"), shown("2")), Severity::Warning);
    assert_eq!(severity("log_checkpoints", shown("on"), shown("off")), Severity::Info);
    let key = ItemKey::from_bytes(b"fsync");
    assert_eq!(of_change(SourceKind::EnvFile, &key, shown("on"), shown("off"), false).0, Severity::Info);
}

#[test]
fn a_guard_has_one_row() {
    for (at, guard) in GUARDS.iter().enumerate() {
        assert!(GUARDS[at + 1..].iter().all(|other| other.name != guard.name), "{}", guard.name);
        assert!(guard.safe.iter().all(|value| *value == value.to_ascii_lowercase()), "{}", guard.name);
    }
}
