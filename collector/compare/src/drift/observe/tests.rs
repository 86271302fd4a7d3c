use super::*;

fn held(digest: u8, since_ms: i64) -> Held {
    Held { digest: [digest; 32], secret: false, display: Some(Masked::from_wire(format!("value {digest}"))), since_ms }
}

fn host(name: &str) -> HostName {
    name.parse().unwrap()
}

fn looking() -> Looking<'static> {
    Looking { kind: SourceKind::EnvFile, has_secrets: false, weigh: &|_, built_in| built_in }
}

fn key(text: &str) -> ItemKey {
    ItemKey::from_bytes(text.as_bytes())
}

fn pair<'a>(host: &'a HostName, actual: Option<&'a Held>, expected: Option<&'a Held>) -> Pair<'a> {
    Pair { host, actual, expected, by: "revision abc", stale: false, said_ms: 1_000, not_before_ms: 0 }
}

fn found(look: Look) -> Observed {
    match look {
        Look::Differs(observed) => *observed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_way_to_differ_and_since_when() {
    let (web, old, want) = (host("web-1"), held(1, 400), held(2, 0));
    let at = |actual, expected| looking().at(&key("DB_TIMEOUT"), &[pair(&web, actual, expected)]);
    let seen = found(at(Some(&old), Some(&want)));
    assert_eq!((seen.way, seen.since_ms), (Way::Differs, 400), "as old as the value that differs");
    let seen = found(at(None, Some(&want)));
    assert_eq!((seen.way, seen.since_ms), (Way::Missing, 1_000), "as old as what was declared");
    let seen = found(at(Some(&old), None));
    assert_eq!((seen.way, seen.since_ms, seen.actual.display.unwrap().as_str()), (Way::Extra, 400, "value 1"));
    let same = held(1, 0);
    assert!(matches!(looking().at(&key("A"), &[pair(&web, Some(&old), Some(&same))]), Look::Agrees { .. }));
    assert!(matches!(at(None, None), Look::Agrees { .. }));
}

#[test]
fn nobody_who_has_a_say_is_unknown() {
    assert_eq!(looking().at(&key("A"), &[]), Look::Unknown);
    assert_eq!(looking().among(&key("A"), &[]), Look::Unknown);
}

#[test]
fn j1_hosts_of_a_role_are_one_finding_that_names_them() {
    let names: Vec<HostName> = (10..25).map(|number| host(&format!("web-{number}"))).collect();
    let (other, want) = (held(1, 400), held(2, 0));
    let pairs: Vec<Pair<'_>> = names.iter().map(|name| pair(name, Some(&other), Some(&want))).collect();
    let seen = found(looking().at(&key("A"), &pairs));
    assert_eq!((seen.hosts.len(), seen.host_count, seen.of_hosts), (HOSTS_NAMED_MAX, 15, 15));
    assert_eq!(seen.hosts[0].as_str(), "web-10");
}

#[test]
fn the_same_difference_has_the_same_content_whoever_has_it() {
    let (one, two, other, want) = (host("web-1"), host("web-2"), held(1, 400), held(2, 0));
    let alone = found(looking().at(&key("A"), &[pair(&one, Some(&other), Some(&want))]));
    let again = held(1, 9);
    let both = [pair(&one, Some(&other), Some(&want)), pair(&two, Some(&again), Some(&want))];
    assert_eq!(found(looking().at(&key("A"), &both)).content, alone.content);
    let third = held(3, 0);
    let changed = found(looking().at(&key("A"), &[pair(&one, Some(&third), Some(&want))]));
    assert_ne!(changed.content, alone.content);
    assert_ne!(changed.content_actual, alone.content_actual);
}

#[test]
fn an_outlier_of_a_role_is_named_and_not_the_others() {
    let names: Vec<HostName> = (1..=4).map(|number| host(&format!("web-{number}"))).collect();
    let (usual, outlier) = (held(1, 100), held(2, 500));
    let hosts: Vec<(&HostName, Option<&Held>)> =
        names.iter().map(|name| (name, Some(if name.as_str() == "web-3" { &outlier } else { &usual }))).collect();
    let seen = found(looking().among(&key("A"), &hosts));
    assert_eq!((seen.way, seen.hosts, seen.since_ms), (Way::Split, vec![host("web-3")], 500));
    assert_eq!(seen.expected.display.unwrap().as_str(), "value 1");
    let without: Vec<(&HostName, Option<&Held>)> =
        names.iter().map(|name| (name, (name.as_str() != "web-2").then_some(&usual))).collect();
    assert_eq!(found(looking().among(&key("A"), &without)).hosts, [host("web-2")]);
}

#[test]
fn of_two_hosts_the_one_that_changed_is_the_outlier() {
    let (one, two, old, new) = (host("web-1"), host("web-2"), held(9, 100), held(1, 500));
    for hosts in [[(&one, Some(&new)), (&two, Some(&old))], [(&two, Some(&old)), (&one, Some(&new))]] {
        assert_eq!(found(looking().among(&key("A"), &hosts)).hosts, [host("web-1")]);
    }
}

#[test]
fn an_old_value_that_the_others_left_is_no_older_than_their_leaving() {
    let (one, two, three) = (host("web-1"), host("web-2"), host("web-3"));
    let (old, new) = (held(1, 100), held(2, 900));
    let hosts = [(&one, Some(&old)), (&two, Some(&new)), (&three, Some(&new))];
    let seen = found(looking().among(&key("A"), &hosts));
    assert_eq!((seen.hosts, seen.since_ms), (vec![host("web-1")], 900));
}

#[test]
fn what_is_stale_is_no_older_than_the_newer_revision_and_never_critical() {
    let (web, old, want) = (host("web-1"), held(1, 400), held(2, 0));
    let late = Pair { stale: true, not_before_ms: 1_000, ..pair(&web, Some(&old), Some(&want)) };
    let seen = found(looking().at(&key("DB_PASSWORD"), &[late]));
    assert_eq!((seen.way, seen.since_ms, seen.severity), (Way::Stale, 1_000, Severity::Warning));
    let changed = found(looking().at(&key("DB_PASSWORD"), &[pair(&web, Some(&old), Some(&want))]));
    assert_eq!(changed.severity, Severity::Critical);
}

#[test]
fn the_policy_weighs_last() {
    let (web, old, want) = (host("web-1"), held(1, 400), held(2, 0));
    let weigh = |key: &ItemKey, built_in: (Severity, Class)| {
        if key.as_str() == "LOG_LEVEL" { (Severity::Critical, built_in.1) } else { built_in }
    };
    let looking = Looking { weigh: &weigh, ..looking() };
    let severity = |text: &str| found(looking.at(&key(text), &[pair(&web, Some(&old), Some(&want))])).severity;
    assert_eq!((severity("LOG_LEVEL"), severity("DB_HOST")), (Severity::Critical, Severity::Critical));
    assert_eq!(severity("COLOUR"), Severity::Info);
}

#[test]
fn who_says_it_is_told_of_the_value_that_is_shown() {
    let names: Vec<HostName> = (1..=3).map(|number| host(&format!("web-{number}"))).collect();
    let (other, ninth, tenth) = (held(9, 400), held(1, 0), held(2, 0));
    let at = |index: usize, expected, by| Pair { by, ..pair(&names[index], Some(&other), Some(expected)) };
    let pairs = [
        at(0, &tenth, "revision 10"),
        at(1, &tenth, "revision 10"),
        Pair { actual: None, ..at(2, &ninth, "revision 9") },
    ];
    let seen = found(looking().at(&key("A"), &pairs));
    assert_eq!((seen.expected_by.as_str(), seen.expected.display.unwrap().as_str()), ("revision 10", "value 2"));
}

#[test]
fn what_agrees_agrees_with_what_was_said_last() {
    let (one, two, same, want) = (host("web-1"), host("web-2"), held(1, 400), held(1, 0));
    let pairs = [
        Pair { by: "revision 10", said_ms: 2_000, ..pair(&one, Some(&same), Some(&want)) },
        Pair { by: "revision 9", ..pair(&two, Some(&same), Some(&want)) },
    ];
    let Look::Agrees { by, .. } = looking().at(&key("A"), &pairs) else { panic!("they agree") };
    assert_eq!(by, "revision 10");
}
