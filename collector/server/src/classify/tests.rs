use super::*;

#[test]
fn what_is_remembered_of_a_key_is_what_the_rules_say() {
    let classes = KeyClasses::default();
    for key in ["DB_PASSWORD", "LOG_LEVEL", "READ_TIMEOUT", "COLOUR"] {
        assert_eq!(classes.of_key(key), classify::of_key(key));
        assert_eq!(classes.of_key(key), classify::of_key(key), "the second time");
    }
}

#[test]
fn a_flood_of_keys_does_not_make_the_memory_grow() {
    let classes = KeyClasses::default();
    for number in 0..KEYS_MAX + 10 {
        assert_eq!(classes.of_key(&format!("K{number}")), classify::of_key("K"));
    }
    assert!(classes.built_in.lock().unwrap().len() <= KEYS_MAX);
}

const POLICY: &str = "[[severity]]\nkey = 'LOG_*'\nenvironment = 'production'\nseverity = 'critical'\n\
                      [[severity]]\nkey = 'DB_*'\nseverity = 'info'\nclass = 'cost'\n";

fn following(text: &str) -> KeyClasses {
    let classes = KeyClasses::default();
    classes.follow(Arc::new(Policy::parse(text).unwrap()));
    classes
}

#[test]
fn the_policy_counts_before_the_built_in_rules_and_a_new_one_is_followed() {
    let classes = following(POLICY);
    let (production, staging) = ("production".parse().unwrap(), "staging".parse().unwrap());
    let source = "app".parse().unwrap();
    let said = |classes: &KeyClasses, environment: &Environment, key: &str| {
        let said = classes.by_policy(environment, &source, SourceKind::EnvFile, key);
        assert_eq!(said, classes.by_policy(environment, &source, SourceKind::EnvFile, key), "the second time");
        under(said, classes.of_key(key))
    };
    assert_eq!(said(&classes, &production, "LOG_LEVEL"), (Severity::Critical, Class::Functional));
    assert_eq!(said(&classes, &staging, "LOG_LEVEL"), classify::of_key("LOG_LEVEL"));
    assert_eq!(said(&classes, &staging, "DB_PASSWORD"), (Severity::Info, Class::Cost));
    classes.follow(Arc::new(Policy::default()));
    assert_eq!(said(&classes, &production, "LOG_LEVEL"), classify::of_key("LOG_LEVEL"));
    assert_eq!(said(&classes, &staging, "DB_PASSWORD"), classify::of_key("DB_PASSWORD"));
}

#[test]
fn what_the_policy_said_is_remembered_within_bounds() {
    let classes = following(POLICY);
    let (environment, source) = ("staging".parse().unwrap(), "app".parse().unwrap());
    for number in 0..=KEYS_MAX {
        let said = classes.by_policy(&environment, &source, SourceKind::EnvFile, &format!("DB_{number}"));
        assert_eq!(said, Some((Severity::Info, Some(Class::Cost))));
    }
    assert!(classes.policy.lock().unwrap().known.len() <= KEYS_MAX);
}
