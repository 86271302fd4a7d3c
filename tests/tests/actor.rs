//! Who made a change, from the process on the host to the operator's screen.
//!
//! Logins are real ones to the kernel: a child sets its own loginuid, and
//! nothing of the machine's users is changed.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use driftline_tests::fleet::{APP_ENV, Fleet};
use driftline_tests::netns::Namespace;
use driftline_tests::process::{eventually, succeed};
use driftline_tests::webhook::changes;
use serde_json::Value;

/// Whoever logged in, and as whom they go on.
const LOGIN: u32 = 4711;
const OTHER: u32 = 65534;

/// A process that ends with the test.
struct Leashed(Child);

impl Drop for Leashed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    let root = id.stdout.trim_ascii() == b"0";
    if !root {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "this case must run here, and needs root");
        println!("skipped: it needs root");
    }
    root
}

/// A script of somebody who logged in and goes on as another user, with one
/// capability, as behind `sudo -u`.
fn behind_sudo(capability: &str, script: &str) -> Command {
    let mut command = Command::new("sh");
    let with = format!("--inh-caps +{capability} --ambient-caps +{capability}");
    let line = format!(
        "echo {LOGIN} > /proc/self/loginuid && exec setpriv --reuid {OTHER} --clear-groups {with} sh -c '{script}'"
    );
    command.args(["-c", &line]).stdin(Stdio::null());
    command
}

/// A change as the operator sees it, once it is so.
fn change_when(fleet: &Fleet, key: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || fleet.changes().into_iter().rev().find(|one| ends_with(one, key) && is_so(one)))
}

fn ends_with(change: &Value, key: &str) -> bool {
    change["key"].as_str().is_some_and(|found| found.ends_with(key))
}

#[test]
fn the_person_behind_sudo_is_named_for_a_file_and_for_a_rule() {
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft("table inet shop { chain input { type filter hook input priority 0; policy drop; }; }\n");
    let fleet = Fleet::start();
    let firewall = format!(
        "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nown = false\nnamespaces = [\"{}\"]\n",
        namespace.name()
    );
    let mut agent = fleet.enrol("web-1", "production", "web", &format!("{APP_ENV}{firewall}"));
    agent.write("app.env", "DB_HOST=db\n");
    fleet.run(&mut agent);
    fleet.wait_for_host("web-1", "connected");
    let ready = || fleet.json(&["show", "web-1"])["sources"].as_array().is_some_and(|all| all.len() >= 2);
    eventually("both sources are known", || ready().then_some(()));

    let by_sudo = |change: &Value| change["actor"]["login"]["uid"] == LOGIN;
    let edit = format!("echo DB_HOST=evil > {}; sleep 2", agent.files().join("app.env").display());
    let _ = succeed(&mut behind_sudo("dac_override", &edit));
    let edited = change_when(&fleet, "DB_HOST", "the edit names the login", by_sudo);
    assert_eq!(edited["actor"]["user"]["uid"], OTHER, "{edited:#}");
    assert_eq!(edited["actor"]["name"], "sh", "{edited:#}");

    let rule = "add rule inet shop input tcp dport 5432 accept";
    let inside = format!("nsenter --net=/run/netns/{}", namespace.name());
    let nft = format!("(echo {rule}; sleep 2) | {inside} nft -i >/dev/null");
    let _ = succeed(&mut behind_sudo("sys_admin,+net_admin,+dac_override", &nft));
    let added = change_when(&fleet, "tcp dport 5432 accept", "the rule names the login", by_sudo);
    assert_eq!(added["actor"]["user"]["uid"], OTHER, "{added:#}");
    assert_eq!(added["actor"]["name"], "nft", "{added:#}");
    let story = String::from_utf8(fleet.cli(&["explain", &added["id"].to_string()]).stdout).expect("text");
    assert!(story.contains(&LOGIN.to_string()) && story.contains("tcp/5432"), "{story}");
}

#[test]
fn evidence_that_comes_late_amends_the_change_that_was_told() {
    let fleet = Fleet::start();
    let nobody = "[actor]\naudit = \"listen\"\nfanotify = false\n";
    let mut agent = fleet.enrol("web-1", "production", "web", &format!("{nobody}{APP_ENV}"));
    agent.write("app.env", "DB_HOST=db\n");
    fleet.run(&mut agent);
    fleet.wait_for_host("web-1", "connected");
    // Nobody tells of who writes. Whoever still has the file open is found by
    // looking for them, which no change waits for.
    let script = format!("exec 3>>{}; echo DB_PORT=9 >&3; read -r _", agent.files().join("app.env").display());
    let writer = Command::new("bash").args(["-c", &script]).stdin(Stdio::piped()).spawn();
    let mut writer = Leashed(writer.expect("a shell starts"));
    let call = fleet.webhook.wait_for_key(0, "DB_PORT");
    let told = changes(&call).find(|change| change["key"] == "DB_PORT").expect("it was waited for").clone();
    let unknown = told["actor"].is_null() || told["actor"]["confidence"] == "unknown";
    assert!(unknown, "the alert did not wait: {told:#}");
    let amended = change_when(&fleet, "DB_PORT", "the change names its process", |change| {
        change["actor"]["confidence"] == "probable"
    });
    assert_eq!(amended["id"], told["id"], "it is the same change");
    assert_eq!(amended["actor"]["evidence"][0], "proc", "{amended:#}");
    let story = String::from_utf8(fleet.cli(&["explain", &told["id"].to_string()]).stdout).expect("text");
    assert!(story.contains("probable"), "{story}");
    assert!(writer.0.try_wait().expect("a child can be asked").is_none());
}

#[test]
fn a_plain_user_gets_what_a_plain_user_can_and_status_says_what_is_lost() {
    if !is_root() {
        return;
    }
    let Some(namespace) = Namespace::new() else { return };
    namespace.nft("table inet shop { chain input { type filter hook input priority 0; policy drop; }; }\n");
    let fleet = Fleet::start();
    let firewall =
        format!("[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nnamespaces = [\"{}\"]\n", namespace.name());
    let mut agent = fleet.enrol("web-1", "production", "web", &format!("{APP_ENV}{firewall}"));
    agent.write("app.env", "DB_HOST=db\n");
    // Its own files, and a way there; the program too may be where only root is.
    let mode = |path: &std::path::Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode of one's own file");
    };
    mode(&fleet.path(""));
    let home = agent.state_dir().parent().expect("a host has a directory").to_owned();
    let _ = succeed(Command::new("chown").args(["-R", &OTHER.to_string()]).arg(&home));
    let own = fleet.path("driftline-agent");
    std::fs::copy(driftline_tests::process::program("driftline-agent"), &own).expect("the program is copied");
    mode(&own);
    let mut by = Command::new("setpriv");
    by.args(["--reuid", &OTHER.to_string(), "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
    by.args(["sh", "-c", &format!("shift; exec {} \"$@\"", own.display()), "sh"]);
    fleet.run_behind(&mut agent, &mut by);
    fleet.wait_for_host("web-1", "connected");

    agent.write("app.env", "DB_HOST=evil\n");
    let change = change_when(&fleet, "DB_HOST", "the edit is told", |_| true);
    let claimed = change["actor"]["confidence"].as_str().is_some_and(|confidence| confidence != "unknown");
    assert!(!claimed, "nobody could tell: {change:#}");
    let status = eventually("status says what is lost", || {
        let text = succeed(&mut fleet.agent_command(&agent, "status"));
        let all = [
            "audit is not there: it needs CAP_AUDIT_READ",
            "fanotify is not there: it needs CAP_SYS_ADMIN",
            "firewall/nft: ",
            "CAP_NET_ADMIN",
            &format!("firewall/{}/nft: could not enter the network namespace", namespace.name()),
        ];
        all.iter().all(|part| text.contains(part)).then_some(text)
    });
    assert!(status.contains("connected to"), "{status}");
    assert!(agent.process().is_running());
    agent.stop();
}
