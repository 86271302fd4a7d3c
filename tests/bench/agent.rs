//! One real agent: enrolled over a real token, with a configuration of its own.
//!
//! It is a process of its own; this only starts and ends it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use driftline_canon::{EnrolmentToken, Environment, Role};
use driftline_tests::process::{Running, program, succeed};

use crate::api::Api;
use crate::collector::{Collector, start_and_wait};

/// Where the agent is that was built as it is shipped; without it, that of this
/// build is measured.
const SHIPPED: &str = "DRIFTLINE_BENCH_AGENT";

/// The unit that the packages install: what it sets for the agent counts.
const UNIT: &str = include_str!("../../systemd/driftline-agent.service");

/// The agent's program.
pub(crate) fn shipped() -> PathBuf {
    std::env::var_os(SHIPPED).map_or_else(|| program("driftline-agent"), PathBuf::from)
}

/// The agent in the environment that its unit gives it.
fn command() -> Command {
    let mut command = Command::new(shipped());
    let set = UNIT.lines().filter_map(|line| line.strip_prefix("Environment="));
    command.envs(set.flat_map(str::split_whitespace).filter_map(|one| one.split_once('=')));
    command
}

/// An agent that is enrolled.
#[derive(Debug)]
pub(crate) struct Agent {
    dir: PathBuf,
}

impl Agent {
    /// Enrols one as `name` in production, with these `[[source]]` tables.
    pub(crate) async fn enrol(dir: &Path, collector: &Collector, api: &Api, name: &str, sources: &str) -> Self {
        Self::enrol_with(dir, collector, api, name, sources, "").await
    }

    /// The same, with lines for the `[agent]` table.
    pub(crate) async fn enrol_with(
        dir: &Path,
        collector: &Collector,
        api: &Api,
        name: &str,
        sources: &str,
        settings: &str,
    ) -> Self {
        let dir = dir.join(name);
        std::fs::create_dir(&dir).expect("a directory for the agent");
        let state = dir.join("state");
        let text = format!("state_dir = \"{}\"\n\n[agent]\n{settings}\n{sources}", state.display());
        std::fs::write(dir.join("agent.toml"), text).expect("the agent's configuration");
        let token = token(collector, api).await;
        let mut enroll = command();
        enroll.arg("enroll").arg(token.as_str()).arg("--config").arg(dir.join("agent.toml"));
        let _ = succeed(enroll.args(["--host", name]));
        Self { dir }
    }

    /// Starts it; gives the process and the time from start to ready.
    pub(crate) fn start(&self) -> (Running, Duration) {
        let mut command = command();
        command.arg("run").arg("--config").arg(self.dir.join("agent.toml"));
        start_and_wait(&mut command, &self.dir.join("agent.log"))
    }
}

/// One `[[source]]` table.
pub(crate) fn source(kind: &str, name: &str, path: &Path) -> String {
    format!("\n[[source]]\nkind = \"{kind}\"\nname = \"{name}\"\npath = \"{}\"\n", path.display())
}

async fn token(collector: &Collector, api: &Api) -> zeroize::Zeroizing<String> {
    let (secret, grant) = api.token("production").await;
    let mut ca_sha256 = [0; 32];
    for (byte, pair) in ca_sha256.iter_mut().zip(grant.ca_sha256.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal");
    }
    let token = EnrolmentToken {
        id: grant.id,
        secret,
        ca_sha256,
        enrol: vec![collector.enrol()],
        ingest: vec![collector.ingest()],
        environment: Environment::new("production").expect("a name"),
        role: Role::new("web").expect("a name"),
        expires_s: grant.expires_s,
        fleet_key: collector.fleet_key(),
    };
    token.encode()
}
