//! One real collector in a private directory, made by `init` as an operator
//! would, and what an operator knows of it.
//!
//! It is a process of its own; this only starts, asks and ends it.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use driftline_canon::{FleetKey, KeyEpoch};
use driftline_tests::process::{PATIENCE, Running, free_port, program, read_text, succeed};
use driftline_tests::webhook::Webhook;

/// Signs the alerts of a benchmark; secret to nobody.
const ALERT_SECRET: &[u8] = b"a secret of the benchmark alone";

/// A collector that runs.
#[derive(Debug)]
pub(crate) struct Collector {
    dir: PathBuf,
    process: Running,
    ports: [u16; 3],
}

impl Collector {
    /// Makes one and starts it; with a webhook it alerts on every change.
    pub(crate) fn start(dir: &Path, webhook: Option<&Webhook>) -> Self {
        let dir = dir.join("collector");
        std::fs::create_dir(&dir).expect("a directory for the collector");
        let ports = [free_port(), free_port(), free_port()];
        init(&dir, ports);
        if let Some(webhook) = webhook {
            add_route(&dir, webhook);
        }
        let (process, _) = launch(&dir);
        Self { dir, process, ports }
    }

    /// A receiver whose signature fits.
    pub(crate) fn webhook() -> Webhook {
        Webhook::start(ALERT_SECRET)
    }

    /// Kills it (kill -9), starts it anew, and says how long it took to be
    /// ready.
    pub(crate) fn restart(&mut self) -> Duration {
        self.process.kill();
        let ready;
        (self.process, ready) = launch(&self.dir);
        ready
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// `host:port` for agents.
    pub(crate) fn ingest(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// `host:port` for enrolment.
    pub(crate) fn enrol(&self) -> String {
        format!("127.0.0.1:{}", self.ports[1])
    }

    /// Where its API begins.
    pub(crate) fn api(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports[2])
    }

    /// The CA certificate as PEM.
    pub(crate) fn ca_pem(&self) -> String {
        read_text(&self.dir.join("operator/ca.pem"))
    }

    /// The operator's bearer token.
    pub(crate) fn bearer(&self) -> String {
        read_text(&self.dir.join("operator/operator.token")).trim().to_owned()
    }

    /// The key of the fleet's digests.
    pub(crate) fn fleet_key(&self) -> FleetKey {
        let text = read_text(&self.dir.join("operator/fleet-key.toml"));
        let table: toml::Table = toml::from_str(&text).expect("the fleet key's file is TOML");
        let hex = table["fleet"]["key"].as_str().expect("a key");
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal");
        }
        let epoch = table["fleet"]["epoch"].as_integer().and_then(|epoch| u32::try_from(epoch).ok());
        FleetKey::new(key, KeyEpoch(epoch.expect("an epoch")))
    }
}

fn init(dir: &Path, ports: [u16; 3]) {
    let mut command = Command::new(program("driftline-collector"));
    command.arg("init").args(["--name", "127.0.0.1"]);
    command.arg("--dir").arg(dir.join("state")).arg("--config").arg(config(dir));
    command.arg("--operator-config").arg(dir.join("operator/cli.toml"));
    for (listener, port) in ["ingest", "enrol", "api"].iter().zip(ports) {
        command.args([format!("--{listener}-listen"), format!("127.0.0.1:{port}")]);
    }
    let _ = succeed(&mut command);
}

fn add_route(dir: &Path, webhook: &Webhook) {
    let secret = dir.join("alert.secret");
    driftline_daemon::files::write_private(&secret, ALERT_SECRET).expect("the alert's secret");
    let (secret, url) = (secret.display(), webhook.url());
    let route = format!(
        "\n[[alert]]\nname = \"bench\"\nkind = \"webhook\"\nurl = \"{url}\"\nsecret_file = \"{secret}\"\nmin_severity = \"info\"\n"
    );
    let text = read_text(&config(dir)) + &route;
    driftline_daemon::files::write_private(&config(dir), text.as_bytes()).expect("the configuration");
}

fn config(dir: &Path) -> PathBuf {
    dir.join("collector.toml")
}

fn launch(dir: &Path) -> (Running, Duration) {
    let mut command = Command::new(program("driftline-collector"));
    command.arg("run").arg("--config").arg(config(dir));
    start_and_wait(&mut command, &dir.join("collector.log"))
}

/// Starts a daemon and waits until it says that it is ready, as it would say to
/// systemd (sd_notify(3)): from `exec` to `READY=1`.
pub(crate) fn start_and_wait(command: &mut Command, log: &Path) -> (Running, Duration) {
    // A socket's path is short (unix(7)): not below the build's directory.
    let place = tempfile::tempdir().expect("a private directory");
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket of ours");
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    let begun = Instant::now();
    let mut process = Running::start(command.env("NOTIFY_SOCKET", &path).env("RUST_LOG", "warn"), log);
    let mut message = [0; 4096];
    loop {
        if let Ok(length) = socket.recv(&mut message)
            && message[..length].split(|&byte| byte == b'\n').any(|line| line == b"READY=1")
        {
            return (process, begun.elapsed());
        }
        assert!(process.is_running(), "it ended before it was ready:\n{}", process.log());
        assert!(begun.elapsed() < PATIENCE, "never ready:\n{}", process.log());
    }
}
