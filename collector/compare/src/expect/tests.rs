use driftline_canon::SourceKind;
use proptest::prelude::*;

use super::*;
use crate::acceptance::{Acceptance, Covers};
use crate::compare::{Fact, Place as At};

/// An item: key, digest, whether it is a secret.
type Item<'a> = (&'a str, u8, bool);

fn side(name: &str, hosts: &[&[Item<'_>]]) -> Side {
    let mut side = Side::new(name);
    for (number, items) in hosts.iter().enumerate() {
        let host = format!("{name}-{number}").parse().unwrap();
        let (role, source) = ("web".parse().unwrap(), "app".parse().unwrap());
        let at = side.source(At { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
        for (key, digest, secret) in *items {
            let key = ItemKey::from_bytes(key.as_bytes());
            side.item(at, Fact { key: &key, digest: &[*digest; 32], secret: *secret, display: Some("x") });
        }
    }
    side
}

fn expectation(key: &str, must: Must) -> Expectation {
    Expectation { key: key.parse().unwrap(), source: "*".parse().unwrap(), must, reason: Some("meant".to_owned()) }
}

fn environments(names: &[&str]) -> Vec<Environment> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

#[derive(Default)]
struct Case<'a> {
    left: &'a [Item<'a>],
    right: &'a [Item<'a>],
    expectations: Vec<Expectation>,
    severities: Vec<SeverityRule>,
    acceptances: Vec<Acceptance>,
}

impl Case<'_> {
    fn run(&self) -> Comparison {
        let names = environments(&["staging", "production"]);
        let active = Active::all(&self.acceptances);
        let given = Given {
            expectations: &self.expectations,
            severities: &self.severities,
            environments: &names,
            acceptances: &active,
            left: Some(&names[0]),
            right: Some(&names[1]),
            now_ms: 100,
        };
        compare(&side("staging", &[self.left]), &side("production", &[self.right]), Listing::Differences, &given)
    }
}

fn across<'a>(left: &'a [Item<'a>], right: &'a [Item<'a>], expectations: Vec<Expectation>) -> Comparison {
    Case { left, right, expectations, ..Case::default() }.run()
}

fn only(comparison: &Comparison) -> &Difference {
    assert_eq!(comparison.differences.len(), 1, "{:?}", comparison.differences);
    &comparison.differences[0]
}

#[test]
fn what_may_be_anything_leaves_the_percentage_and_is_listed_apart() {
    let (left, right) = ([("HOSTNAME", 1, false), ("B", 1, false)], [("HOSTNAME", 2, false), ("B", 1, false)]);
    let found = across(&left, &right, vec![expectation("HOST*", Must::Any)]);
    assert_eq!((found.differing, found.expected, found.percent().as_str()), (0, 1, "0.0"));
    assert!(matches!(&only(&found).meant, Some(Meant::Expected { expected: "any", reason }) if reason == "meant"));
    let found = across(&left, &right, vec![expectation("HOST*", Must::Equal), expectation("*", Must::Any)]);
    assert_eq!((found.differing, found.expected), (1, 0), "the first that fits counts");
}

#[test]
fn a_database_password_that_is_the_same_in_two_environments_is_critical() {
    let same = [("DB_PASSWORD", 7, true), ("B", 1, false)];
    for expectations in [vec![expectation("*PASSWORD", Must::Differ)], Vec::new()] {
        let found = across(&same, &same, expectations);
        let one = only(&found);
        assert_eq!((one.severity, one.what, found.violations), (Severity::Critical, What::Equal, 1));
        assert_eq!(one.violation.as_deref(), Some("a secret that must differ is the same on both sides"));
        assert!(one.recommendation.contains("Change 'DB_PASSWORD'"));
        assert_eq!((found.differing, found.accepted, found.expected), (0, 0, 0));
    }
    let found = across(&same, &same, vec![expectation("*", Must::Equal)]);
    assert_eq!((found.violations, found.differences.len()), (0, 0), "the policy may say that it is one");
}

#[test]
fn a_password_that_differs_is_as_it_should_be_where_the_policy_says_so() {
    let (left, right) = ([("DB_PASSWORD", 1, true)], [("DB_PASSWORD", 2, true)]);
    let found = across(&left, &right, vec![expectation("*PASSWORD", Must::Differ)]);
    assert_eq!((found.differing, found.expected, found.violations), (0, 1, 0));
    let found = across(&left, &[], vec![expectation("*PASSWORD", Must::Differ)]);
    assert_eq!((found.differing, found.expected), (1, 0), "one that is missing is not");
}

#[test]
fn a_secret_that_one_host_of_a_split_side_shares_is_found() {
    let names = environments(&["staging", "production"]);
    let given = Given { left: Some(&names[0]), right: Some(&names[1]), ..Given::default() };
    let left = side("staging", &[&[("DB_PASSWORD", 1, true)], &[("DB_PASSWORD", 2, true)]]);
    let right = side("production", &[&[("DB_PASSWORD", 2, true)]]);
    let found = compare(&left, &right, Listing::Differences, &given);
    let one = only(&found);
    assert_eq!((one.what, one.severity, found.violations), (What::Split, Severity::Critical, 1));
}

#[test]
fn two_hosts_of_one_environment_may_share_a_secret() {
    let names = environments(&["production"]);
    let given = Given { left: Some(&names[0]), right: Some(&names[0]), ..Given::default() };
    let sides = [side("a", &[&[("DB_PASSWORD", 1, true)]]), side("b", &[&[("DB_PASSWORD", 1, true)]])];
    let found = compare(&sides[0], &sides[1], Listing::Differences, &given);
    assert_eq!((found.violations, found.differences.len()), (0, 0));
}

#[test]
fn a_key_that_belongs_to_some_environments_is_expected_there_and_a_finding_elsewhere() {
    let (with, without) = ([("DEBUG", 1, false)], []);
    let only_in = |names: &[&str]| vec![expectation("DEBUG", Must::OnlyIn(environments(names)))];
    let found = across(&with, &without, only_in(&["staging", "dev"]));
    assert_eq!((found.differing, found.expected, found.violations), (0, 1, 0));
    let found = across(&with, &without, only_in(&["production"]));
    assert_eq!((found.differing, found.expected, found.violations), (1, 0, 1));
    let found = across(&with, &with, only_in(&["staging"]));
    assert_eq!(only(&found).violation.as_deref(), Some("it is in production and should be only in staging"));
    let found = across(&with, &without, only_in(&["staging", "production"]));
    assert_eq!((found.differing, found.expected), (1, 0), "it is missing where it belongs");
    let found = across(&with, &with, only_in(&["staging", "production"]));
    assert_eq!(found.differences.len(), 0);
}

fn acceptance(selector: &str, expires_ms: i64) -> Acceptance {
    Acceptance {
        number: 3,
        covers: Covers::Selected(selector.parse().unwrap()),
        reason: "the old region".to_owned(),
        owner: "team-db".to_owned(),
        accepted_by: "ada".to_owned(),
        accepted_ms: 0,
        expires_ms,
        revoked: None,
    }
}

#[test]
fn j11_what_is_accepted_is_counted_apart_until_it_expires() {
    let (left, right) = ([("A", 1, false)], [("A", 2, false)]);
    let run = |selector: &str, expires_ms| {
        let acceptances = vec![acceptance(selector, expires_ms)];
        let found = Case { left: &left, right: &right, acceptances, ..Case::default() }.run();
        (found.differing, found.accepted)
    };
    assert_eq!(run("env=staging,key=A", 101), (0, 1));
    assert_eq!(run("env=staging,key=A", 100), (1, 0));
    assert_eq!(run("env=production,key=A", 101), (1, 0), "the left side is the one that is checked");
    assert_eq!(run("env=dev,key=A", 101), (1, 0));
    assert_eq!(run("kind=desired,key=A", 101), (1, 0), "that one is for drift from desired state");
}

#[test]
fn a_leak_cannot_be_accepted_away_with_a_difference() {
    let same = [("DB_PASSWORD", 7, true)];
    let acceptances = vec![acceptance("key=*", 101)];
    let found = Case { left: &same, right: &same, acceptances, ..Case::default() }.run();
    assert_eq!(found.violations, 1);
}

fn weighed(rules: &str, key: &str, secret: bool) -> (Severity, Class) {
    let severities = crate::policy::Policy::parse(rules).unwrap().severities;
    let (left, right) = ([(key, 1, secret)], [(key, 2, secret)]);
    let found = Case { left: &left, right: &right, severities, ..Case::default() }.run();
    (only(&found).severity, only(&found).class)
}

#[test]
fn a_difference_weighs_what_the_policy_says_of_its_key() {
    let rule = |about: &str, severity: &str| format!("[[severity]]\n{about}\nseverity = \"{severity}\"\n");
    assert_eq!(weighed("", "POOL", false).0, Severity::Info, "as built in");
    assert_eq!(weighed(&rule("key = \"POOL\"", "critical"), "POOL", false).0, Severity::Critical);
    assert_eq!(
        weighed(&rule("key = \"*\"", "info"), "DB_HOST", false),
        (Severity::Info, weighed("", "DB_HOST", false).1)
    );
    let cost = rule("key = \"POOL\"\nclass = \"cost\"", "warning");
    assert_eq!(weighed(&cost, "POOL", false), (Severity::Warning, Class::Cost));
    let first = rule("key = \"P*\"", "warning") + &rule("key = \"POOL\"", "critical");
    assert_eq!(weighed(&first, "POOL", false).0, Severity::Warning, "the first rule counts");
    for (about, severity) in [("source = \"other\"", "critical"), ("kind = \"firewall\"", "critical")] {
        assert_eq!(weighed(&rule(about, severity), "POOL", false).0, Severity::Info, "{about}");
    }
}

#[test]
fn a_difference_weighs_as_much_as_in_the_environment_where_it_weighs_most() {
    let in_one = |environment: &str, severity: &str| {
        format!("[[severity]]\nkey = \"*\"\nenvironment = \"{environment}\"\nseverity = \"{severity}\"\n")
    };
    assert_eq!(weighed(&in_one("production", "critical"), "POOL", false).0, Severity::Critical);
    assert_eq!(weighed(&in_one("dev", "critical"), "POOL", false).0, Severity::Info, "neither side is that");
    assert_eq!(weighed(&in_one("staging", "info"), "DB_HOST", false).0, Severity::Critical, "built in for production");
}

#[test]
fn a_leak_stays_critical_whatever_the_policy_weighs() {
    let severities =
        crate::policy::Policy::parse("[[severity]]\nkey = \"*\"\nseverity = \"info\"\n").unwrap().severities;
    let same = [("DB_PASSWORD", 7, true)];
    let found = Case { left: &same, right: &same, severities, ..Case::default() }.run();
    assert_eq!((only(&found).severity, found.violations), (Severity::Critical, 1));
}

#[test]
fn j9_what_could_not_be_read_is_never_made_green() {
    let names = environments(&["staging", "production"]);
    let mut left = side("staging", &[&[("A", 1, false)]]);
    let (host, role, source) = ("staging-0".parse().unwrap(), "web".parse().unwrap(), "app".parse().unwrap());
    let at = left.source(At { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
    left.unreadable(at);
    let expectations = [expectation("*", Must::Any)];
    let acceptances = [acceptance("key=*", 101)];
    let active = Active::all(&acceptances);
    let given = Given {
        expectations: &expectations,
        acceptances: &active,
        left: Some(&names[0]),
        right: Some(&names[1]),
        now_ms: 100,
        ..Given::default()
    };
    let found = compare(&left, &side("production", &[&[("A", 2, false)]]), Listing::Differences, &given);
    assert_eq!((found.undetermined, found.expected, found.accepted), (1, 0, 0));
    assert!(found.differences.iter().all(|one| one.meant.is_none()));
}

fn any_items() -> impl Strategy<Value = Vec<(u8, u8, bool)>> {
    proptest::collection::vec((0_u8..6, 0_u8..3, proptest::bool::ANY), 0..6)
}

fn any_must() -> impl Strategy<Value = Must> {
    prop_oneof![
        Just(Must::Equal),
        Just(Must::Differ),
        Just(Must::Any),
        Just(Must::OnlyIn(environments(&["staging"]))),
        Just(Must::OnlyIn(environments(&["production", "staging"]))),
    ]
}

proptest! {
    #[test]
    fn nothing_that_differs_is_unlisted_and_each_is_counted_once(
        left in any_items(), right in any_items(),
        musts in proptest::collection::vec((0_u8..6, any_must()), 0..4),
        accepted in proptest::option::of(0_u8..6),
    ) {
        let named = |items: &[(u8, u8, bool)]| -> Vec<(String, u8, bool)> {
            let once: std::collections::BTreeMap<u8, (u8, bool)> =
                items.iter().map(|(key, digest, secret)| (*key, (*digest, *secret))).collect();
            once.into_iter().map(|(key, (digest, secret))| (format!("K{key}"), digest, secret)).collect()
        };
        let (left, right) = (named(&left), named(&right));
        let borrowed = |items: &'_ [(String, u8, bool)]| -> Vec<(String, u8, bool)> { items.to_vec() };
        let (left_items, right_items) = (borrowed(&left), borrowed(&right));
        let left_items: Vec<Item<'_>> = left_items.iter().map(|(key, digest, secret)| (key.as_str(), *digest, *secret)).collect();
        let right_items: Vec<Item<'_>> = right_items.iter().map(|(key, digest, secret)| (key.as_str(), *digest, *secret)).collect();
        let expectations = musts.into_iter().map(|(key, must)| expectation(&format!("K{key}"), must)).collect();
        let acceptances = accepted.map(|key| acceptance(&format!("key=K{key}"), 101)).into_iter().collect();
        let plain = compare::compare(&side("staging", &[&left_items]), &side("production", &[&right_items]), Listing::Differences);
        let found = Case { left: &left_items, right: &right_items, expectations, acceptances, severities: Vec::new() }.run();
        for one in &plain.differences {
            let still = found.differences.iter().find(|other| other.key == one.key);
            prop_assert!(still.is_some_and(|other| other.what == one.what && other.severity >= one.severity));
        }
        prop_assert_eq!(found.differing + found.accepted + found.expected, plain.differing);
        prop_assert_eq!((found.keys, found.undetermined), (plain.keys, plain.undetermined));
        let extra = found.differences.iter().filter(|one| one.what == What::Equal);
        prop_assert!(extra.clone().all(|one| one.violation.is_some()));
        prop_assert_eq!(found.differences.len(), plain.differences.len() + extra.count());
        prop_assert!(found.differing == 0 || found.percent() != "0.0");
    }
}

#[test]
fn what_was_made_with_another_fleet_key_is_not_what_must_differ() {
    let names = environments(&["staging", "production"]);
    let keyed = |name: &str, fleet_key_epoch: u32, digest: u8| {
        let mut side = side(name, &[&[("DB_PASSWORD", digest, true)]]);
        let (host, role, source) =
            (format!("{name}-0").parse().unwrap(), "web".parse().unwrap(), "app".parse().unwrap());
        let at = side.source(At { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
        side.made(at, crate::Made { fleet_key_epoch, canonical_form: 1 });
        side
    };
    let (left, right) = (keyed("staging", 1, 1), keyed("production", 2, 2));
    let expectations = [expectation("DB_*", Must::Differ)];
    let given =
        Given { expectations: &expectations, left: Some(&names[0]), right: Some(&names[1]), ..Given::default() };
    let found = super::compare(&left, &right, Listing::Differences, &given);
    assert_eq!((found.expected, found.undetermined, found.differing), (0, 1, 0), "{found:#?}");
}
