//! A PostgreSQL server of its own, on a socket in a directory of its own.
//!
//! The newest of Debian's packages, or the one whose programs are in the
//! directory `DRIFTLINE_POSTGRES`. Root lends it to `nobody`: the server
//! refuses to be root's. It is stopped when it is dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Where Debian has a directory per version.
const PACKAGED: &str = "/usr/lib/postgresql";

/// What `psql` prints behind each answer.
const DONE: &str = "--done--";

/// A running server and one session.
pub(crate) struct Server {
    programs: PathBuf,
    directory: PathBuf,
    psql: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

/// The directory of the server's programs; none where there is no server and
/// nobody could have installed one.
fn programs() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("DRIFTLINE_POSTGRES") {
        return Some(given.into());
    }
    let entries = std::fs::read_dir(PACKAGED).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path().join("bin")).collect();
    found.retain(|path| path.join("postgres").exists());
    found.sort();
    let newest = found.pop();
    assert!(newest.is_some() || !is_root(), "no PostgreSQL server is installed");
    newest
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// A command that runs as whom the server may run.
fn command(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Server {
    /// Starts a server with an empty cluster.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let programs = programs()?;
        let directory = std::env::temp_dir().join(format!("driftline-pg-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        if is_root() {
            let mut chown = Command::new("chown");
            chown.arg("nobody").arg(&directory);
            run(chown);
        }
        let mut initdb = command(&programs.join("initdb"));
        initdb.args(["-U", "postgres", "--no-sync", "-E", "SQL_ASCII", "--locale=C", "-D"]).arg(directory.join("data"));
        run(initdb);
        let mut start = command(&programs.join("pg_ctl"));
        let options = format!("-c listen_addresses= -c fsync=off -c port=5432 -k {}", directory.display());
        start
            .args(["start", "-w", "-o", &options, "-l"])
            .arg(directory.join("log"))
            .arg("-D")
            .arg(directory.join("data"));
        start.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(start.status().unwrap().success(), "{name}: the server did not start");
        let mut psql = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-F", " ", "-U", "postgres", "-p", "5432", "-h"])
            .arg(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (psql.stdin.take().unwrap(), BufReader::new(psql.stdout.take().unwrap()));
        Some(Self { programs, directory, psql, to, from })
    }

    /// The cluster's directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Replaces a file of the cluster.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.data().join(name), bytes).unwrap();
    }

    /// The rows of an answer; every column must be a text, and comes back as
    /// its bytes, none for null.
    pub(crate) fn query(&mut self, columns: &[&str], rest: &str) -> Vec<Vec<Option<Vec<u8>>>> {
        let hex =
            |column: &&str| format!("coalesce('x' || encode(convert_to(({column})::text, 'SQL_ASCII'), 'hex'), '-')");
        let columns: Vec<String> = columns.iter().map(hex).collect();
        writeln!(self.to, "select {} {rest};\n\\echo {DONE}", columns.join(", ")).unwrap();
        self.to.flush().unwrap();
        let mut rows = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "psql ended: {rest}");
            if line.trim_end() == DONE {
                return rows;
            }
            rows.push(line.trim_end().split(' ').map(decoded).collect());
        }
    }

    /// Runs a statement without an answer.
    pub(crate) fn run(&mut self, statement: &str) {
        writeln!(self.to, "{statement};").unwrap();
    }

    /// What `postgres -C` says that a setting is when it is given a value; none
    /// if the server refuses it.
    pub(crate) fn ask(&self, name: &str, value: &str) -> Option<Vec<u8>> {
        let mut ask = command(&self.programs.join("postgres"));
        ask.arg("-D").arg(self.data()).args(["-C", name, "-c", &format!("{name}={value}")]);
        let output = ask.output().unwrap();
        output.status.success().then_some(output.stdout)
    }
}

fn decoded(column: &str) -> Option<Vec<u8>> {
    let hex = column.strip_prefix('x')?;
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(byte).collect())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
        let mut stop = command(&self.programs.join("pg_ctl"));
        stop.args(["stop", "-m", "immediate", "-w", "-D"]).arg(self.data());
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// One of several.
    pub(crate) fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}
