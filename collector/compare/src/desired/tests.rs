//! Which revision a host should have.

use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_000;

fn revision(number: u64, selector: &str, sources: &[&str]) -> Revision {
    Revision {
        number,
        selector: selector.parse().unwrap(),
        revision: format!("r{number}"),
        ticket: None,
        pushed_by: "ci".to_owned(),
        pushed_ms: i64::try_from(number).unwrap(),
        expires_ms: None,
        fleet_key_epoch: 1,
        canonical_form: 2,
        sources: sources.iter().map(|name| (SourceName::new(*name).unwrap(), 1)).collect(),
    }
}

fn chosen(revisions: &[Revision], host: &str, role: &str, at_ms: i64) -> Vec<(String, u64)> {
    let (environment, role) = (Environment::new("production").unwrap(), Role::new(role).unwrap());
    let host = HostName::new(host).unwrap();
    let who = Who { environment: &environment, role: &role, host: &host };
    let found = in_force(revisions, who, at_ms);
    found.into_iter().map(|(source, revision)| (source.to_string(), revision.number)).collect()
}

fn pair(source: &str, number: u64) -> (String, u64) {
    (source.to_owned(), number)
}

#[test]
fn a_revision_for_fewer_hosts_counts_before_a_newer_one_for_more() {
    let all = [
        revision(1, "env=production,host=web-1", &["app"]),
        revision(2, "env=production,role=web", &["app", "nginx"]),
        revision(3, "production", &["app", "nginx", "sshd"]),
        revision(4, "staging", &["app", "nginx", "sshd"]),
    ];
    assert_eq!(chosen(&all, "web-1", "web", NOW), [pair("app", 1), pair("nginx", 2), pair("sshd", 3)]);
    assert_eq!(chosen(&all, "web-2", "web", NOW), [pair("app", 2), pair("nginx", 2), pair("sshd", 3)]);
    assert_eq!(chosen(&all, "db-1", "db", NOW), [pair("app", 3), pair("nginx", 3), pair("sshd", 3)]);
}

#[test]
fn of_one_selector_the_newest_that_is_valid_counts() {
    let mut all = [revision(1, "production", &["app", "old"]), revision(2, "production", &["app"])];
    assert_eq!(chosen(&all, "web-1", "web", NOW), [pair("app", 2), pair("old", 1)], "a push replaces its own sources");
    assert_eq!(chosen(&all, "web-1", "web", 1), [pair("app", 1), pair("old", 1)], "as it was then");
    assert!(chosen(&all, "web-1", "web", 0).is_empty());
    all[1].expires_ms = Some(NOW);
    assert_eq!(chosen(&all, "web-1", "web", NOW - 1)[0], pair("app", 2));
    assert_eq!(chosen(&all, "web-1", "web", NOW)[0], pair("app", 1), "an expired one gives way");
}

#[test]
fn a_revision_stands_by_what_came_after_it() {
    let mut all = vec![
        revision(1, "production", &["app", "old"]),
        revision(2, "production", &["app"]),
        revision(3, "env=production,role=web", &["app"]),
    ];
    let words = |all: &[Revision]| Vec::from_iter(all.iter().map(|one| Standings::of(all, NOW).standing(one).as_str()));
    assert_eq!(words(&all), ["partly current", "current", "current"]);
    all.push(revision(4, "production", &["old"]));
    assert_eq!(words(&all), ["superseded", "current", "current", "current"]);
    all[1].expires_ms = Some(5);
    assert_eq!(words(&all), ["partly current", "expired", "current", "current"], "what expired supersedes nothing");
}

proptest! {
    #[test]
    fn the_order_in_which_revisions_are_given_does_not_matter(
        pushes in proptest::collection::vec((0_usize..3, 0_usize..3, proptest::option::of(0_i64..20)), 0..8),
        turn in 0_usize..8,
    ) {
        let selectors = ["production", "env=production,role=web", "env=production,host=web-1"];
        let sources = [&["app"][..], &["nginx"], &["app", "nginx"]];
        let mut all: Vec<Revision> = pushes.iter().zip(1..).map(|((who, what, expires), number)| {
            Revision { expires_ms: *expires, ..revision(number, selectors[*who], sources[*what]) }
        }).collect();
        let before = chosen(&all, "web-1", "web", 10);
        let middle = turn.min(all.len());
        all.rotate_left(middle);
        prop_assert_eq!(before, chosen(&all, "web-1", "web", 10));
    }
}

#[test]
fn a_revision_counts_until_all_of_its_sources_were_declared_again_for_good() {
    let mut all = [
        revision(1, "production", &["app", "nginx"]),
        revision(2, "production", &["app"]),
        revision(3, "staging", &["nginx"]),
        revision(4, "production", &["nginx", "app"]),
        revision(5, "production", &["app"]),
    ];
    let until = |all: &[Revision]| Vec::from_iter(all.iter().map(|one| counted_until_ms(one, all)));
    assert_eq!(until(&all), [Some(4), Some(4), None, None, None], "4 still declares nginx");
    all[3].expires_ms = Some(90);
    assert_eq!(until(&all), [None, Some(5), None, Some(90), None], "what ends brings back what it replaced");
    all[0].expires_ms = Some(3);
    assert_eq!(counted_until_ms(&all[0], &all), Some(3));
}

proptest! {
    /// Whatever is asked of a time from then on is answered without it.
    #[test]
    fn a_revision_is_never_in_force_once_it_counted(
        pushes in prop::collection::vec((0..3_usize, 0..4_usize, prop::option::of(1..40_i64)), 1..12),
        at_ms in 0..60_i64,
    ) {
        let selectors = ["production", "env=production,role=web", "env=production,host=web-1"];
        let sources: [&[&str]; 4] = [&["app"], &["nginx"], &["app", "nginx"], &["app", "nginx", "sshd"]];
        let made = |(index, (selector, of, expires)): (usize, &(usize, usize, Option<i64>))| {
            let number = u64::try_from(index).unwrap() + 1;
            let mut one = revision(number, selectors[*selector], sources[*of]);
            one.expires_ms = expires.map(|after| one.pushed_ms + after);
            one
        };
        let all: Vec<Revision> = pushes.iter().enumerate().map(made).collect();
        let left: Vec<Revision> =
            all.iter().filter(|one| counted_until_ms(one, &all).is_none_or(|until| until > at_ms)).cloned().collect();
        for (host, role) in [("web-1", "web"), ("web-2", "web"), ("db-1", "db")] {
            prop_assert_eq!(chosen(&all, host, role, at_ms), chosen(&left, host, role, at_ms));
        }
    }
}
