//! `driftline-agent check --connect`: whether each configured database server
//! can be asked now, as the agent would ask it, and which rights its account
//! lacks.
//!
//! It asks once and reads only. Of the settings it tells how many they are.

use std::error::Error;
use std::fmt::Write;

use driftline_canon::ProblemKind;
use driftline_daemon::exit::{Exit, ExitKind};

use crate::config::Config;
use crate::database::DatabaseError;
use crate::database::ask::Session;
use crate::database::poll::DatabaseSpec;

/// Some server could not be asked, or not for all.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be asked for all of their settings", driftline_canon::count(*.servers, "server", "servers"))]
pub(super) struct Incomplete {
    servers: u64,
}

impl ExitKind for Incomplete {
    fn exit(&self) -> Exit {
        Exit::Inconclusive
    }

    fn hint(&self) -> Option<String> {
        Some("docs/databases.md has the rights that an account needs".to_owned())
    }
}

/// Asks each server in turn and says what came of it.
///
/// # Errors
/// [`Incomplete`], when at least one did not tell everything.
pub(super) async fn ask_all(config: &Config, out: &mut String) -> Result<(), Incomplete> {
    if config.databases.is_empty() {
        out.push_str("no source is of kind `database_settings`: there is nothing to connect to\n");
    }
    let mut servers = 0;
    for spec in &config.databases {
        servers += u64::from(!ask(spec, out).await);
    }
    if servers > 0 { Err(Incomplete { servers }) } else { Ok(()) }
}

/// Whether it told all.
async fn ask(spec: &DatabaseSpec, out: &mut String) -> bool {
    let (name, endpoint) = (&spec.source.name, &spec.target.endpoint);
    let answer = async { Session::open(&spec.target).await?.ask(None).await };
    let answer = match answer.await {
        Ok(answer) => answer.unwrap_or_default(),
        Err(error) => {
            // Writing to a string cannot fail.
            _ = writeln!(out, "{name}: {endpoint}: {}", whole(&error));
            return false;
        }
    };
    let settings = driftline_canon::count(answer.settings.len() as u64, "setting", "settings");
    _ = writeln!(out, "{name}: {endpoint}: connected, {settings}");
    for problem in &answer.problems {
        _ = writeln!(out, "  {}", problem.reason);
    }
    answer.problems.iter().all(|problem| problem.kind != ProblemKind::Unreadable)
}

/// An error with its causes, in one line.
fn whole(error: &DatabaseError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(one) = cause {
        _ = write!(text, ": {one}");
        cause = one.source();
    }
    text
}
