//! A good file takes over, a bad one never does.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::identity::tests::enrolled;
use crate::status::{SOCKET, Status};

/// How long anything here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Host {
    dir: tempfile::TempDir,
    root: PathBuf,
}

impl Host {
    fn new() -> Self {
        let (dir, _) = enrolled();
        std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let root = dir.path().canonicalize().unwrap();
        let host = Self { dir, root };
        host.write("a.env", "A=1\n");
        host.write("b.env", "B=1\n");
        host
    }

    fn write(&self, name: &str, text: &str) {
        // By rename, so that one write is one change.
        std::fs::write(self.root.join("new"), text).unwrap();
        std::fs::rename(self.root.join("new"), self.root.join(name)).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.root.join("agent.toml")
    }

    fn configure(&self, names: &[&str], more: &str) {
        let mut text =
            format!("state_dir = \"{}\"\n[agent]\nendpoints = [\"127.0.0.1:1\"]\n{more}", self.root.display());
        for name in names {
            let path = self.root.join(name);
            text.push_str(&format!(
                "[[source]]\nkind = \"env_file\"\nname = \"{name}\"\npath = \"{}\"\n",
                path.display()
            ));
        }
        self.write("agent.toml", &text);
    }

    /// What is in the journal, as the running agent says.
    async fn records(&self) -> Option<u64> {
        let socket = self.dir.path().join(SOCKET);
        let asked = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            std::os::unix::net::UnixStream::connect(socket).ok()?.read_to_string(&mut text).ok()?;
            serde_json::from_str::<Status>(&text).ok()
        });
        asked.await.unwrap().map(|status| status.journal_records)
    }

    async fn until(&self, records: u64) {
        let reached = async {
            while self.records().await != Some(records) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never {records} records"));
    }
}

/// Runs an agent beside what an operator does to it.
async fn beside<F: Future<Output = ()>>(host: &Host, operator: impl FnOnce(watch::Sender<u64>) -> F) {
    let stop = CancellationToken::new();
    let (hup, reloads) = watch::channel(0);
    let path = host.config();
    let config = Config::load(&path).unwrap();
    let running = run(&path, config, reloads, Clock::system(), stop.clone());
    let operating = async {
        operator(hup).await;
        stop.cancel();
    };
    let (ran, ()) = tokio::join!(running, operating);
    ran.unwrap();
}

fn hang_up(hup: &watch::Sender<u64>) {
    hup.send_modify(|count| *count += 1);
}

#[tokio::test]
async fn a_source_that_is_added_is_watched_after_sighup() {
    let host = &Host::new();
    host.configure(&["a.env"], "");
    beside(host, async |hup| {
        host.until(1).await;
        host.configure(&["a.env", "b.env"], "");
        hang_up(&hup);
        host.until(2).await;
        host.write("b.env", "B=2\n");
        host.until(3).await;
        host.write("a.env", "A=2\n");
        host.until(4).await;
    })
    .await;
}

#[tokio::test]
async fn p7_a_bad_file_never_replaces_the_good_one() {
    let host = &Host::new();
    host.configure(&["a.env"], "");
    beside(host, async |hup| {
        host.until(1).await;
        for (at, bad) in
            ["not toml", "[agent]\nreconcile_s = 1\n", "[[sauce]]\n", "state_dir = \"/elsewhere\"\n"].iter().enumerate()
        {
            host.write("agent.toml", bad);
            hang_up(&hup);
            tokio::time::sleep(Duration::from_millis(50)).await;
            host.write("a.env", &format!("A=after-{at}\n"));
            host.until(2 + at as u64).await;
        }
        std::fs::remove_file(host.config()).unwrap();
        hang_up(&hup);
        tokio::time::sleep(Duration::from_millis(50)).await;
        host.write("a.env", "A=last\n");
        host.until(6).await;
    })
    .await;
}

#[tokio::test]
async fn what_changed_while_it_reloaded_is_found() {
    let host = &Host::new();
    host.configure(&["a.env"], "");
    beside(host, async |hup| {
        host.until(1).await;
        for round in 0..5_u64 {
            hang_up(&hup);
            host.write("a.env", &format!("A=round-{round}\n"));
            host.until(2 + round).await;
        }
    })
    .await;
}

#[test]
fn the_state_directory_stays() {
    let host = Host::new();
    host.configure(&["a.env"], "");
    let old = Config::load(&host.config()).unwrap();
    assert!(read_again(&host.config(), &old).is_ok());
    host.write("agent.toml", "state_dir = \"/elsewhere\"\n");
    let error = read_again(&host.config(), &old).unwrap_err();
    assert!(error.to_string().contains("cannot change while the agent runs"), "{error}");
}
