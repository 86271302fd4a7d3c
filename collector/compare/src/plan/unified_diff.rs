//! A plan as a unified diff of what each source holds: `key = value` by key,
//! with what may be shown.
//!
//! Files are larger than what is known of them here (comments, order), so it
//! is for reading and review; a patch that can be applied is `env_patch`.

use super::step::{Action, Step, Value};
use super::{Plan, spelling};

/// Unchanged lines that are shown beside a change.
const CONTEXT: usize = 3;

/// The plan as a diff.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut out = String::new();
    for file in plan.steps.chunk_by(|a, b| a.shares_file_with(b)) {
        let lines: Vec<Line> = file.iter().flat_map(lines).collect();
        if let Some(first) = file.first().filter(|_| lines.iter().any(|line| line.mark != ' ')) {
            out.push_str(&format!("--- {}\n+++ {}, planned\n", first.label(), first.label()));
            out.push_str(&hunks(&lines));
        }
    }
    out
}

/// One line of a file as it is, as it will be, or both.
struct Line {
    mark: char,
    text: String,
}

fn lines(step: &Step) -> Vec<Line> {
    let line = |mark: char, value: &Value| Line { mark, text: spelling::one_line(&format!("{} = {value}", step.key)) };
    let unknown = |mark: char| Line { mark, text: format!("{} = (differs between hosts)", step.key) };
    let old = || if step.old == Value::Nothing { unknown('-') } else { line('-', &step.old) };
    match step.action {
        Action::Keep => vec![line(' ', &step.old)],
        Action::Add => vec![line('+', &step.new)],
        Action::Remove => vec![old()],
        Action::Change | Action::Align | Action::Restart => vec![old(), line('+', &step.new)],
    }
}

fn hunks(lines: &[Line]) -> String {
    let mut out = String::new();
    let changed: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| line.mark != ' ').map(|(at, _)| at).collect();
    for near in changed.chunk_by(|a, b| b - a <= 2 * CONTEXT + 1) {
        let (Some(first), Some(last)) = (near.first(), near.last()) else { continue };
        let from = first.saturating_sub(CONTEXT);
        let to = (last + CONTEXT + 1).min(lines.len());
        let (before, within) = (&lines[..from], &lines[from..to]);
        let header = (range(before, within, '+'), range(before, within, '-'));
        out.push_str(&format!("@@ -{} +{} @@\n", header.0, header.1));
        out.extend(within.iter().map(|line| format!("{}{}\n", line.mark, line.text)));
    }
    out
}

/// Where a hunk begins and how many lines it has, on the side that has no lines
/// of the other mark. An empty range names the line before it.
fn range(before: &[Line], within: &[Line], other: char) -> String {
    let count = |lines: &[Line]| lines.iter().filter(|line| line.mark != other).count();
    let (start, length) = (count(before), count(within));
    let start = if length == 0 { start } else { start + 1 };
    format!("{start},{length}")
}
