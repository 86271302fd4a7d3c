//! What CI/CD declares, from the files of a repository to what hosts have: the
//! firewall's rules too, and what was there at another time.

use std::path::Path;

use driftline_tests::fleet::{APP_ENV, Fleet, files_that_hold};
use driftline_tests::netns::Namespace;
use driftline_tests::process::eventually;
use serde_json::Value;

const TABLE: &str = "table inet shop {\n chain input {\n  type filter hook input priority 0; policy drop;\n  \
                     ct state established,related accept\n  iif lo accept\n  tcp dport { 22, 443 } accept\n }\n}\n";

fn keys(answer: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let all = answer["differences"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| (text(one, "key"), text(one, "what"))).collect()
}

fn repository(fleet: &Fleet, map: &str, files: &[(&str, &str)]) -> String {
    let directory = fleet.path("repository");
    std::fs::create_dir_all(&directory).expect("a directory");
    write(&directory, "driftline-desired.toml", map);
    files.iter().for_each(|(name, text)| write(&directory, name, text));
    directory.display().to_string()
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(name), text).expect("a file");
}

/// Waits until the hosts of production differ from what is declared by just
/// these keys.
fn differ_by(fleet: &Fleet, wanted: &[(&str, &str)]) {
    eventually(&format!("differences are {wanted:?}"), || {
        let found = keys(&fleet.json(&["desired", "diff", "--env", "production"]));
        let found: Vec<(&str, &str)> = found.iter().map(|(key, what)| (key.as_str(), what.as_str())).collect();
        (found == wanted).then_some(())
    });
}

#[test]
fn saved_rules_declare_the_live_firewall_rule_by_rule() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft(TABLE);
    let input = ["iptables-nft", "-A", "INPUT"];
    for rule in [&["-p", "tcp", "--dport", "22", "-j", "ACCEPT"][..], &["-i", "lo", "-j", "ACCEPT"]] {
        let _ = namespace.run(&[&input[..], rule].concat());
    }
    let name = namespace.name();
    let source =
        format!("[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nown = false\nnamespaces = [\"{name}\"]\n");
    let fleet = Fleet::start();
    let _agent = fleet.agent("web-1", "production", "web", &source);
    eventually("both backends are seen", || {
        let host = fleet.json(&["show", "web-1"]);
        let sources = host["sources"].as_array()?;
        let seen =
            |end: &str| sources.iter().any(|one| one["source"].as_str().is_some_and(|source| source.ends_with(end)));
        (seen("/nft") && seen("/iptables-nft")).then_some(())
    });
    let map = format!(
        "[[source]]\nname = \"firewall/{name}/iptables-nft\"\nkind = \"firewall\"\npath = \"rules.v4\"\n\n\
         [[source]]\nname = \"firewall/{name}/nft\"\nkind = \"firewall\"\npath = \"shop.nft\"\n"
    );
    let saved = namespace.run(&["iptables-nft-save"]);
    let from = repository(&fleet, &map, &[("rules.v4", &saved), ("shop.nft", TABLE)]);
    let done = fleet.cli(&["desired", "push", "--env", "production", "--from", &from, "--rev", "r1"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    differ_by(&fleet, &[]);

    let _ = namespace.run(&[&input[..], &["-p", "tcp", "--dport", "5432", "-j", "ACCEPT"]].concat());
    eventually("the rule that nobody declared is an orphan", || {
        let found = keys(&fleet.json(&["desired", "diff", "--env", "production"]));
        let orphan = found.iter().any(|(key, what)| key.contains("5432") && what == "missing_left");
        let missing = found.iter().any(|(_, what)| what == "missing_right");
        (orphan && !missing).then_some(())
    });
    let _ = namespace.run(&["iptables-nft", "-F", "INPUT"]);
    eventually("declared rules that are gone are missing", || {
        let found = keys(&fleet.json(&["desired", "diff", "--env", "production"]));
        let gone = |part: &str| found.iter().any(|(key, what)| key.contains(part) && what == "missing_right");
        (gone("--dport 22") && gone("-i lo")).then_some(())
    });
}

#[test]
fn a_host_is_compared_with_what_was_declared_approved_and_there_before() {
    let fleet = Fleet::start();
    let mut agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "DB_TIMEOUT=30s\nKEEP=1\n");
    fleet.run(&mut agent);
    let map = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"{env}.env\"\n";
    let from = repository(&fleet, map, &[("production.env", "KEEP='1'\nDB_TIMEOUT=30s\n")]);
    let push = |revision: &str, more: &[&str]| {
        let command = ["desired", "push", "--env", "production", "--from", &from, "--rev", revision];
        fleet.cli(&[&command[..], more].concat()).status.code()
    };
    eventually("the first values are there", || {
        let host = fleet.json(&["show", "web-1"]);
        host["sources"].as_array()?.iter().any(|one| one["items"].to_string().contains("30s")).then_some(())
    });
    assert_eq!(push("r1", &[]), Some(0));
    assert_eq!(push("r1", &[]), Some(0), "the same again");
    differ_by(&fleet, &[]);
    let approved = fleet.cli(&["baseline", "approve", "production", "--reason", "as deployed"]);
    assert!(approved.status.success(), "{}", String::from_utf8_lossy(&approved.stderr));
    let before =
        fleet.json(&["baseline", "list"])["baselines"][0]["approved_at"].as_str().unwrap_or_default().to_owned();

    agent.replace("app.env", "DB_TIMEOUT=5s\nKEEP=1\nEXTRA=1\n");
    differ_by(&fleet, &[("DB_TIMEOUT", "differs"), ("EXTRA", "missing_left")]);
    assert_eq!(fleet.cli(&["desired", "diff", "--env", "production"]).status.code(), Some(2));
    let baseline = keys(&fleet.json(&["baseline", "diff", "production"]));
    assert!(baseline.contains(&("DB_TIMEOUT".to_owned(), "differs".to_owned())), "{baseline:?}");
    let then = keys(&fleet.json(&["compare", &format!("production@{before}"), "production"]));
    assert!(then.contains(&("DB_TIMEOUT".to_owned(), "differs".to_owned())), "{then:?}");
    let shown = fleet.json(&["show", "web-1", "--at", &before]).to_string();
    assert!(shown.contains("30s") && !shown.contains("EXTRA"), "{shown}");
    let drift = |key: &str| {
        let all = fleet.json(&["drift", "--env", "production"])["drifts"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|one| one["key"] == key).expect("a drift of the key")["id"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    };
    let plan = |key: &str, form: &str| {
        let done = fleet.cli(&["plan", &drift(key), "--format", form]);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let text = plan("DB_TIMEOUT", "text");
    assert!(text.starts_with("To make production like revision r1: 1 step.\n"), "{text}");
    assert!(text.contains("change DB_TIMEOUT from 5s to 30s (line 1)"), "{text}");
    assert!(plan("EXTRA", "text").contains("remove EXTRA (line 3)"));
    let patch = plan("DB_TIMEOUT", "env");
    assert!(patch.contains("@@ -1,1 +1,1 @@\n-DB_TIMEOUT=5s\n+DB_TIMEOUT=30s\n"), "{patch}");

    write(Path::new(&from), "production.env", "DB_TIMEOUT=5s\nKEEP=1\nEXTRA=1\n");
    assert_eq!(push("r1", &[]), Some(65), "another content of a revision");
    assert_eq!(push("r2", &["--ticket", "CHG-1"]), Some(0));
    differ_by(&fleet, &[]);
    let revisions = keys(&fleet.json(&["desired", "diff", "r1", "r2"]));
    assert_eq!(revisions.len(), 2, "{revisions:?}");
    let told = fleet.json(&["changes", "--events"]).to_string();
    assert!(told.contains("declared r2 for production: app (3); ticket CHG-1"), "{told}");
}

/// What a pipeline's own token gets of a check of staging.
fn checked(fleet: &Fleet, token: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = fleet.command("driftline");
    command.env("DRIFTLINE_CONFIG", fleet.operator_config()).env("DRIFTLINE_TOKEN", token);
    command.args(["check", "--env", "staging", "--output", "json", "--against"]).args(more);
    let done = command.output().expect("the program runs");
    let answer = serde_json::from_slice(&done.stdout).unwrap_or_default();
    (done.status.code(), answer, String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn a_pipeline_checks_its_files_before_it_declares_them() {
    let fleet = Fleet::start();
    let mut agent = fleet.enrol("web-1", "staging", "web", APP_ENV);
    agent.write("app.env", "DATABASE_HOST=db-1\nDB_PASSWORD=correct-horse-battery\n");
    fleet.run(&mut agent);
    let map = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"{env}.env\"\n";
    let same = "# in another order\nDB_PASSWORD='correct-horse-battery'\nexport DATABASE_HOST=db-1\n";
    let from = repository(&fleet, map, &[("staging.env", same), ("other.env", "A=1\n")]);
    let added = fleet.cli(&["operator", "add", "ci", "--role", "deployer:staging", "--output", "json"]);
    let added: Value = serde_json::from_slice(&added.stdout).expect("an operator is added");
    let token = added["token"].as_str().expect("a token").to_owned();
    eventually("the files are what the host has", || {
        let (code, answer, _) = checked(&fleet, &token, &[&from]);
        (code == Some(0) && answer["keys"] == 2).then_some(())
    });

    let file = format!("{from}/staging.env");
    write(Path::new(&from), "staging.env", "DATABASE_HOST=db-2\nDB_PASSWORD=battery-horse-correct\n");
    let (code, answer, said) = checked(&fleet, &token, &[&file]);
    assert_eq!(code, Some(1), "{answer} {said}");
    let found = [("DATABASE_HOST", "differs"), ("DB_PASSWORD", "differs")];
    assert_eq!(keys(&answer), found.map(|(key, what)| (key.to_owned(), what.to_owned())));

    // Named, and mapped to nothing; mapped, and watched by nobody.
    let other = format!("{from}/other.env");
    assert_eq!(checked(&fleet, &token, &[&other]).0, Some(3));
    let (code, answer, _) = checked(&fleet, &token, &[&other, "--source", "nginx"]);
    assert_eq!((code, &answer["uncovered"][0]), (Some(3), &Value::from("app")), "{answer}");

    let told = fleet.json(&["desired", "list"]);
    assert_eq!(told["revisions"].as_array().map(Vec::len), Some(0), "a check declares nothing: {told}");
    for value in ["correct-horse-battery", "battery-horse-correct"] {
        assert!(files_that_hold(&fleet.path("collector"), value.as_bytes()).is_empty(), "{value}");
        assert!(!fleet.collector_log().contains(value));
    }
}
