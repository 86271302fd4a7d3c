//! Servers of Debian's packages, each on a socket in a directory of its own, as
//! an unprivileged user, ended by its own id.
//!
//! Never touches a server that runs already.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to answer.
const START_MAX: Duration = Duration::from_secs(60);

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The program, or none where it is not installed and could not be.
fn program(names: &[&str]) -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut directories: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    directories.sort();
    directories.reverse();
    directories.extend(["/usr/sbin", "/usr/bin", "/usr/local/bin"].map(PathBuf::from));
    let found =
        names.iter().flat_map(|name| directories.iter().map(move |dir| dir.join(name))).find(|path| path.exists());
    assert!(found.is_some() || !is_root(), "none of {names:?} is installed");
    found
}

/// A command as whom a server may run.
fn command(program: &Path) -> Command {
    let mut command = Command::new(if is_root() { Path::new("setpriv") } else { program });
    if is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    directory
}

/// A running server.
pub(crate) struct Server {
    child: Option<Child>,
    start: Box<dyn Fn() -> Command>,
    ask: Box<dyn Fn(&str) -> Command>,
    directory: tempfile::TempDir,
}

impl Server {
    fn run(start: Box<dyn Fn() -> Command>, ask: Box<dyn Fn(&str) -> Command>, directory: tempfile::TempDir) -> Self {
        let mut server = Self { child: None, start, ask, directory };
        server.start();
        server
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A file with a password, as the agent wants it.
    pub(crate) fn password(&self, name: &str, password: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("{password}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    pub(crate) fn start(&mut self) {
        self.child = Some((self.start)().spawn().unwrap());
        let end = Instant::now() + START_MAX;
        while !(self.ask)("").status().unwrap().success() {
            assert!(self.child.as_mut().unwrap().try_wait().unwrap().is_none(), "the server ended");
            assert!(Instant::now() < end, "the server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Carries out a statement or command.
    pub(crate) fn tell(&self, statement: &str) {
        let output = (self.ask)(statement).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && !said.contains("ERR"), "{statement}: {said}");
    }

    pub(crate) fn postgres() -> Option<Self> {
        Self::postgres_with("", &["listen_addresses=".to_owned()], 5432)
    }

    /// One with these lines in its pg_hba.conf, these settings, and that port.
    pub(crate) fn postgres_with(hba: &str, settings: &[String], port: u16) -> Option<Self> {
        let (initdb, postgres) = (program(&["initdb"])?, program(&["postgres"])?);
        let directory = directory();
        let at = directory.path().to_owned();
        let data = at.join("data");
        let made = command(&initdb).args(["-U", "postgres", "-A", "trust", "--no-sync", "-D"]).arg(&data).status();
        assert!(made.unwrap().success());
        let rules = format!("local all driftline scram-sha-256\nlocal all all trust\n{hba}");
        fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let settings: Vec<String> = settings.iter().flat_map(|one| ["-c".to_owned(), one.clone()]).collect();
        let socket = at.clone();
        let start = move || {
            let mut command = command(&postgres);
            command.arg("-D").arg(&data).args(&settings).args(["-c", "fsync=off", "-k"]).arg(&at);
            command
        };
        let ask = move |statement: &str| {
            let mut command = Command::new("psql");
            command
                .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
                .arg(&socket)
                .arg(format!("--port={port}"));
            for one in statement.split(';').map(str::trim).filter(|one| !one.is_empty()) {
                command.args(["-c", one]);
            }
            if statement.is_empty() {
                command.args(["-c", "select 1"]);
            }
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        Some(Self::run(Box::new(start), Box::new(ask), directory))
    }

    /// The source that reads a server by its socket, as `driftline` with that
    /// password.
    pub(crate) fn table(&self, kind: &str, password: &str) -> String {
        format!(
            "[[source]]\nkind = \"database_settings\"\nname = \"db\"\nserver = \"{kind}\"\nconnect = \"unix:{}\"\n\
             user = \"driftline\"\npassword_file = \"{}\"\n",
            self.path("s").display(),
            self.password("pass", password)
        )
    }

    /// MariaDB with these lines in its file.
    pub(crate) fn mariadb(lines: &str) -> Option<Self> {
        Self::mariadb_listening(&format!("{lines}skip-networking\n"))
    }

    /// The same, that listens where its lines say.
    pub(crate) fn mariadb_listening(lines: &str) -> Option<Self> {
        let (install, mariadbd) = (program(&["mariadb-install-db"])?, program(&["mariadbd", "mysqld"])?);
        let directory = directory();
        let at = directory.path().to_owned();
        fs::write(at.join("my.cnf"), format!("[mysqld]\n{lines}")).unwrap();
        let made = command(&install)
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .arg(format!("--datadir={}", at.join("data").display()))
            .status();
        assert!(made.unwrap().success());
        let socket = at.join("s");
        let start = move || {
            let mut command = command(&mariadbd);
            command
                .arg(format!("--defaults-file={}", at.join("my.cnf").display()))
                .arg(format!("--datadir={}", at.join("data").display()))
                .arg(format!("--socket={}", at.join("s").display()));
            command
        };
        let ask = move |statement: &str| {
            let mut command = Command::new("mariadb");
            command.args(["--no-defaults", "-u", "root"]).arg(format!("--socket={}", socket.display()));
            command.args(["-e", if statement.is_empty() { "select 1" } else { statement }]);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        Some(Self::run(Box::new(start), Box::new(ask), directory))
    }

    pub(crate) fn redis(lines: &str) -> Option<Self> {
        let redis = program(&["redis-server"])?;
        let directory = directory();
        let at = directory.path().to_owned();
        let own = format!("port 0\nunixsocket {0}/s\nunixsocketperm 777\ndir {0}\ndaemonize no\n", at.display());
        fs::write(at.join("redis.conf"), format!("{own}{lines}")).unwrap();
        let socket = at.join("s");
        let start = move || {
            let mut command = command(&redis);
            command.arg(at.join("redis.conf"));
            command
        };
        let ask = move |statement: &str| {
            let mut command = Command::new("redis-cli");
            command.arg("-s").arg(&socket);
            command.args(if statement.is_empty() { "PING" } else { statement }.split(' '));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        Some(Self::run(Box::new(start), Box::new(ask), directory))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
