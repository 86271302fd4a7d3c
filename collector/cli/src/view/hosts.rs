//! Hosts and what is on one of them, as documents.

use driftline_api::host::{Host, HostDetail, Source};
use driftline_api::problem::Problem;
use jiff::Timestamp;

use super::{HIDDEN, NONE, shown};
use crate::printer::document::{Block, Document, Table};
use crate::time_text;

/// Hosts as a document.
#[must_use]
pub fn document(hosts: &[Host], now: Timestamp) -> Document {
    if hosts.is_empty() {
        return Document::default().text("no hosts are enrolled: `driftline token create` makes a token for one");
    }
    let mut table =
        Table::new(&["environment", "host", "role", "status", "verified", "sources", "coverage", "problems"]);
    for host in hosts {
        table.row([
            host.environment.clone(),
            host.host.clone(),
            host.role.clone(),
            host.status.clone(),
            host.verified_at.as_deref().map_or_else(|| NONE.to_owned(), |at| time_text::age(at, now)),
            host.sources.to_string(),
            coverage(host),
            problems(host),
        ]);
    }
    Document::default().table(table)
}

/// Whether anything of a host is not known, so that it is not green.
#[must_use]
pub fn is_unwell(host: &Host) -> bool {
    !matches!(host.status.as_str(), "connected" | "stopped")
}

/// How much of what is there is watched; nothing, where it was never said.
fn coverage(host: &Host) -> String {
    host.coverage.map_or_else(|| NONE.to_owned(), |found| format!("{} of {}", found.watched, found.found))
}

fn problems(host: &Host) -> String {
    match (host.problems, host.degraded_sources) {
        (0, 0) => String::new(),
        (problems, 0) => problems.to_string(),
        (problems, degraded) => format!("{problems} ({degraded} degraded)"),
    }
}

/// One host as a document.
#[must_use]
pub fn detail(detail: &HostDetail, now: Timestamp) -> Document {
    let host = &detail.host;
    let then = detail.at.as_deref().map_or_else(String::new, |at| format!(", as of {} UTC", time_text::short(at)));
    let heading = format!("{} ({}, {}){then}", host.host, host.environment, host.role);
    let mut document = Document::default().heading(heading);
    if detail.at.is_none() {
        document = document.facts(facts(host, now));
    }
    for source in &detail.sources {
        document = one_source(document, source);
    }
    not_watched(document, detail)
}

fn facts(host: &Host, now: Timestamp) -> Vec<(&'static str, String)> {
    let age = |at: &Option<String>| at.as_deref().map_or_else(|| "never".to_owned(), |at| time_text::age(at, now));
    let mut facts = vec![
        ("status", host.status.clone()),
        ("last seen", age(&host.last_seen)),
        ("verified identical", age(&host.verified_at)),
        ("agent", format!("{} ({})", host.agent, host.agent_version)),
        ("system", format!("{}, kernel {}, {}", host.os, host.kernel, host.architecture)),
        ("agent memory", format!("{:.1} MiB", mebibytes(host.agent_resident_bytes))),
    ];
    if let Some(found) = host.coverage {
        facts.push(("coverage", format!("{} of {} files that were found are watched", found.watched, found.found)));
    }
    // Below a second is the network's doing.
    if host.clock_skew_ms.unsigned_abs() >= 1_000 {
        facts.push(("clock skew", format!("{} ms", host.clock_skew_ms)));
    }
    facts
}

/// What is on the host and belongs to no source.
fn not_watched(document: Document, detail: &HostDetail) -> Document {
    if detail.unwatched.is_empty() {
        return document;
    }
    let mut table = Table::new(&["path", "reason"]);
    for one in &detail.unwatched {
        table.row([one.path.clone(), one.reason.clone()]);
    }
    document.heading("Not watched").table(table)
}

fn mebibytes(bytes: u64) -> f64 {
    let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    f64::from(kibibytes) / 1024.0
}

fn one_source(document: Document, source: &Source) -> Document {
    let retired = if source.retired { ", no longer watched" } else { "" };
    let heading = format!("{} ({}{retired}): {}", source.source, source.kind, source.path);
    let mut table = Table::new(&["key", "value", "since (utc)"]);
    for item in &source.items {
        table.row([
            item.key.clone(),
            item.display.as_deref().map_or_else(|| HIDDEN.to_owned(), shown),
            time_text::short(&item.since),
        ]);
    }
    let document = document.heading(heading).table(table);
    if source.problems.is_empty() {
        return document;
    }
    let lines = source.problems.iter().flat_map(|problem| problem_lines(&source.path, problem)).collect();
    document.heading("Problems").block(Block::Lines(lines))
}

/// A problem as it is printed on the host: place, reason, line and caret.
#[must_use]
pub fn problem_lines(path: &str, problem: &Problem) -> Vec<String> {
    use crate::printer::text::{safe, width};
    let place = |number: Option<u32>| number.map_or_else(String::new, |number| format!(":{number}"));
    let mut lines = vec![safe(&format!("{path}{}{}: {}", place(problem.line), place(problem.column), problem.reason))];
    if let (Some(line), Some(column), Some(excerpt)) = (problem.line, problem.column, &problem.excerpt) {
        let gutter = line.to_string();
        // In columns of the terminal: an escape is written out, an ideograph is wide.
        let before: String = excerpt.chars().take(usize::try_from(column).unwrap_or(1).saturating_sub(1)).collect();
        lines.push(format!(" {gutter} | {}", safe(excerpt)));
        lines.push(format!(" {} | {}^", " ".repeat(gutter.len()), " ".repeat(width(&safe(&before)))));
    }
    lines
}

#[cfg(test)]
mod tests;
