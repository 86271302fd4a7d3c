//! A process held against the file that its environment comes from, and
//! against the other processes of its service.
//!
//! A finding shows a value only where the source's policy shows it, and never
//! one of a secret.

use std::collections::{BTreeSet, HashMap};

use driftline_canon::limits::PROBLEMS_MAX;
use driftline_canon::{DisplayPolicy, ItemKey, Problem, ProblemKind, Setting, display, secret};

/// Characters of a value in a finding: two of them and the rest of the sentence
/// stay readable.
const SHOWN_CHARS_MAX: usize = 80;

/// Pids and names that a finding lists.
const LISTED_MAX: usize = 10;

/// What the file says otherwise than the process: one finding for each key.
/// What the process has beside the file may come from elsewhere.
#[must_use]
pub fn pending(file: &[Setting], process: &[Setting], policy: DisplayPolicy, started: &str) -> Vec<Problem> {
    let has: HashMap<&ItemKey, (usize, &Setting)> =
        process.iter().enumerate().map(|(at, one)| (&one.key, (at, one))).collect();
    let reasons = [secret::classify_all(file), secret::classify_all(process)];
    let mut found = Vec::new();
    for (at, wanted) in file.iter().enumerate().filter(|(_, one)| !one.key.is_metadata()) {
        let what = match has.get(&wanted.key) {
            None => "is in the file and not in the process".to_owned(),
            Some((_, real)) if same(wanted, real) => continue,
            Some((place, real)) => {
                let is_secret = reasons[0][at].is_some() || reasons[1][*place].is_some();
                match (is_secret, shown(wanted, policy), shown(real, policy)) {
                    (false, Some(wanted), Some(real)) => format!("is {wanted} in the file, {real} in the process"),
                    _ => "differs between the file and the process".to_owned(),
                }
            }
        };
        let reason = format!("{} {what}, started {started}: restart pending", wanted.key);
        found.push(Problem::whole(ProblemKind::Pending, reason));
    }
    if found.len() >= PROBLEMS_MAX {
        let more = found.len() - (PROBLEMS_MAX - 1);
        found.truncate(PROBLEMS_MAX - 1);
        found.push(Problem::whole(ProblemKind::Pending, format!("{more} more keys differ: restart pending")));
    }
    found
}

fn same(a: &Setting, b: &Setting) -> bool {
    a.value.tag() == b.value.tag() && a.value.bytes() == b.value.bytes()
}

fn shown(setting: &Setting, policy: DisplayPolicy) -> Option<String> {
    let masked = display::masked(setting, None, policy)?;
    let text = masked.as_str();
    match text.chars().count() {
        0 => Some("empty".to_owned()),
        count => (count <= SHOWN_CHARS_MAX).then(|| text.to_owned()),
    }
}

/// A finding when processes of one service have different environments.
#[must_use]
pub fn divided(processes: &[(u32, Vec<Setting>)]) -> Option<Problem> {
    let (_, first) = processes.first()?;
    let first: HashMap<&ItemKey, &Setting> = first.iter().map(|one| (&one.key, one)).collect();
    let mut keys: BTreeSet<&ItemKey> = BTreeSet::new();
    let mut pids = Vec::new();
    for (pid, settings) in &processes[1..] {
        let before = keys.len();
        let mine: HashMap<&ItemKey, &Setting> = settings.iter().map(|one| (&one.key, one)).collect();
        let other = first.iter().filter(|(key, one)| mine.get(*key).is_none_or(|real| !same(one, real)));
        let own = mine.keys().filter(|key| !first.contains_key(*key));
        let differing: Vec<&ItemKey> = other.map(|(key, _)| *key).chain(own.copied()).collect();
        keys.extend(differing.iter().copied());
        if !differing.is_empty() || keys.len() > before {
            pids.push(*pid);
        }
    }
    if pids.is_empty() {
        return None;
    }
    let keys: Vec<&str> = keys.iter().take(LISTED_MAX).map(|key| key.as_str()).collect();
    let pids: Vec<String> = pids.iter().take(LISTED_MAX).map(u32::to_string).collect();
    let reason = format!(
        "pid {} has another environment than {}: {}; the first one counts",
        processes[0].0,
        pids.join(", "),
        keys.join(", ")
    );
    Some(Problem::whole(ProblemKind::Pending, reason))
}

#[cfg(test)]
mod tests;
