//! What of a firewall could be read here, and with what: for `check`.
//!
//! It reads no rule and runs no program but to ask for its version.

use super::super::Backend;
use super::super::namespace::Namespace;
use super::super::tools::Tools;
use super::loaded::is_loaded;
use super::program::Program;
use super::turn::is_quiet;

/// One sentence for each backend of a namespace.
pub async fn survey(tools: &Tools, place: &Namespace) -> Vec<(Backend, String)> {
    let mut lines = Vec::with_capacity(Backend::ALL.len());
    for backend in Backend::ALL {
        lines.push((backend, one(tools, place, backend).await));
    }
    lines
}

async fn one(tools: &Tools, place: &Namespace, backend: Backend) -> String {
    match is_loaded(backend, place) {
        Ok(true) => {}
        Ok(false) => return "not loaded, would be watched as soon as it is".to_owned(),
        Err(error) => return error.to_string(),
    }
    let found = if backend == Backend::Nft {
        tools.find("nft").map(|tool| tool.program().to_string())
    } else {
        Program::find(tools, backend).await.map(|program| program.to_string())
    };
    match found {
        Ok(program) if is_quiet(backend) => format!("would be read with {program}, and polled while it holds anything"),
        Ok(program) => format!("would be read with {program}"),
        Err(error) => format!("cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests;
