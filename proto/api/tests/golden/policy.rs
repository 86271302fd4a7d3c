//! Documents of the policy, windows and operators.

use driftline_api::SCHEMA_VERSION;
use driftline_api::operator::{OperatorAdd, OperatorInfo, OperatorList, OperatorRotate};
use driftline_api::policy::{
    PolicyDetail, PolicyExample, PolicyInfo, PolicyList, PolicyOutcome, PolicyPush, PolicyTrial, PolicyTurn,
};
use driftline_api::window::{WindowInfo, WindowList, WindowOpen};

use crate::{Case, case};

const AT: &str = "2026-11-22T04:30:00.123Z";

const TEXT: &str = "[settle]\nseconds = 60\n";

fn info() -> PolicyInfo {
    PolicyInfo {
        version: 3,
        in_force: true,
        applied_by: "ada".into(),
        applied_at: AT.into(),
        summary: "settling 60 s, was 30 s".into(),
    }
}

fn example() -> PolicyExample {
    PolicyExample {
        id: 4711,
        observed_at: AT.into(),
        environment: "production".into(),
        host: "web-1".into(),
        source: "app".into(),
        key: "PAYMENT_URL".into(),
        severity_before: "info".into(),
        severity_after: "critical".into(),
        verdict_before: Some("out_of_band".into()),
        verdict_after: Some("authorised".into()),
        notes: vec!["rule `deploys` authorises what its actor does, and it was certainly them".into()],
    }
}

fn least_example() -> PolicyExample {
    PolicyExample { verdict_before: None, verdict_after: None, notes: vec![], ..example() }
}

pub(crate) fn policies() -> Vec<Case> {
    let push = |replaces| PolicyPush { text: TEXT.into(), replaces };
    let detail = |policy| PolicyDetail { schema_version: SCHEMA_VERSION, policy, text: TEXT.into() };
    let list = |versions| PolicyList { schema_version: SCHEMA_VERSION, versions };
    let trial = PolicyTrial { text: TEXT.into(), days: 7 };
    let turn = |before: &str, after: &str| PolicyTurn { before: before.into(), after: after.into(), changes: 3 };
    let outcome = |examples: Vec<PolicyExample>| PolicyOutcome {
        schema_version: SCHEMA_VERSION,
        changes: 120,
        cut_short: false,
        weighed_otherwise: 3,
        judged_otherwise: 1,
        not_judged: if examples.is_empty() { 0 } else { 2 },
        severities: examples.iter().map(|_| turn("info", "critical")).collect(),
        verdicts: examples.iter().map(|_| turn("out_of_band", "authorised")).collect(),
        examples,
    };
    vec![
        case("PolicyPush", &push(Some(2)), &push(None)),
        case("PolicyInfo", &info(), &info()),
        case("PolicyDetail", &detail(Some(info())), &detail(None)),
        case("PolicyList", &list(vec![info()]), &list(vec![])),
        case("PolicyTrial", &trial, &trial),
        case("PolicyOutcome", &outcome(vec![example()]), &outcome(vec![])),
        case("PolicyExample", &example(), &least_example()),
        case("PolicyTurn", &turn("info", "critical"), &turn("info", "critical")),
    ]
}

pub(crate) fn windows() -> Vec<Case> {
    let open = WindowOpen {
        selector: "env=production,role=web".into(),
        source: Some("app".into()),
        actor: Some("deploy".into()),
        ticket: "CHG-123".into(),
        seconds: 1_800,
    };
    let window = WindowInfo {
        id: 7,
        status: "closed".into(),
        selector: "production".into(),
        source: Some("app".into()),
        actor: Some("deploy".into()),
        ticket: "CHG-123".into(),
        opened_by: "ada".into(),
        from: AT.into(),
        until: "2026-11-22T05:00:00.123Z".into(),
        closed_by: Some("ada".into()),
    };
    let least = WindowInfo { source: None, actor: None, closed_by: None, ..window.clone() };
    let list = |windows| WindowList { schema_version: SCHEMA_VERSION, windows };
    vec![
        case("WindowOpen", &open, &WindowOpen { source: None, actor: None, ..open.clone() }),
        case("WindowInfo", &window, &least),
        case("WindowList", &list(vec![window.clone()]), &list(vec![])),
    ]
}

pub(crate) fn operators() -> Vec<Case> {
    let add = OperatorAdd { name: "ci".into(), roles: vec!["deployer:staging".into()], token_sha256: "ef".repeat(32) };
    let rotate = OperatorRotate { token_sha256: "ef".repeat(32) };
    let info = OperatorInfo {
        name: "ci".into(),
        roles: vec!["deployer:staging".into()],
        created_at: AT.into(),
        revoked: false,
    };
    let list = |operators| OperatorList { schema_version: SCHEMA_VERSION, operators };
    vec![
        case("OperatorAdd", &add, &add),
        case("OperatorRotate", &rotate, &rotate),
        case("OperatorInfo", &info, &info),
        case("OperatorList", &list(vec![info.clone()]), &list(vec![])),
    ]
}
