use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::Selector;

#[path = "tests/render.rs"]
mod render;
#[path = "tests/strategy.rs"]
mod strategy;

const EXAMPLE: &str = include_str!("../../../../packaging/policy.toml");

fn parsed(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// The mistakes of a text, as they are shown.
fn mistakes(text: &str) -> Vec<String> {
    let errors = Policy::parse(text).expect_err(text);
    assert!(!errors.faults.is_empty(), "{text}");
    errors.faults.iter().map(Fault::to_string).collect()
}

struct Place {
    environment: Environment,
    role: Role,
    host: HostName,
    source: SourceName,
}

fn place(environment: &str, source: &str) -> Place {
    Place {
        environment: environment.parse().unwrap(),
        role: "web".parse().unwrap(),
        host: "web-1".parse().unwrap(),
        source: source.parse().unwrap(),
    }
}

impl Place {
    fn subject(&self) -> Subject<'_> {
        let Self { environment, role, host, source } = self;
        Subject { environment, role, host, source }
    }
}

#[test]
fn the_policy_that_is_shipped_means_what_its_comments_say() {
    let policy = parsed(EXAMPLE);
    let at = place("production", "app");
    let severity = |key: &str, at: &Place| policy.severity_of(&at.environment, &at.source, SourceKind::EnvFile, key);
    assert_eq!(severity("PAYMENT_URL", &at), Some((Severity::Critical, Some(Class::Functional))));
    assert_eq!(severity("PAYMENT_URL", &place("staging", "app")), None);
    assert_eq!(severity("ANYTHING", &place("dev", "motd")), Some((Severity::Info, None)));
    let must = |key: &str| policy.expectation_of(&at.source, key).map(|found| found.must.as_str());
    assert_eq!(must("DB_HOST"), Some("any"));
    assert_eq!(must("DB_PASSWORD"), Some("differ"));
    assert_eq!(must("FEATURE_PREVIEW"), Some("only_in"));
    assert_eq!(must("DB_TIMEOUT"), Some("equal"));
    assert_eq!(must("OTHER"), None);
    let christmas = 1_798_156_800_000; // 2026-12-25T00:00:00Z
    assert_eq!(policy.frozen_at(&at.subject(), christmas).unwrap().reason, "end of the year");
    assert_eq!(policy.frozen_at(&at.subject(), christmas - 7 * 86_400_000), None);
    assert_eq!(policy.frozen_at(&place("staging", "app").subject(), christmas), None);
    assert_eq!((policy.settle_ms, policy.retention_days, policy.schedules.len()), (30_000, Some(90), 2));
    assert!(policy.judges(&at.environment) && !Policy::default().judges(&at.environment));
}

#[test]
fn an_empty_policy_is_the_default_and_judges_nothing() {
    assert_eq!(parsed(""), Policy::default());
    assert_eq!(parsed("# only a comment\n"), Policy::default());
}

#[test]
fn every_mistake_is_told_with_its_place_and_the_nearest_word() {
    let text = "[[severity]]\nkey = \"A*\"\nseverty = \"critical\"\n\n[[actor]]\nname = \"x\"\neffect = \"authorizes\"\n\
                login = \"a\"\n\n[freezes]\n";
    assert_eq!(
        mistakes(text),
        [
            "1:1: `severity` is missing from this `severity`",
            "3:1: unknown key `severty`; did you mean `severity`?",
            "7:10: unknown `effect` `authorizes`; did you mean `authorises`?",
            "10:2: unknown section `freezes`; did you mean `freeze`?",
        ]
    );
}

/// A text and what is said of it.
const MISTAKES: [(&str, &str); 24] = [
    ("[severity]\nkey = 'A'\n", "1:1: `severity` is a list of rules: write `[[severity]]`"),
    ("settle = 30\n", "1:10: `settle` is a section: write `[settle]` and `seconds = …` below it"),
    ("[settle]\n", "1:1: `seconds` is missing from this `settle`"),
    ("[settle]\nseconds = -1\n", "2:11: `seconds` is a whole number from 0 to 3600"),
    ("[settle]\nseconds = 'a'\n", "2:11: `seconds` takes a whole number, not string"),
    ("[retention]\ndays = 99_999_999_999_999_999_999\n", "2:8: `days` is a whole number from 1 to 3660"),
    ("[[severity]]\nseverity = 'info'\n", "1:1: a severity rule needs"),
    ("[[severity]]\nkey = 'A'\nseverity = 1\n", "3:12: `severity` takes a text, not integer"),
    ("[[severity]]\nkey = ''\nseverity = 'info'\n", "2:7: `key` is empty"),
    ("[[severity]]\nkind = 'env_fil'\nseverity = 'info'\n", "2:8: unknown kind `env_fil`; did you mean `env_file`?"),
    ("[[severity]]\nkey = 're:('\nseverity = 'info'\n", "2:7: `key`: not a regular expression: unclosed group"),
    (
        "[[severity]]\nkey = 're:(a{1000}){1000}'\nseverity = 'info'\n",
        "2:7: `key`: this regular expression is too large once compiled",
    ),
    ("[[expect]]\nkey = 'A'\n", "1:1: an expectation needs `must`"),
    ("[[expect]]\nkey = 'A'\nmust = 'any'\nonly_in = ['dev']\n", "4:11: an expectation has `must` or `only_in`"),
    ("[[expect]]\nkey = 'A'\nonly_in = []\n", "3:11: `only_in` has 1 to 100 entries"),
    ("[[expect]]\nkey = 'A'\nonly_in = ['dev', 'a b']\n", "3:19: `only_in`: `a b`:"),
    ("[[actor]]\nname = 'x'\neffect = 'allows'\n", "1:1: an actor rule says who is meant"),
    ("[[actor]]\nname = 'x'\neffect = 'allows'\nlogin = '*'\n", "1:1: this actor rule means everybody"),
    (
        "[[actor]]\nname='x'\neffect='allows'\nlogin='a'\n[[actor]]\nname='x'\neffect='allows'\nlogin='b'\n",
        "6:6: there are two `[[actor]]` with the name `x`",
    ),
    ("[[freeze]]\nselector = 'production'\nreason = 'x'\nfrom = 2026-12-23\n", "4:8: `from` is a time with its offset"),
    (
        "[[freeze]]\nselector='p'\nreason='x'\nfrom=2026-12-23T00:00:00Z\nuntil=2026-12-22T00:00:00Z\n",
        "5:7: `until` is not after `from`",
    ),
    ("[[schedule]]\nname='x'\nkind='compare'\nleft='a'\nright='a,b'\nat='03:00'\n", "5:7: `right`: "),
    ("[[schedule]]\nname='x'\nkind='baseline'\nof='a'\nleft='a'\nat='3:00'\n", "5:6: a schedule of kind `baseline`"),
    ("a = 1\na = 2\n[x\n", "2:1: not TOML: duplicate key"),
];

#[test]
fn each_mistake_has_a_sentence_of_its_own() {
    for (text, said) in MISTAKES {
        let all = mistakes(text);
        assert!(all.iter().any(|one| one.starts_with(said)), "{text}\n{all:#?}\nnot: {said}");
    }
}

#[test]
fn a_time_of_a_schedule_is_exact() {
    let all = mistakes(MISTAKES[22].0);
    assert!(all[1].starts_with("6:4: `at`: `3:00` is no time of a schedule"), "{all:#?}");
}

#[test]
fn hostile_texts_are_refused_in_bounded_time() {
    let deep = format!("a = {}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let tables = "[[severity]]\n".repeat(19_000);
    let keys = (0..20_000).map(|n| format!("k{n} = 1\n")).collect::<String>();
    let dotted = format!("{}= 1", vec!["a"; 60_000].join("."));
    let broken = "]]]=[\"\n".repeat(30_000);
    let open = format!("a = \"\"\"{}", "\"\\".repeat(60_000));
    let headers = "[a.a.a.a.a.a.a.a.a.a]\n".repeat(11_000);
    for text in [deep, tables, keys, dotted, broken, open, headers, "x".repeat(parse::POLICY_BYTES_MAX + 1)] {
        let begun = Instant::now();
        let errors = Policy::parse(&text).expect_err("hostile");
        assert!(errors.faults.len() <= fault::FAULTS_MAX);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?} for {:.20}", begun.elapsed(), text);
    }
}

#[test]
fn as_many_regular_expressions_as_slow_a_policy_down_are_refused() {
    let rule = |n: usize| format!("[[severity]]\nkey = 're:A{n}'\nseverity = 'info'\n");
    assert!(Policy::parse(&(0..parse::REGEXES_MAX).map(rule).collect::<String>()).is_ok());
    let all = mistakes(&(0..=parse::REGEXES_MAX).map(rule).collect::<String>());
    assert!(all[0].contains("at most 100 regular expressions"), "{all:?}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        _ = Policy::parse(&text);
    }

    #[test]
    fn no_broken_policy_makes_the_reader_panic(at in 0..EXAMPLE.len(), put in ".{0,3}", cut in 0..40_usize) {
        let whole = |at: usize| (at..=EXAMPLE.len()).find(|at| EXAMPLE.is_char_boundary(*at)).unwrap();
        let text = format!("{}{put}{}", &EXAMPLE[..whole(at)], &EXAMPLE[whole((at + cut).min(EXAMPLE.len()))..]);
        if let Err(errors) = Policy::parse(&text) {
            let lines = u32::try_from(text.lines().count()).unwrap() + 1;
            prop_assert!(errors.faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
        }
    }

    #[test]
    fn what_is_written_down_is_read_back(policy in strategy::policy()) {
        let text = render::text(&policy);
        prop_assert_eq!(parsed(&text), policy, "{}", text);
    }

    #[test]
    fn the_first_severity_rule_that_matches_counts(
        policy in strategy::policy(), environment in "[ab]", source in "[ab]{1,2}", key in "[AB]{1,3}",
    ) {
        let at = place(&environment, &source);
        let mut expected = None;
        for rule in policy.severities.iter().rev() {
            let all = [
                (&rule.key, key.as_str()), (&rule.source, source.as_str()),
                (&rule.kind, "env_file"), (&rule.environment, environment.as_str()),
            ];
            if all.iter().all(|(pattern, name)| pattern.matches(name)) {
                expected = Some((rule.severity, rule.class));
            }
        }
        prop_assert_eq!(policy.severity_of(&at.environment, &at.source, SourceKind::EnvFile, &key), expected);
        let first = policy.expectations.iter().find(|one| one.key.matches(&key) && one.source.matches(&source));
        prop_assert_eq!(policy.expectation_of(&at.source, &key), first);
    }

    #[test]
    fn a_host_is_frozen_exactly_while_a_freeze_over_it_is_in_force(
        policy in strategy::policy(), environment in "[ab]", at_ms in 0_i64..60_000,
    ) {
        let at = place(&environment, "app");
        let is_over = |freeze: &&Freeze| {
            let Selector { environment, role, host } = &freeze.selector;
            let named = environment.as_ref().is_none_or(|one| *one == at.environment)
                && role.as_ref().is_none_or(|one| *one == at.role)
                && host.as_ref().is_none_or(|one| *one == at.host);
            named && freeze.from_ms.unwrap_or(i64::MIN) <= at_ms && at_ms < freeze.until_ms.unwrap_or(i64::MAX)
        };
        prop_assert_eq!(policy.frozen_at(&at.subject(), at_ms), policy.freezes.iter().find(is_over));
    }
}
