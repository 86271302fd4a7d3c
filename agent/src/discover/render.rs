//! Findings as the text of an `agent.toml`.
//!
//! It prints paths and the reasons for them, never what stands in a file or on a
//! command line. What it prints is a configuration that the agent takes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use driftline_canon::key::escape;

use super::coverage::unwatched;
use super::{Finding, Findings, Running, Table};
use crate::config::{Config, display_path};

/// Files of one table that are listed above it.
const FILES_SHOWN_MAX: usize = 20;

const HEAD: &str = "\
# driftline-agent: what to watch on this host, as `driftline-agent discover`
# found it. Look it through: names are what environments are compared by, so the
# same thing has the same name everywhere. Other settings: docs/agent.md.
";

/// A whole configuration that watches all that was found.
#[must_use]
pub fn document(findings: &Findings) -> String {
    let mut text = HEAD.to_owned();
    if findings.files.is_empty() {
        text.push_str("\n# Nothing was found that is known to be configuration.\n");
    }
    tables(findings.files.iter(), &mut text);
    servers(findings.servers.iter(), &mut text);
    if !findings.remarks.is_empty() {
        text.push('\n');
    }
    for remark in &findings.remarks {
        // Writing to a string cannot fail.
        _ = writeln!(text, "# Not watched by this: {}", remark);
    }
    text
}

/// Tables for what was found and a configuration does not watch; empty when it
/// watches all.
#[must_use]
pub fn additions(findings: &Findings, config: &Config) -> String {
    let mut text = String::new();
    let taken: Vec<&str> = config.sources.iter().map(|source| source.name.as_str()).collect();
    let free = |finding: &Finding| {
        let mut finding = finding.clone();
        if let Some(table) = finding.table.as_mut() {
            let base = table.name.clone();
            let mut number = 2;
            while taken.iter().any(|name| *name == table.name || name.starts_with(&format!("{}/", table.name))) {
                table.name = format!("{base}-{number}");
                number += 1;
            }
        }
        finding
    };
    let found: Vec<Finding> = unwatched(findings, config).map(free).collect();
    tables(found.iter(), &mut text);
    let asked: Vec<String> = config.databases.iter().map(|spec| spec.target.endpoint.to_string()).collect();
    servers(findings.servers.iter().filter(|running| !asked.contains(&running.connect)), &mut text);
    text
}

fn tables<'a>(findings: impl Iterator<Item = &'a Finding>, text: &mut String) {
    let mut grouped: BTreeMap<(&Path, &Table), Vec<&Finding>> = BTreeMap::new();
    let mut first: BTreeMap<&Table, &Path> = BTreeMap::new();
    for finding in findings {
        if let Some(table) = &finding.table {
            let first = *first.entry(table).or_insert(&finding.path);
            grouped.entry((first, table)).or_default().push(finding);
        }
    }
    for ((_, table), files) in grouped {
        text.push('\n');
        for finding in files.iter().take(FILES_SHOWN_MAX) {
            let reasons: Vec<String> = finding.reasons.iter().map(|reason| escape(reason.as_bytes())).collect();
            _ = writeln!(text, "# {}: {}", display_path(&finding.path), reasons.join("; "));
        }
        if files.len() > FILES_SHOWN_MAX {
            _ = writeln!(text, "# and {} more", files.len() - FILES_SHOWN_MAX);
        }
        _ = writeln!(text, "[[source]]\nkind = \"{}\"\nname = {}", table.kind, quoted(&table.name));
        for (key, value) in &table.keys {
            _ = writeln!(text, "{key} = {}", quoted(value));
        }
        files.iter().flat_map(|finding| &finding.running).for_each(|unit| process(table, unit, text));
    }
}

/// What a running unit really has. It takes a right that the shipped unit does
/// not give, so a person decides.
fn process(file: &Table, unit: &str, text: &mut String) {
    let unit_name = super::names::stable(unit.strip_suffix(".service").unwrap_or(unit));
    let name = if unit_name == file.name { unit_name } else { format!("{}-{unit_name}", file.name) };
    let name = quoted(&format!("{name}-live"));
    let (unit, file) = (quoted(&escape(unit.as_bytes())), quoted(&file.name));
    _ = write!(
        text,
        "\n# It runs: what it really has, held against the file. That takes CAP_SYS_PTRACE\n\
         # for the agent, see docs/agent.md.\n\
         #[[source]]\n#kind = \"process_env\"\n#name = {name}\n#unit = {unit}\n#env_file = {file}\n"
    );
}

/// What running servers are really set to. It takes an account, which a person
/// makes.
fn servers<'a>(found: impl Iterator<Item = &'a Running>, text: &mut String) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for Running { server, connect, program } in found {
        let number = taken.entry(server.as_str()).or_default();
        *number += 1;
        let count = if *number > 1 { format!("-{number}") } else { String::new() };
        let (name, connect) = (format!("{server}-live{count}", server = server.as_str()), escape(connect.as_bytes()));
        let program = escape(program.as_bytes());
        _ = write!(
            text,
            "\n# {program} runs and listens at {connect}: what it is really set to, asked every\n\
             # 10 s. It needs an account that may read and no more, see docs/databases.md:\n"
        );
        for grant in super::servers::grants(*server) {
            _ = writeln!(text, "#   {grant}");
        }
        _ = write!(
            text,
            "# and, where it has a password, `password_file`.\n#[[source]]\n#kind = \"database_settings\"\n\
             #name = {}\n#server = \"{}\"\n#connect = {}\n#user = \"driftline\"\n",
            quoted(&name),
            server.as_str(),
            quoted(&connect)
        );
    }
}

/// A TOML basic string. Control characters were refused before.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
