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

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn name() -> impl Strategy<Value = Option<String>> {
        prop::option::of("[a-z][a-z0-9-]{0,8}[a-z0-9]")
    }

    proptest! {
        #[test]
        fn any_selector_reads_back_as_itself_in_any_order(env in name(), role in name(), host in name(), turn in 0..3_usize) {
            let pairs = [("env", &env), ("role", &role), ("host", &host)];
            let mut parts: Vec<String> =
                pairs.iter().filter_map(|(key, value)| value.as_ref().map(|value| format!("{key}={value}"))).collect();
            prop_assume!(!parts.is_empty());
            let count = parts.len();
            parts.rotate_left(turn % count);
            let selector = parse(&parts.join(" , "));
            prop_assert_eq!(selector.environment.as_ref().map(ToString::to_string), env);
            prop_assert_eq!(selector.role.as_ref().map(ToString::to_string), role);
            prop_assert_eq!(selector.host.as_ref().map(ToString::to_string), host);
            prop_assert_eq!(&parse(&selector.to_string()), &selector);
        }

        #[test]
        fn more_words_never_mean_more_hosts(
            env in name(), role in name(), host in name(), is in ("[ab]", "[ab]", "[ab]"),
        ) {
            let whole = Selector {
                environment: env.map(|_| "a".parse().unwrap()),
                role: role.map(|_| "a".parse().unwrap()),
                host: host.map(|_| "a".parse().unwrap()),
            };
            let (environment, role, host) = (is.0.parse().unwrap(), is.1.parse().unwrap(), is.2.parse().unwrap());
            let wider = [
                Selector { environment: None, ..whole.clone() },
                Selector { role: None, ..whole.clone() },
                Selector { host: None, ..whole.clone() },
            ];
            let meant = whole.matches(&environment, &role, &host);
            prop_assert!(!meant || wider.iter().all(|one| one.matches(&environment, &role, &host)));
            let said = [(&whole.environment.is_some(), &is.0), (&whole.role.is_some(), &is.1), (&whole.host.is_some(), &is.2)];
            prop_assert_eq!(meant, said.iter().all(|(asked, is)| !**asked || is.as_str() == "a"));
        }

        #[test]
        fn nothing_that_is_typed_panics_and_what_is_taken_narrows_something(text in any::<String>()) {
            if let Ok(selector) = text.parse::<Selector>() {
                let narrows = [selector.environment.is_some(), selector.role.is_some(), selector.host.is_some()];
                prop_assert!(narrows.contains(&true), "{text:?} means every host");
            }
        }
    }
}
