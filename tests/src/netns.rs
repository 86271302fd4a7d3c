//! A network namespace of a test's own, where rules may come and go without
//! touching those of the machine.
//!
//! It is made and removed with `ip netns`; nothing here changes the namespace
//! that the test itself runs in.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process::{output, succeed};

static MADE: AtomicU32 = AtomicU32::new(0);

/// A named network namespace; it goes when this is dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

/// `nft -i`: a process that takes commands line by line, so that a commit does
/// not begin with the start of a program.
#[derive(Debug)]
pub struct Nft {
    child: Child,
}

impl Namespace {
    /// Makes one; none where that is not permitted, and says so.
    #[must_use]
    pub fn new() -> Option<Self> {
        let name = format!("dl-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let made = Command::new("ip").args(["netns", "add", &name]).stdin(Stdio::null()).output();
        if !made.is_ok_and(|made| made.status.success()) {
            println!("skipped: a network namespace cannot be made here (root and iproute2 are needed)");
            return None;
        }
        let namespace = Self { name };
        let _ = succeed(&mut namespace.command(&["ip", "link", "set", "lo", "up"]));
        Some(namespace)
    }

    /// Its name, as `ip netns` knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A program in it.
    #[must_use]
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).args(words);
        command
    }

    /// Runs a program in it that must succeed.
    #[must_use]
    pub fn run(&self, words: &[&str]) -> String {
        succeed(&mut self.command(words))
    }

    /// One transaction of `nft -f`.
    ///
    /// # Panics
    /// When nft refuses it.
    pub fn nft(&self, script: &str) {
        let mut child = self.command(&["nft", "-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft starts");
        let mut input = child.stdin.take().expect("its input is ours");
        input.write_all(script.as_bytes()).expect("nft reads the script");
        drop(input);
        assert!(child.wait().expect("nft ends").success(), "nft refused:\n{script}");
    }

    /// A process that takes one command a line.
    ///
    /// # Panics
    /// When nft cannot be started.
    #[must_use]
    pub fn interactive(&self) -> Nft {
        let mut command = self.command(&["nft", "-i"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Nft { child: child.expect("nft starts") }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = output(Command::new("ip").args(["netns", "del", &self.name]));
    }
}

impl Nft {
    /// Hands one command over.
    ///
    /// # Panics
    /// When nft has ended.
    pub fn say(&mut self, command: &str) {
        let input = self.child.stdin.as_mut().expect("its input is ours");
        input.write_all(format!("{command}\n").as_bytes()).expect("nft reads the command");
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nft {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
