//! The others, run as their manuals say, on the same files at the same time.
//!
//! What a machine lacks is said in the table, never a failure.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use driftline_tests::process::PATIENCE;
use sha2::{Digest as _, Sha256};

use crate::proc;

/// A peer's time and the most memory it had.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ran {
    pub(crate) took: Duration,
    /// Highest resident memory seen, in bytes; 0 where it was not looked at.
    pub(crate) peak: u64,
}

/// The least that a first scan is: walk, open, read, SHA-256, on one thread.
pub(crate) fn bare_scan(dir: &Path) -> Duration {
    let begun = Instant::now();
    let mut open = vec![dir.to_path_buf()];
    let mut buffer = vec![0; 64 * 1024];
    let mut all = 0u8;
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a directory of ours").flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            } else {
                all ^= hash(&entry.path(), &mut buffer)[0];
            }
        }
    }
    std::hint::black_box(all);
    begun.elapsed()
}

fn hash(path: &PathBuf, buffer: &mut [u8]) -> [u8; 32] {
    let mut file = std::fs::File::open(path).expect("a file of ours");
    let mut hash = Sha256::new();
    loop {
        match file.read(buffer).expect("a file of ours can be read") {
            0 => return hash.finalize().into(),
            length => hash.update(&buffer[..length]),
        }
    }
}

/// `openssl dgst -sha256` over every file, as many per process as fit.
pub(crate) fn openssl(dir: &Path) -> Option<Ran> {
    let mut find = Command::new("find");
    find.arg(dir).args(["-type", "f", "-print0"]);
    let mut find = find.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok()?;
    let files = find.stdout.take()?;
    let mut xargs = Command::new("xargs");
    xargs.args(["-0", "openssl", "dgst", "-sha256"]).stdin(files).stdout(Stdio::null()).stderr(Stdio::null());
    let ran = run(&mut xargs, false);
    let _ = find.wait();
    ran
}

/// `aide --init` with SHA-256 and nothing else; its database goes to `work`.
pub(crate) fn aide(dir: &Path, work: &Path) -> Option<Ran> {
    let config = work.join("aide.conf");
    let database = work.join("aide.db");
    let (target, database) = (dir.display(), database.display());
    let text = format!("database_out=file:{database}\ngzip_dbout=no\nreport_level=minimal\n{target} sha256\n");
    std::fs::write(&config, text).ok()?;
    let mut command = Command::new("aide");
    command.arg("--init").arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    run(&mut command, true)
}

/// Runs to the end; none when it is not there or fails.
fn run(command: &mut Command, watch_memory: bool) -> Option<Ran> {
    let begun = Instant::now();
    let mut child = command.spawn().ok()?;
    let mut peak = 0;
    loop {
        if watch_memory {
            peak = peak.max(proc::peak(child.id()));
        }
        match child.try_wait().ok()? {
            Some(status) => return status.success().then(|| Ran { took: begun.elapsed(), peak }),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// `inotifywait -m` on one directory, its lines with the moment each was read.
#[derive(Debug)]
pub(crate) struct Inotifywait {
    child: Child,
    lines: Receiver<(String, Instant)>,
}

impl Inotifywait {
    /// Starts it and waits until it watches.
    pub(crate) fn start(dir: &Path) -> Option<Self> {
        let mut command = Command::new("inotifywait");
        command.args(["-m", "-e", "close_write,moved_to", "--format", "%f"]).arg(dir);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
        let (to, lines) = channel();
        let out = BufReader::new(child.stdout.take()?);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = to.send((line, Instant::now()));
            }
        });
        let talk = BufReader::new(child.stderr.take()?);
        let begun = talk.lines().map_while(Result::ok).any(|line| line.contains("Watches established"));
        begun.then_some(Self { child, lines })
    }

    /// When it said the name, after everything it had said before.
    pub(crate) fn said(&self, name: &str) -> Instant {
        loop {
            let (line, at) = self.lines.recv_timeout(PATIENCE).expect("inotifywait says what happens");
            if line == name {
                return at;
            }
        }
    }
}

/// Resident memory of `inotifywait -m -r` that watches a tree and does nothing.
pub(crate) fn inotifywait_memory(dir: &Path) -> Option<u64> {
    let mut command = Command::new("inotifywait");
    command.args(["-m", "-r", "-e", "close_write,moved_to"]).arg(dir);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().ok()?;
    let talk = BufReader::new(child.stderr.take()?);
    let begun = talk.lines().map_while(Result::ok).any(|line| line.contains("Watches established"));
    let resident = proc::Look::at(child.id()).resident;
    let _ = child.kill();
    let _ = child.wait();
    begun.then_some(resident)
}

impl Drop for Inotifywait {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests;
