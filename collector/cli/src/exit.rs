//! Exit codes: a contract with scripts and CI (DESIGN section 13).
//!
//! Codes from 64 on are those of sysexits.h. Nothing here ends the process.

use std::process::ExitCode;

use driftline_compare::Severity;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// All that was asked was checked, and nothing is at or above `--fail-on`.
    Clean,
    /// Critical drift.
    Critical,
    /// Warning drift.
    Warning,
    /// Something could not be checked, or is named and not there.
    Inconclusive,
    /// The arguments are wrong.
    Usage,
    /// The input is not what it should be.
    Data,
    /// The collector cannot be reached.
    Unreachable,
    /// A fault of this program, the collector or the machine.
    Internal,
    /// Not permitted.
    Denied,
    /// The configuration is wrong.
    Config,
}

/// The least severity that fails a command (`--fail-on`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum FailOn {
    /// Any difference fails: code 2, or 1 if critical.
    Info,
    /// Warnings and worse fail.
    Warning,
    /// Only critical differences fail.
    Critical,
    /// No difference fails; what could not be checked still does.
    Never,
}

impl FailOn {
    /// Whether that severity fails a command.
    #[must_use]
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Info => true,
            Self::Warning => severity >= Severity::Warning,
            Self::Critical => severity >= Severity::Critical,
            Self::Never => false,
        }
    }
}

impl Exit {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::Clean,
        Self::Critical,
        Self::Warning,
        Self::Inconclusive,
        Self::Usage,
        Self::Data,
        Self::Unreachable,
        Self::Internal,
        Self::Denied,
        Self::Config,
    ];

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Critical => 1,
            Self::Warning => 2,
            Self::Inconclusive => 3,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::Denied => 77,
            Self::Config => 78,
        }
    }

    /// How a comparison ends: critical before inconclusive before warning
    /// before clean. What could not be checked is never green.
    #[must_use]
    pub fn of_drift(worst: Option<Severity>, inconclusive: bool, fail_on: FailOn) -> Self {
        let fails = worst.filter(|&worst| fail_on.fails(worst));
        match fails {
            Some(Severity::Critical) => Self::Critical,
            _ if inconclusive => Self::Inconclusive,
            Some(Severity::Warning | Severity::Info) => Self::Warning,
            None => Self::Clean,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests;
