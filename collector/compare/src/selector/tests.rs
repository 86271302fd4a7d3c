//! Selectors mean what they say, or are refused.

use super::*;

fn parse(text: &str) -> Selector {
    text.parse().unwrap()
}

fn refused(text: &str) -> String {
    text.parse::<Selector>().unwrap_err().to_string()
}

fn meant(selector: &str, environment: &str, role: &str, host: &str) -> bool {
    parse(selector).matches(&environment.parse().unwrap(), &role.parse().unwrap(), &host.parse().unwrap())
}

#[test]
fn a_bare_word_is_an_environment() {
    assert_eq!(parse(" production "), Selector::environment("production".parse().unwrap()));
    assert!(meant("production", "production", "web", "web-1"));
    assert!(!meant("production", "staging", "web", "web-1"));
}

#[test]
fn pairs_narrow_down() {
    assert!(meant("env=production,role=web", "production", "web", "web-1"));
    assert!(!meant("env=production,role=web", "production", "db", "db-1"));
    assert!(meant("host=web-1", "anything", "any", "web-1"));
    assert!(!meant("env=production, role=web ,host=web-1", "production", "web", "web-2"));
    assert_eq!(parse("environment=dev"), parse("dev"));
}

#[test]
fn a_printed_selector_reads_back_as_itself() {
    for text in ["production", "env=production,role=web", "host=web-1", "role=db", "env=a,role=b,host=c"] {
        assert_eq!(parse(text).to_string(), text);
        assert_eq!(parse(&parse(text).to_string()), parse(text));
    }
}

#[test]
fn an_unknown_key_is_refused_not_ignored() {
    assert_eq!(refused("region=eu"), "unknown selector key `region`: this version knows `env`, `role` and `host`");
    assert_eq!(refused("env=production,Role=web"), SelectorError::UnknownKey { key: "Role".into() }.to_string());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    assert!(refused("  ").starts_with("a selector cannot be empty"));
    assert_eq!(refused("env=a,env=b"), "`env` is given twice in one selector");
    assert_eq!(
        refused("production,role=web"),
        "`production` is not `key=value`: an environment's bare name stands alone"
    );
    assert_eq!(refused("env=a,"), "`` is not `key=value`: an environment's bare name stands alone");
    assert_eq!(refused("env="), "selector `env`: an environment name cannot be empty");
    assert!(refused("host=a b").contains("' '"));
    assert!(refused(&"x".repeat(SELECTOR_BYTES_MAX + 1)).contains("2048 bytes"));
}
