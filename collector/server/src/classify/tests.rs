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
    assert!(classes.0.lock().unwrap().len() <= KEYS_MAX);
}
