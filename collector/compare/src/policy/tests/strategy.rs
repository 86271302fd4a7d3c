//! Policies for property tests: few short names, so that rules meet.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::super::schedule::{Schedule, Task};
use super::super::{
    ActorRule, Effect, Expectation, Freeze, Must, Pattern, Policy, SeverityRule, actor::PackageManager,
};
use crate::{Class, Selector, Severity};

fn pattern(text: &'static str) -> impl Strategy<Value = Pattern> {
    text.prop_map(|text| text.parse().unwrap())
}

fn keys() -> impl Strategy<Value = Pattern> {
    prop_oneof![pattern("[AB?*]{1,4}"), pattern("re:[AB]{1,2}[.][*]"), pattern("re:\\(A\\|B\\)[+]\\\\d[*]")]
}

fn selector() -> impl Strategy<Value = Selector> {
    prop_oneof!["[ab]", "env=[ab],role=web", "role=[a-z]{3}", "host=web-[12]"].prop_map(|text| text.parse().unwrap())
}

fn severity() -> impl Strategy<Value = SeverityRule> {
    let kinds = prop_oneof![Just("*"), Just("env_file"), Just("firewall*")].prop_map(|kind| kind.parse().unwrap());
    let rest = (proptest::sample::select(&Severity::ALL[..]), of(proptest::sample::select(&Class::ALL[..])));
    (keys(), pattern("[ab*]{1,2}"), kinds, pattern("[ab*]"), rest).prop_map(
        |(key, source, kind, environment, (severity, class))| SeverityRule {
            key,
            source,
            kind,
            environment,
            severity,
            class,
        },
    )
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let must = prop_oneof![
        Just(Must::Equal),
        Just(Must::Differ),
        Just(Must::Any),
        vec("[a-c]".prop_map(|name| name.parse().unwrap()), 1..3).prop_map(Must::OnlyIn),
    ];
    (keys(), pattern("[ab*]{1,2}"), must, of("[a-z][ -~]{0,20}".prop_map(|text| text.trim().to_owned())))
        .prop_map(|(key, source, must, reason)| Expectation { key, source, must, reason })
}

fn actor() -> impl Strategy<Value = ActorRule> {
    let manager = prop_oneof![Just(PackageManager::Dpkg), Just(PackageManager::Rpm), Just(PackageManager::Any)];
    let effect = prop_oneof![Just(Effect::Authorises), Just(Effect::Allows)];
    let who = (of(manager), of(pattern("[ab]{1,2}[*]")), of(pattern("/[ab]{1,2}")), pattern("[a-c][*][.]service"));
    (of(selector()), vec(pattern("[ab*]{1,2}"), 0..3), who, effect).prop_map(
        |(selector, sources, (package_manager, login, executable, unit), effect)| ActorRule {
            name: String::new(),
            selector,
            sources,
            package_manager,
            user: login.clone(),
            login,
            executable,
            unit: Some(unit),
            effect,
        },
    )
}

fn freeze() -> impl Strategy<Value = Freeze> {
    let times = (of(0_i64..30_000), of(30_000_i64..60_000));
    (selector(), times, "[a-z]{1,9}").prop_map(|(selector, (from_ms, until_ms), reason)| Freeze {
        selector,
        from_ms,
        until_ms,
        reason,
    })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let at = "(mon |sun )?[01][0-9]:[0-5][0-9]".prop_map(|text| text.parse().unwrap());
    let task = prop_oneof![
        selector().prop_map(|of| Task::Baseline { of: of.to_string() }),
        (selector(), selector())
            .prop_map(|(left, right)| Task::Compare { left: left.to_string(), right: format!("desired:{right}") }),
    ];
    (at, task).prop_map(|(at, task)| Schedule { name: String::new(), task, at })
}

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    let rules = (vec(severity(), 0..6), vec(expectation(), 0..6), vec(actor(), 0..4));
    let rest = (vec(freeze(), 0..4), vec(schedule(), 0..3), 0_i64..3_600, of(1_u32..3_660));
    (rules, rest).prop_map(|((severities, expectations, actors), (freezes, schedules, settle_s, retention_days))| {
        let actors = actors.into_iter().zip(1..).map(|(rule, n)| ActorRule { name: format!("rule {n}"), ..rule });
        let schedules = schedules.into_iter().zip(1..).map(|(one, n)| Schedule { name: format!("every {n}"), ..one });
        Policy {
            severities,
            expectations,
            actors: actors.collect(),
            freezes,
            schedules: schedules.collect(),
            settle_ms: settle_s * 1_000,
            retention_days,
        }
    })
}
