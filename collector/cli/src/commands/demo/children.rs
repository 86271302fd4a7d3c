//! The demo's child processes: started in groups of their own, so that Ctrl-C
//! reaches the demo alone, and ended by their ids.
//!
//! No process is signalled that was not started here.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::printer::Printer;

/// How long a child may take to end after SIGTERM: it has an outbox to flush.
const GRACE_S_MAX: u64 = 10;

/// Bytes of a child's log that are read to find out why it ended.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Lines of a child's log that are shown when it ended by itself.
const LOG_LINES_SHOWN: usize = 6;

/// What runs.
#[derive(Debug, Default)]
pub(super) struct Children {
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Children {
    /// Starts a program whose output goes to a file.
    pub(super) fn start(&mut self, name: &str, command: &mut Command, log: PathBuf) -> Outcome<()> {
        let fail = |error: std::io::Error| Failure::new(Exit::Internal, format!("cannot start {name}: {error}"));
        let out = input::private(&log).map_err(fail)?;
        let err = out.try_clone().map_err(fail)?;
        let child = quiet(command).stdout(out).stderr(err).kill_on_drop(true).spawn().map_err(fail)?;
        self.running.push(Running { name: name.to_owned(), log, child });
        Ok(())
    }

    /// Whether all still run.
    ///
    /// # Errors
    /// [`Failure`] with the end of the log of the first that does not.
    pub(super) fn check(&mut self) -> Outcome<()> {
        for one in &mut self.running {
            if let Ok(Some(status)) = one.child.try_wait() {
                let said = last_lines(&one.log);
                return Err(Failure::new(Exit::Internal, format!("{} ended ({status}):\n{said}", one.name)));
            }
        }
        Ok(())
    }

    /// Ends all: agents before the collector, so that each can say goodbye.
    pub(super) async fn stop(&mut self, printer: Printer) {
        while let Some(mut one) = self.running.pop() {
            terminate(&one.child);
            let ended = tokio::time::timeout(Duration::from_secs(GRACE_S_MAX), one.child.wait()).await;
            if ended.is_err() {
                printer.say(&format!("{} did not end within {GRACE_S_MAX} s and is killed", one.name));
                // It has ended in between if this fails.
                _ = one.child.kill().await;
            }
        }
    }
}

/// Runs a program to its end; its output only matters if it fails.
pub(super) async fn succeed(what: &str, command: &mut Command) -> Outcome<()> {
    let fail = |error: std::io::Error| Failure::new(Exit::Internal, format!("cannot start {what}: {error}"));
    let output = quiet(command).kill_on_drop(true).output().await.map_err(fail)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    Err(Failure::new(Exit::Internal, format!("{what} failed ({}):\n{said}", output.status)))
}

/// Away from this terminal, and from what is configured for real daemons.
fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).process_group(0).env_remove("NOTIFY_SOCKET").env("NO_COLOR", "1")
}

fn terminate(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        // A child that has ended already needs no signal.
        _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}

fn last_lines(log: &Path) -> String {
    let bytes = input::read_limited(log, LOG_BYTES_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests;
