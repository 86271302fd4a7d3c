//! A policy as text, for the round trip.

use std::fmt::Write as _;

use super::super::schedule::Task;
use super::super::{Must, Pattern, Policy};

/// One key and its value.
fn put(text: &mut String, key: &str, value: &str) {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    writeln!(text, "{key} = \"{value}\"").unwrap();
}

fn put_some(text: &mut String, key: &str, value: Option<&Pattern>) {
    if let Some(value) = value {
        put(text, key, value.as_str());
    }
}

/// Seconds of the first hour of 1970 as TOML writes a time.
fn moment(text: &mut String, key: &str, ms: Option<i64>) {
    if let Some(ms) = ms {
        let (minutes, seconds, rest) = (ms / 60_000, ms / 1_000 % 60, ms % 1_000);
        writeln!(text, "{key} = 1970-01-01T00:{minutes:02}:{seconds:02}.{rest:03}Z").unwrap();
    }
}

pub(super) fn text(policy: &Policy) -> String {
    let mut text = String::new();
    for rule in &policy.severities {
        text.push_str("[[severity]]\n");
        for (key, value) in
            [("key", &rule.key), ("source", &rule.source), ("kind", &rule.kind), ("environment", &rule.environment)]
        {
            put(&mut text, key, value.as_str());
        }
        put(&mut text, "severity", rule.severity.as_str());
        if let Some(class) = rule.class {
            put(&mut text, "class", class.as_str());
        }
    }
    for one in &policy.expectations {
        text.push_str("[[expect]]\n");
        put(&mut text, "key", one.key.as_str());
        put(&mut text, "source", one.source.as_str());
        match &one.must {
            Must::OnlyIn(environments) => {
                let names: Vec<String> = environments.iter().map(|name| format!("\"{name}\"")).collect();
                writeln!(text, "only_in = [{}]", names.join(", ")).unwrap();
            }
            other => put(&mut text, "must", other.as_str()),
        }
        if let Some(reason) = &one.reason {
            put(&mut text, "reason", reason);
        }
    }
    actors(policy, &mut text);
    rest(policy, &mut text);
    text
}

fn actors(policy: &Policy, text: &mut String) {
    for rule in &policy.actors {
        text.push_str("[[actor]]\n");
        put(text, "name", &rule.name);
        if let Some(selector) = &rule.selector {
            put(text, "selector", &selector.to_string());
        }
        if !rule.sources.is_empty() {
            let names: Vec<String> = rule.sources.iter().map(|name| format!("'{name}'")).collect();
            writeln!(text, "sources = [{}]", names.join(", ")).unwrap();
        }
        if let Some(manager) = rule.package_manager {
            put(text, "package_manager", manager.as_str());
        }
        put_some(text, "login", rule.login.as_ref());
        put_some(text, "user", rule.user.as_ref());
        put_some(text, "executable", rule.executable.as_ref());
        put_some(text, "unit", rule.unit.as_ref());
        put(text, "effect", rule.effect.as_str());
    }
}

fn rest(policy: &Policy, text: &mut String) {
    for freeze in &policy.freezes {
        text.push_str("[[freeze]]\n");
        put(text, "selector", &freeze.selector.to_string());
        moment(text, "from", freeze.from_ms);
        moment(text, "until", freeze.until_ms);
        put(text, "reason", &freeze.reason);
    }
    for schedule in &policy.schedules {
        text.push_str("[[schedule]]\n");
        put(text, "name", &schedule.name);
        put(text, "at", &schedule.at.to_string());
        match &schedule.task {
            Task::Compare { left, right } => {
                put(text, "kind", "compare");
                put(text, "left", left);
                put(text, "right", right);
            }
            Task::Baseline { of } => {
                put(text, "kind", "baseline");
                put(text, "of", of);
            }
        }
    }
    writeln!(text, "[settle]\nseconds = {}", policy.settle_ms / 1_000).unwrap();
    if let Some(days) = policy.retention_days {
        writeln!(text, "[retention]\ndays = {days}").unwrap();
    }
}
