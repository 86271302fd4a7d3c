//! A company's week, played over real processes: five production hosts, staging,
//! a database server and a firewall; what CI/CD declares, what people do past it,
//! and what the report of the week says.
//!
//! The clock is the test's (libfaketime): months pass in a second. Each scene is
//! a function; they follow each other on one fleet, as days do.
#![allow(clippy::disallowed_methods, reason = "reads what these tests have just made")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use driftline_tests::fleet::{APP_ENV, Agent, Fleet, Wishes};
use driftline_tests::netns::Namespace;
use driftline_tests::process::{eventually, output, succeed};
use driftline_tests::webhook::changes;
use serde_json::Value;

const STAGING: &str = include_str!("../../collector/cli/demo/staging/app.env");
const PRODUCTION: &str = include_str!("../../collector/cli/demo/production/app.env");

/// Debian's library that gives processes another clock.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

const WEB_OF_STAGING: &str = "env=staging,role=web";
const WEB_OF_PRODUCTION: &str = "env=production,role=web";

const POSTGRES: &str = "max_connections = 100\nwork_mem = 4MB\nfsync = on\n";

/// The rules of the edge host as the repository has them.
const RULES: &str = "table inet shop {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n\
                     \t\tct state established,related accept\n\t\ttcp dport 22 accept\n\t}\n}\n";

const POLICY: &str = r#"
[[schedule]]
name = "parity"
kind = "compare"
left = "env=staging,role=web"
right = "env=production,role=web"
at = "03:00"

[settle]
seconds = 2
"#;

/// The fleet, and its clock.
struct World {
    fleet: Fleet,
    clock: PathBuf,
    /// Keeps the clock's file.
    _dir: tempfile::TempDir,
}

impl World {
    fn new(offset: &str) -> Self {
        assert!(Path::new(LIBRARY).exists(), "Debian's package `faketime` is not installed");
        let dir = tempfile::tempdir().unwrap();
        let clock = dir.path().join("clock");
        fs::write(&clock, offset).unwrap();
        let variables = vec![
            ("LD_PRELOAD", LIBRARY.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        Self { fleet: Fleet::with(Wishes { variables, ..Wishes::default() }), clock, _dir: dir }
    }

    fn step_to(&self, offset: &str) {
        let beside = self.clock.with_extension("new");
        fs::write(&beside, offset).unwrap();
        fs::rename(beside, &self.clock).unwrap();
    }

    /// Runs the command line, which must end with that code.
    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let done = self.fleet.cli(arguments);
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
        out.into_owned()
    }

    /// What CI/CD declares: one file of the repository as one source.
    fn push(&self, place: &[&str], file: &str, source: (&str, &str), text: &str, revision: &str) {
        let file = self.fleet.path(file);
        fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        let what = ["--from", &file, "--source", source.0, "--kind", source.1, "--rev", revision];
        self.run(0, &[&["desired", "push"], place, &what].concat());
    }

    /// The latest change of a key, as soon as it has that value.
    fn change(&self, host: &str, key: &str, after: &str) -> Value {
        eventually(&format!("{key} of {host} becomes {after}"), || {
            let answer = self.fleet.json(&["changes", "--key", key, "--limit", "100"]);
            let all = answer["changes"].as_array()?;
            let found = all.iter().find(|one| one["host"] == host && one["after"]["display"] == after)?;
            Some(found.clone())
        })
    }

    fn compared(&self) -> Value {
        self.fleet.json(&["compare", WEB_OF_STAGING, WEB_OF_PRODUCTION])
    }
}

fn set(text: &str, key: &str, value: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((name, _)) if name == key => format!("{key}={value}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn settled(world: &World, host: &str, source: &str) {
    eventually(&format!("{source} of {host}"), || {
        let shown = world.fleet.json(&["show", host]);
        let sources = shown["sources"].as_array()?;
        let holds = |one: &&Value| one["source"] == source && one["items"].as_array().is_some_and(|all| all.len() > 1);
        sources.iter().find(holds).map(|_| ())
    });
}

#[test]
fn a_companys_week() {
    let world = World::new("-97d");
    let firewall = Namespace::new();
    let edge = firewall.as_ref().map(|namespace| three_months_ago(&world, namespace));

    // Its certificate would run out under it: nobody's clock steps by months.
    world.fleet.stop_collector();
    world.step_to("-7d");
    world.fleet.start_collector();
    let web = hosts(&world);
    parity_is_restored_and_stays_visible(&world, web.last().expect("staging"));
    a_setting_edited_by_hand_is_told_from_the_same_one_declared(&world);
    a_deployment_over_five_hosts_is_one_finding_at_most(&world, &web[..5]);
    a_hotfix_is_adopted(&world, &web[1]);
    if let (Some(namespace), Some(edge)) = (&firewall, edge) {
        the_rule_of_three_months_ago_is_found_explained_and_closed(&world, namespace, edge);
    }
    the_report_shows_it_all(&world);
}

/// A rule is opened by hand, and the agent is stopped soon after.
fn three_months_ago(world: &World, namespace: &Namespace) -> Agent {
    namespace.nft(RULES);
    let source = format!(
        "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nown = false\nnamespaces = [\"{}\"]\n",
        namespace.name()
    );
    let mut agent = world.fleet.agent("edge-1", "production", "edge", &source);
    settled(world, "edge-1", &format!("firewall/{}/nft", namespace.name()));
    namespace.nft("add rule inet shop input tcp dport 5432 accept\n");
    eventually("the rule is told", || {
        let answer = world.fleet.json(&["changes", "--opens", "any"]);
        (!answer["changes"].as_array()?.is_empty()).then_some(())
    });
    agent.stop();
    agent
}

/// Five hosts of production, a database server, and (the last) staging.
fn hosts(world: &World) -> Vec<Agent> {
    let mut all = Vec::new();
    for number in 1..=5 {
        all.push((format!("web-{number}"), "production", PRODUCTION));
    }
    all.push(("stage-1".to_owned(), "staging", STAGING));
    let mut agents = Vec::new();
    for (host, environment, text) in all {
        let mut agent = world.fleet.enrol(&host, environment, "web", APP_ENV);
        agent.write("app.env", text);
        world.fleet.run(&mut agent);
        agents.push(agent);
    }
    for agent in &agents {
        settled(world, &agent.host, "app");
    }
    agents
}

/// 12 of 80 differ; 4 are meant, most of the others go by the plan, and the
/// trend keeps both.
fn parity_is_restored_and_stays_visible(world: &World, staging: &Agent) {
    let before = world.compared();
    assert_eq!((&before["keys"], &before["differing"], &before["percent"]), (&80.into(), &12.into(), &"15.0".into()));
    let policy = world.fleet.path("policy.toml");
    fs::write(&policy, POLICY).unwrap();
    world.run(0, &["policy", "apply", &policy.display().to_string()]);
    world.step_to("-6d");
    scanned(world, "15.0");

    for key in ["APP_URL", "DB_HOST", "JWT_SECRET", "STRIPE_SECRET_KEY"] {
        let selector = format!("env=staging,source=app,key={key}");
        let reason = "staging has its own";
        world.run(0, &["accept", &selector, "--reason", reason, "--owner", "team-shop", "--expires", "90d"]);
    }
    assert_eq!(world.compared()["differing"], 8);

    let patch = world.fleet.cli(&["plan", WEB_OF_STAGING, WEB_OF_PRODUCTION, "--format", "env"]);
    let patch = String::from_utf8(patch.stdout).unwrap();
    for secret in ["orchard-violet-81", "winter-pebble-14", "copper-meadow-29"] {
        assert!(!patch.contains(secret), "{patch}");
    }
    apply(world, staging, &patch);
    let after = eventually("staging is like production", || {
        let after = world.compared();
        (after["differing"].as_u64()? <= 2).then_some(after)
    });
    assert_eq!((&after["differing"], &after["percent"]), (&2.into(), &"2.5".into()), "{after:#}");
    world.step_to("-5d");
    scanned(world, "2.5");
}

/// Applies the patch as a person would, but for the secrets that it only names.
fn apply(world: &World, staging: &Agent, patch: &str) {
    let file = world.fleet.path("plan.patch");
    fs::write(&file, patch).unwrap();
    let target = staging.files().join("app.env");
    let copy = world.fleet.path("app.env.patched");
    fs::copy(&target, &copy).unwrap();
    let mut command = Command::new("patch");
    command.arg("--forward").arg("--no-backup-if-mismatch").arg(&copy).arg(&file);
    let done = output(&mut command);
    assert!(done.status.success(), "{}\n{patch}", String::from_utf8_lossy(&done.stdout));
    let patched = fs::read_to_string(&copy).unwrap();
    // Where the patch says whose value it is, the person keeps what staging has.
    let kept: String =
        patched.lines().filter(|line| !line.contains("<value of")).map(|line| format!("{line}\n")).collect();
    let mut whole = kept;
    for key in ["DATABASE_URL", "SMTP_PASSWORD"] {
        if !whole.lines().any(|line| line.starts_with(&format!("{key}="))) {
            let line = STAGING.lines().find(|line| line.starts_with(&format!("{key}="))).unwrap();
            whole.push_str(&format!("{line}\n"));
        }
    }
    staging.replace("app.env", whole);
}

fn scanned(world: &World, percent: &str) {
    eventually(&format!("a scan found {percent} %"), || {
        let report = world.fleet.cli(&["report", "--from", "8d", "--output", "markdown"]);
        String::from_utf8_lossy(&report.stdout).contains(percent).then_some(())
    });
}

fn a_setting_edited_by_hand_is_told_from_the_same_one_declared(world: &World) {
    // Production is spoken for, its database server not yet.
    world.push(&["--env", "production", "--role", "web"], "app.env", ("app", "env_file"), PRODUCTION, "a1b2c3d");
    let source = "[[source]]\nkind = \"database_config\"\nname = \"postgres\"\nserver = \"postgresql\"\n\
                  path = \"{files}/postgresql.conf\"\n";
    let mut database = world.fleet.enrol("db-1", "production", "db", source);
    database.write("postgresql.conf", POSTGRES);
    world.fleet.run(&mut database);
    settled(world, "db-1", "postgres");

    database.replace("postgresql.conf", POSTGRES.replace("4MB", "64MB"));
    let by_hand = world.change("db-1", "work_mem", "64MB");
    assert_eq!(by_hand["verdict"], "out_of_band", "{by_hand:#}");
    assert_eq!(by_hand["actor"]["user"]["uid"], 0, "{by_hand:#}");
    let listed = world.fleet.json(&["changes", "--out-of-band"]);
    assert!(listed["changes"].as_array().unwrap().iter().any(|one| one["id"] == by_hand["id"]), "{listed:#}");

    let declared = POSTGRES.replace("4MB", "128MB");
    world.push(
        &["--env", "production", "--role", "db"],
        "postgresql.conf",
        ("postgres", "database_config"),
        &declared,
        "d4e5f60",
    );
    database.replace("postgresql.conf", &declared);
    let authorised = world.change("db-1", "work_mem", "128MB");
    assert_eq!(authorised["verdict"], "authorised", "{authorised:#}");
    assert!(authorised.to_string().contains("d4e5f60"), "the evidence names the revision: {authorised:#}");
    database.stop();
}

fn a_deployment_over_five_hosts_is_one_finding_at_most(world: &World, web: &[Agent]) {
    let next = set(PRODUCTION, "API_RATE_LIMIT", "750");
    let calls = world.fleet.webhook.calls().len();
    world.push(&["--env", "production", "--role", "web"], "app.env", ("app", "env_file"), &next, "0f0f0f0");
    for agent in web {
        agent.replace("app.env", &next);
    }
    for agent in web {
        let change = world.change(&agent.host, "API_RATE_LIMIT", "750");
        assert_eq!(change["verdict"], "authorised", "{change:#}");
    }
    let told = world.fleet.webhook.calls();
    let findings = told[calls..].iter().filter(|call| changes(call).any(|one| one["key"] == "API_RATE_LIMIT"));
    assert!(findings.count() <= 1, "{told:#?}");
}

fn a_hotfix_is_adopted(world: &World, agent: &Agent) {
    let hotfix = set(&set(PRODUCTION, "API_RATE_LIMIT", "750"), "DB_TIMEOUT", "45s");
    agent.replace("app.env", &hotfix);
    let change = world.change(&agent.host, "DB_TIMEOUT", "45s");
    assert!(["out_of_band", "content_mismatch"].contains(&change["verdict"].as_str().unwrap()), "{change:#}");
    world.push(&["--env", "production", "--role", "web"], "app.env", ("app", "env_file"), &hotfix, "b0b0b0b");
    let id = change["id"].to_string();
    eventually("the hotfix is adopted", || {
        let told = world.fleet.json(&["explain", &id]).to_string();
        (told.contains("adopted") && told.contains("b0b0b0b")).then_some(())
    });
    let now = world.change(&agent.host, "DB_TIMEOUT", "45s");
    assert_eq!(now["verdict"], change["verdict"], "the history is not rewritten");
}

fn the_rule_of_three_months_ago_is_found_explained_and_closed(world: &World, namespace: &Namespace, mut edge: Agent) {
    // Its certificate ran out long ago: it renews, and what was there is known.
    world.fleet.run(&mut edge);
    world.fleet.wait_for_host("edge-1", "connected");
    let source = format!("firewall/{}/nft", namespace.name());
    world.push(&["--env", "production", "--role", "edge"], "rules.nft", (&source, "firewall"), RULES, "c0c0c0c");
    let of_rule = |one: &&Value| one["key"].as_str().is_some_and(|key| key.ends_with("tcp dport 5432 accept"));
    let found = eventually("the old rule is drift", || {
        let drifts = world.fleet.json(&["drift", "--env", "production", "--older-than", "30d"]);
        drifts["drifts"].as_array()?.iter().find(of_rule).cloned()
    });
    assert_eq!(found["severity"], "critical", "{found:#}");
    let story = String::from_utf8(world.fleet.cli(&["explain", found["id"].as_str().unwrap()]).stdout).unwrap();
    for word in ["tcp dport 5432 accept", "opens tcp/5432 to any source", "edge-1", "nft"] {
        assert!(story.contains(word), "`{word}` is missing:\n{story}");
    }
    let handle = namespace.run(&["nft", "-a", "list", "chain", "inet", "shop", "input"]);
    let handle = handle.lines().find(|line| line.contains("5432")).unwrap().rsplit(' ').next().unwrap().to_owned();
    namespace.nft(&format!("delete rule inet shop input handle {handle}\n"));
    eventually("the drift ends", || {
        let drifts = world.fleet.json(&["drift", "--env", "production"]);
        (!drifts["drifts"].as_array()?.iter().any(|one| of_rule(&one))).then_some(())
    });
    edge.stop();
}

fn the_report_shows_it_all(world: &World) {
    let report = world.fleet.path("week.html").display().to_string();
    let done = world.fleet.cli(&["report", "--from", "8d", "--output", "html"]);
    fs::write(&report, &done.stdout).unwrap();
    let html = String::from_utf8(done.stdout).unwrap();
    for part in ["work_mem", "DB_TIMEOUT", "team-shop", "<svg", "15.0", "2.5", "parity"] {
        assert!(html.contains(part), "`{part}` is missing in the report");
    }
    assert!(!html.contains("orchard-violet-81") && !html.contains("<script"));
    let _ = succeed(world.fleet.command("driftline").arg("--config").arg(world.fleet.operator_config()).arg("verify"));
}
