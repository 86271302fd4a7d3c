//! A plan as a script for a POSIX shell.
//!
//! It is written to be read before it is run, on one host at a time, by a
//! person: it refuses to run while a placeholder is left, and carries out
//! nothing that is not plainly safe. Every word that came from a host or a
//! collector is quoted, and no file is touched where somebody else could swap it.

use super::how::{self, Beside, How, Style};
use super::step::{Action, Step, Value};
use super::{Plan, spelling, text};

/// What the steps are made of.
const PRELUDE: &str = include_str!("shell/prelude.sh");

/// The plan as a script.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut values = Values::default();
    let mut steps = String::new();
    for same in plan.steps.chunk_by(|a, b| (&a.side, &a.role) == (&b.side, &b.role)) {
        steps.push_str(&of_role(same, &mut values));
    }
    for open in &plan.open {
        steps.push_str(&format!(
            "\n{}",
            line(&format!("not planned: {} of {}: {}", open.key, open.source, open.reason))
        ));
    }
    let title = format!(
        "Makes {} like {}. Read it, then run it on each host: sh FILE SIDE ROLE HOST",
        plan.target, plan.reference
    );
    format!("#!/bin/sh\n{}set -eu\n\n{}{PRELUDE}\n{ARGUMENTS}{steps}", line(&title), values.rendered())
}

const ARGUMENTS: &str = "[ $# -eq 3 ] || refuse 'usage: sh FILE SIDE ROLE HOST'\nside=$1\nrole=$2\nhost=$3\n";

fn line(text: &str) -> String {
    format!("{}\n", spelling::comment(text))
}

/// Values that a person has to fill in, once each.
#[derive(Default)]
struct Values(Vec<String>);

impl Values {
    /// The word that gives the value in the script.
    fn word(&mut self, value: &Value) -> String {
        let placeholder = match value {
            Value::Nothing => return "''".to_owned(),
            Value::Shown(text) => return spelling::shell(text),
            Value::Hidden(placeholder) => placeholder.to_string(),
        };
        let known = self.0.iter().position(|one| *one == placeholder).unwrap_or_else(|| {
            self.0.push(placeholder);
            self.0.len() - 1
        });
        format!("\"$value_{}\"", known + 1)
    }

    fn rendered(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut out = "# Values that are not in this plan: put each in the place of its <…>.\n".to_owned();
        for (at, placeholder) in self.0.iter().enumerate() {
            out.push_str(&format!("value_{}={}\n", at + 1, spelling::shell(placeholder)));
        }
        let all: Vec<String> = (1..=self.0.len()).map(|at| format!("\"$value_{at}\"")).collect();
        out.push_str(&format!(
            "for value in {}; do\n    case $value in\n        '<value of '*)\n            \
             printf 'plan: fill in %s first\\n' \"$value\" >&2\n            exit 65 ;;\n    esac\ndone\n\n",
            all.join(" ")
        ));
        out
    }
}

fn of_role(steps: &[Step], values: &mut Values) -> String {
    let changes: Vec<&Step> = steps.iter().filter(|step| step.action != Action::Keep).collect();
    let Some(first) = changes.first() else { return String::new() };
    let (side, role) = (spelling::shell(&first.side), spelling::shell(&first.role));
    let is_here = format!("[ \"$side\" = {side} ] && [ \"$role\" = {role} ]");
    let mut out = format!("\n{}if {is_here}; then\n", line(&first.label()));
    for step in changes {
        out.push_str(&format!("    {}", line(&text::sentence(step))));
        out.push_str(&guarded(step, values));
    }
    out + "    :\nfi\n"
}

fn guarded(step: &Step, values: &mut Values) -> String {
    let command = match command(step, values) {
        Ok(command) => command,
        Err(why) => return format!("    {}", line(&format!("by hand: {why}"))),
    };
    if step.only.is_empty() {
        return command.iter().map(|line| format!("    {line}\n")).collect();
    }
    let hosts: Vec<String> = step.only.iter().map(|host| spelling::shell(host.as_str())).collect();
    let body: String = command.iter().map(|line| format!("            {line}\n")).collect();
    format!("    case $host in\n        {})\n{body}            ;;\n    esac\n", hosts.join(" | "))
}

fn command(step: &Step, values: &mut Values) -> Result<Vec<String>, &'static str> {
    let word = spelling::shell;
    let is_gone = step.new == Value::Nothing;
    let lines = match how::of(step) {
        How::ByHand(why) => return Err(why),
        How::Option { .. } => return Err("edit the section of the file"),
        How::Mysql { .. } => return Err("set it with SET PERSIST (MySQL), or SET GLOBAL and the file (MariaDB)"),
        How::Line { path, name, .. } if is_gone => vec![format!("put {} {}", word(path), word(name))],
        How::Line { path, name, style } => {
            let (with, between) = match style {
                Style::Env => ("as_env", "="),
                Style::Postgres => ("as_postgres", " = "),
                Style::Redis => ("as_redis", " "),
            };
            let (value, path) = (values.word(&step.new), word(path));
            vec![format!("value=$({with} {value})"), format!("put {path} {name} \"{name}{between}$value\"")]
        }
        How::Postgres { name } if is_gone => vec![psql(&format!("ALTER SYSTEM RESET {name};"), "''")],
        How::Postgres { name } => {
            vec![psql(&format!("ALTER SYSTEM SET {name} = :'value';"), &values.word(&step.new))]
        }
        How::Redis { .. } if is_gone => return Err("a running server has a value for every setting"),
        How::Redis { name } => {
            let set = format!("redis-cli -x CONFIG SET {name}");
            vec![format!("printf '%s' {} | {set}", values.word(&step.new)), "redis-cli CONFIG REWRITE".to_owned()]
        }
        How::Beside { path, what } => {
            let tool = match what {
                Beside::Mode => "chmod",
                Beside::Owner => "chown",
                Beside::Group => "chgrp",
            };
            vec![format!("beside {tool} {} {}", values.word(&step.new), word(path))]
        }
        How::Rule { tool, table, chain, words } => {
            let rule: Vec<String> = words.into_iter().map(word_of_rule).collect();
            let rule = format!("{} {}", word(chain), rule.join(" "));
            let held = format!("{tool} -t {table} -C {rule} 2>/dev/null");
            if is_gone {
                vec![format!("if {held}; then {tool} -t {table} -D {rule}; fi")]
            } else {
                vec![format!("{held} || {tool} -t {table} -A {rule}")]
            }
        }
    };
    Ok(lines)
}

/// A word of a rule may be an option: `-p` stays as it is.
fn word_of_rule(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%=,".contains(&byte);
    if word.bytes().all(plain) && !word.is_empty() { word.to_owned() } else { spelling::shell(word) }
}

/// The value never becomes part of a statement's text.
fn psql(statement: &str, value: &str) -> String {
    format!("printf '%s\\n' {} | psql -X -v ON_ERROR_STOP=1 -v value={value}", spelling::shell(statement))
}

#[cfg(test)]
mod tests;
