//! A plan as a playbook of Ansible: a play for each role, a task for each step
//! that a module does.
//!
//! A play fails while a placeholder is left. Texts that Ansible would take for
//! templates are marked `!unsafe`. What no module does plainly is a comment.

use driftline_canon::count;

use super::how::{self, Beside, How, Style};
use super::step::{Action, Placeholder, Step, Value};
use super::{Plan, spelling, text};

/// The plan as a playbook.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let title = format!("Makes {} like {}. A group of the inventory is a role.", plan.target, plan.reference);
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
    let mut values: Vec<String> = Vec::new();
    let mut by_hand = String::new();
    let mut tasks = String::new();
    let mut done = 0_u64;
    for step in steps.iter().filter(|step| step.action != Action::Keep) {
        match module(step, &mut values) {
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
    let head =
        format!("- name: {}\n  hosts: {}\n  gather_facts: false\n", spelling::yaml(&name), spelling::yaml(&first.role));
    format!("{by_hand}{head}{}  tasks:\n{}{tasks}", variables(&values), assertion(&values))
}

fn variables(values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let lines = values.iter().enumerate();
    let lines = lines.map(|(at, value)| format!("    value_{}: {}\n", at + 1, spelling::yaml(value)));
    format!("  vars:\n{}", lines.collect::<String>())
}

fn assertion(values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let filled = (1..=values.len()).map(|at| format!("          - \"'{}' not in value_{at}\"\n", Placeholder::BEGIN));
    format!(
        "    - name: \"every value is filled in\"\n      ansible.builtin.assert:\n        that:\n{}        \
         fail_msg: \"put each value in the place of its <…> first\"\n",
        filled.collect::<String>()
    )
}

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

fn module(step: &Step, values: &mut Vec<String>) -> Result<Module, &'static str> {
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
fn scalar(value: &Value, values: &mut Vec<String>) -> String {
    match value {
        Value::Nothing => spelling::yaml(""),
        Value::Shown(text) => spelling::yaml(text),
        Value::Hidden(placeholder) => format!("\"{{{{ {} }}}}\"", variable(placeholder, values)),
    }
}

fn variable(placeholder: &Placeholder, values: &mut Vec<String>) -> String {
    let text = placeholder.to_string();
    let known = values.iter().position(|one| *one == text).unwrap_or_else(|| {
        values.push(text);
        values.len() - 1
    });
    format!("value_{}", known + 1)
}

fn regexp(name: &str, style: Style) -> String {
    let name = name.replace('.', r"\.");
    match style {
        Style::Env => format!(r"^\s*(export\s+)?{name}\s*="),
        Style::Postgres => format!(r"^\s*{name}[\s=]"),
        Style::Redis => format!(r"^\s*{name}\s"),
    }
}

fn line(name: &str, style: Style, value: &Value, values: &mut Vec<String>) -> Result<String, &'static str> {
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
            let value = format!("{{{{ {} }}}}", variable(placeholder, values));
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
