//! Policies as documents: mistakes with their lines, versions, differences, and
//! what a trial found.

use std::path::Path;

use driftline_api::policy::{PolicyDetail, PolicyInfo, PolicyList, PolicyOutcome};
use driftline_api::problem::Problem;
use driftline_compare::policy::{Policy, PolicyErrors};
use serde::Serialize;

use super::hosts::problem_lines;
use crate::printer::document::{Block, Document, Table};
use crate::printer::text::safe;
use crate::time_text;

/// Cells of the table that a difference is found with: some 2,000 changed lines
/// on either side. What differs by more is shown as gone and come.
const CELLS_MAX: usize = 4_000_000;

/// Lines that are shown around what differs.
const AROUND: usize = 3;

/// What is right with a policy.
#[must_use]
pub fn good(path: &Path, policy: &Policy) -> String {
    let counts = [
        ("severity rule", "severity rules", policy.severities.len()),
        ("expectation", "expectations", policy.expectations.len()),
        ("actor rule", "actor rules", policy.actors.len()),
        ("freeze", "freezes", policy.freezes.len()),
        ("schedule", "schedules", policy.schedules.len()),
    ];
    let said = counts.iter().filter(|(_, _, count)| *count > 0);
    let said: Vec<String> = said.map(|(one, many, count)| super::count(*count as u64, one, many)).collect();
    let rules = if said.is_empty() { "no rule".to_owned() } else { said.join(", ") };
    format!("{}: good, {rules}", path.display())
}

/// Mistakes with the lines that they stand in.
#[must_use]
pub fn problems(text: &str, errors: &PolicyErrors) -> Vec<Problem> {
    let lines: Vec<&str> = text.lines().collect();
    let line = |number: u32| lines.get(usize::try_from(number).ok()?.checked_sub(1)?);
    let problem = |fault: &driftline_compare::policy::Fault| Problem {
        kind: "policy".to_owned(),
        line: Some(fault.line),
        column: Some(fault.column),
        reason: fault.reason.clone(),
        excerpt: line(fault.line).map(|line| (*line).to_owned()),
    };
    errors.faults.iter().map(problem).collect()
}

/// Mistakes as they are printed, each with its line and a caret.
#[must_use]
pub fn mistakes(path: &Path, problems: &[Problem], left_out: usize) -> Vec<String> {
    let path = path.display().to_string();
    let mut lines: Vec<String> = problems.iter().flat_map(|problem| problem_lines(&path, problem)).collect();
    if left_out > 0 {
        lines.push(format!("and {left_out} more"));
    }
    lines
}

/// That a policy is in force.
#[must_use]
pub fn applied(detail: &PolicyDetail) -> Document {
    let said = detail
        .policy
        .as_ref()
        .map_or_else(String::new, |policy| format!("policy {} is in force: {}", policy.version, policy.summary));
    Document::default().text(said)
}

/// The text of a policy: as it is where it goes into a file, escaped line by line
/// where a terminal would obey it.
#[must_use]
pub fn text(text: &str, terminal: bool) -> String {
    let whole = if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    if !terminal {
        return whole;
    }
    // Tabs only set in, and are the author's.
    let line = |line: &str| line.split('\t').map(safe).collect::<Vec<_>>().join("\t");
    whole.lines().map(|one| line(one) + "\n").collect()
}

/// One version in a sentence.
#[must_use]
pub fn of_version(policy: &PolicyInfo) -> String {
    let PolicyInfo { version, applied_by, applied_at, .. } = policy;
    let state = if policy.in_force { "in force" } else { "no longer in force" };
    format!("policy {version}, {state}, applied by {applied_by} at {} UTC", time_text::short(applied_at))
}

/// Every version.
#[must_use]
pub fn history(list: &PolicyList) -> Document {
    if list.versions.is_empty() {
        return Document::default().text("no policy was ever applied: the built-in rules count");
    }
    let mut table = Table::new(&["version", "applied (utc)", "by", "what is different"]);
    for one in &list.versions {
        let version = format!("{}{}", one.version, if one.in_force { " (in force)" } else { "" });
        table.row([version, time_text::short(&one.applied_at), one.applied_by.clone(), one.summary.clone()]);
    }
    Document::default().table(table)
}

/// What a trial found.
#[must_use]
pub fn outcome(outcome: &PolicyOutcome, days: u32) -> Document {
    let cut = if outcome.cut_short { ", the newest of them" } else { "" };
    let document = Document::default().text(format!(
        "{} of {} judged again{cut}: {} would weigh otherwise, {} would have another verdict.",
        super::count(outcome.changes, "change", "changes"),
        if days == 1 { "the last day".to_owned() } else { format!("the last {days} days") },
        outcome.weighed_otherwise,
        outcome.judged_otherwise
    ));
    let document = match outcome.not_judged {
        0 => document,
        some => document.text(format!(
            "{} cannot be judged again: the host is gone, or has another fleet key.",
            super::count(some, "change", "changes")
        )),
    };
    if outcome.examples.is_empty() {
        return document;
    }
    let turns = outcome.verdicts.iter().chain(&outcome.severities);
    let turns: Vec<String> = turns
        .map(|one| format!("{:>8}  {} -> {}", one.changes, safe(&worded(&one.before)), safe(&worded(&one.after))))
        .collect();
    let document = if turns.is_empty() { document } else { document.block(Block::Lines(turns)) };
    let mut table = Table::new(&["time (utc)", "severity", "host", "source", "key"]);
    for one in &outcome.examples {
        let severity = turned(&one.severity_before, &one.severity_after);
        let verdicts = one.verdict_before.as_deref().zip(one.verdict_after.as_deref());
        let verdict = verdicts.filter(|(before, after)| before != after);
        let verdict = verdict.map(|(before, after)| turned(&worded(before), &worded(after)));
        let notes: Vec<String> = verdict.into_iter().chain(one.notes.iter().cloned()).collect();
        let host = format!("{}/{}", one.environment, one.host);
        table.row([time_text::short(&one.observed_at), severity, host, one.source.clone(), one.key.clone()]);
        if let Some(row) = table.rows.last_mut().filter(|_| !notes.is_empty()) {
            row.note = Some(notes.join("; "));
        }
    }
    document.table(table)
}

fn worded(name: &str) -> String {
    name.replace('_', " ")
}

/// What something is, and what it would be where that is something else.
fn turned(before: &str, after: &str) -> String {
    if before == after { after.to_owned() } else { format!("{before} -> {after}") }
}

/// A difference between two texts, as JSON.
#[derive(Debug, Serialize)]
pub struct Difference<'a> {
    /// Version of the shape.
    pub schema_version: u32,
    /// One side.
    pub left: &'a str,
    /// The other.
    pub right: &'a str,
    /// Lines: ` ` in both, `-` left only, `+` right only, `@@` where some are
    /// left out.
    pub lines: &'a [String],
}

/// The lines in which two named texts differ.
#[must_use]
pub fn difference(left: &(String, String), right: &(String, String)) -> (Vec<String>, Document) {
    let all = compared(&left.1.lines().collect::<Vec<_>>(), &right.1.lines().collect::<Vec<_>>());
    let lines = shortened(&all);
    if lines.is_empty() {
        let said = format!("{} and {} are the same", left.0, right.0);
        return (lines, Document::default().text(said));
    }
    let head = [format!("--- {}", safe(&left.0)), format!("+++ {}", safe(&right.0))];
    let shown = head.into_iter().chain(lines.iter().map(|line| safe(line))).collect();
    (lines, Document::default().block(Block::Lines(shown)))
}

/// Every line with its mark, by the longest common subsequence of what is
/// between the common beginning and end.
fn compared(left: &[&str], right: &[&str]) -> Vec<String> {
    let begin = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left_rest, right_rest) = (&left[begin..], &right[begin..]);
    let end = left_rest.iter().rev().zip(right_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&left_rest[..left_rest.len() - end], &right_rest[..right_rest.len() - end]);
    let mut lines: Vec<String> = left[..begin].iter().map(|line| format!(" {line}")).collect();
    let width = b.len() + 1;
    if (a.len() + 1).saturating_mul(width) > CELLS_MAX {
        lines.extend(a.iter().map(|line| format!("-{line}")));
        lines.extend(b.iter().map(|line| format!("+{line}")));
    } else {
        let common = table(a, b);
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            if i < a.len() && j < b.len() && a[i] == b[j] {
                lines.push(format!(" {}", a[i]));
                (i, j) = (i + 1, j + 1);
            } else if j == b.len() || (i < a.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
                lines.push(format!("-{}", a[i]));
                i += 1;
            } else {
                lines.push(format!("+{}", b[j]));
                j += 1;
            }
        }
    }
    lines.extend(left_rest[left_rest.len() - end..].iter().map(|line| format!(" {line}")));
    lines
}

/// Lengths of the longest common subsequences of every pair of ends.
fn table(a: &[&str], b: &[&str]) -> Vec<u32> {
    let width = b.len() + 1;
    let mut common = vec![0; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    common
}

/// Only what differs, and some lines around it.
fn shortened(lines: &[String]) -> Vec<String> {
    let differs: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].starts_with(' ')).collect();
    let mut shown = Vec::new();
    let mut last = None;
    for (at, line) in lines.iter().enumerate() {
        let near = differs.partition_point(|one| one + AROUND < at);
        if differs.get(near).is_none_or(|one| *one > at + AROUND) {
            continue;
        }
        if last.map_or(at > 0, |last: usize| last + 1 < at) {
            shown.push("@@".to_owned());
        }
        shown.push(line.clone());
        last = Some(at);
    }
    shown
}

#[cfg(test)]
mod tests;
