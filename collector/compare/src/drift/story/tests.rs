use std::collections::BTreeMap;

use super::*;
use crate::acceptance::{Active, Covers};
use crate::drift::tests::{acceptance, identity, observed};
use crate::drift::{Identity, Look, Observed, reconcile};

fn drift(rule: Rule, change: impl FnOnce(&mut Observed)) -> Drift {
    let mut seen = observed(1, 0);
    change(&mut seen);
    let identity = Identity { rule, ..identity("DB_TIMEOUT") };
    let looks = BTreeMap::from([(identity, Look::Differs(Box::new(seen)))]);
    Drift { number: 4, ..reconcile(&[], &looks, &[], 0).remove(0).drift }
}

fn time(ms: i64) -> String {
    format!("T+{}", ms / 60_000)
}

fn teller(acceptances: &[Acceptance], now_ms: i64) -> Teller<'_> {
    Teller { acceptances, time: &time, now_ms }
}

#[test]
fn one_sentence_says_what_differs_where_and_from_what() {
    let said = |rule, change: fn(&mut Observed)| teller(&[], 0).headline(&drift(rule, change));
    let nothing = |_: &mut Observed| {};
    assert_eq!(said(Rule::Desired, nothing), "'DB_TIMEOUT' of app is 5s on web-1: revision abc says 30s");
    let missing = said(Rule::Desired, |seen| (seen.way, seen.actual) = (Way::Missing, Shown::default()));
    assert_eq!(missing, "'DB_TIMEOUT' of app is missing on web-1: revision abc says 30s");
    let extra = said(Rule::Baseline, |seen| (seen.way, seen.expected) = (Way::Extra, Shown::default()));
    assert_eq!(extra, "'DB_TIMEOUT' of app is on web-1 (5s), and revision abc does not have it");
    let split = said(Rule::Role, |seen| seen.way = Way::Split);
    assert_eq!(split, "web-1 has 5s for 'DB_TIMEOUT' of app, and the other hosts of role web have 30s");
    let stale = said(Rule::Desired, |seen| seen.way = Way::Stale);
    assert_eq!(stale, "web-1 still has an earlier value of 'DB_TIMEOUT' of app: revision abc says 30s");
    assert!(said(Rule::AtReboot, nothing).ends_with("between what is in force and what is saved, on web-1"));
    assert!(said(Rule::Process, nothing).ends_with("it waits for a restart"));
}

#[test]
fn no_secret_is_told_whatever_its_display() {
    let secret = drift(Rule::Desired, |seen| seen.actual.secret = true);
    assert_eq!(teller(&[], 0).headline(&secret), "'DB_TIMEOUT' of app is a secret on web-1: revision abc says 30s");
}

#[test]
fn its_life_is_told_from_its_opening_to_its_end() {
    let minute = 60_000;
    let selected = Covers::Selected("source=app".parse().unwrap());
    let accepted = [acceptance(7, selected, 0, 90 * minute)];
    let mut known = drift(Rule::Desired, |_| {});
    let identity = known.identity.clone();
    let same = || BTreeMap::from([(identity.clone(), Look::Differs(Box::new(observed(1, 0))))]);
    known = reconcile(&[known.clone()], &same(), &Active::all(&accepted), 60 * minute).remove(0).drift;
    let told = teller(&accepted, 60 * minute);
    assert_eq!(told.standing(&known), "accepted until T+90: the old region (owner team-db)");
    known = reconcile(&[known.clone()], &same(), &Active::all(&accepted), 90 * minute).remove(0).drift;
    let told = teller(&accepted, 180 * minute);
    assert_eq!(told.standing(&known), "open since T+0, for 3 hours");
    let gone = Look::Agrees { actual: Some([0; 32]), by: "revision def".to_owned() };
    let looks = BTreeMap::from([(known.identity.clone(), gone)]);
    known = reconcile(&[known.clone()], &looks, &[], 3 * 1_440 * minute).remove(0).drift;
    assert_eq!(told.standing(&known), "resolved at T+4320, after 3 days");
    assert_eq!(
        told.turns(&known),
        [
            "T+0: it was found",
            "T+60: ada accepted it until T+90 (a-7): the old region; owner team-db",
            "T+90: its acceptance a-7 expired: it is open again",
            "T+4320: it was resolved: what is there is what should be",
        ]
    );
}

#[test]
fn stretches_of_time_are_said_as_people_say_them() {
    let said = [0, 59_999, 60_000, 3_600_000, 7_200_000, 86_400_000, 90 * 86_400_000].map(lasting);
    assert_eq!(said, ["less than a minute", "less than a minute", "1 minute", "1 hour", "2 hours", "1 day", "90 days"]);
}

#[test]
fn more_hosts_than_a_sentence_bears_are_counted() {
    let many = drift(Rule::Desired, |seen| {
        seen.hosts = (1..=9).map(|number| format!("web-{number}").parse().unwrap()).collect();
        seen.host_count = 500;
    });
    assert!(teller(&[], 0).headline(&many).contains("web-4, web-5 and 495 more"));
}
