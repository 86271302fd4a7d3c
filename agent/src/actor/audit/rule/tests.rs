use super::*;
use crate::config::Config;

#[test]
fn a_rule_is_what_the_kernel_takes() {
    let bytes = Rule::File("/etc/app.env".into()).encode("driftline").unwrap();
    let word = |at: usize| u32::from_ne_bytes(bytes[4 * at..4 * at + 4].try_into().unwrap());
    // `struct audit_rule_data`: 3 words, 64 of mask, 3 times 64, 1 of length.
    assert_eq!(bytes.len(), 4 * (3 + 64 + 3 * 64 + 1) + 12 + 9);
    assert_eq!((word(0), word(1), word(2)), (FILTER_EXIT, ALWAYS, 3));
    assert_eq!((word(3), word(66)), (u32::MAX, u32::MAX));
    assert_eq!((word(67), word(131)), (FIELD_WATCH, 12));
    assert_eq!((word(68), word(132)), (FIELD_PERMISSION, 10));
    assert_eq!((word(69), word(133), word(195)), (FIELD_KEY, 9, EQUAL));
    assert_eq!(word(259), 21);
    assert!(bytes.ends_with(b"/etc/app.envdriftline"));
    assert_eq!(Rule::Tree("/".repeat(5000).into()).encode("k"), None);
}

#[test]
fn a_listed_rule_is_ours_by_path_and_key() {
    let rule = Rule::Tree("/etc/app".into());
    let listed = rule.encode("driftline").unwrap();
    assert!(rule.is(&listed, "driftline"));
    assert!(!rule.is(&listed, "drift") && !Rule::Tree("/etc/ap".into()).is(&listed, "driftline"));
    assert!(!rule.is(b"short", "driftline"));
}

fn of(text: &str) -> (Vec<Rule>, bool) {
    let config = Config::parse(Path::new("agent.toml"), text).unwrap();
    wanted(&config.sources, Path::to_owned)
}

#[test]
fn files_have_rules_of_their_own_and_globs_their_directory() {
    let source =
        |name: &str, path: &str| format!("[[source]]\nkind = \"file\"\nname = \"{name}\"\npath = \"{path}\"\n");
    let text = source("a", "/etc/a") + &source("b", "/srv/*/b") + &source("c", "/srv/x/c") + &source("d", "/*/d");
    let (rules, more) = of(&text);
    assert_eq!(rules, [Rule::File("/etc/a".into()), Rule::Tree("/srv".into())], "never the root of all");
    assert!(!more);
}

#[test]
fn many_files_are_watched_by_directory_and_too_many_not_all() {
    let source =
        |n: usize, dir: usize| format!("[[source]]\nkind = \"file\"\nname = \"s{n}\"\npath = \"/etc/d{dir}/{n}\"\n");
    let (rules, more) = of(&(0..100).map(|n| source(n, n % 3)).collect::<String>());
    assert_eq!((rules.len(), more), (3, false));
    let (rules, more) = of(&(0..200).map(|n| source(n, n)).collect::<String>());
    assert_eq!((rules.len(), more), (RULES_MAX, true));
}

#[test]
fn a_rule_that_keeps_records_of_packet_filters_is_known() {
    let excluding = |list: u32, kind: u32, how: u32| {
        let mut bytes = Rule::File("/etc/a".into()).encode("k").unwrap();
        let mut put = |at: usize, word: u32| bytes[4 * at..4 * at + 4].copy_from_slice(&word.to_ne_bytes());
        put(0, list);
        put(AT_COUNT, 1);
        put(AT_FIELDS, FIELD_TYPE);
        put(AT_VALUES, kind);
        put(AT_VALUES + FIELDS_MAX, how);
        hides_filters(&bytes)
    };
    assert!(excluding(FILTER_EXCLUDE, NETFILTER, EQUAL));
    assert!(excluding(FILTER_EXCLUDE | FILTER_PREPEND, NETFILTER, EQUAL));
    assert!(!excluding(FILTER_EXCLUDE, 1307, EQUAL), "of directories only");
    assert!(excluding(FILTER_EXCLUDE, 1307, 0x3000_0000), "of all but directories");
    assert!(!excluding(FILTER_EXIT, NETFILTER, EQUAL));
    assert!(!hides_filters(b""));
}
