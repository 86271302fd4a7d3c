//! A program that runs: its output, its complaints, and its end.
//!
//! Whoever lets go of it ends it, with everything that it has started.

use std::io;
use std::process::{ExitStatus, Stdio};

use driftline_canon::key::escape;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::runtime::Handle;

use super::{Program, ToolError};
use crate::firewall::namespace::Namespace;

/// Bytes of complaints that are kept: their first line is shown.
const COMPLAINTS_BYTES_MAX: usize = 4 * 1024;

/// Characters of a complaint that are shown.
const COMPLAINT_CHARS_MAX: usize = 200;

/// A program that runs. Dropped, it is killed with its whole process group, and
/// the runtime reaps it.
#[derive(Debug)]
pub struct Running {
    program: Program,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// The beginning of its complaints, as far as they were read.
    said: Vec<u8>,
    leash: Leash,
}

/// Kills what is not yet reaped.
#[derive(Debug)]
struct Leash(Child);

impl Drop for Leash {
    fn drop(&mut self) {
        // A process that was reaped has no id any more, so that no other one can
        // have got it.
        let pid = self.0.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            // It leads a group of its own. That it has just ended is no error.
            _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Running {
    pub(super) fn start(program: &Program, arguments: &[&str], place: &Namespace) -> Result<Self, ToolError> {
        let mut command = Command::new(program.path());
        command.args(arguments).env_clear().env("LC_ALL", "C").current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        let runtime = Handle::current();
        let spawned = place.within(|| {
            let _runtime = runtime.enter();
            command.spawn()
        })?;
        let failed = |source| ToolError::Start { path: program.clone(), source };
        let mut child = spawned.map_err(failed)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self { program: program.clone(), stdout, stderr, said: Vec::new(), leash: Leash(child) })
    }

    /// What it prints, to be read while it runs.
    pub fn stdout(&mut self) -> &mut ChildStdout {
        &mut self.stdout
    }

    /// Its process id, until it has ended.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.leash.0.id()
    }

    /// Waits until it prints more and appends that; 0 at the end of its output.
    /// What it complains about meanwhile is read too, so that it never waits for
    /// room. It may be dropped and waited for again: nothing is lost.
    ///
    /// # Errors
    /// [`io::Error`].
    pub async fn read(&mut self, printed: &mut Vec<u8>) -> io::Result<usize> {
        let (mut chunk, mut complains) = ([0; 512], true);
        loop {
            tokio::select! {
                biased;
                read = self.stdout.read_buf(printed) => return read,
                read = self.stderr.read(&mut chunk), if complains => {
                    let read = read?;
                    complains = read > 0;
                    keep(&mut self.said, &chunk[..read]);
                }
            }
        }
    }

    /// Waits for its end and says how it was: for a program that is not expected to end. Its
    /// output is read no further.
    pub async fn end(mut self) -> ToolError {
        match self.wait().await {
            Ok((status, said)) => failed(&self.program, status, &said),
            Err(error) => error,
        }
    }

    /// Reads it to its end.
    ///
    /// # Errors
    /// [`ToolError`]; the program has been ended then.
    pub async fn finish(mut self, bytes_max: usize) -> Result<Vec<u8>, ToolError> {
        let mut printed = Vec::new();
        let read = |source| ToolError::Read { path: self.program.clone(), source };
        let output = async {
            let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
            (&mut self.stdout).take(most).read_to_end(&mut printed).await.map_err(read)?;
            if printed.len() > bytes_max {
                return Err(ToolError::Flood { path: self.program.clone(), bytes_max });
            }
            Ok(printed)
        };
        let complaints = async { complaints(&mut self.stderr, std::mem::take(&mut self.said)).await.map_err(read) };
        let (printed, said) = tokio::try_join!(output, complaints)?;
        let status = self.leash.0.wait().await.map_err(read)?;
        if status.success() { Ok(printed) } else { Err(failed(&self.program, status, &said)) }
    }

    async fn wait(&mut self) -> Result<(ExitStatus, Vec<u8>), ToolError> {
        let read = |source| ToolError::Read { path: self.program.clone(), source };
        let said = complaints(&mut self.stderr, std::mem::take(&mut self.said)).await.map_err(read)?;
        let status = self.leash.0.wait().await.map_err(read)?;
        Ok((status, said))
    }
}

/// The beginning of what is said; the rest is read too, so that nobody waits
/// for room in the pipe.
async fn complaints(from: &mut (impl AsyncRead + Unpin), mut kept: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut chunk = vec![0; COMPLAINTS_BYTES_MAX];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return Ok(kept);
        }
        keep(&mut kept, &chunk[..read]);
    }
}

fn keep(kept: &mut Vec<u8>, said: &[u8]) {
    let room = COMPLAINTS_BYTES_MAX.saturating_sub(kept.len());
    kept.extend_from_slice(&said[..said.len().min(room)]);
}

fn failed(program: &Program, status: ExitStatus, said: &[u8]) -> ToolError {
    let mut lines = said.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty()).map(escape);
    let said =
        first.map_or_else(|| "it does not say why".to_owned(), |line| line.chars().take(COMPLAINT_CHARS_MAX).collect());
    ToolError::Failed { path: program.clone(), how: status.to_string(), said }
}
