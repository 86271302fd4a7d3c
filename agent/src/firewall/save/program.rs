//! Which program saves which backend: distributions call them differently, and
//! `iptables-save` is one or the other by an administrator's choice.
//!
//! It never asks the program of another backend in its place: what that one
//! prints looks the same.

use std::fmt;
use std::time::Duration;

use super::super::Backend;
use super::super::namespace::Namespace;
use super::super::tools::{Bounds, Tool, ToolError, Tools};

/// What a program says of itself behind its version (iptables 1.8 and later;
/// older ones are all of the legacy kind and say nothing).
const NFT_VARIANT: &str = "(nf_tables)";

/// For printing a version.
const VERSION_BOUNDS: Bounds = Bounds { output_bytes_max: 4096, time_max: Duration::from_secs(5) };

/// In the place of modprobe: what is read is loaded, and nothing else shall be.
const NO_MODPROBE: [&str; 2] = ["--modprobe", "/nonexistent"];

/// For the headers of sets: their types, sizes and numbers of elements.
const HEADERS: [&str; 2] = ["list", "-terse"];

/// A program that saves one backend.
#[derive(Debug, Clone)]
pub(super) struct Program {
    tool: Tool,
    arguments: &'static [&'static str],
    bounds: Bounds,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tool.program().fmt(f)
    }
}

impl Program {
    /// Finds the one of a backend.
    pub(super) async fn find(tools: &Tools, backend: Backend) -> Result<Self, ToolError> {
        let program = |tool, arguments| Self { tool, arguments, bounds: tools.bounds() };
        let (own, either, is_nft) = match backend {
            Backend::IptablesNft | Backend::Nft => ("iptables-nft-save", "iptables-save", true),
            Backend::Ip6tablesNft => ("ip6tables-nft-save", "ip6tables-save", true),
            Backend::IptablesLegacy => ("iptables-legacy-save", "iptables-save", false),
            Backend::Ip6tablesLegacy => ("ip6tables-legacy-save", "ip6tables-save", false),
            Backend::Ipset => return Ok(program(tools.find("ipset")?, &["save"])),
        };
        let arguments: &'static [&'static str] = if is_nft { &[] } else { &NO_MODPROBE };
        let missing = match tools.find(own) {
            Ok(tool) => return Ok(program(tool, arguments)),
            Err(missing) => missing,
        };
        let Ok(tool) = tools.find(either) else { return Err(missing) };
        let version = tool.run(&["-V"], &Namespace::Own, VERSION_BOUNDS).await?;
        let says_nft = String::from_utf8_lossy(&version).contains(NFT_VARIANT);
        if says_nft == is_nft { Ok(program(tool, arguments)) } else { Err(missing) }
    }

    /// What it prints of the headers of sets in a namespace.
    pub(super) async fn headers(&self, place: &Namespace) -> Result<Vec<u8>, ToolError> {
        self.tool.run(&HEADERS, place, self.bounds).await
    }

    /// What it prints in a namespace.
    pub(super) async fn save(&self, place: &Namespace) -> Result<Vec<u8>, ToolError> {
        self.tool.run(self.arguments, place, self.bounds).await
    }
}

#[cfg(test)]
mod tests;
