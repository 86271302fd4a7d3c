//! Running the programs that can read a firewall: found in a fixed list of
//! directories, within limits, and never left behind.
//!
//! There is no shell, and nothing of the agent's environment or input goes to a
//! program. It reads no meaning into what one prints.

mod child;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use driftline_canon::{Problem, ProblemKind};
use rustix::fs::Access;

use super::namespace::{Namespace, NamespaceError};
pub use child::Running;

/// Where administrators' programs are. `PATH` may be anybody's.
const DIRS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// Bytes that a program may print if nothing else is said: 20,000 rules of
/// nftables are 20 MB as JSON.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long a program may take if nothing else is said: 20,000 rules take two
/// seconds on a slow machine, and one that waits for a lock is to be told of.
pub const TIME_MAX: Duration = Duration::from_secs(30);

/// How much of a program is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes on its standard output.
    pub output_bytes_max: usize,
    /// From its start to its end.
    pub time_max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { output_bytes_max: OUTPUT_BYTES_MAX, time_max: TIME_MAX }
    }
}

/// Why a program gave nothing. Its text names the program, and nothing of what
/// it printed but the first line of its complaints.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// None of that name is installed.
    #[error("`{name}` is not installed (looked for in {})", DIRS.join(", "))]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Its place cannot be entered.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// It cannot be started.
    #[error("could not run {path}: {source}")]
    Start {
        /// Which.
        path: Program,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its output or its end cannot be had.
    #[error("could not read what {path} says: {source}")]
    Read {
        /// Which.
        path: Program,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took too long and was ended.
    #[error("{path} was ended: it took longer than {} s", after.as_secs_f32())]
    Late {
        /// Which.
        path: Program,
        /// How long it had.
        after: Duration,
    },
    /// It printed too much and was ended.
    #[error("{path} was ended: it printed more than {bytes_max} bytes")]
    Flood {
        /// Which.
        path: Program,
        /// How much it might.
        bytes_max: usize,
    },
    /// It says that it failed.
    #[error("{path} failed ({how}): {said}")]
    Failed {
        /// Which.
        path: Program,
        /// Its exit status or signal.
        how: String,
        /// The first line of its complaints, printable and short.
        said: String,
    },
}

impl ToolError {
    /// The error as a problem of the source that was to be read.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let kind = match self {
            Self::Missing { .. } => ProblemKind::Missing,
            Self::Flood { .. } => ProblemKind::Limit,
            Self::Failed { .. } => ProblemKind::Unreadable,
            Self::Namespace(error) if denied(&error.source) => ProblemKind::Unreadable,
            Self::Start { source, .. } if denied(source) => ProblemKind::Unreadable,
            Self::Namespace(error) if error.source.kind() == io::ErrorKind::NotFound => ProblemKind::Missing,
            Self::Namespace(_) | Self::Start { .. } | Self::Read { .. } | Self::Late { .. } => ProblemKind::Host,
        };
        Problem::whole(kind, self.to_string())
    }
}

/// The path of a program, as messages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(PathBuf);

impl Program {
    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::config::display_path(&self.0))
    }
}

/// Finds programs.
#[derive(Debug, Clone)]
pub struct Tools {
    dirs: Vec<PathBuf>,
    bounds: Bounds,
}

impl Tools {
    /// Those of the host.
    #[must_use]
    pub fn system() -> Self {
        Self::below(DIRS.map(PathBuf::from))
    }

    /// Those in these directories: for tests.
    #[must_use]
    pub fn below(dirs: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { dirs: dirs.into_iter().collect(), bounds: Bounds::default() }
    }

    /// The same with other bounds.
    #[must_use]
    pub fn bounded(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// How much of a program is waited for, where its caller does not know
    /// better.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// A program by its file name. It is looked for each time, so that one that
    /// is installed later is found, and it costs four system calls.
    ///
    /// # Errors
    /// [`ToolError::Missing`].
    pub fn find(&self, name: &'static str) -> Result<Tool, ToolError> {
        let is_program = |path: &PathBuf| path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok();
        let found = self.dirs.iter().map(|dir| dir.join(name)).find(is_program);
        found.map(|path| Tool { program: Program(path) }).ok_or(ToolError::Missing { name })
    }
}

/// A program that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    program: Program,
}

impl Tool {
    /// Which.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Runs it to its end and gives what it printed. Dropping the future ends
    /// the program and all that it started.
    ///
    /// # Errors
    /// [`ToolError`]; the program has been ended then.
    pub async fn run(&self, arguments: &[&str], place: &Namespace, bounds: Bounds) -> Result<Vec<u8>, ToolError> {
        let running = self.start(arguments, place)?;
        match tokio::time::timeout(bounds.time_max, running.finish(bounds.output_bytes_max)).await {
            Ok(done) => done,
            Err(_) => Err(ToolError::Late { path: self.program.clone(), after: bounds.time_max }),
        }
    }

    /// Starts it and hands it over, its output unread. It must be called within
    /// the runtime.
    ///
    /// # Errors
    /// [`ToolError::Namespace`] or [`ToolError::Start`].
    pub fn start(&self, arguments: &[&str], place: &Namespace) -> Result<Running, ToolError> {
        Running::start(&self.program, arguments, place)
    }
}

#[cfg(test)]
mod tests;
