//! A whole fleet of real processes on loopback: one collector, agents enrolled
//! over real tokens, and the operator's command line.
//!
//! It does what the README tells a sysadmin to do, with files in a private
//! directory that goes when the fleet is dropped.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Running, free_port, output, program, succeed};
use crate::webhook::Webhook;

/// The secret between collector and webhook.
pub const WEBHOOK_SECRET: &str = "a-secret-of-this-test-alone";

/// What a test may want otherwise.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// The store's engine.
    pub engine: &'static str,
    /// Least severity of the alert route.
    pub min_severity: &'static str,
    /// Lines for `[agents]`.
    pub agents: &'static str,
    /// Environment variables of every process.
    pub variables: Vec<(&'static str, String)>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { engine: "redb", min_severity: "info", agents: "", variables: Vec::new() }
    }
}

/// A running fleet.
#[derive(Debug)]
pub struct Fleet {
    dir: TempDir,
    /// What alerts arrive at.
    pub webhook: Webhook,
    /// Port of the ingest listener.
    pub ingest_port: u16,
    /// Port of the enrolment listener.
    pub enrol_port: u16,
    /// Port of the API.
    pub api_port: u16,
    wishes: Wishes,
    collector: RefCell<Option<Running>>,
}

impl Fleet {
    /// A collector that is ready, with nothing else.
    #[must_use]
    pub fn start() -> Self {
        Self::with(Wishes::default())
    }

    /// The same, otherwise.
    ///
    /// # Panics
    /// When any step of a sysadmin fails.
    #[must_use]
    pub fn with(wishes: Wishes) -> Self {
        let fleet = Self {
            dir: tempfile::tempdir().expect("a private directory can be made"),
            webhook: Webhook::start(WEBHOOK_SECRET.as_bytes()),
            ingest_port: free_port(),
            enrol_port: free_port(),
            api_port: free_port(),
            wishes,
            collector: RefCell::new(None),
        };
        fs::write(fleet.path("webhook-secret"), WEBHOOK_SECRET).expect("the secret is written");
        fs::write(fleet.path("collector.toml"), fleet.collector_toml()).expect("the configuration is written");
        let mut init = fleet.command("driftline-collector");
        init.arg("init").arg("--dir").arg(fleet.path("collector"));
        init.arg("--config").arg(fleet.path("collector.toml"));
        let _ = succeed(init.arg("--operator-config").arg(fleet.operator_config()));
        fleet.start_collector();
        fleet
    }

    fn collector_toml(&self) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        let Self { ingest_port, enrol_port, api_port, wishes, .. } = self;
        format!(
            r#"state_dir = "{state}"

[listen]
ingest = "127.0.0.1:{ingest_port}"
enrol = "127.0.0.1:{enrol_port}"
api = "127.0.0.1:{api_port}"

[advertise]
names = ["127.0.0.1"]
ingest = ["127.0.0.1:{ingest_port}"]
enrol = ["127.0.0.1:{enrol_port}"]

[store]
engine = "{engine}"

[agents]
{agents}

[[alert]]
name = "test"
kind = "webhook"
url = "{url}"
secret_file = "{secret}"
min_severity = "{severity}"
"#,
            state = path("collector"),
            engine = wishes.engine,
            agents = wishes.agents,
            url = self.webhook.url(),
            secret = path("webhook-secret"),
            severity = wishes.min_severity,
        )
    }

    /// A path in the fleet's directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The operator's configuration.
    #[must_use]
    pub fn operator_config(&self) -> PathBuf {
        self.path("operator").join("cli.toml")
    }

    /// One of our programs, with the fleet's environment.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command.env_remove("NOTIFY_SOCKET").env("NO_COLOR", "1").env("HOME", self.dir.path());
        command.envs(self.wishes.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command
    }

    /// Starts the collector and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn start_collector(&self) {
        let mut command = self.command("driftline-collector");
        command.arg("run").arg("--config").arg(self.path("collector.toml"));
        *self.collector.borrow_mut() = Some(Running::start(&mut command, &self.path("collector.log")));
        crate::process::eventually("the collector answers `driftline status`", || {
            let alive = self.collector.borrow_mut().as_mut().is_some_and(Running::is_running);
            assert!(alive, "the collector ended:\n{}", self.collector_log());
            self.cli(&["status"]).status.success().then_some(())
        });
    }

    /// kill -9 of the collector.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill_collector(&self) {
        self.collector.borrow_mut().take().expect("the collector runs").kill();
    }

    /// SIGTERM of the collector.
    ///
    /// # Panics
    /// When it does not run or does not end well.
    pub fn stop_collector(&self) {
        let status = self.collector.borrow_mut().take().expect("the collector runs").stop();
        assert!(status.success(), "the collector ended with {status}:\n{}", self.collector_log());
    }

    /// The collector's process id.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn collector_id(&self) -> u32 {
        self.collector.borrow().as_ref().expect("the collector runs").id()
    }

    /// What the collector has printed so far.
    #[must_use]
    pub fn collector_log(&self) -> String {
        crate::process::read_text(&self.path("collector.log"))
    }

    /// Runs the operator's command line.
    #[must_use]
    pub fn cli(&self, arguments: &[&str]) -> Output {
        output(self.command("driftline").arg("--config").arg(self.operator_config()).args(arguments))
    }

    /// Its answer as JSON, whatever its exit code says of drift.
    ///
    /// # Panics
    /// When the answer is no JSON.
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let done = self.cli(&[&["--output", "json"], arguments].concat());
        serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            panic!("{arguments:?}: {error}\n{out}\n{err}")
        })
    }

    /// All changes, oldest first.
    #[must_use]
    pub fn changes(&self) -> Vec<Value> {
        let mut all = self.json(&["changes", "--limit", "1000"])["changes"].as_array().cloned().unwrap_or_default();
        all.reverse();
        all
    }

    /// Waits until a host stands as `status` says.
    pub fn wait_for_host(&self, host: &str, status: &str) -> Value {
        crate::process::eventually(&format!("{host} is {status}"), || {
            let hosts = self.json(&["hosts"]);
            let found = hosts["hosts"].as_array()?.iter().find(|one| one["host"] == host)?;
            (found["status"] == status).then(|| found.clone())
        })
    }

    /// A new enrolment token.
    #[must_use]
    pub fn token(&self, environment: &str, role: &str) -> String {
        let mut create = self.command("driftline");
        create.arg("--config").arg(self.operator_config());
        succeed(create.args(["token", "create", "--env", environment, "--role", role])).trim().to_owned()
    }

    /// A host with a configuration that is not enrolled.
    #[must_use]
    pub fn host(&self, host: &str, sources: &str) -> Agent {
        let agent = Agent::new(self.path(&format!("hosts/{host}")), host);
        agent.configure("", sources);
        agent
    }

    /// An enrolled agent that does not run yet. `sources` are `[[source]]`
    /// tables; `{files}` in them stands for the agent's own directory of files.
    #[must_use]
    pub fn enrol(&self, host: &str, environment: &str, role: &str, sources: &str) -> Agent {
        let agent = self.host(host, sources);
        let token = self.token(environment, role);
        let _ = succeed(self.agent_command(&agent, "enroll").args(["--host", host, &token]));
        agent
    }

    /// An enrolled agent that runs and is connected.
    #[must_use]
    pub fn agent(&self, host: &str, environment: &str, role: &str, sources: &str) -> Agent {
        let mut agent = self.enrol(host, environment, role, sources);
        self.run(&mut agent);
        self.wait_for_host(host, "connected");
        agent
    }

    /// Starts an agent.
    pub fn run(&self, agent: &mut Agent) {
        let mut command = self.agent_command(agent, "run");
        agent.running = Some(Running::start(&mut command, &agent.dir.join("agent.log")));
    }

    /// Starts an agent behind another program, as `setpriv` is.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run_behind(&self, agent: &mut Agent, by: &mut Command) {
        let inner = self.agent_command(agent, "run");
        by.env_remove("NOTIFY_SOCKET").arg(inner.get_program()).args(inner.get_args());
        agent.running = Some(Running::start(by, &agent.dir.join("agent.log")));
    }

    /// `driftline-agent` with a command and its configuration.
    #[must_use]
    pub fn agent_command(&self, agent: &Agent, what: &str) -> Command {
        let mut command = self.command("driftline-agent");
        command.arg(what).arg("--config").arg(agent.dir.join("agent.toml"));
        command
    }
}

/// One host: its configuration, its files, its process.
#[derive(Debug)]
pub struct Agent {
    dir: PathBuf,
    /// Its name.
    pub host: String,
    running: Option<Running>,
}

impl Agent {
    fn new(dir: PathBuf, host: &str) -> Self {
        fs::create_dir_all(dir.join("files")).expect("the host's directory can be made");
        Self { dir, host: host.to_owned(), running: None }
    }

    /// Writes its configuration: lines for `[agent]`, and the sources.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn configure(&self, settings: &str, sources: &str) {
        let state = self.state_dir();
        let text = format!("state_dir = \"{}\"\n\n[agent]\n{settings}\n\n{sources}\n", state.display());
        let text = text.replace("{files}", &self.files().display().to_string());
        fs::write(self.dir.join("agent.toml"), text).expect("the configuration is written");
    }

    /// The directory of its state.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// The directory of the files it watches.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.dir.join("files")
    }

    /// Its process.
    ///
    /// # Panics
    /// When it does not run.
    pub fn process(&mut self) -> &mut Running {
        self.running.as_mut().expect("the agent runs")
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.process().kill();
        self.running = None;
    }

    /// SIGTERM.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn stop(&mut self) {
        let status = self.process().stop();
        assert!(status.success(), "the agent ended with {status}:\n{}", self.log());
        self.running = None;
    }

    /// What it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        crate::process::read_text(&self.dir.join("agent.log"))
    }

    /// Writes one of its files in place.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.files().join(name), text).expect("the file is written");
    }

    /// Replaces one of its files by renaming another over it, as careful
    /// programs do.
    ///
    /// # Panics
    /// When it cannot be replaced.
    pub fn replace(&self, name: &str, text: impl AsRef<[u8]>) {
        let beside = self.files().join(format!(".{name}.new"));
        fs::write(&beside, text).expect("the new file is written");
        fs::rename(beside, self.files().join(name)).expect("the file is replaced");
    }
}

/// One `[[source]]` of kind `env_file` over `{files}/app.env`.
pub const APP_ENV: &str =
    "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"{files}/app.env\"\ndialect = \"dotenv\"\n";

/// Whether any file below a directory holds these bytes.
///
/// # Panics
/// When the directory cannot be read.
#[must_use]
pub fn files_that_hold(dir: &Path, needle: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("the directory can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_that_hold(&path, needle));
        } else if let Ok(bytes) = fs::read(&path)
            && bytes.windows(needle.len()).any(|window| window == needle)
        {
            found.push(path);
        }
    }
    found
}
