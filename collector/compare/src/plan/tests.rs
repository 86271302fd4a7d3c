//! Plans of whole comparisons: what the forms say, whether the programs that
//! they are for read them, and that no secret is in any.

mod forms;

use driftline_canon::HostName;
use proptest::prelude::*;

use super::*;
use crate::compare::{CellState, Group};

pub(super) fn at(host: &str, path: &str, line: Option<u32>) -> Option<Where> {
    Some(Where { host: host.parse().unwrap(), path: path.to_owned(), line, included: false })
}

pub(super) fn value(display: Option<&str>, secret: bool) -> Cell {
    Cell { state: CellState::Value, display: display.map(str::to_owned), secret, groups: Vec::new(), host: None }
}

pub(super) fn missing() -> Cell {
    Cell { state: CellState::Missing, display: None, secret: false, groups: Vec::new(), host: None }
}

pub(super) fn group(hosts: &[&str], display: Option<&str>) -> Group {
    let hosts: Vec<HostName> = hosts.iter().map(|host| host.parse().unwrap()).collect();
    let count = u32::try_from(hosts.len()).unwrap();
    Group { hosts, count, display: display.map(str::to_owned), secret: false, missing: display.is_none() }
}

pub(super) fn split(groups: Vec<Group>) -> Cell {
    Cell { state: CellState::Split, display: None, secret: false, groups, host: None }
}

/// One key of an env file: what staging (the target) and production have.
pub(super) fn env(key: &str, what: What, target: Cell, reference: Cell, line: Option<u32>) -> Given {
    Given {
        role: ("web".to_owned(), "web".to_owned()),
        source: "app".parse().unwrap(),
        kind: SourceKind::EnvFile,
        key: ItemKey::from_canonical(key.to_owned()).unwrap(),
        what,
        target: End { cell: target, at: at("s1", "/srv/app/.env", line) },
        reference: End { cell: reference, at: at("web-1", "/srv/app/.env", Some(7)) },
        severity: Severity::Warning,
        only: Vec::new(),
        cure: Cure::Set,
    }
}

pub(super) fn plan(given: Vec<Given>) -> Plan {
    Plan::of(&Sides::compared("staging", "production"), given)
}

fn only(given: Given) -> Step {
    let plan = plan(vec![given]);
    assert_eq!((plan.steps.len(), plan.open.len()), (1, 0), "{plan:#?}");
    plan.steps.into_iter().next().unwrap()
}

#[test]
fn a_key_that_the_target_lacks_is_added_with_the_value_of_the_reference() {
    let step = only(env("A", What::MissingLeft, missing(), value(Some("1"), false), None));
    assert_eq!((step.action, step.new, step.old), (Action::Add, Value::Shown("1".to_owned()), Value::Nothing));
    assert_eq!(step.side, "staging");
}

#[test]
fn a_key_that_only_the_target_has_goes() {
    let step = only(env("A", What::MissingRight, value(Some("1"), false), missing(), Some(3)));
    assert_eq!((step.action, step.new), (Action::Remove, Value::Nothing));
}

#[test]
fn p4_a_secret_is_a_placeholder_that_names_its_place() {
    let step =
        only(env("DATABASE_URL", What::MissingLeft, missing(), value(Some("postgres://a:****@db/x"), true), None));
    assert_eq!(step.new.to_string(), "<value of DATABASE_URL on production web-1:/srv/app/.env>");
}

#[test]
fn p4_secrets_of_two_environments_are_not_made_the_same() {
    let given = |reference: &str| {
        let both = (value(Some("****"), true), value(Some("****"), true));
        Plan::of(&Sides::compared("staging", reference), [env("DB_PASSWORD", What::Differs, both.0, both.1, Some(1))])
    };
    let between = given("production");
    assert!(between.steps.is_empty());
    assert!(between.open[0].reason.contains("a secret of its own"), "{between:?}");
    // What was declared for an environment is what it should have.
    let declared = given("desired:staging");
    assert_eq!(declared.steps[0].action, Action::Change);
    assert!(declared.steps[0].new.to_string().starts_with("<value of DB_PASSWORD in desired:staging"), "{declared:?}");
}

#[test]
fn a_secret_that_was_declared_is_looked_for_where_it_was_declared() {
    for side in ["desired:staging", "baseline:staging", "revision:r17"] {
        let both = (value(Some("****"), true), value(Some("****"), true));
        let plan = Plan::of(&Sides::compared("staging", side), [env("JWT", What::Differs, both.0, both.1, Some(1))]);
        let expected = format!("<value of JWT in {side}, source app>");
        assert_eq!(plan.steps[0].new.to_string(), expected);
    }
}

#[test]
fn what_was_declared_is_not_aligned() {
    let cell = split(vec![group(&["w1", "w2"], Some("30s")), group(&["w3"], Some("60s"))]);
    let given = env("T", What::Split, value(Some("5s"), false), cell, Some(2));
    let plan = Plan::of(&Sides::compared("staging", "baseline:staging"), [given]);
    assert!(plan.steps.is_empty() && plan.open[0].reason.contains("plan for one host"), "{plan:?}");
}

#[test]
fn a_display_that_is_not_the_value_is_a_placeholder() {
    for display in [None, Some("a\\nb"), Some("$X -> y"), Some("(inherited)"), Some("abc… (900 bytes)"), Some("x****")]
    {
        let step = only(env("A", What::MissingLeft, missing(), value(display, false), None));
        assert!(matches!(step.new, Value::Hidden(_)), "{display:?}");
    }
}

#[test]
fn the_outliers_of_the_target_are_aligned_by_name() {
    let cell = split(vec![group(&["s1", "s2"], Some("30s")), group(&["s3"], Some("60s")), group(&["s4"], None)]);
    let step = only(env("T", What::Split, cell, value(Some("30s"), false), Some(2)));
    assert_eq!(step.action, Action::Align);
    assert_eq!(step.only.iter().map(HostName::as_str).collect::<Vec<_>>(), ["s3", "s4"]);
}

#[test]
fn outliers_that_are_only_counted_make_it_a_step_of_all_hosts() {
    let mut many = group(&["s3"], Some("60s"));
    many.count = 40;
    let cell = split(vec![group(&["s1"], Some("30s")), many]);
    let step = only(env("T", What::Split, cell, value(Some("30s"), false), None));
    assert!(step.only.is_empty());
}

#[test]
fn a_split_reference_is_aligned_first() {
    let cell = split(vec![group(&["w1", "w2"], Some("30s")), group(&["w3"], Some("60s"))]);
    let step = only(env("T", What::Split, value(Some("5s"), false), cell, Some(2)));
    assert_eq!((step.side.as_str(), step.action), ("production", Action::Align));
    assert_eq!((step.only[0].as_str(), step.new), ("w3", Value::Shown("30s".to_owned())));
}

#[test]
fn without_a_majority_nobody_is_right() {
    let cell = split(vec![group(&["w1"], Some("30s")), group(&["w2"], Some("60s"))]);
    let plan = plan(vec![env("T", What::Split, value(Some("5s"), false), cell, None)]);
    assert!(plan.steps.is_empty());
    assert!(plan.open[0].reason.contains("no value has a majority"));
}

#[test]
fn j9_what_could_not_be_read_is_not_planned() {
    let unknown = Cell { state: CellState::Unknown, display: None, secret: false, groups: Vec::new(), host: None };
    let plan = plan(vec![env("T", What::Undetermined, value(Some("1"), false), unknown, None)]);
    assert!(plan.steps.is_empty());
    assert_eq!(plan.open.len(), 1);
}

#[test]
fn metadata_is_left_to_a_person_or_one_tool() {
    let mode = only(env("@mode", What::Differs, value(Some("0644"), false), value(Some("0600"), false), None));
    let script = Plan { target: String::new(), reference: String::new(), steps: vec![mode], open: Vec::new() };
    assert!(script.render(Form::Shell).contains("beside chmod 0600 /srv/app/.env"));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "\\PC{0,12}", Just("{{ lookup('pipe','id') }}".to_owned()), Just("$(id)`id`".to_owned())]
}

fn any_given() -> impl Strategy<Value = Given> {
    let kinds = prop::sample::select(SourceKind::ALL.to_vec());
    let whats = prop::sample::select(What::ALL.to_vec());
    let keys = prop_oneof!["[A-Z_]{1,8}", "[ -~]{1,20}", Just("filter/INPUT: -p tcp --dport 22 -j ACCEPT".to_owned())];
    let paths =
        prop_oneof![Just("/srv/app/.env"), Just("/etc/postgresql/15/main/postgresql.conf"), Just("/x y/'a'.env")];
    (kinds, whats, keys, any_text(), any_text(), any::<(bool, bool)>(), paths).prop_map(
        |(kind, what, key, left, right, secrets, path)| {
            // What the masking leaves of a secret, whatever stands around it.
            let display =
                |text: String, secret: bool| if secret { "postgres://app:****@db/x".to_owned() } else { text };
            let cell = |text, secret| value(Some(&display(text, secret)), secret);
            let mut given = env(&key, what, cell(left, secrets.0), cell(right, secrets.1), Some(3));
            given.kind = kind;
            given.target.at = at("s1", path, Some(3));
            given
        },
    )
}

/// The plan of a drift of production on one host of several.
fn of_drift(cure: Cure, given: Given) -> Plan {
    let sides = Sides {
        target: "production".to_owned(),
        reference: "revision 4f2a91c".to_owned(),
        values: "in revision 4f2a91c".to_owned(),
        own_secrets: false,
    };
    Plan::of(&sides, [Given { only: vec!["s1".parse().unwrap()], cure, ..given }])
}

#[test]
fn a_step_for_one_host_has_its_line_and_a_patch_that_names_the_host() {
    let given = env("T", What::Differs, value(Some("60s"), false), value(Some("30s"), false), Some(3));
    let plan = of_drift(Cure::Set, given.clone());
    let text = plan.render(Form::Text);
    assert!(text.starts_with("To make production like revision 4f2a91c: 1 step.\n"), "{text}");
    assert!(text.contains("  warning: change T from 60s to 30s on s1 (line 3)\n"), "{text}");
    let patch = plan.render(Form::Env);
    assert!(patch.contains("# for production s1:/srv/app/.env, on s1 alone\n"), "{patch}");
    assert!(patch.contains("@@ -3,1 +3,1 @@\n-T=60s\n+T=30s\n"), "{patch}");
    assert!(plan.render(Form::Shell).contains("    case $host in\n        s1)"), "{}", plan.render(Form::Shell));
    assert!(plan.render(Form::Ansible).contains("inventory_hostname in ['s1']"));
    // A line of a host that it is not about is no place for a patch.
    let mut elsewhere = given;
    elsewhere.target.at = at("s9", "/srv/app/.env", Some(3));
    assert!(!of_drift(Cure::Set, elsewhere).render(Form::Env).contains("@@"));
}

#[test]
fn p4_the_secret_of_a_drift_is_where_it_was_declared() {
    let both = (value(Some("****"), true), value(Some("****"), true));
    let plan = of_drift(Cure::Set, env("DB_PASSWORD", What::Differs, both.0, both.1, Some(2)));
    assert_eq!(plan.steps[0].new.to_string(), "<value of DB_PASSWORD in revision 4f2a91c, source app>");
    assert!(plan.open.is_empty(), "within one environment a secret is not a matter of two");
}

#[test]
fn what_waits_for_a_restart_is_restarted_by_a_person() {
    let given = env("T", What::Differs, value(Some("5s"), false), value(Some("30s"), false), None);
    let plan = of_drift(Cure::Restart, Given { kind: SourceKind::ProcessEnv, ..given });
    assert_eq!(plan.steps[0].action, Action::Restart);
    let said = "restart what app shows on s1: then it has T = 30s instead of 5s";
    assert!(plan.render(Form::Text).contains(said), "{}", plan.render(Form::Text));
    for form in [Form::Shell, Form::Ansible, Form::Env] {
        let text = plan.render(form);
        assert!(
            text.contains(said) && text.lines().all(|line| !line.contains(said) || line.trim_start().starts_with('#')),
            "{text}"
        );
    }
    assert!(plan.render(Form::Diff).contains("-T = 5s\n+T = 30s\n"));
}

#[test]
fn w10_what_has_several_lines_becomes_no_line_of_its_own() {
    let evil = "5s\n+EVIL=1\n@@ -1,1 +1,1 @@\u{1b}[2J\u{202e}\rEVIL=2";
    let with = |what, path: &str| {
        let mut given = env("T", what, value(Some(evil), false), value(Some(&format!("{evil}x")), false), Some(2));
        given.target.at = at("s1", path, Some(2));
        given.reference.at = at("web-1", path, Some(2));
        given
    };
    let path = "/srv/app\nEVIL=3\n--- /etc/passwd\u{85}EVIL=4/.env";
    for given in [
        with(What::Differs, "/srv/app/.env"),
        with(What::Differs, path),
        with(What::Equal, path),
        with(What::MissingRight, path),
    ] {
        let sides = Sides::compared("staging", "x\nEVIL=5\u{1b}[2J");
        let beside = env("A", What::Differs, value(Some("1"), false), value(Some("2"), false), Some(9));
        let plan = Plan::of(&sides, [given, beside]);
        for form in Form::ALL {
            let text = plan.render(form);
            let begins = |line: &str| line.trim_start_matches(['+', '-', ' ', '\'']).starts_with("EVIL");
            assert!(!text.lines().any(begins), "{form:?}: {text}");
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\r', '\u{85}']), "{form:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("--- /etc/passwd")), "{form:?}: {text}");
        }
    }
}

proptest! {
    /// Whatever came from hosts, every form is made, its program reads it, and
    /// what is secret is in none: there is a placeholder instead.
    #[test]
    fn p4_no_form_holds_a_masked_value(given in prop::collection::vec(any_given(), 1..6)) {
        let plan = plan(given);
        for form in Form::ALL {
            let text = plan.render(form);
            prop_assert!(!text.contains("postgres://app:"), "{form:?}: {text}");
        }
    }
}

proptest! {
    /// A secret goes in through canon, as on a host, and comes out of no form.
    #[test]
    fn p4_no_secret_of_a_real_file_is_in_any_form(secret in "[A-Za-z0-9/+!,]{12,40}") {
        use driftline_canon::{DisplayPolicy, FleetKey, Format, KeyEpoch, Observation, format};

        let file = format!("DB_PASSWORD={secret}\nDATABASE_URL=postgres://app:{secret}@db/x\nAPI_KEY='{secret}'\nPORT=1\n");
        let read = format::read(Format::EnvFile(None), file.as_bytes());
        let key = FleetKey::new([7; 32], KeyEpoch(0)).keyed();
        let seen = Observation::of_settings(&read.settings, &key, DisplayPolicy::Clear);
        let given = seen.items().iter().map(|item| {
            let cell = value(item.display.as_ref().map(|display| display.as_str()), item.secret);
            env(item.key.as_str(), What::MissingLeft, missing(), cell, None)
        });
        let plan = plan(given.collect());
        for form in Form::ALL {
            let text = plan.render(form);
            prop_assert!(!text.contains(&secret), "{form:?}: {text}");
            prop_assert!(text.contains("PORT"), "{form:?}: {text}");
        }
    }
}
