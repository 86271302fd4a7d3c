//! Each form held against the program that it is for: patch, sh, a parser of
//! YAML.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::*;

/// Scratch space of one test; it goes with the value.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("driftline-plan-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fed(program: &mut Command, input: &str) -> Output {
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that ends early need not read all.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn read(path: &str) -> String {
    #[allow(clippy::disallowed_methods, reason = "a small file that the test wrote")]
    std::fs::read_to_string(Path::new(path)).unwrap()
}

/// Staging's file and what production has: one to add, two to change, one to
/// remove, one to keep, one that is a secret.
fn example(path: &str) -> Vec<Given> {
    let shown = |text: &str| value(Some(text), false);
    let mut given = vec![
        env("DB_TIMEOUT", What::Differs, shown("5s"), shown("30s"), Some(2)),
        env("GREETING", What::Differs, shown("hi"), shown("hello, it's $5"), Some(6)),
        env("OLD", What::MissingRight, shown("1"), missing(), Some(4)),
        env("PORT", What::Equal, shown("80"), shown("80"), Some(5)),
        env("REDIS_URL", What::MissingLeft, missing(), shown("redis://r/0"), None),
        env("TITLE", What::Differs, shown("a"), shown("two words"), Some(7)),
    ];
    given.iter_mut().for_each(|one| one.target.at.as_mut().unwrap().path = path.to_owned());
    given
}

const STAGING: &str = "# app\nDB_TIMEOUT=5s\n\nOLD=1\nPORT=80\nGREETING=hi\nTITLE=a\n";

#[test]
fn the_env_patch_is_applied_by_patch() {
    let scratch = Scratch::new("patch");
    let path = scratch.file("app.env", STAGING);
    let text = plan(example(&path)).render(Form::Env);
    let done = fed(Command::new("patch").args(["-p0", "--quiet", &path]), &text);
    assert!(done.status.success(), "{text}\n{}", String::from_utf8_lossy(&done.stdout));
    let expected = "# app\nREDIS_URL=redis://r/0\nDB_TIMEOUT=30s\n\nPORT=80\nGREETING=hi\nTITLE='two words'\n";
    assert_eq!(read(&path), expected);
    assert!(text.contains("not in the patch (readers of env files disagree on its quotes)"), "{text}");
}

#[test]
fn patch_refuses_a_file_that_is_not_as_it_was_seen() {
    let scratch = Scratch::new("refused");
    let path = scratch.file("app.env", &STAGING.replace("DB_TIMEOUT=5s", "DB_TIMEOUT=6s"));
    let text = plan(example(&path)[..1].to_vec()).render(Form::Env);
    let done = fed(Command::new("patch").args(["-p0", "--quiet", "--fuzz=0", &path]), &text);
    assert!(!done.status.success(), "{text}");
}

#[test]
fn the_diff_shows_both_sides_with_context() {
    let given = ["A", "B", "C", "D", "E", "F", "G", "H"].map(|key| {
        let what = if key == "E" { What::Differs } else { What::Equal };
        let reference = if key == "E" { "2" } else { "1" };
        env(key, what, value(Some("1"), false), value(Some(reference), false), None)
    });
    let text = plan(given.to_vec()).render(Form::Diff);
    let expected = "--- staging s1:/srv/app/.env\n+++ staging s1:/srv/app/.env, planned\n@@ -2,7 +2,7 @@\n \
                    B = 1\n C = 1\n D = 1\n-E = 1\n+E = 2\n F = 1\n G = 1\n H = 1\n";
    assert_eq!(text, expected);
}

#[test]
fn the_script_makes_the_file_like_the_reference_and_twice_is_once() {
    let scratch = Scratch::new("shell");
    let path = scratch.file("a b's.env", STAGING);
    let mut given = example(&path);
    given[1].reference.cell.display = Some("it's five".to_owned());
    let script = scratch.file("plan.sh", &plan(given).render(Form::Shell));
    for _ in 0..2 {
        let done = Command::new("sh").args([&script, "staging", "web", "s1"]).output().unwrap();
        assert!(done.status.success(), "{}{}", read(&script), String::from_utf8_lossy(&done.stderr));
        let expected =
            "# app\nDB_TIMEOUT=30s\n\nPORT=80\nGREETING=\"it's five\"\nTITLE='two words'\nREDIS_URL=redis://r/0\n";
        assert_eq!(read(&path), expected);
    }
}

#[test]
fn the_script_does_nothing_for_another_role_or_without_one() {
    let scratch = Scratch::new("role");
    let path = scratch.file("app.env", STAGING);
    let script = scratch.file("plan.sh", &plan(example(&path)).render(Form::Shell));
    assert!(Command::new("sh").args([&script, "staging", "db", "d1"]).output().unwrap().status.success());
    assert_eq!(Command::new("sh").arg(&script).output().unwrap().status.code(), Some(65));
    assert_eq!(read(&path), STAGING);
}

#[test]
fn the_script_changes_an_outlier_alone() {
    let scratch = Scratch::new("outlier");
    let path = scratch.file("app.env", "T=60s\n");
    let cell = split(vec![group(&["s1", "s2"], Some("30s")), group(&["s3"], Some("60s"))]);
    let mut given = env("T", What::Split, cell, value(Some("30s"), false), Some(1));
    given.target.at.as_mut().unwrap().path = path.clone();
    let script = scratch.file("plan.sh", &plan(vec![given]).render(Form::Shell));
    for (host, expected) in [("s1", "T=60s\n"), ("s3", "T=30s\n")] {
        assert!(Command::new("sh").args([&script, "staging", "web", host]).output().unwrap().status.success());
        assert_eq!(read(&path), expected, "{host}");
    }
}

#[test]
fn p4_the_script_refuses_to_run_while_a_placeholder_is_left() {
    let scratch = Scratch::new("placeholder");
    let path = scratch.file("app.env", STAGING);
    let mut given = example(&path);
    given.push(env("API_KEY", What::MissingLeft, missing(), value(Some("****"), true), None));
    given[6].target.at.as_mut().unwrap().path = path.clone();
    let text = plan(given).render(Form::Shell);
    let script = scratch.file("plan.sh", &text);
    let done = Command::new("sh").args([&script, "staging", "web", "s1"]).output().unwrap();
    assert_eq!(done.status.code(), Some(65));
    assert!(String::from_utf8_lossy(&done.stderr).contains("API_KEY on production web-1"));
    assert_eq!(read(&path), STAGING);
    let filled = text.replace("'<value of API_KEY on production web-1:/srv/app/.env>'", "'k 1'");
    let filled = filled.replace("hello, it'\\''s $5", "hello");
    let script = scratch.file("filled.sh", &filled);
    let done = Command::new("sh").args([&script, "staging", "web", "s1"]).output().unwrap();
    assert!(done.status.success(), "{filled}{}", String::from_utf8_lossy(&done.stderr));
    assert!(read(&path).contains("API_KEY='k 1'\n"), "{}", read(&path));
}

#[test]
fn the_script_leaves_a_value_of_several_lines_alone() {
    let scratch = Scratch::new("lines");
    let before = "DB_TIMEOUT=\"5s\nOLD=2\"\n";
    let path = scratch.file("app.env", before);
    let script = scratch.file("plan.sh", &plan(example(&path)).render(Form::Shell));
    let done = Command::new("sh").args([&script, "staging", "web", "s1"]).output().unwrap();
    assert_eq!(done.status.code(), Some(65));
    assert_eq!(read(&path), before);
    assert!(String::from_utf8_lossy(&done.stderr).contains("change it by hand"));
}

fn other(kind: SourceKind, source: &str, key: &str, path: &str, new: &str) -> Given {
    let mut given = env(key, What::MissingLeft, missing(), value(Some(new), false), None);
    (given.kind, given.source) = (kind, source.parse().unwrap());
    given.target.at = at("s1", path, None);
    given
}

/// One step for each way of carrying one out.
fn every_way() -> Vec<Given> {
    let rule = "filter/INPUT: -p tcp -m tcp --dport 5432 -m comment --comment \"db in\" -j ACCEPT";
    vec![
        other(SourceKind::DatabaseSettings, "shop-db", "work_mem", "", "64MB"),
        other(SourceKind::DatabaseSettings, "cache-redis", "maxmemory", "", "1gb"),
        other(SourceKind::DatabaseSettings, "shop-db", "mysqld.max_connections", "", "500"),
        other(
            SourceKind::DatabaseConfig,
            "pg",
            "log_line_prefix",
            "/etc/postgresql/15/main/postgresql.conf",
            "it's %m",
        ),
        other(SourceKind::DatabaseConfig, "my", "mysqld.max_connections", "/etc/mysql/my.cnf", "500"),
        other(SourceKind::DatabaseConfig, "redis", "maxmemory", "/etc/redis/redis.conf", "1gb"),
        other(SourceKind::Firewall, "firewall/iptables-nft", rule, "", "present"),
        other(SourceKind::EnvFile, "app", "GREETING", "/srv/app/.env", "{{ lookup('pipe', 'id') }}"),
        other(SourceKind::EnvFile, "app", "@owner", "/srv/app/.env", "root"),
        other(SourceKind::ConfigFile, "conf", "a.b", "/etc/a.yaml", "1"),
    ]
}

#[test]
fn a_plan_reaches_no_host_of_another_environment() {
    let scratch = Scratch::new("elsewhere");
    let path = scratch.file("app.env", STAGING);
    let made = plan(example(&path));
    let script = scratch.file("plan.sh", &made.render(Form::Shell));
    assert!(Command::new("sh").args([&script, "production", "web", "web-1"]).output().unwrap().status.success());
    assert_eq!(read(&path), STAGING);
    assert!(made.render(Form::Ansible).contains("  hosts: \"web:&staging\"\n"));
    let of = |target: &str| Plan::of(&Sides::compared(target, "production"), example(&path)).render(Form::Ansible);
    assert!(of("env=staging,host=s1").contains("  hosts: \"web:&staging:&s1\"\n"));
    // A role alone is of every environment.
    let nameless = of("role=web");
    assert!(!nameless.contains("hosts:") && nameless.contains("by hand (the side names no environment)"), "{nameless}");
}

#[test]
fn what_ansible_writes_bare_is_asked_to_need_no_quotes() {
    let given = env("API_KEY", What::MissingLeft, missing(), value(Some("****"), true), None);
    let text = plan(vec![given]).render(Form::Ansible);
    assert!(text.contains("line: \"API_KEY={{ value_1 }}\""), "{text}");
    assert!(text.contains(r#"- "value_1 is match('^[A-Za-z0-9_./:@%+,=-]+\\Z')""#), "{text}");
}

#[test]
fn ansible_has_a_module_for_each_way() {
    let text = plan(every_way()).render(Form::Ansible);
    for module in [
        "ansible.builtin.lineinfile",
        "ansible.builtin.file",
        "ansible.builtin.iptables",
        "community.general.ini_file",
        "community.general.redis",
        "community.mysql.mysql_variables",
        "community.postgresql.postgresql_set",
    ] {
        assert!(text.contains(&format!("      {module}:\n")), "{module}: {text}");
    }
    assert!(text.contains("# by hand (edit the file as its format asks): warning: add a.b = 1"), "{text}");
    assert!(text.contains("line: !unsafe \"GREETING="), "{text}");
}

#[test]
fn the_script_runs_the_tools_of_databases_and_firewalls() {
    let text = plan(every_way()).render(Form::Shell);
    for command in [
        "printf '%s\\n' 'ALTER SYSTEM SET work_mem = :'\\''value'\\'';' | psql -X -v ON_ERROR_STOP=1 -v value=64MB",
        "printf '%s' 1gb | redis-cli -x CONFIG SET maxmemory",
        "iptables-nft -t filter -A INPUT -p tcp -m tcp --dport 5432 -m comment --comment 'db in' -j ACCEPT",
        "value=$(as_postgres 'it'\\''s %m')",
        "beside chown root /srv/app/.env",
        "# by hand: edit the file as its format asks",
    ] {
        assert!(text.contains(command), "{command}: {text}");
    }
}

/// Playbooks are read by Ansible's parser, which is that of Python.
fn parsed_by_yaml(texts: &[String]) -> Result<String, String> {
    const READ: &str = "import json, sys, yaml\n\
        yaml.SafeLoader.add_constructor('!unsafe', lambda loader, node: loader.construct_scalar(node))\n\
        texts = json.load(sys.stdin)\n\
        print(json.dumps([yaml.safe_load(text) for text in texts]))\n";
    let input = serde_json::to_string(texts).unwrap();
    let done = fed(Command::new("python3").args(["-c", READ]), &input);
    if done.status.success() {
        return Ok(String::from_utf8(done.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn playbooks_are_yaml_and_scripts_are_shell_whatever_hosts_say() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let strategy = prop::collection::vec(any_given(), 1..6);
    let mut plans: Vec<Plan> = (0..60).map(|_| plan(strategy.new_tree(&mut runner).unwrap().current())).collect();
    plans.push(plan(every_way()));
    plans.push(plan(Vec::new()));
    for one in &plans {
        let script = one.render(Form::Shell);
        let checked = fed(Command::new("sh").arg("-n"), &script);
        assert!(checked.status.success(), "{script}\n{}", String::from_utf8_lossy(&checked.stderr));
    }
    let playbooks: Vec<String> = plans.iter().map(|one| one.render(Form::Ansible)).collect();
    match parsed_by_yaml(&playbooks) {
        Ok(read) => assert!(read.contains("ansible.builtin.lineinfile")),
        // A machine without that parser checks the shape in the other tests.
        Err(said) if said.contains("No module named") || said.contains("not found") => {}
        Err(said) => panic!("{said}"),
    }
}
