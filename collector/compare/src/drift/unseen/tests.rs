use std::collections::BTreeMap;

use driftline_canon::SourceKind;

use super::*;
use crate::drift::{Identity, Observed, Rule, Shown, State, Way, reconcile};
use crate::{Class, Severity};

fn hosts(names: &[&str]) -> Vec<HostName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn without(names: &[&str]) -> BTreeSet<HostName> {
    hosts(names).into_iter().collect()
}

fn differs(names: &[&str]) -> Look {
    let count = u32::try_from(names.len()).unwrap();
    Look::Differs(Box::new(Observed {
        kind: SourceKind::EnvFile,
        way: Way::Differs,
        severity: Severity::Info,
        class: Class::Functional,
        since_ms: 1,
        hosts: hosts(names).into_iter().take(HOSTS_NAMED_MAX).collect(),
        host_count: count,
        of_hosts: count,
        expected: Shown::default(),
        expected_by: "revision abc".to_owned(),
        actual: Shown::default(),
        content: [1; 32],
        content_actual: [2; 32],
    }))
}

fn agrees() -> Look {
    Look::Agrees { actual: None, by: "revision abc".to_owned() }
}

fn drift(names: &[&str]) -> Drift {
    let identity = Identity {
        environment: "production".parse().unwrap(),
        role: "web".parse().unwrap(),
        source: "app".parse().unwrap(),
        rule: Rule::Desired,
        key: driftline_canon::ItemKey::from_bytes(b"A"),
    };
    let seen = BTreeMap::from([(identity, differs(names))]);
    reconcile(&[], &seen, &[], 10).remove(0).drift
}

#[test]
fn what_was_open_on_a_host_without_a_say_is_not_over_because_the_others_agree() {
    let open = drift(&["web-1"]);
    assert_eq!(kept(agrees(), &open, &without(&["web-1"])), Look::Unknown);
    assert_eq!(kept(agrees(), &open, &without(&["web-2"])), agrees(), "another one was never its host");
    assert_eq!(kept(agrees(), &open, &without(&[])), agrees());
}

#[test]
fn a_drift_that_names_not_all_of_its_hosts_may_be_open_on_any_that_has_no_say() {
    let names: Vec<String> = (10..22).map(|number| format!("web-{number}")).collect();
    let open = drift(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(kept(agrees(), &open, &without(&["web-21"])), Look::Unknown);
    assert_eq!(kept(agrees(), &open, &without(&[])), agrees());
}

#[test]
fn a_host_without_a_say_stays_among_those_that_differ() {
    let open = drift(&["web-1", "web-2"]);
    let Look::Differs(seen) = kept(differs(&["web-2"]), &open, &without(&["web-1", "web-9"])) else { panic!("open") };
    assert_eq!((seen.hosts, seen.host_count, seen.of_hosts), (hosts(&["web-1", "web-2"]), 2, 2));
}

#[test]
fn what_had_ended_is_opened_by_nobody_who_has_no_say() {
    let ended = Drift { state: State::Resolved, ..drift(&["web-1"]) };
    assert_eq!(kept(agrees(), &ended, &without(&["web-1"])), agrees());
}
