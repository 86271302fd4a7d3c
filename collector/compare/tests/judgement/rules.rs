//! The policy's order and scopes, its times across odd dates, and which
//! revision is in force.

use driftline_canon::SourceKind;
use driftline_compare::desired::{Standing, Standings, Who, in_force};
use driftline_compare::policy::schedule::At;
use driftline_compare::policy::{Effect, Subject};
use driftline_compare::report::{Due, due};
use driftline_compare::{Policy, Severity};
use proptest::prelude::*;

use crate::world::{Push, program, push, revision};

const DAY: i64 = 86_400_000;

fn at(text: &str) -> At {
    text.parse().unwrap()
}

/// The moment, by way of a freeze that begins then.
fn moment(text: &str) -> i64 {
    let policy = format!("[[freeze]]\nselector = \"production\"\nfrom = {text}\nreason = \"x\"\n");
    Policy::parse(&policy).unwrap().freezes[0].from_ms.unwrap()
}

#[test]
fn the_first_severity_rule_that_matches_counts_in_its_scope_alone() {
    let rule = |key: &str, scope: &str, severity: &str| {
        format!("[[severity]]\nkey = \"{key}\"\n{scope}severity = \"{severity}\"\n")
    };
    let text = [
        rule("DB_HOST", "environment = \"dev*\"\n", "info"),
        rule("DB_*", "source = \"app\"\n", "warning"),
        rule("*", "environment = \"production\"\n", "critical"),
    ]
    .concat();
    let policy = Policy::parse(&text).unwrap();
    for (environment, source, key, expected) in [
        ("dev-2", "app", "DB_HOST", Some(Severity::Info)),
        ("dev-2", "app", "DB_PORT", Some(Severity::Warning)),
        ("production", "app", "DB_HOST", Some(Severity::Warning)),
        ("production", "nginx", "DB_HOST", Some(Severity::Critical)),
        ("staging", "nginx", "DB_HOST", None),
        ("dev-2", "app", "db_host", None),
    ] {
        let (env, of) = (environment.parse().unwrap(), source.parse().unwrap());
        let found = policy.severity_of(&env, &of, SourceKind::EnvFile, key).map(|(severity, _)| severity);
        assert_eq!(found, expected, "{environment} {source} {key}");
    }
}

#[test]
fn a_rule_that_authorises_counts_before_an_earlier_one_that_allows() {
    let rule = |name: &str, scope: &str, effect: &str| {
        format!("[[actor]]\nname = \"{name}\"\n{scope}executable = \"/opt/*\"\neffect = \"{effect}\"\n")
    };
    let text = [
        rule("any", "", "allows"),
        rule("db", "selector = \"role=db\"\n", "authorises"),
        rule("app", "sources = [\"app\", \"app-*\"]\n", "authorises"),
        rule("app again", "sources = [\"app\"]\n", "authorises"),
    ]
    .concat();
    let policy = Policy::parse(&text).unwrap();
    let sure = program("/opt/deploy", 0, driftline_canon::Confidence::Exact);
    for (role, source, name, effect) in [
        ("web", "app", "app", Effect::Authorises),
        ("web", "app-2", "app", Effect::Authorises),
        ("web", "nginx", "any", Effect::Allows),
        ("db", "app", "db", Effect::Authorises),
    ] {
        let (environment, role, host) = ("production".parse().unwrap(), role.parse().unwrap(), "h-1".parse().unwrap());
        let source = source.parse().unwrap();
        let subject = Subject { environment: &environment, role: &role, host: &host, source: &source };
        let found = policy.actor_rule(&subject, &sure).unwrap();
        assert_eq!((found.name.as_str(), found.effect), (name, effect), "{role} {source}");
        for unsure in [driftline_canon::Confidence::Probable, driftline_canon::Confidence::Unknown] {
            assert_eq!(policy.actor_rule(&subject, &program("/opt/deploy", 0, unsure)), None);
        }
    }
}

#[test]
fn schedules_and_freezes_agree_on_every_odd_date() {
    for (date, weekday, next) in [
        ("2000-02-29", "tue", "2000-03-01"),
        ("2023-02-28", "tue", "2023-03-01"),
        ("2024-02-28", "wed", "2024-02-29"),
        ("2024-02-29", "thu", "2024-03-01"),
        ("2024-12-31", "tue", "2025-01-01"),
        ("2026-11-30", "mon", "2026-12-01"),
        ("2027-01-31", "sun", "2027-02-01"),
        ("2100-02-28", "sun", "2100-03-01"),
    ] {
        let (three, tomorrow) = (moment(&format!("{date}T03:00:00Z")), moment(&format!("{next}T03:00:00Z")));
        let last_ms = moment(&format!("{date}T23:59:59.999Z"));
        let (daily, weekly) = (at("03:00"), at(&format!("{weekday} 03:00")));
        assert_eq!((daily.last_due(last_ms), daily.next_due(last_ms)), (three, tomorrow), "{date}");
        assert_eq!((weekly.last_due(last_ms), weekly.next_due(last_ms)), (three, three + 7 * DAY), "{date}");
        assert_eq!(weekly.last_due(three - 1), three - 7 * DAY, "{date}");
        assert_eq!(at("00:00").next_due(last_ms), last_ms + 1, "{date}");
        assert_eq!(moment(&format!("{next}T01:30:00+02:00")), moment(&format!("{date}T23:30:00Z")), "{date}");
    }
}

#[test]
fn missed_runs_are_counted_over_a_leap_day_and_never_without_end() {
    let (ran, now) = (moment("2024-02-27T03:00:00Z"), moment("2024-03-02T03:00:00Z"));
    let daily = |now_ms| at("03:00").last_due(now_ms);
    assert_eq!(due(daily, ran, now), Some(Due { due_ms: now, missed: 3 }));
    assert_eq!(due(daily, ran, now - 1), Some(Due { due_ms: now - DAY, missed: 2 }));
    let weekly = |now_ms| at("thu 03:00").last_due(now_ms);
    assert_eq!(due(weekly, ran, now), Some(Due { due_ms: moment("2024-02-29T03:00:00Z"), missed: 0 }));
    assert_eq!(due(daily, 0, now).unwrap().missed, 1_000);
}

#[test]
fn a_revision_is_in_force_from_its_push_to_the_millisecond_of_its_end() {
    let first = Push { expires_ms: Some(500), ..push(100, &[("A", 1)]) };
    let narrow = Push { selector: "env=production,host=web-1", expires_ms: Some(300), ..push(200, &[("A", 2)]) };
    let all = [revision(1, &first), revision(2, &narrow)];
    let (environment, role) = ("production".parse().unwrap(), "web".parse().unwrap());
    let chosen = |host: &str, time_ms| {
        let host = host.parse().unwrap();
        let who = Who { environment: &environment, role: &role, host: &host };
        in_force(&all, who, time_ms).into_values().next().map(|one| one.number)
    };
    let times = [99, 100, 199, 200, 299, 300, 499, 500];
    assert_eq!(times.map(|ms| chosen("web-1", ms)), [None, Some(1), Some(1), Some(2), Some(2), Some(1), Some(1), None]);
    assert!(times.iter().all(|ms| chosen("web-2", *ms) != Some(2)));
    assert_eq!([299, 300].map(|ms| Standings::of(&all, ms).standing(&all[1])), [Standing::Current, Standing::Expired]);
}

proptest! {
    /// A weekly scan: each week is run or counted as missed, once.
    #[test]
    fn every_week_is_run_or_missed_once(steps in prop::collection::vec(1_i64..40 * DAY, 1..30), day in 0_usize..7) {
        let weekly = at(&format!("{} 23:59", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][day]));
        let start = weekly.last_due(moment("2023-12-31T00:00:00Z"));
        let (mut now, mut after, mut counted) = (start, start, 0_i64);
        for step in steps {
            now += step;
            if let Some(one) = due(|ms| weekly.last_due(ms), after, now) {
                prop_assert!(after < one.due_ms && one.due_ms <= now);
                counted += i64::from(one.missed) + 1;
                after = one.due_ms;
            }
        }
        prop_assert_eq!(counted, (now - start).div_euclid(7 * DAY));
    }
}
