//! A plan as a patch of env files, which patch(1) applies (`patch -p0`).
//!
//! Each hunk is one line at the place where it was seen. A line that is spelled
//! otherwise than here (quotes, `export`, blanks) makes patch refuse the hunk,
//! which is meant: nothing is changed that is not as it was seen. What cannot
//! be spelled for every reader of env files stands above the patch as a
//! comment.

use driftline_canon::{HostName, SourceKind};

use super::step::{Action, Placeholder, Step, Value};
use super::{Plan, spelling, text};

/// The plan's env files as patches; other sources are named and left out.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut talk = vec![format!("env files: {} like {}", plan.target, plan.reference)];
    let mut patches = String::new();
    for file in plan.steps.chunk_by(|a, b| a.shares_file_with(b)) {
        patches.push_str(&patch(file, &mut talk));
    }
    if patches.contains(Placeholder::BEGIN) {
        talk.insert(1, format!("fill in every `{}…>` before it is applied", Placeholder::BEGIN));
    }
    let talk: String = talk.iter().map(|line| format!("{}\n", spelling::comment(line))).collect();
    talk + &patches
}

fn patch(file: &[Step], talk: &mut Vec<String>) -> String {
    let mut hunks: Vec<Hunk> = Vec::new();
    let Some(first) = file.first() else { return String::new() };
    // Before a line that a key stands on: behind one may be the rest of its value.
    let insert_at = file.iter().filter_map(line).min().map_or(0, |line| line.saturating_sub(1));
    let changes = || file.iter().filter(|step| step.action != Action::Keep);
    // One file of a patch is for the same hosts from its first line to its last.
    let hosts = changes().next().map_or(&[][..], |step| &step.only);
    let is_same = changes().all(|step| step.only == hosts);
    for step in changes() {
        match hunk(step, insert_at, is_same) {
            Ok(hunk) => hunks.push(hunk),
            Err(why) => talk.push(format!("not in the patch ({why}): {}", text::sentence(step))),
        }
    }
    let Some(path) = first.path().filter(|_| !hunks.is_empty()) else { return String::new() };
    hunks.sort_by_key(|hunk| hunk.line);
    let alone = match hosts {
        [] => String::new(),
        some => format!(", on {} alone", some.iter().map(HostName::as_str).collect::<Vec<_>>().join(", ")),
    };
    talk.push(format!("for {}{alone}", first.label()));
    let mut out = format!("--- {path}\n+++ {path}\n");
    let mut shift: i64 = 0;
    for hunk in merged(hunks) {
        out.push_str(&hunk.rendered(&mut shift));
    }
    out
}

fn line(step: &Step) -> Option<u32> {
    step.at.as_ref().filter(|at| !at.included).and_then(|at| at.line)
}

/// One line that goes, comes or both. An insertion stands behind its line.
struct Hunk {
    line: u32,
    old: Vec<String>,
    new: Vec<String>,
}

impl Hunk {
    fn rendered(&self, shift: &mut i64) -> String {
        let (removed, added) = (self.old.len(), self.new.len());
        let at = i64::from(self.line) + *shift;
        let new_line = match (removed, added) {
            (0, _) => at + 1,
            (_, 0) => at - 1,
            _ => at,
        };
        *shift += i64::try_from(added).unwrap_or(0) - i64::try_from(removed).unwrap_or(0);
        let header = format!("@@ -{},{removed} +{new_line},{added} @@\n", self.line);
        let old = self.old.iter().map(|line| format!("-{line}\n"));
        header + &old.chain(self.new.iter().map(|line| format!("+{line}\n"))).collect::<String>()
    }
}

/// Insertions at one place become one hunk.
fn merged(hunks: Vec<Hunk>) -> Vec<Hunk> {
    let mut out: Vec<Hunk> = Vec::new();
    for hunk in hunks {
        match out.last_mut() {
            Some(last) if last.line == hunk.line && last.old.is_empty() && hunk.old.is_empty() => {
                last.new.extend(hunk.new);
            }
            _ => out.push(hunk),
        }
    }
    out
}

fn hunk(step: &Step, insert_at: u32, is_same: bool) -> Result<Hunk, &'static str> {
    if step.kind != SourceKind::EnvFile || step.path().is_none() {
        return Err("no env file");
    }
    if !spelling::is_variable(step.key.as_str()) {
        return Err("no variable");
    }
    let is_seen_there = step.at.as_ref().is_some_and(|at| step.only.contains(&at.host));
    if step.action == Action::Align || !(step.only.is_empty() || (is_same && is_seen_there)) {
        return Err("on some hosts only");
    }
    let spelled = |value: &Value| -> Result<Vec<String>, &'static str> {
        match value {
            Value::Nothing => Ok(Vec::new()),
            Value::Shown(text) => {
                let text = spelling::env(text).ok_or("readers of env files disagree on its quotes")?;
                Ok(vec![format!("{}={text}", step.key)])
            }
            Value::Hidden(placeholder) => Ok(vec![format!("{}={placeholder}", step.key)]),
        }
    };
    let (old, new) = (spelled(&step.old)?, spelled(&step.new)?);
    if old.is_empty() && step.action != Action::Add {
        return Err("what is there is not known");
    }
    if old.is_empty() {
        return Ok(Hunk { line: insert_at, old, new });
    }
    let line = line(step).ok_or("its line is not known")?;
    Ok(Hunk { line, old, new })
}
