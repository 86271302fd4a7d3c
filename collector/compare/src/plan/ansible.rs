//! A plan as a playbook of Ansible: a play for each role, a task for each step
//! that a module does.
//!
//! A play fails while a placeholder is left. Texts that Ansible would take for
//! templates are marked `!unsafe`. What no module does plainly is a comment.

use std::collections::BTreeSet;

use driftline_canon::{Role, count};

use super::how::{self, Beside, How, Style};
use super::step::{Action, Placeholder, Step, Value};
use super::{Plan, spelling, text};
use crate::Selector;

/// The plan as a playbook.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let title = format!(
        "Makes {} like {}. The inventory has a group for each environment and for each role.",
        plan.target, plan.reference
    );
    let mut out = format!("---\n{}\n", spelling::comment(&title));
    for open in &plan.open {
        let said = format!("not planned: {} of {}: {}", open.key, open.source, open.reason);
        out.push_str(&format!("{}\n", spelling::comment(&said)));
    }
    let plays = plan.steps.chunk_by(|a, b| (&a.side, &a.role) == (&b.side, &b.role));
    let plays: String = plays.map(play).collect();
    if plays.contains("- name: ") { out + &plays } else { out + &plays + "[]\n" }
}

fn play(steps: &[Step]) -> String {
    let mut values = Values::default();
    let hosts = steps.first().and_then(hosts);
    let mut by_hand = String::new();
    let mut tasks = String::new();
    let mut done = 0_u64;
    for step in steps.iter().filter(|step| step.action != Action::Keep) {
        let made = if hosts.is_some() { module(step, &mut values) } else { Err("the side names no environment") };
        match made {
            Ok(module) => {
                tasks.push_str(&task(step, &module));
                done += 1;
            }
            Err(why) => {
                let said = format!("by hand ({why}): {}", text::sentence(step));
                by_hand.push_str(&format!("{}\n", spelling::comment(&said)));
            }
        }
    }
    let Some(first) = steps.first().filter(|_| done > 0) else { return by_hand };
    let name = format!("{}, role {}: {}", first.side, first.role, count(done, "step", "steps"));
    let hosts = spelling::yaml(&hosts.unwrap_or_default());
    let head = format!("- name: {}\n  hosts: {hosts}\n  gather_facts: false\n", spelling::yaml(&name));
    format!("{by_hand}{head}{}  tasks:\n{}{tasks}", variables(&values.texts), assertion(&values))
}

/// The hosts of a play, as a pattern over groups; none if the side does not say
/// which environment it is of: a role alone reaches hosts of every one.
fn hosts(step: &Step) -> Option<String> {
    let selector: Selector = step.side.parse().ok()?;
    let mut pattern = format!("{}:&{}", step.role.parse::<Role>().ok()?, selector.environment?);
    if let Some(host) = selector.host {
        pattern.push_str(&format!(":&{host}"));
    }
    Some(pattern)
}

/// Values that a person has to fill in, once each.
#[derive(Default)]
struct Values {
    texts: Vec<String>,
    /// Those that stand in a line as they are: places in `texts`.
    bare: BTreeSet<usize>,
}

impl Values {
    fn place(&mut self, placeholder: &Placeholder) -> usize {
        let text = placeholder.to_string();
        self.texts.iter().position(|one| *one == text).unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        })
    }
}

fn variables(values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let lines = values.iter().enumerate();
    let lines = lines.map(|(at, value)| format!("    value_{}: {}\n", at + 1, spelling::yaml(value)));
    format!("  vars:\n{}", lines.collect::<String>())
}

fn assertion(values: &Values) -> String {
    if values.texts.is_empty() {
        return String::new();
    }
    let filled = 1..=values.texts.len();
    let filled = filled.map(|at| format!("          - \"'{}' not in value_{at}\"\n", Placeholder::BEGIN));
    let mut out = format!(
        "    - name: \"every value is filled in\"\n      ansible.builtin.assert:\n        that:\n{}        \
         fail_msg: \"put each value in the place of its <…> first\"\n",
        filled.collect::<String>()
    );
    if !values.bare.is_empty() {
        let bare = values.bare.iter().map(|at| format!("          - \"value_{} is match('{BARE}')\"\n", at + 1));
        out.push_str(&format!(
            "    - name: \"every value can stand in a line as it is\"\n      ansible.builtin.assert:\n        \
             that:\n{}        fail_msg: \"a value needs quotes: write it by hand, take its task out\"\n",
            bare.collect::<String>()
        ));
    }
    out
}

/// Values that need no quotes in any file of lines.
const BARE: &str = "^[A-Za-z0-9_./:@%+,=-]+\\\\Z";

fn task(step: &Step, (module, options): &Module) -> String {
    let mut out = format!("    - name: {}\n      {module}:\n", spelling::yaml(&text::sentence(step)));
    for (name, value) in options {
        out.push_str(&format!("        {name}: {value}\n"));
    }
    if !step.only.is_empty() {
        let hosts: Vec<String> = step.only.iter().map(|host| format!("'{host}'")).collect();
        let only = format!("inventory_hostname in [{}]", hosts.join(", "));
        out.push_str(&format!("      when: {}\n", spelling::yaml(&only)));
    }
    out
}

type Module = (&'static str, Vec<(&'static str, String)>);

fn module(step: &Step, values: &mut Values) -> Result<Module, &'static str> {
    let yaml = spelling::yaml;
    let is_gone = step.new == Value::Nothing;
    let state = |gone: &str, there: &str| yaml(if is_gone { gone } else { there });
    let module: Module = match how::of(step) {
        How::ByHand(why) => return Err(why),
        How::Line { path, name, style } => {
            let mut options = vec![("path", yaml(path)), ("regexp", yaml(&regexp(name, style)))];
            if is_gone {
                options.push(("state", yaml("absent")));
            } else {
                options.push(("line", line(name, style, &step.new, values)?));
            }
            ("ansible.builtin.lineinfile", options)
        }
        How::Option { path, section, name } => {
            let mut options = vec![("path", yaml(path)), ("section", yaml(section)), ("option", yaml(name))];
            if !is_gone {
                options.push(("value", scalar(&step.new, values)));
            }
            options.push(("state", state("absent", "present")));
            ("community.general.ini_file", options)
        }
        How::Postgres { name } => {
            let mut options = vec![("name", yaml(name))];
            if is_gone {
                options.push(("reset", "true".to_owned()));
            } else {
                options.push(("value", scalar(&step.new, values)));
            }
            ("community.postgresql.postgresql_set", options)
        }
        How::Mysql { .. } | How::Redis { .. } if is_gone => return Err("a running server has a value for each"),
        How::Mysql { name } => {
            let options = vec![("variable", yaml(name)), ("value", scalar(&step.new, values))];
            ("community.mysql.mysql_variables", options)
        }
        How::Redis { name } => {
            let value = scalar(&step.new, values);
            ("community.general.redis", vec![("command", yaml("config")), ("name", yaml(name)), ("value", value)])
        }
        How::Beside { path, what } => {
            let name = match what {
                Beside::Mode => "mode",
                Beside::Owner => "owner",
                Beside::Group => "group",
            };
            ("ansible.builtin.file", vec![("path", yaml(path)), (name, scalar(&step.new, values))])
        }
        How::Rule { tool, table, chain, words } => {
            let mut options = vec![("table", yaml(table)), ("chain", yaml(chain))];
            options.extend(rule(&words).ok_or("no option of the module says all of this rule")?);
            options.push(("ip_version", yaml(if tool.starts_with("ip6") { "ipv6" } else { "ipv4" })));
            options.push(("state", state("absent", "present")));
            ("ansible.builtin.iptables", options)
        }
    };
    Ok(module)
}

/// The value as a scalar; one that must be filled in as a variable.
fn scalar(value: &Value, values: &mut Values) -> String {
    match value {
        Value::Nothing => spelling::yaml(""),
        Value::Shown(text) => spelling::yaml(text),
        Value::Hidden(placeholder) => format!("\"{{{{ {} }}}}\"", variable(placeholder, values)),
    }
}

fn variable(placeholder: &Placeholder, values: &mut Values) -> String {
    format!("value_{}", values.place(placeholder) + 1)
}

fn regexp(name: &str, style: Style) -> String {
    let name = name.replace('.', r"\.");
    match style {
        Style::Env => format!(r"^\s*(export\s+)?{name}\s*="),
        Style::Postgres => format!(r"^\s*{name}[\s=]"),
        Style::Redis => format!(r"^\s*{name}\s"),
    }
}

fn line(name: &str, style: Style, value: &Value, values: &mut Values) -> Result<String, &'static str> {
    const WHY: &str = "its quotes need a look";
    match (style, value) {
        (_, Value::Nothing) => Err(WHY),
        (Style::Env, Value::Shown(text)) => Ok(spelling::yaml(&format!("{name}={}", spelling::env(text).ok_or(WHY)?))),
        (Style::Postgres, Value::Shown(text)) => {
            Ok(spelling::yaml(&format!("{name} = '{}'", text.replace('\'', "''"))))
        }
        (Style::Redis, Value::Shown(text)) if text.contains('"') => Err(WHY),
        (Style::Redis, Value::Shown(text)) => Ok(spelling::yaml(&format!("{name} \"{text}\""))),
        (style, Value::Hidden(placeholder)) => {
            let at = values.place(placeholder);
            values.bare.insert(at);
            let value = format!("{{{{ value_{} }}}}", at + 1);
            Ok(match style {
                Style::Env => format!("\"{name}={value}\""),
                Style::Postgres => format!("\"{name} = '{value}'\""),
                Style::Redis => format!("\"{name} \\\"{value}\\\"\""),
            })
        }
    }
}

/// The options of a rule, if the module has them all.
fn rule(words: &[&str]) -> Option<Vec<(&'static str, String)>> {
    const IMPLIED: [&str; 5] = ["tcp", "udp", "comment", "conntrack", "icmp"];
    let mut options = Vec::new();
    for pair in words.chunks(2) {
        let [flag, value] = pair else { return None };
        let option = match *flag {
            "-m" if IMPLIED.contains(value) => continue,
            "-p" => "protocol",
            "-s" => "source",
            "-d" => "destination",
            "-i" => "in_interface",
            "-o" => "out_interface",
            "--dport" => "destination_port",
            "--sport" => "source_port",
            "--ctstate" => "ctstate",
            "--comment" => "comment",
            "-j" => "jump",
            _ => return None,
        };
        options.push((option, spelling::yaml(value)));
    }
    Some(options)
}
