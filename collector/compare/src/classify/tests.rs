//! Severities as a sysadmin expects them.

use super::*;
use Severity::{Critical, Info, Warning};

fn severity(key: &str) -> Severity {
    of_key(key).0
}

#[test]
fn keys_that_name_secrets_are_critical_and_about_security() {
    for key in [
        "DB_PASSWORD",
        "PGPASSWORD",
        "dbPassword",
        "SECRET",
        "CLIENT_SECRET",
        "JWT_SECRETS",
        "API_KEY",
        "APIKEY",
        "apiKey",
        "STRIPE_KEY",
        "SSH_KEYS",
        "KEY",
        "KEY_1",
        "KEY2",
        "TLS_KEYFILE",
        "GITHUB_TOKEN",
        "AUTHTOKEN",
        "tokens",
        "spring.datasource.password",
        "TOKEN_TTL",
    ] {
        assert_eq!(of_key(key), (Critical, Class::Security), "{key}");
    }
}

#[test]
fn keys_that_say_where_things_are_are_critical() {
    for key in [
        "DB_HOST",
        "DATABASE_URL",
        "REDIS_URL",
        "REDISHOST",
        "PGHOST",
        "PGPORT",
        "PORT",
        "HTTP_PORT",
        "ALLOWED_HOSTS",
        "HOSTNAME",
        "DATABASE_TIMEOUT",
        "smtp.host",
        "serverPort",
        "HTTPPort",
        "db-host",
        "MYDATABASE",
        "DB_HOST2",
    ] {
        assert_eq!(of_key(key), (Critical, Class::Functional), "{key}");
    }
}

#[test]
fn limits_are_warnings() {
    for key in [
        "DB_TIMEOUT",
        "TIMEOUT_MS",
        "READTIMEOUT",
        "RETRY",
        "RETRIES",
        "MAX_RETRIES",
        "RATE_LIMIT",
        "RATELIMIT",
        "MAX_CONNECTIONS",
        "MAXCONN",
        "maxSize",
        "LIMITS",
        "LOG_MAX_FILES",
    ] {
        assert_eq!(of_key(key), (Warning, Class::Functional), "{key}");
    }
}

#[test]
fn logs_and_the_rest_are_info() {
    for key in
        ["LOG_LEVEL", "LOGLEVEL", "DEBUG", "VERBOSE", "VERBOSE_SQL", "APP_NAME", "FEATURE_X", "", "____", "ümlaut"]
    {
        assert_eq!(severity(key), Info, "{key}");
    }
}

#[test]
fn words_that_only_contain_a_term_are_not_taken_for_it() {
    for key in [
        "KEYBOARD",
        "MONKEY",
        "TURKEY_VAT",
        "KEYCLOAK_REALM",
        "KEYWORDS",
        "SUPPORT",
        "SUPPORT_EMAIL",
        "IMPORT",
        "IMPORT_DIR",
        "EXPORT_PATH",
        "REPORT_NAME",
        "TRANSPORT",
        "PASSPORT_ISSUER",
        "PORTAL_NAME",
        "PORTFOLIO",
        "GHOST_THEME",
        "HOSTEL",
        "BLOG_TITLE",
        "CATALOG",
        "LOGIN_URL",
        "LOGO",
        "CLIMAX",
        "MAXIM",
        "SECRETARY_NAME",
        "UNLIMITED",
        "TOKENIZER",
        "REDISTRIBUTE",
    ] {
        assert_eq!(severity(key), Info, "{key}");
    }
}

#[test]
fn the_first_rule_that_matches_wins() {
    assert_eq!(severity("LOG_TOKEN"), Critical);
    assert_eq!(severity("DEBUG_PORT"), Critical);
    assert_eq!(of_key("REDIS_PASSWORD").1, Class::Security);
    assert_eq!(severity("LOG_RETRY_LIMIT"), Warning);
}

#[test]
fn camel_case_and_separators_make_words() {
    assert_eq!(words("maxHTTPConnections"), ["max", "http", "connections"]);
    assert_eq!(words("A_B-c.d[0]"), ["a", "b", "c", "d", "0"]);
    assert_eq!(words("DB_HOST"), ["db", "host"]);
}

const ENV: SourceKind = SourceKind::EnvFile;

fn facet(display: &str) -> Option<Facet<'_>> {
    Some(Facet { secret: false, display: Some(display) })
}

fn metadata(key: &'static str, before: Option<Facet<'_>>, after: Option<Facet<'_>>, secrets: bool) -> Severity {
    of_change(ENV, &ItemKey::metadata(key), before, after, secrets).0
}

#[test]
fn a_secret_by_value_is_critical_whatever_its_key() {
    let key = ItemKey::from_bytes(b"APP_NAME");
    let secret = Some(Facet { secret: true, display: Some("****") });
    assert_eq!(of_change(ENV, &key, secret, facet("shop"), true), (Critical, Class::Security));
    assert_eq!(of_change(ENV, &key, facet("shop"), secret, true), (Critical, Class::Security));
    assert_eq!(of_change(ENV, &key, facet("shop"), facet("store"), true).0, Info);
}

#[test]
fn w14_world_readable_secrets_are_critical() {
    assert_eq!(metadata(ItemKey::MODE, facet("0600"), facet("0644"), true), Critical);
    assert_eq!(metadata(ItemKey::MODE, None, facet("0644"), true), Critical);
    assert_eq!(metadata(ItemKey::MODE, facet("0600"), facet("0644"), false), Warning);
    assert_eq!(metadata(ItemKey::MODE, facet("0644"), facet("0600"), true), Warning);
    assert_eq!(metadata(ItemKey::MODE, facet("0600"), facet("0640"), true), Warning);
}

#[test]
fn w14_other_metadata_is_a_warning() {
    for key in [ItemKey::OWNER, ItemKey::GROUP, ItemKey::ACL, ItemKey::TARGET] {
        assert_eq!(metadata(key, facet("a"), facet("b"), true), Warning, "{key}");
    }
    assert_eq!(metadata(ItemKey::ACL, None, facet("user:eve:r--"), false), Warning);
    assert_eq!(metadata(ItemKey::OWNER, facet("root"), None, true), Info);
}

#[test]
fn w13_a_file_that_is_gone_or_unreadable_is_a_warning() {
    assert_eq!(metadata(ItemKey::STATE, facet("present"), facet("absent"), true), Warning);
    assert_eq!(metadata(ItemKey::STATE, facet("present"), facet("unreadable"), true), Warning);
}

#[test]
fn the_content_of_a_file_is_a_warning_and_a_setting() {
    let key = ItemKey::metadata(ItemKey::CONTENT);
    assert_eq!(of_change(SourceKind::File, &key, facet("a"), facet("b"), false).0, Warning);
    let secret = Some(Facet { secret: true, display: None });
    assert_eq!(of_change(SourceKind::File, &key, secret, secret, true).0, Critical);
}

#[test]
fn modes_are_read_as_octal() {
    assert!(is_world_readable("0644"));
    assert!(is_world_readable("0o755"));
    assert!(is_world_readable("100644"));
    assert!(!is_world_readable("0640"));
    assert!(!is_world_readable("rw-r--r--"));
    assert!(!is_world_readable(""));
}

#[test]
fn severities_and_classes_read_back_from_their_names() {
    assert!(Severity::ALL.into_iter().all(|one| Severity::from_name(one.as_str()) == Some(one)));
    assert!(Class::ALL.into_iter().all(|one| Class::from_name(one.as_str()) == Some(one)));
    assert_eq!(Severity::from_name("fatal"), None);
}

#[test]
fn rules_that_change_places_are_a_matter_of_who_gets_in() {
    let order = ItemKey::order_of(b"hba");
    let side = Some(Facet { secret: false, display: Some("3 rules") });
    let found = of_change(SourceKind::DatabaseConfig, &order, side, side, false);
    assert_eq!(found, (Severity::Warning, Class::Security));
}

#[test]
fn an_order_follows_from_rules_of_its_own_list_alone() {
    let order = ItemKey::order_of(b"ip filter INPUT");
    let key = |text: &str| ItemKey::from_bytes(text.as_bytes());
    assert!(order_follows(&order, [&key("a"), &key("ip filter INPUT: -p tcp -j ACCEPT")]));
    assert!(!order_follows(&order, [&key("ip filter INPUTS: -j DROP"), &key("ip filter INPUT"), &order]));
    assert!(!order_follows(&key("ip filter INPUT"), [&key("ip filter INPUT: x")]));
}

#[test]
fn a_dumped_rule_decides_who_gets_in() {
    let key = ItemKey::from_bytes(b"ip filter INPUT: -p tcp --dport 22 -j ACCEPT");
    let found = of_change(SourceKind::FirewallDump, &key, None, Some(Facet::default()), false);
    assert_eq!(found, (Severity::Warning, Class::Security));
}

#[test]
fn content_that_could_not_be_read_is_not_taken_for_harmless() {
    let content = ItemKey::metadata(ItemKey::CONTENT);
    let side = Some(Facet::default());
    for (kind, severity) in [
        (SourceKind::DatabaseConfig, Severity::Critical),
        (SourceKind::FirewallDump, Severity::Critical),
        (SourceKind::ConfigFile, Severity::Warning),
    ] {
        assert_eq!(of_change(kind, &content, side, side, false).0, severity);
    }
}
