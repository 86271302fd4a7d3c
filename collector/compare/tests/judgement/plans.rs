//! Plans in every form, for keys and values that a shell, YAML, a patch or a
//! template would take for something else.

use driftline_canon::{ItemKey, SourceKind};
use driftline_compare::Severity;
use driftline_compare::compare::{Cell, CellState, Group, What};
use driftline_compare::plan::{Action, Cure, End, Form, Given, Plan, Sides, Value, Where};
use proptest::prelude::*;

const ODD: [&str; 9] =
    ["", "a b", "it's", "$(id)`id`", "{{ lookup('pipe','id') }}", "-rf", "a: b # c", "\"quoted\"", "ümlaut=1"];
const KEYS: [&str; 5] = ["PLAIN", "with space", "semi;colon", "{{ key }}", "it's.$HOME"];

fn cell(display: Option<&str>, secret: bool) -> Cell {
    let state = if display.is_some() { CellState::Value } else { CellState::Missing };
    Cell { state, display: display.map(str::to_owned), secret, groups: Vec::new(), host: None }
}

fn end(cell: Cell, host: &str) -> End {
    let at = Where { host: host.parse().unwrap(), path: "/srv/app/.env".to_owned(), line: Some(2), included: false };
    End { cell, at: Some(at) }
}

fn given(key: &str, what: What, target: Cell, reference: Cell) -> Given {
    Given {
        role: ("web".to_owned(), "web".to_owned()),
        source: "app".parse().unwrap(),
        kind: SourceKind::EnvFile,
        key: ItemKey::from_canonical(key.to_owned()).unwrap(),
        what,
        target: end(target, "s1"),
        reference: end(reference, "p1"),
        severity: Severity::Warning,
        only: Vec::new(),
        cure: Cure::Set,
    }
}

fn split(display: &str, outlier: &str) -> Cell {
    let group = |hosts: &[&str], display: &str, secret: bool| Group {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        count: u32::try_from(hosts.len()).unwrap(),
        display: Some(display.to_owned()),
        secret,
        missing: false,
    };
    let groups = vec![group(&["s1", "s2"], display, false), group(&["s3"], outlier, false)];
    Cell { state: CellState::Split, display: None, secret: false, groups, host: None }
}

/// Each way to change something, to this value.
fn every_change(key: &str, value: &str, secret: bool) -> [(Action, Given); 4] {
    let new = || cell(Some(value), secret);
    [
        (Action::Add, given(key, What::MissingLeft, cell(None, false), new())),
        (Action::Change, given(key, What::Differs, cell(Some("old"), false), new())),
        (Action::Remove, given(key, What::MissingRight, new(), cell(None, false))),
        (Action::Align, given(key, What::Split, split("old", "older"), new())),
    ]
}

fn plan(given: Given) -> Plan {
    let plan = Plan::of(&Sides::compared("staging", "production"), [given]);
    assert_eq!((plan.steps.len(), plan.open.len()), (1, 0), "{plan:?}");
    plan
}

#[test]
fn every_action_names_its_key_in_every_form_whatever_is_in_it() {
    for (key, value) in KEYS.iter().flat_map(|key| ODD.map(|value| (*key, value))) {
        for (action, given) in every_change(key, value, false) {
            let plan = plan(given);
            assert_eq!(plan.steps[0].action, action, "{key} {value}");
            assert_eq!(
                plan.steps[0].new,
                if action == Action::Remove { Value::Nothing } else { Value::Shown(value.to_owned()) }
            );
            for form in Form::ALL {
                let text = plan.render(form);
                assert!(text.ends_with('\n') && !text.contains('\0'), "{form:?} {key}");
                let words = key.split(['\'', '"']).next().unwrap();
                assert!(text.contains(words), "{form:?} {action:?} {key} {value}:\n{text}");
            }
        }
    }
}

#[test]
fn j9_what_is_secret_or_unreadable_on_either_end_is_a_placeholder_or_open() {
    for (action, given) in every_change("DB_PASSWORD", "hunter-masked", true) {
        let plan = plan(given);
        for form in Form::ALL {
            assert!(!plan.render(form).contains("hunter-masked"), "{form:?} {action:?}");
        }
        assert!(matches!(plan.steps[0].new, Value::Hidden(_)) || action == Action::Remove);
    }
    let unknown = || Cell { state: CellState::Unknown, ..cell(None, false) };
    for (target, reference) in [(unknown(), cell(Some("1"), false)), (cell(Some("1"), false), unknown())] {
        let plan = Plan::of(
            &Sides::compared("staging", "production"),
            [given("UNREAD", What::Undetermined, target, reference)],
        );
        assert_eq!((plan.changes().count(), plan.open.len()), (0, 1));
        for form in [Form::Text, Form::Shell, Form::Ansible] {
            assert!(plan.render(form).contains("UNREAD"), "{form:?} says what it leaves open");
        }
    }
}

#[test]
fn an_outlier_that_is_aligned_is_the_only_host_that_is_named() {
    let aligned = plan(given("T", What::Split, split("30s", "60s"), cell(Some("30s"), false)));
    let hosts: Vec<&str> = aligned.steps[0].only.iter().map(|host| host.as_str()).collect();
    assert_eq!((aligned.steps[0].action, hosts), (Action::Align, vec!["s3"]));
    let gone = plan(given("T", What::Split, split("30s", "60s"), cell(None, false)));
    let hosts: Vec<&str> = gone.steps[0].only.iter().map(|host| host.as_str()).collect();
    assert_eq!((gone.steps[0].action, hosts), (Action::Remove, vec!["s1", "s2", "s3"]));
}

proptest! {
    /// Nothing of a line that a display may hold begins a line of its own, and
    /// no secret comes through.
    #[test]
    fn no_form_lets_a_value_begin_a_line_or_shows_a_secret(
        key in prop::sample::select(KEYS.to_vec()), value in "[ -~]{0,16}", secret: bool,
    ) {
        let value = format!("{value}ZQZ\u{1b}\nEVIL-LINE");
        for (action, given) in every_change(key, &value, secret) {
            let plan = Plan::of(&Sides::compared("staging", "production"), [given]);
            // Sentences and diffs are for people, and show a display as it came: escaped.
            for form in [Form::Env, Form::Shell, Form::Ansible] {
                let text = plan.render(form);
                let secret = secret && action != Action::Remove;
                prop_assert!(!secret || !text.contains("EVIL-LINE"), "{:?} {:?}: {}", form, action, text);
                // In a script it may stand between quotes.
                let quoted = matches!(form, Form::Shell) && text.contains("\nEVIL-LINE'");
                let outside = text.lines().any(|line| line.starts_with("EVIL-LINE")) && !quoted;
                prop_assert!(!outside, "{:?} {:?}: {}", form, action, text);
            }
        }
    }
}
