//! `driftline-agent discover` as it is typed, over running programs too.
#![allow(clippy::disallowed_methods, reason = "reads files that these tests have just made")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn agent(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftline-agent"));
    command.args(arguments).env_remove("DRIFTLINE_AGENT_CONFIG").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn what_is_printed_passes_check() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "etc/systemd/system/web.service", "[Service]\nEnvironmentFile=/etc/default/web\n");
    write(root.path(), "etc/default/web", "PASSWORD=hunter2\n");
    write(root.path(), "etc/mysql/my.cnf", "[mysqld]\n");
    let found = agent(&["discover", "--root", root.path().to_str().unwrap()]);
    assert!(found.status.success(), "{}", text(&found.stderr));
    let config = root.path().join("agent.toml");
    std::fs::write(&config, &found.stdout).unwrap();
    let checked = agent(&["check", "--config", config.to_str().unwrap()]);
    assert!(checked.status.success(), "{}\n{}", text(&checked.stderr), text(&found.stdout));
    let shown = text(&checked.stdout);
    assert!(shown.contains("web (env_file)") && shown.contains("mysql (database_config)"), "{shown}");
    assert!(!text(&found.stdout).contains("hunter2"));
}

#[test]
fn this_host_gives_a_configuration_that_passes_check() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("agent.toml");
    std::fs::write(&config, "").unwrap();
    let found = agent(&["discover", "--config", config.to_str().unwrap()]);
    assert!(found.status.success(), "{}", text(&found.stderr));
    assert!(!text(&found.stdout).contains(config.to_str().unwrap()), "it finds itself: {}", text(&found.stdout));
    std::fs::write(&config, &found.stdout).unwrap();
    let checked = agent(&["check", "--config", config.to_str().unwrap()]);
    assert!(checked.status.success(), "{}\n{}", text(&checked.stderr), text(&found.stdout));
}

#[test]
fn a_running_program_leads_to_its_configuration() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "app.toml", "[app]\nport = 1\n");
    let config = dir.path().join("app.toml");
    // A shell keeps its arguments and does not know what they mean.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "read -r _", "app", "--config", config.to_str().unwrap(), "--password=hunter2"]);
    let _running = Running(command.stdin(Stdio::piped()).spawn().unwrap());
    // Until the new program is executed the process is still this test.
    for _ in 0..100 {
        let found = text(&agent(&["discover"]).stdout);
        assert!(!found.contains("hunter2"));
        if found.contains(&format!("path = \"{}\"", config.display())) {
            assert!(found.contains("a running sh has it as `--config`"), "{found}");
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the configuration was not found");
}

#[test]
fn writing_replaces_nothing_and_says_what_is_missing() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "srv/shop/.env", "A=1\n");
    let config = root.path().join("agent.toml");
    let arguments =
        ["discover", "--write", "--root", root.path().to_str().unwrap(), "--config", config.to_str().unwrap()];
    let first = agent(&arguments);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(written.contains("path = \"/srv/shop/.env\""), "{written}");

    let again = agent(&arguments);
    assert!(again.status.success() && text(&again.stdout).contains("watches all that was found"));

    write(root.path(), "etc/nftables.conf", "");
    let more = agent(&arguments);
    assert_eq!(more.status.code(), Some(78));
    assert!(text(&more.stdout).contains("/etc/nftables.conf") && !text(&more.stdout).contains("/srv/shop"));
    assert!(text(&more.stderr).contains("stays as it is"), "{}", text(&more.stderr));
    assert_eq!(std::fs::read_to_string(&config).unwrap(), written);
}
