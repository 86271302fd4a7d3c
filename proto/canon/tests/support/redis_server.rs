//! A Redis server of a test's own: on a socket in a directory of its own, as an
//! unprivileged user, ended with its handle.
//!
//! Never touches a server that runs already.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Steps of [`STEP`] until a server must answer.
const STEPS_MAX: u32 = 2000;
const STEP: Duration = Duration::from_millis(5);

/// A running server.
pub(crate) struct Server {
    child: Child,
    directory: PathBuf,
    stream: BufReader<UnixStream>,
}

/// What the server said when it did not start.
pub(crate) struct Refused(pub(crate) String);

/// Whether this process may do what only root may.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether the program is there; where it must be and is not, the test fails.
pub(crate) fn is_there(program: &str) -> bool {
    let there = std::env::var("PATH")
        .unwrap_or_default()
        .split(':')
        .chain(["/usr/sbin"])
        .any(|directory| fs::metadata(PathBuf::from(directory).join(program)).is_ok());
    assert!(there || !is_root(), "{program} is not installed");
    there
}

/// An empty directory that every user may write to.
pub(crate) fn directory(what: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("driftline-{what}-{}-{number}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
    path
}

impl Server {
    /// Starts one with these lines behind those that keep it to itself.
    pub(crate) fn start(lines: &str) -> Result<Self, Refused> {
        let directory = directory("redis");
        let at = directory.display();
        let own = format!("port 0\nunixsocket {at}/s\ndir {at}\ndaemonize no\nlogfile {at}/log\n");
        fs::write(directory.join("redis.conf"), format!("{own}{lines}")).unwrap();
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "redis-server"]);
            command
        } else {
            Command::new("redis-server")
        };
        let config = directory.join("redis.conf");
        let mut child =
            command.arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        for _ in 0..STEPS_MAX {
            if let Ok(stream) = UnixStream::connect(directory.join("s")) {
                return Ok(Self { child, directory, stream: BufReader::new(stream) });
            }
            if child.try_wait().unwrap().is_some() {
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
                if let Ok(mut log) = File::open(directory.join("log")) {
                    log.read_to_string(&mut said).unwrap();
                }
                fs::remove_dir_all(&directory).unwrap();
                return Err(Refused(said));
            }
            std::thread::sleep(STEP);
        }
        child.kill().unwrap();
        panic!("redis-server does not answer");
    }

    /// Asks, and gives the answer's texts.
    pub(crate) fn ask(&mut self, command: &str) -> Vec<Vec<u8>> {
        self.stream.get_mut().write_all(format!("{command}\r\n").as_bytes()).unwrap();
        self.answer()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn answer(&mut self) -> Vec<Vec<u8>> {
        let head = self.line();
        let (kind, rest) = head.split_at(1);
        match kind {
            "*" => (0..rest.parse::<usize>().unwrap()).flat_map(|_| self.answer()).collect(),
            "$" => {
                let mut bytes = vec![0; rest.parse::<usize>().unwrap() + 2];
                self.stream.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                vec![bytes]
            }
            "-" => panic!("{head}"),
            _ => vec![rest.as_bytes().to_vec()],
        }
    }

    /// `CONFIG GET *` by name.
    pub(crate) fn config(&mut self) -> Vec<(String, Vec<u8>)> {
        let texts = self.ask("CONFIG GET *");
        let pairs = texts.chunks(2).map(|pair| (String::from_utf8(pair[0].clone()).unwrap(), pair[1].clone()));
        pairs.collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}
