//! A plan in sentences, by the hosts and files where it is carried out.
//!
//! For people: it is not meant to be read by a program.

use driftline_canon::count;

use super::step::{Action, Step, Value};
use super::{Plan, spelling};

/// The plan as text.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let changes: Vec<&Step> = plan.changes().collect();
    let steps = count(u64::try_from(changes.len()).unwrap_or(u64::MAX), "step", "steps");
    let title = format!("To make {} like {}: {steps}.", plan.target, plan.reference);
    let mut out = format!("{}\n", spelling::one_line(&title));
    let mut before: Option<&Step> = None;
    for step in changes {
        if before.is_none_or(|before| !before.shares_file_with(step)) {
            out.push_str(&format!("\n{}\n", spelling::one_line(&heading(step))));
        }
        out.push_str(&format!("  {}\n", sentence(step)));
        before = Some(step);
    }
    if !plan.open.is_empty() {
        out.push_str("\nNot planned:\n");
    }
    for open in &plan.open {
        let said = format!("{} of {}: {}", open.key, open.source, open.reason);
        out.push_str(&format!("  {}\n", spelling::one_line(&said)));
    }
    out
}

fn heading(step: &Step) -> String {
    let place = format!("{}, role {}, source {}", step.side, step.role, step.source);
    match step.at.as_ref().filter(|at| !at.path.is_empty()) {
        Some(at) => format!("{place} ({} on {})", at.path, at.host),
        None => place,
    }
}

/// One step in words.
#[must_use]
pub fn sentence(step: &Step) -> String {
    let key = &step.key;
    let hosts = match &*step.only {
        [] => String::new(),
        some => format!(" on {}", some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    let line = match step.at.as_ref().and_then(|at| at.line) {
        Some(line) if is_of_its_place(step) => format!(" (line {line})"),
        _ => String::new(),
    };
    let severity = step.severity;
    let what = match (step.action, &step.old) {
        (Action::Keep, _) => format!("keep {key}"),
        (Action::Add, _) => format!("add {key} = {}{hosts}", shown(&step.new)),
        (Action::Change, Value::Shown(old)) => {
            format!("change {key} from {} to {}{hosts}{line}", quoted(old), shown(&step.new))
        }
        (Action::Change, _) => format!("change {key} to {}{hosts}{line}", shown(&step.new)),
        (Action::Remove, _) => format!("remove {key}{hosts}{line}"),
        (Action::Align, _) => {
            let hosts = if hosts.is_empty() { " on every host".to_owned() } else { hosts };
            format!("set {key} to {}{hosts}", shown(&step.new))
        }
        (Action::Restart, old) => {
            let now = match old {
                Value::Nothing => String::new(),
                old => format!(" instead of {}", shown(old)),
            };
            format!("restart what {} shows{hosts}: then it has {key} = {}{now}", step.source, shown(&step.new))
        }
    };
    spelling::one_line(&format!("{severity}: {what}"))
}

/// Whether the place of a step is that of all hosts where it is done, as far as
/// it names any.
fn is_of_its_place(step: &Step) -> bool {
    step.only.is_empty() || step.at.as_ref().is_some_and(|at| *step.only == [at.host.clone()])
}

fn shown(value: &Value) -> String {
    match value {
        Value::Nothing => "nothing".to_owned(),
        Value::Shown(text) => quoted(text),
        Value::Hidden(placeholder) => placeholder.to_string(),
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "an empty value".to_owned() } else { text.to_owned() }
}
