//! Whether the kernel has rules of a firewall now, which a source of kind
//! `firewall` would follow.
//!
//! It loads no module: a kernel that has none of nftables is not asked for its
//! tables.

use std::path::{Path, PathBuf};
use std::time::Duration;

use driftline_canon::SourceKind;
use driftline_canon::key::escape;

use super::root::Root;
use super::{Gathered, Table};
use crate::firewall::namespace::Namespace;
use crate::firewall::tools::{Bounds, ToolError, Tools};

/// What stands in the place of a path: it is no file.
const LIVE: &str = "live firewall";

/// For a list of names.
const BOUNDS: Bounds = Bounds { output_bytes_max: 1024 * 1024, time_max: Duration::from_secs(5) };

/// Bytes of the list of modules. Distributions have some 6,000 of them.
const MODULES_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Names that are shown.
const SHOWN_MAX: usize = 5;

pub(super) fn gather(root: &Root, gathered: &mut Gathered) {
    for (file, program) in [("ip_tables_names", "iptables-legacy"), ("ip6_tables_names", "ip6tables-legacy")] {
        let names = root.text(&Path::new("/proc/net").join(file)).unwrap_or_default();
        note(gathered, &names, &format!("tables of {program} are loaded"));
    }
    // A directory holds no kernel: only the host's own can be asked.
    if !root.is_own() {
        return;
    }
    if is_there(root, "nf_tables") {
        asked(gathered, "nft", &["list", "tables"], "tables of nftables are loaded");
    }
    if root.is_dir(Path::new("/sys/module/ip_set")) {
        asked(gathered, "ipset", &["list", "-n"], "sets of ipset are loaded");
    }
}

/// Notes names, one a line, if there are any.
fn note(gathered: &mut Gathered, names: &str, what: &str) {
    let names: Vec<String> = names.lines().filter(|line| !line.trim().is_empty()).map(shown).collect();
    if names.is_empty() {
        return;
    }
    let more = if names.len() > SHOWN_MAX { ", …" } else { "" };
    let reason = format!("{what}: {}{more}", names[..names.len().min(SHOWN_MAX)].join(", "));
    gathered.note(PathBuf::from(LIVE), || Some(Table::new(SourceKind::Firewall, "firewall")), reason);
}

fn shown(line: &str) -> String {
    escape(line.trim().trim_start_matches("table ").as_bytes())
}

fn asked(gathered: &mut Gathered, program: &'static str, arguments: &[&str], what: &str) {
    match ask(program, arguments) {
        Ok(names) => note(gathered, &String::from_utf8_lossy(&names), what),
        Err(error) => _ = gathered.remarks.insert(format!("whether {what} cannot be known: {error}")),
    }
}

fn ask(program: &'static str, arguments: &[&str]) -> Result<Vec<u8>, ToolError> {
    let tool = Tools::system().find(program)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| ToolError::Start { path: tool.program().clone(), source })?;
    runtime.block_on(tool.run(arguments, &Namespace::Own, BOUNDS))
}

/// Whether a part of the kernel is there already: loaded, or built in, which
/// shows by there being no module of it to be loaded.
fn is_there(root: &Root, module: &str) -> bool {
    if root.is_dir(&Path::new("/sys/module").join(module)) {
        return true;
    }
    let release = root.text(Path::new("/proc/sys/kernel/osrelease")).unwrap_or_default();
    let modules = Path::new("/lib/modules").join(release.trim()).join("modules.dep");
    root.text_of(&modules, MODULES_BYTES_MAX).is_none_or(|text| !text.contains(&format!("/{module}.ko")))
}

/// Whether that is what was found here.
pub(super) fn is_live(path: &Path) -> bool {
    path == Path::new(LIVE)
}

#[cfg(test)]
mod tests;
