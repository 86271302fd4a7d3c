//! Programs run in a network namespace of their own.
//!
//! Touches no rule of the machine: the namespace ends with the program.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What a shell line printed, given this input, in a new network namespace.
///
/// # Errors
/// What it complained about when it failed.
pub(crate) fn run(line: &str, input: &str) -> Result<String, String> {
    let mut child = Command::new("unshare")
        .args(["--net", "sh", "-c", line])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("unshare: {e}"))?;
    let mut stdin = child.stdin.take().ok_or("no input")?;
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().map_err(|e| format!("{line}: {e}"))?;
    let _ = writer.join();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Whether this machine can run such tests: as root it must, else they are
/// skipped and say so.
pub(crate) fn may_run(programs: &[&str]) -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let missing = programs.iter().find(|program| {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        !found.is_ok_and(|output| output.status.success())
    });
    match (root, missing) {
        (true, None) => true,
        (true, Some(program)) => panic!("`{program}` is not installed; tests/run installs it"),
        (false, _) => {
            eprintln!("skipped: network namespaces need root");
            false
        }
    }
}

/// Numbers without a pattern, the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// One of these.
    pub(crate) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }

    /// One of these in one of that many cases, else nothing.
    pub(crate) fn maybe<'a>(&mut self, cases: usize, of: &[&'a str]) -> &'a str {
        if self.roll(cases) == 0 { self.one(of) } else { "" }
    }
}
